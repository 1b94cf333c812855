"""Tables of results: what is in the cells and in the headings."""

import numpy as np
import pandas as pd
import pytest

from thyro.statistics import delong
from thyro.super_resolution import fidelity
from thyro.tables import results, rounding


def test_performance_is_table_2():
    frame = pd.DataFrame(
        {"model": ["SR_SVM"], "cohort": ["test"], "auc": [0.87805], "ci_low": 0.8203}
        | {"ci_high": 0.9358, "accuracy": 140 / 164, "sensitivity": 29 / 45}
        | {"specificity": 111 / 119, "ppv": np.nan, "npv": 111 / 127, "f1": 58 / 82}
    )
    row = results.performance(frame).iloc[0]
    assert row["95% CI"] == "0.820–0.936"
    # Li et al. 2024, Table 2, SR_SVM in the test cohort; an undefined metric is a dash, not 0.
    assert list(row[["Cohort", "Accuracy", "Sensitivity", "Specificity", "PPV", "NPV", "F1"]]) == [
        *("Test", "0.854", "0.644", "0.933", "–", "0.874", "0.707")
    ]
    with pytest.raises(ValueError, match="'AUC' needs the columns"):
        results.performance(frame.drop(columns="auc"))


def test_comparison_formats_the_delong_matrix():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    scores = pd.DataFrame({"A": y + rng.normal(size=60), "B": rng.normal(size=60)})
    matrix = delong.delong_matrix(y, scores)
    row = results.comparison(matrix.assign(cohort="test")).iloc[0]
    first = matrix.iloc[0]
    assert row["Cohort"] == "Test" and row["Model A"] == "A"
    assert row["Difference (95% CI)"] == rounding.estimate(
        first["difference"], first["ci_low"], first["ci_high"]
    )
    assert row["P (Holm)"] == rounding.p_value(first["p_holm"])


def test_hosmer_shows_calibration_measures_when_present():
    frame = pd.DataFrame(
        {
            "model": ["Nomogram_A"],
            "cohort": ["train"],
            "statistic": 7.914,
            "df": 8,
            "p_value": 0.442,
        }
    )
    row = results.hosmer(frame).iloc[0]
    assert list(row) == ["Nomogram_A", "Train", "7.91", "8", "0.442"]
    assert results.hosmer(frame.assign(slope=0.9123)).loc[0, "Slope"] == "0.912"


def test_fidelity_has_a_row_per_cohort_and_method():
    rows = [
        (split, method, patient, psnr + patient, psnr / 40, psnr / 60)
        for split in ("external", "test")
        for method, psnr in (("bicubic", 28.0), ("sr", 30.0))
        for patient in (0, 2)
    ]
    columns = ["split", "method", "patient_id", "psnr", "ssim", "sharpness"]
    gains = fidelity.fidelity_gains(pd.DataFrame(rows, columns=columns))
    table = results.fidelity(gains)
    assert list(table["Cohort"]) == ["Test", "Test", "External", "External"]
    assert list(table["Method"]) == ["Super-resolution", "Bicubic"] * 2
    # t(1, 0.975) = 12.7062, and the standard error of 0 and 2 is 1.
    assert list(table.iloc[0, 2:]) == [
        "2",
        "31.00 (18.29–43.71)",
        "0.750 (0.750–0.750)",
        "0.50 (0.50–0.50)",
        "2.00 (2.00–2.00)",
        "0.050 (0.050–0.050)",
    ]
    assert list(table.iloc[1, 6:]) == ["–", "–"]
    headings = list(results.fidelity(gains, level=0.9).columns[3:])
    assert headings == [
        "PSNR, dB (90% CI)",
        "SSIM (90% CI)",
        "Edge sharpness (90% CI)",
        "Gain over bicubic, dB (90% CI)",
        "Gain over bicubic, SSIM (90% CI)",
    ]


