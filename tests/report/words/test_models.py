"""What the text says of networks, recipes and random divisions follows the numbers."""

from pathlib import Path

import pandas as pd
import pytest

from thyro.report.words import models
from thyro.study import RADIOMICS, Declared, load_study

DECLARED = Declared()


@pytest.fixture(scope="module")
def study():
    return load_study("demo", Path("params"))


def changed(study, section, **values):
    part = getattr(study, section).model_copy(update=values)
    return study.model_copy(update={section: part})


def test_every_model_of_the_registry_is_told_by_family():
    names = [str(name) for name in DECLARED.model_names()]
    rows = [(name, cohort) for name in names for cohort in ("train", "test")]
    table = pd.DataFrame(rows, columns=["model", "cohort"])
    table = table.assign(auc=0.8, ci_low=0.7, ci_high=0.9, accuracy=0.75)
    rows = [("SR_KNN", "OR_KNN", "test", 0.04), ("SR_SVM", "OR_SVM", "test", 0.2)]
    rows += [("SR_SVM", "OR_SVM", "train", 0.001), ("SR_SVM", "SR_KNN", "test", 0.001)]
    compared = pd.DataFrame(rows, columns=["model_a", "model_b", "cohort", "p_value"])
    compared = compared.assign(difference=0.174, ci_low=0.05, ci_high=0.298, p_holm=0.17)
    told = models.image_models(DECLARED, table, compared, ["SR_KNN"], level=0.95)
    assert told["pairs"] == (
        "In 1 of 2 pairs of models that differ in the images alone, the difference of the AUCs had "
        "an unadjusted p below 0.05 in the test cohort: SR_KNN was 0.174 above OR_KNN (95% CI of "
        "the difference 0.050–0.298; p = 0.040, adjusted = 0.170)."
    )
    none = models.image_models(DECLARED, table, compared, ["SR_KNN"], level=0.99)["pairs"]
    assert none.startswith("In 0 of 2 pairs") and none.endswith("below 0.01 in the test cohort.")
    assert told["principal"] == "support vector machine"
    assert told["classified"].startswith("these classifiers: support vector machine (SVM)")
    assert told["joined"] == told["given"] == "" and told["panels"].count("**") == 4
    assert models._given(["SVM", "LightGBM", "ElasticNet"]).startswith(
        "The publication has no LightGBM and no ElasticNet: where settings are not chosen"
    )
    radiomic, deep = told["test"].split("; ")
    of_kind = DECLARED.kinds()
    for name in DECLARED.model_names():
        told_there = radiomic if of_kind[name.kind].family == RADIOMICS else deep
        assert f"0.800 (0.700–0.900) ({name})" in told_there
    assert told["training"] == "SR_KNN was 0.800 (0.700–0.900)"


def test_the_selection_names_its_rules(study):
    scalars = {f"radiomics_{s}": {"kept": 9, "kept_1se": 4} for s in ("or", "sr")}
    strings = models.selection(study, scalars)
    assert strings["rule"] == "that with the smaller p" and strings["family"] == "logistic"
    assert strings["kept"] == "9 features remained for OR images and 9 for SR images"
    assert strings["kept_1se"] == "4 features of OR and 4 of SR images"
    alone = models.selection(changed(study, "models", image_sets=["or"]), scalars)
    assert alone["kept"] == "9 features remained" and alone["kept_1se"] == "4 features"
    assert alone["apart"] == "" and "control" not in alone["table"]
    other = changed(study, "selection", rule="column order", family="gaussian", penalty="1se")
    strings = models.selection(other, scalars)
    assert strings["rule"] == "that which comes first" and strings["family"] == "linear"
    assert "one standard error" in strings["penalty"]


def permuted():
    return pd.DataFrame(
        {
            "model": ["SR_SVM", "SR_KNN"],
            "repeats": 20,
            "train": [0.91, 0.78],
            "test": [0.501, 0.495],
            "test_low": [0.48, 0.47],
            "test_high": [0.52, 0.52],
        }
    )


