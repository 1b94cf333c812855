"""What the text says of optimism, of the recipes and of size follows the numbers."""

from pathlib import Path

import pandas as pd
import pytest

from thyro.report.words import recipes
from thyro.statistics import optimism_summary
from thyro.study import Declared, load_study


@pytest.fixture(scope="module")
def study():
    return load_study("demo", Path("params"))


def changed(study, section, **values):
    part = getattr(study, section).model_copy(update=values)
    return study.model_copy(update={section: part})


def compared(rows):
    """`statistics.compared_recipes` of (model, recipe, cohort, in-sample, cross-fitted)."""
    columns = ["model", "recipe", "cohort", "auc_in_sample", "auc_cross_fitted"]
    table = pd.DataFrame(rows, columns=columns)
    optimism = table["auc_in_sample"] - table["auc_cross_fitted"]
    return table.assign(optimism=optimism.where(table["cohort"].eq("train")))


COMPARED = compared(
    [
        ("SR_SVM", "paper", "train", 0.90, 0.60),
        ("OR_SVM", "paper", "train", 0.80, 0.70),
        ("SR_KNN", "paper", "train", 0.75, 0.61),
        ("SR_SVM", "sound", "train", 0.70, 0.65),
        ("OR_SVM", "sound", "train", 0.70, 0.69),
        ("SR_KNN", "sound", "train", 0.70, 0.68),
        ("Nomogram_A", "paper", "train", 0.99, 0.50),
        ("Nomogram_A", "paper", "test", 0.73, 0.72),
        ("Nomogram_A", "sound", "test", 0.74, 0.741),
    ]
)
SUMMARY = {
    recipe: optimism_summary(part)
    for recipe, part in COMPARED[COMPARED["model"].ne("Nomogram_A")].groupby("recipe")
}
RECIPE_ROWS = pd.DataFrame(
    [
        ("SR_SVM", "sound", "test", 0.031, -0.04, 0.102, 0.39),
        ("SR_SVM", "sound", "train", None, None, None, None),
        ("SR_SVM", "planar", "test", 0.5, 0.4, 0.6, 0.01),
    ],
    columns=["model", "recipe", "cohort", "difference", "difference_low", "difference_high"]
    + ["p_value"],
)
COEFFICIENTS = pd.DataFrame(
    [
        ("paper", "Nomogram_A", "SR_SVM", 7.254, 5.0, 9.5, 0.0001),
        ("paper", "Nomogram_A", "age", -0.1, -0.2, 0.0, 0.05),
        ("sound", "Nomogram_A", "SR_SVM", 0.25, -0.1, 0.6, 0.17),
        ("sound_in_sample", "Nomogram_A", "SR_SVM", 9.0, 8.0, 10.0, 0.0001),
    ],
    columns=["protocol", "nomogram", "term", "estimate", "low", "high", "lr_p"],
)


def told(study, by_test="SR_SVM"):
    tables = SUMMARY, COMPARED, RECIPE_ROWS, ranked(by_test), COEFFICIENTS
    return recipes.protocols(study, *tables)


def ranked(by_test):
    table = pd.DataFrame(
        {
            "model": ["OR_SVM", "SR_SVM"],
            "auc_out_of_fold": [0.70, 0.60],
            "ci_low": [0.62, 0.52],
            "ci_high": [0.78, 0.68],
            "auc_test": [0.60, 0.68],
        }
    )
    return table.assign(chosen=[True, False], chosen_by_test=table["model"].eq(by_test))


def test_optimism_is_told_by_recipe_and_nomograms_have_their_own_sentence(study):
    strings = told(study)
    assert strings["training"] == (
        "By the classical recipe the optimism was largest for SR_SVM (0.300), smallest for OR_SVM "
        "(0.100), and 0.140 in the median over 3 models. By the sound recipe the optimism was "
        "largest for SR_SVM (0.050), smallest for OR_SVM (0.010), and 0.020 in the median over 3 "
        "models."
    )
    assert strings["abstract"].endswith(
        "fell by a median of 0.140 by the classical recipe and of 0.020 by the sound one."
    )
    assert strings["nomograms"] == (
        "In Nomogram_A the coefficient of SR_SVM was 7.25 (5.00–9.50) per unit of probability with "
        "the classical in-sample signature (p < 0.001), and 0.25 (−0.10 to 0.60) per unit of log "
        "odds with the sound cross-fitted signature (p = 0.170): cross-fitted, it is not shown to "
        "add to the clinical factors. The AUC in the test cohort was 0.730 and 0.741. P is of the "
        "likelihood-ratio test given the clinical terms."
    )
    lenient = changed(study, "statistics", level=0.8)
    assert "cross-fitted, it adds to the clinical factors." in told(lenient)["nomograms"]