def test_selection_counts_add_up():
    steps = ["Degenerate", "z-score", "ICC"] + ["Mann-Whitney U"] * 4 + ["LASSO"] * 2 + ["kept"]
    fates = pd.DataFrame({"step": steps, "signature": ["OR"] * 9 + ["SR"]})
    table = results.selection(fates)
    assert list(table["Features"]) == ["9", "1"]
    assert table.loc[0, ["Degenerate", "ICC too low", "Too few values"]].tolist() == ["1", "1", "–"]
    assert table.loc[0, "Left at Spearman"] == "–" and table.loc[1, "Kept"] == "1"
    for _, row in table.iterrows():
        counts = [int(text) for text in row.iloc[2:] if text != "–"]
        assert sum(counts) == int(row["Features"])
    taken = results.selection(fates.assign(taken="z-score, Mann-Whitney U, Spearman, LASSO"))
    assert taken.loc[1, ["Left at Spearman", "ICC too low"]].tolist() == ["0", "–"]
    many = pd.concat([fates.iloc[:3]] * 500)
    assert results.selection(many.assign(signature="OR")).loc[0, "Features"] == "1,500"
    with pytest.raises(ValueError, match="found \\['ridge'\\]"):
        results.selection(fates.assign(step="ridge"))


def test_kept_features_show_their_stability_and_what_they_have_of_size():
    row = {"signature": "Planar OR", "feature": "original_glcm_Contrast", "coefficient": -0.51234}
    row |= {"icc_mask": 0.987, "icc_noise": 0.254, "icc_reader": np.nan, "icc": 0.254}
    row |= {"rho": -0.1, "rho_low": -0.3, "rho_high": 0.1, "of_size": False}
    table = results.kept_features(pd.DataFrame([row, row | {"of_size": True}]), level=0.9)
    assert table.iloc[0].tolist() == [
        *("Planar OR", "original_glcm_Contrast", "−0.512", "0.99", "0.25", "–"),
        *("−0.10 (−0.30 to 0.10)", ""),
    ]
    assert table["Of size"].tolist() == ["", "by construction"]
    assert "ρ with diameter (90% CI)" in table


def test_evaluations_of_a_recipe_stand_side_by_side_with_its_optimism():
    row = {"model": "SR_SVM", "recipe": "paper", "cohort": "train", "optimism": 0.25}
    for side, auc in (("in_sample", 0.9), ("cross_fitted", 0.65)):
        row |= {f"auc_{side}": auc, f"ci_low_{side}": auc - 0.05, f"ci_high_{side}": auc + 0.05}
    rows = pd.DataFrame([row, row | {"cohort": "test", "recipe": "sound", "optimism": np.nan}])
    table = results.two_by_two(rows, level=0.9)
    assert table.to_numpy().tolist() == [
        ["SR_SVM", "Classical", "Train", "0.900 (0.850–0.950)", "0.650 (0.600–0.700)", "0.250"],
        ["SR_SVM", "Sound", "Test", "0.900 (0.850–0.950)", "0.650 (0.600–0.700)", "–"],
    ]
    assert list(table)[3:] == ["AUC (90% CI), in-sample", "AUC (90% CI), cross-fitted", "Optimism"]


def test_scores_stand_beside_the_diameter_which_has_dashes():
    row = {"protocol": "sound", "model": "SR_SVM", "cohort": "test"}
    row |= {"auc": 0.7, "ci_low": 0.6, "ci_high": 0.8, "p_value": 0.25, "lr_p": 0.0001}
    row |= {"difference": 0.02, "difference_low": -0.01, "difference_high": 0.05}
    row |= {"rho": 0.5, "rho_low": 0.4, "rho_high": 0.6}
    alone = row | {"model": "Diameter alone"} | dict.fromkeys(list(row)[6:], np.nan)
    table = results.beside_size(pd.DataFrame([alone, row]))
    assert table.to_numpy().tolist() == [
        ["Sound", "Diameter alone", "Test", "0.700 (0.600–0.800)", "–", "–", "–", "–"],
        ["Sound", "SR_SVM", "Test", "0.700 (0.600–0.800)", "0.020 (−0.010 to 0.050)", "0.250"]
        + ["<0.001", "0.50 (0.40–0.60)"],
    ]


def test_steps_between_the_recipes_have_their_difference_and_its_interval():
    row = {"model": "SR_SVM", "recipe": "planar", "cohort": "test"}
    row |= {"auc": 0.7, "ci_low": 0.6, "ci_high": 0.8, "p_value": 0.25}
    row |= {"difference": 0.02, "difference_low": -0.01, "difference_high": 0.05}
    first = row | {"recipe": "paper"} | dict.fromkeys(list(row)[6:], np.nan)
    table = results.recipes(pd.DataFrame([first, row]))
    assert table.to_numpy().tolist() == [
        ["SR_SVM", "Classical", "Test", "0.700 (0.600–0.800)", "–", "–"],
        ["SR_SVM", "Sound features, given settings", "Test", "0.700 (0.600–0.800)"]
        + ["0.020 (−0.010 to 0.050)", "0.250"],
    ]