SPLITS = {
    "repeats": 101,
    "held_out": {
        "SR_SVM": {"low": 0.505, "median": 0.6, "high": 0.695},
        "SR_KNN": {"low": 0.55, "median": 0.55, "high": 0.55},
    },
    "reselection": {"once": {"OR": 1, "SR": 1}, "own_share": 0.1},
}


PAIRED = pd.DataFrame(
    [("SR_SVM", "OR_SVM", -0.014, -0.09, 0.062, 0.716, 0.62)],
    columns=["model_a", "model_b", "difference", "ci_low", "ci_high", "p_value", "not_above"],
)


def test_random_divisions_are_told_by_their_middle():
    strings = models.repeats(
        SPLITS, PAIRED, permuted(), {"SR_SVM": 0.66, "SR_KNN": 0.57}, level=0.95
    )
    assert (strings["n"], strings["n_permuted"]) == ("101", "20")
    assert strings["aucs"] == (
        "had a median, with the middle 95% of divisions, of 0.60 (0.51–0.69; 0.66 in this study’s "
        "division) for SR_SVM and 0.55 (0.55–0.55; 0.57 in this study’s division) for SR_KNN"
    )
    assert strings["paired"] == (
        "Of the AUCs in the held-out part, on average, that of SR_SVM was 0.014 below that of "
        "OR_SVM (95% CI of the difference −0.090 to 0.062; p = 0.716; not above it in 62% of the "
        "divisions)."
    )
    assert strings["permuted"] == (
        "With permuted outcomes the mean AUC in the held-out part was 0.50 (0.48–0.52) for SR_SVM "
        "and 0.49 (0.47–0.52) for SR_KNN, and that in the patients who fitted the models between "
        "0.78 and 0.91: this is overfitting alone."
    )
    asked = permuted().assign(p_value=[0.0476, 0.0004])
    strings = models.repeats(SPLITS, PAIRED, asked, {"SR_SVM": 0.66, "SR_KNN": 0.57}, level=0.95)
    assert strings["permuted"].endswith(
        "alone. Against them the AUC of this study’s division has p = 0.048 (SR_SVM) and "
        "p < 0.001 (SR_KNN)."
    )
    assert strings["frequency"] == (
        "Of the features, 1 of OR images and 1 of SR images were selected at least once; a feature "
        "of this study’s own signatures was selected in a median of 10% of the divisions"
    )


def test_the_middle_is_that_of_the_level():
    strings = models.repeats(
        SPLITS, PAIRED, permuted(), {"SR_SVM": 0.66, "SR_KNN": 0.57}, level=0.9
    )
    assert "with the middle 90% of divisions" in strings["aucs"]


def test_what_the_models_look_at():
    importance = pd.DataFrame(
        {
            "model": ["OR_SVM", "OR_SVM", "SR_SVM"],
            "feature": ["a", "b", "c"],
            "importance": [0.04, 0.01, 0.02],
            "ci_low": [0.01, -0.01, -0.01],
            "ci_high": [0.07, 0.03, 0.05],
        }
    )
    maps = {
        "SR_ResNet101": {"inside": 0.55, "rank_correlation": 0.8},
        "OR_ResNet101": {"inside": 0.3, "rank_correlation": 0.0},
        "SR_Blind": {"inside": None, "rank_correlation": None},  # no map is above zero anywhere
    }
    scalars = {"explained": 3, "heat_maps": {"area": 0.6, "models": maps}}
    strings = models.explained(scalars, importance)
    assert strings["n"] == "3"
    assert strings["importance"] == (
        "The largest fall in test AUC on permuting one feature was 0.040 (0.010–0.070) for OR_SVM "
        "(a) and 0.020 (−0.010 to 0.050) for SR_SVM (c)"
    )
    assert strings["energy"] == (
        "In the median 55% of the heat map of SR_ResNet101, 30% of the heat map of OR_ResNet101 "
        "and – of the heat map of SR_Blind lay within the outline. A flat map would have as much "
        "there as the outline covers, 60% of the crop; no network had more."
    )
    scalars["heat_maps"]["area"] = 0.5
    assert models.explained(scalars, importance)["energy"].endswith("1 of 3 networks had more.")
    assert "0.80 (SR_ResNet101), 0.00 (OR_ResNet101) and – (SR_Blind); near" in strings["sanity"]