def test_what_parts_the_recipes_is_told_of_the_test_cohort_with_its_interval(study):
    assert told(study)["steps"] == (
        "From the classical recipe to the sound one, both cross-fitted, the AUC in the test cohort "
        "changed by 0.031 (−0.040 to 0.102) for SR_SVM (p = 0.390)."
    )


def test_the_choice_of_the_test_cohort_is_called_what_it_is(study):
    other = told(study)["choice"]
    assert other.startswith(
        "By the cross-fitted AUC in the training cohort the best image model is OR_SVM "
        "(0.700 (0.620–0.780)); its AUC in the test cohort was 0.600."
    )
    assert "it would be SR_SVM (0.680)" in other and "too good" in other
    same = told(study, "OR_SVM")["choice"]
    assert "would have chosen the same" in same and "too good" not in same


def test_what_is_repeated_inside_folds_depends_on_the_study(study):
    assert told(study)["inside"] == (
        "scaling, selection, the fit, the tuning of the networks and the choice of the "
        "classifiers’ settings (sound recipe)"
    )
    assert told(study)["settings"] == "and settings chosen by an inner cross-validation"
    plain = changed(changed(study, "models", tune=False), "features", fine_tuning="none")
    # The network of the sound recipe is tuned whatever `fine_tuning` says.
    assert told(plain)["inside"] == "scaling, selection, the fit and the tuning of the networks"
    assert told(plain)["settings"] == "and given settings"


def test_divisions_into_folds_are_counted_in_words(study):
    assert told(study)["repeats"].startswith("10 times for classifiers on radiomics features, once")
    assert told(changed(study, "models", fold_repeats=1))["repeats"].startswith("once, for")


def test_of_one_model_there_is_no_median_and_no_choice(study):
    alone = compared([("OR_KNN", r, "train", 0.9, 0.7) for r in ("paper", "sound")])
    summary = {recipe: optimism_summary(part) for recipe, part in alone.groupby("recipe")}
    ranked = pd.DataFrame({"model": ["OR_KNN"], "auc_out_of_fold": 0.7, "auc_test": 0.8})
    ranked = ranked.assign(ci_low=0.6, ci_high=0.8, chosen=True, chosen_by_test=True)
    made = recipes.protocols(study, summary, COMPARED, RECIPE_ROWS, ranked, COEFFICIENTS)
    assert made["training"] == (
        "By the classical recipe the optimism of OR_KNN was 0.200. "
        "By the sound recipe the optimism of OR_KNN was 0.200."
    )
    assert "the AUC of the image model in the training cohort fell by 0.200 by" in made["abstract"]
    assert made["choice"].startswith("There is one image model, OR_KNN, and nothing to choose")


def test_a_model_that_tells_more_than_the_diameter_is_named():
    rows = [
        ("Diameter alone", "test", None, None, None, None),
        ("SR_SVM", "test", 0.01, 0.3, 0.1, 0.5),
        ("OR_SVM", "test", 0.4, -0.6, -0.7, -0.5),
        ("Nomogram_A", "test", 0.001, 0.9, 0.8, 1.0),
        ("OR_SVM", "train", 0.001, 0.99, 0.98, 1.0),
    ]
    table = pd.DataFrame(rows, columns=["model", "cohort", "lr_p", "rho", "rho_low", "rho_high"])
    table = table.assign(protocol="sound", auc=0.66, ci_low=0.57, ci_high=0.75)
    told = recipes.size(Declared(), table, level=0.95)
    assert told == {
        "auc": "0.660 (0.570–0.750)",
        "text": "Given the logarithm of the diameter 1 of 2 image models by the sound recipe told "
        "more (likelihood-ratio p below 0.05: SR_SVM). The rank correlation with the diameter was "
        "strongest for OR_SVM, −0.60 (−0.70 to −0.50).",
    }
