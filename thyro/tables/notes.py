"""What stands below a table whose method the publication used and a reader should not lean on."""

HOSMER = (
    "The Hosmer–Lemeshow test is shown because the field asks for it. It depends on the groups, "
    "passes most models in small cohorts and fails most in large ones, and does not say what is "
    "wrong: in the large, slope and curve do."
)
NRI = (
    "The net reclassification improvement is shown because the field asks for it. It rises for a "
    "model that is only worse calibrated, and its tests find improvement where there is none "
    "(Hilden and Gerds 2014). The difference of the AUCs and of net benefit decide."
)
DELONG_TRAINING = (
    "Rows of the training cohort are shown because the field shows them. DeLong’s variance takes "
    "a score as given; of models compared on the patients who fitted them, and of nested models "
    "above all, the test is not valid (Demler 2012)."
)
