"""What the text says of networks, protocols and random divisions follows the numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thyro.report.words import models as words_models
from thyro.study import load_study


@pytest.fixture(scope="module")
def study():
    return load_study("demo", Path("params"))


def changed(study, section, **values):
    part = getattr(study, section).model_copy(update=values)
    return study.model_copy(update={section: part})


def compared(rows):
    """`performance.optimism` of (model, cohort, paper, sound)."""
    table = pd.DataFrame(rows, columns=["model", "cohort", "auc_paper", "auc_sound"])
    return table.assign(optimism=table["auc_paper"] - table["auc_sound"])


COMPARED = compared(
    [
        ("SR_SVM", "train", 0.90, 0.60),
        ("OR_SVM", "train", 0.80, 0.70),
        ("SR_KNN", "train", 0.75, 0.61),
        ("Nomogram_A", "train", 0.99, 0.50),
        ("SR_SVM", "test", 0.66, 0.68),
        ("OR_SVM", "test", 0.60, 0.60),
        ("SR_KNN", "test", 0.55, 0.54),
        ("Nomogram_A", "test", 0.73, 0.741),
    ]
)
FITS = {
    "Nomogram_A": (
        {"names": ["(Intercept)", "SR_SVM", "age"], "coefficients": [-1.0, 7.254, -0.1]},
        {"names": ["(Intercept)", "SR_SVM", "age"], "coefficients": [-1.0, 2.5, -0.1]},
    )
}


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


def test_optimism_is_of_image_models_and_nomograms_have_their_own_sentence(study):
    strings = words_models.protocols(study, COMPARED, ranked("SR_SVM"), FITS)
    assert strings["training"] == (
        "the optimism of the paper’s protocol was largest for SR_SVM (0.300) and smallest for "
        "OR_SVM (0.100); its median over 3 models was 0.140"
    )
    assert strings["abstract"].endswith("in the training cohort fell by a median of 0.140.")
    assert strings["test"] == "between −0.020 and 0.010, in the median 0.000"
    assert strings["nomograms"] == (
        "In Nomogram_A the coefficient of SR_SVM was 7.25 with the in-sample signature and 2.50 "
        "with the out-of-fold one, and the AUC in the test cohort 0.730 and 0.741."
    )


def test_the_choice_of_the_test_cohort_is_called_what_it_is(study):
    other = words_models.protocols(study, COMPARED, ranked("SR_SVM"), FITS)["choice"]
    assert other.startswith(
        "By the out-of-fold AUC in the training cohort the best image model is OR_SVM "
        "(0.700 (0.620–0.780)); its AUC in the test cohort was 0.600."
    )
    assert "it would be SR_SVM (0.680)" in other and "too good" in other
    same = words_models.protocols(study, COMPARED, ranked("OR_SVM"), FITS)["choice"]
    assert "would have chosen the same" in same and "too good" not in same


def test_what_is_repeated_inside_folds_depends_on_the_study(study):
    both = words_models.protocols(study, COMPARED, ranked("OR_SVM"), FITS)["inside"]
    assert both == (
        "scaling, selection, the choice of kernel width, neighbours and penalty, the fit and the "
        "tuning of the networks"
    )
    plain = changed(changed(study, "models", tune=False), "features", fine_tuning="none")
    inside = words_models.protocols(plain, COMPARED, ranked("OR_SVM"), FITS)["inside"]
    assert inside == "scaling, selection and the fit"


def test_networks_are_said_to_be_tuned_only_where_they_were(study):
    assert words_models.training(study) == (
        "The last block of each network was tuned on the training cohort, for at most "
        f"{study.features.epochs} epochs with the optimiser Adam (learning rate 0.0001, patients "
        "of the rarer outcome weighing more); 15% of these patients were watched to end it early."
    )
    frozen = words_models.training(changed(study, "features", fine_tuning="none"))
    assert frozen == "The networks were not tuned on these patients; the publication tuned them."
    plain = changed(study, "features", fine_tuning="whole", class_weights=False)
    assert words_models.training(plain).startswith("All layers of each network were tuned")
    assert "(learning rate 0.0001);" in words_models.training(plain)


def test_the_selection_names_its_rules(study):
    scalars = {f"radiomics_{s}": {"kept": 9, "kept_1se": 4} for s in ("or", "sr")}
    strings = words_models.selection(study, scalars)
    assert strings["rule"] == "that with the smaller p" and strings["family"] == "logistic"
    assert (strings["or_kept"], strings["sr_kept_1se"]) == ("9", "4")
    other = changed(study, "selection", rule="column order", family="gaussian", penalty="1se")
    strings = words_models.selection(other, scalars)
    assert strings["rule"] == "that which comes first" and strings["family"] == "linear"
    assert "one standard error" in strings["penalty"]


def test_random_divisions_are_summed_up_by_their_middle(study):
    auc = pd.DataFrame(
        {
            "repeat": np.tile(np.arange(101), 2),
            "model": np.repeat(["SR_SVM", "SR_KNN"], 101),
            "test": np.r_[np.linspace(0.5, 0.7, 101), np.full(101, 0.55)],
        }
    )
    permuted = pd.DataFrame(
        {
            "model": ["SR_SVM", "SR_KNN"],
            "repeats": 20,
            "train": [0.91, 0.78],
            "test": [0.501, 0.495],
            "test_low": [0.48, 0.47],
            "test_high": [0.52, 0.52],
        }
    )
    frequency = pd.DataFrame(
        {
            "signature": ["OR", "OR", "SR"],
            "feature": ["a", "b", "c"],
            "n": [50, 0, 10],
            "share": [0.5, 0.0, 0.1],
        }
    )
    own = {"OR": ["a", "never"], "SR": ["c"]}
    single = {"SR_SVM": 0.66, "SR_KNN": 0.57}
    strings = words_models.repeats(auc, permuted, frequency, own, single)
    assert (strings["n"], strings["n_permuted"]) == ("101", "20")
    assert strings["aucs"] == (
        "had a median, with the middle 95% of divisions, of 0.60 (0.51–0.69; 0.66 in this study’s "
        "division) for SR_SVM and 0.55 (0.55–0.55; 0.57 in this study’s division) for SR_KNN"
    )
    assert strings["permuted"] == (
        "With permuted outcomes the mean AUC in the held-out part was 0.50 (0.48–0.52) for SR_SVM "
        "and 0.49 (0.47–0.52) for SR_KNN, and that in the patients who fitted the models between "
        "0.78 and 0.91: so much can be learned by heart."
    )
    assert strings["frequency"] == (
        "Of the features, 1 of OR images and 1 of SR images were selected at least once; a feature "
        "of this study’s own signatures was selected in a median of 10% of the divisions"
    )


def test_what_the_models_look_at_is_summed_up_by_medians():
    importance = pd.DataFrame(
        {
            "model": ["OR_SVM", "OR_SVM", "SR_SVM"],
            "feature": ["a", "b", "c"],
            "importance": [0.04, 0.01, 0.02],
            "ci_low": [0.01, -0.01, -0.01],
            "ci_high": [0.07, 0.03, 0.05],
        }
    )
    sanity = pd.DataFrame(
        {
            "model": ["SR_ResNet101"] * 3 + ["OR_ResNet101"] * 3,
            "inside": [0.5, 0.6, np.nan, 0.2, 0.3, 0.4],
            "area": [0.5, 0.6, 0.7] * 2,
            "rank_correlation": [0.9, 0.7, np.nan, 0.1, -0.2, 0.0],
        }
    )
    strings = words_models.explained(importance, sanity)
    assert strings["n"] == "3"
    assert strings["importance"] == (
        "Permuting one feature among the test patients cost at most 0.040 (0.010–0.070) for OR_SVM "
        "(a) and 0.020 (−0.010 to 0.050) for SR_SVM (c)"
    )
    assert strings["energy"] == (
        "In the median 55% of the heat map of SR_ResNet101 and 30% of the heat map of OR_ResNet101 "
        "lay within the nodule, which covers 60% of the crop."
    )
    assert "0.80 (SR_ResNet101) and 0.00 (OR_ResNet101); near one" in strings["sanity"]