def test_a_choice_by_the_test_cohort_is_called_so():
    ranked = pd.DataFrame(
        {
            "model": ["OR_SVM", "SR_SVM", "SR_KNN"],
            "auc_out_of_fold": [0.7, 0.6, 0.5],
            "ci_low": [0.6, 0.5, 0.4],
            "ci_high": [0.8, 0.7, 0.6],
            "auc_test": [0.6, 0.68, 0.5],
            "chosen": [True, False, False],
            "chosen_by_test": [False, True, False],
        }
    )
    shown = results.choice(ranked)
    assert shown["Chosen"].tolist() == ["cross-fitted", "by the test cohort (informed by it)", ""]
    assert shown.iloc[0, 1:3].tolist() == ["0.700 (0.600–0.800)", "0.600"]


def test_permuted_outcomes_have_the_interval_of_their_mean():
    row = {"model": "SR_SVM", "repeats": 20, "train": 0.9}
    row |= {"test": 0.5, "test_low": 0.48, "test_high": 0.52}
    shown = results.null(pd.DataFrame([row]))
    assert shown.iloc[0].tolist() == ["SR_SVM", "20", "0.900", "0.500 (0.480–0.520)"]
    asked = results.null(pd.DataFrame([row | {"observed": 0.66, "p_value": 1 / 21}]))
    assert asked.iloc[0, -2:].tolist() == ["0.660", "0.048"]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (results.performance, ["auc", "ci_low", "ci_high", *results.METRICS]),
        (results.choice, ["auc_out_of_fold", "ci_low", "ci_high", "auc_test"]),
        (results.null, ["repeats", "train", "test", "test_low", "test_high"]),
        (results.comparison, ["auc_a", "auc_b", "difference", "ci_low", "ci_high", "z", "p_value"]),
        (results.reclassified, ["estimate", "ci_low", "ci_high", "p_value"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_headings_say_the_coverage_that_was_asked_for(table, columns):
    frame = pd.DataFrame([dict.fromkeys(columns, 0.5)])
    words = ("model", "cohort", "model_a", "model_b", "new", "old", "measure")
    frame = frame.assign(**dict.fromkeys(words, "x"), chosen=False, chosen_by_test=False)
    with_ci = [name for name in table(frame, level=0.9) if "CI" in name]
    assert len(with_ci) == 1 and "90% CI" in with_ci[0]
    assert "95% CI" in [name for name in table(frame) if "CI" in name][0]


def test_every_proportion_has_its_interval():
    measured = pd.DataFrame({"model": ["A"], "cohort": "test", "auc": 0.8})
    for name in ("accuracy", "sensitivity", "specificity", "ppv", "npv"):
        measured = measured.assign(**{name: 0.5, f"{name}_low": 0.4, f"{name}_high": 0.6})
    measured["no_information_rate"] = 0.7
    aucs = pd.DataFrame({"model": ["A"], "cohort": "test", "auc": 0.8, "logit_low": 0.71})
    aucs = aucs.assign(logit_high=0.88, bootstrap_low=0.7, bootstrap_high=0.89)
    row = results.intervals(measured, aucs, level=0.8).iloc[0]
    assert row["Logit CI"] == "0.710–0.880" and row["Bootstrap CI"] == "0.700–0.890"
    assert row["PPV (80% CI)"] == "0.500 (0.400–0.600)" and row["No-information rate"] == "0.700"
    with pytest.raises(pd.errors.MergeError):
        results.intervals(pd.concat([measured, measured]), aucs)


def test_reclassification_is_shown_by_measure():
    frame = pd.DataFrame(
        {"new": ["Nomogram_A"], "old": "Nomogram_C", "cohort": "test", "measure": "IDI"}
        | {"estimate": 0.04, "ci_low": -0.01, "ci_high": 0.09, "p_value": 0.0004}
    )
    assert results.reclassified(frame).iloc[0].tolist() == [
        *("Nomogram_A", "Nomogram_C", "Test", "IDI", "0.040 (−0.010 to 0.090)", "<0.001")
    ]


def test_methods_are_those_that_super_resolution_measures():
    assert list(results.RECONSTRUCTIONS) == list(fidelity.METHODS)
