"""Tables: what is in the cells, and that pandoc reads them as they are."""

import json
import re

import numpy as np
import pandas as pd
import pypandoc
import pytest

from thyro.statistics import delong
from thyro.super_resolution import fidelity
from thyro.tables import baseline, results, rounding

NASTY = r"a|b*c_d`e$f@g\h[i]<b>&amp;~x^ {{< var n >}} !#"


def cells(markdown):
    """Plain text of the body cells, as pandoc reads the table."""

    def text(node):
        if isinstance(node, list):
            return "".join(map(text, node))
        if node.get("t") in ("Space", "SoftBreak"):
            return " "
        return node["c"] if node.get("t") == "Str" else f"<{node.get('t')}>"

    blocks = json.loads(pypandoc.convert_text(markdown, "json", format="markdown-smart"))["blocks"]
    (table,) = (block["c"] for block in blocks if block["t"] == "Table")
    rows = table[4][0][3]
    return [
        ["".join(text(inline) for block in cell[4] for inline in block["c"]) for cell in row[1]]
        for row in rows
    ]


DICTIONARY = {
    "age": {"label": "Age", "unit": "years", "kind": "continuous"},
    "margin": {"label": "Margin", "kind": "categorical"},
}


def test_show_prints_every_character_as_it_is():
    frame = pd.DataFrame({"Level": [NASTY, "two\nlines"], "n": ["1", "2"]})
    shown = results.show(frame, origin="Simulated data", note=NASTY)
    assert cells(shown.data) == [[NASTY, "1"], ["two lines", "2"]]
    assert shown.data.rstrip().endswith("*Simulated data.*")
    html = pypandoc.convert_text(shown.data, "html", format="markdown")
    assert "<b>" not in html and "<em>Simulated data.</em>" in html


def test_levels_stay_indented_under_their_variable():
    patients = pd.DataFrame({"split": ["train", "test"] * 2, "margin": ["Smooth", "Smooth"] * 2})
    table = baseline.baseline_table(patients, ["margin"], DICTIONARY)
    first = [row[0] for row in cells(results.show(table).data)]
    assert first[:2] == ["Margin", "\N{EM SPACE}Smooth"]


def test_show_aligns_numbers_right_and_text_left():
    frame = pd.DataFrame(
        {"Model": ["A"], "AUC": ["0.878 (0.820–0.936)"], "P": ["<0.001"], "Test": ["Student t"]}
    )
    rule = results.show(frame).data.splitlines()[1].strip("| ").split(" | ")
    assert [cell.endswith(":") for cell in rule] == [False, True, True, False]
    assert "Simulated" not in results.show(frame).data


def test_show_takes_numbers_and_a_named_index():
    frame = pd.DataFrame(
        {"x": [0.123456, np.nan], "k": [3, -4]}, index=pd.Index(["a", "b"], name="feature")
    )
    lines = results.show(frame).data.splitlines()
    assert lines[0] == "| feature | x | k |"
    assert lines[2] == "| a | 0.1235 | 3 |"
    assert lines[3] == "| b | – | -4 |"


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


def test_logistic_puts_both_regressions_side_by_side():
    univariate = pd.DataFrame(
        {
            "term": ["age", "margin", "margin"],
            "level": ["", "Irregular", "Extension"],
            "odds_ratio": [0.96, 2.5, 4.0],
            "ci_low": [0.94, 1.5, 2.0],
            "ci_high": [0.98, 4.1, 8.0],
            "p_value": [0.0002, 0.001, 0.0001],
            "lr_p": [0.0001, 0.00005, 0.00005],
        }
    )
    table = results.logistic(univariate, univariate.iloc[1:].assign(odds_ratio=3.0), DICTIONARY)
    assert list(table["Variable"]) == ["Age, years", "Margin", "Margin"]
    assert list(table["Univariate OR (95% CI)"])[0] == "0.96 (0.94–0.98)"
    assert list(table["Multivariable OR (95% CI)"]) == ["–", "3.00 (1.50–4.10)", "3.00 (2.00–8.00)"]
    assert list(table["Multivariable P of the term"]) == ["–", "<0.001", "<0.001"]


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


def test_quality_has_a_row_per_cohort_and_method():
    rows = [
        (split, method, patient, psnr + patient, psnr / 40)
        for split in ("external", "test")
        for method, psnr in (("bicubic", 28.0), ("sr", 30.0))
        for patient in (0, 2)
    ]
    columns = ["split", "method", "patient_id", "psnr", "ssim"]
    gains = fidelity.gains(pd.DataFrame(rows, columns=columns))
    table = results.quality(gains)
    assert list(table["Cohort"]) == ["Test", "Test", "External", "External"]
    assert list(table["Method"]) == ["Super-resolution", "Bicubic"] * 2
    # t(1, 0.975) = 12.7062, and the standard error of 0 and 2 is 1.
    assert list(table.iloc[0, 2:]) == [
        "2",
        "31.00 (18.29–43.71)",
        "0.750 (0.750–0.750)",
        "2.00 (2.00–2.00)",
        "0.050 (0.050–0.050)",
    ]
    assert list(table.iloc[1, 5:]) == ["–", "–"]
    headings = list(results.quality(gains, level=0.9).columns[3:])
    assert headings == [
        "PSNR, dB (90% CI)",
        "SSIM (90% CI)",
        "Gain over bicubic, dB (90% CI)",
        "Gain over bicubic, SSIM (90% CI)",
    ]


def test_selection_counts_add_up():
    steps = ["z-score"] * 3 + ["Mann-Whitney U"] * 4 + ["LASSO"] * 2 + ["kept"]
    fates = pd.DataFrame({"step": steps, "signature": ["OR"] * 9 + ["SR"]})
    table = results.selection(fates)
    assert list(table["Features"]) == ["9", "1"]
    assert table.loc[0, "Left at Spearman"] == "0"
    assert table.loc[1, "Kept"] == "1"
    for _, row in table.iterrows():
        assert sum(map(int, row.iloc[2:])) == int(row["Features"])
    with pytest.raises(ValueError, match="found \\['ridge'\\]"):
        results.selection(fates.assign(step="ridge"))


def test_missing_counts_each_variable_and_the_complete_patients():
    patients = pd.DataFrame(
        {"age": [40.0, np.nan, 50.0, 61.0], "margin": [None, None, "Smooth", "Smooth"]}
    )
    table = results.missing(patients, ["age", "margin"], DICTIONARY)
    assert list(table.columns) == ["Characteristic", "Recorded (n = 4)", "Missing"]
    assert table.to_numpy().tolist() == [
        ["Age, years", "3 (75.00)", "1 (25.00)"],
        ["Margin", "2 (50.00)", "2 (50.00)"],
        ["All of these", "2 (50.00)", "2 (50.00)"],
    ]
    with pytest.raises(
        ValueError, match=re.escape("variables: expected columns of patients, found no ['size'].")
    ):
        results.missing(patients, ["age", "size"], DICTIONARY)


def test_flags_are_counted_one_by_one_and_together():
    quality = pd.DataFrame(
        {
            "sharpness": [3.0, 9.0, 8.0, 7.0],
            "duplicate": [False, False, False, True],
            "blur": [True, False, False, True],
            "size": [False] * 4,
        }
    )
    sentences = {"blur": "less sharp than 5", "duplicate": "same pixels", "size": "too large"}
    table = results.flags(quality, sentences)
    assert list(table.columns) == ["Flag", "Images (n = 4)", "Meaning"]
    assert table.to_numpy().tolist() == [
        ["Blur", "2 (50.00)", "less sharp than 5"],
        ["Duplicate", "1 (25.00)", "same pixels"],
        ["Size", "0", "too large"],
        ["Any flag", "2 (50.00)", ""],
    ]
    with pytest.raises(ValueError, match="quality: .*'text'"):
        results.flags(quality, {"text": "beside the scan"})


def test_protocols_stand_side_by_side_with_their_difference():
    row = {"model": "SR_SVM", "cohort": "train", "optimism": 0.25}
    for side, auc in (("paper", 0.9), ("sound", 0.65)):
        row |= {f"auc_{side}": auc, f"ci_low_{side}": auc - 0.05, f"ci_high_{side}": auc + 0.05}
        row |= {f"accuracy_{side}": auc - 0.1, f"f1_{side}": np.nan}
    table = results.protocols(pd.DataFrame([row]))
    assert table.iloc[0].tolist() == [
        *("SR_SVM", "Train", "0.900 (0.850–0.950)", "0.650 (0.600–0.700)", "0.250"),
        *("0.800", "0.550", "–", "–"),
    ]
    assert table.columns[2:5].tolist() == [
        "AUC (95% CI), paper’s",
        "AUC (95% CI), sound",
        "Difference",
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
    assert shown["Chosen"].tolist() == ["out of fold", "by the test cohort (informed by it)", ""]
    assert shown.iloc[0, 1:3].tolist() == ["0.700 (0.600–0.800)", "0.600"]


def test_permuted_outcomes_have_the_interval_of_their_mean():
    row = {"model": "SR_SVM", "repeats": 20, "train": 0.9}
    row |= {"test": 0.5, "test_low": 0.48, "test_high": 0.52}
    shown = results.null(pd.DataFrame([row]))
    assert shown.iloc[0].tolist() == ["SR_SVM", "20", "0.900", "0.500 (0.480–0.520)"]


@pytest.mark.parametrize(
    ("level", "words"), [(0.95, "95% CI"), (0.9, "90% CI"), (0.999, "99.9% CI")]
)
def test_headings_name_the_level_of_their_intervals(level, words):
    null = pd.DataFrame([{"model": "M", "repeats": 2, "train": 0.9, "test": 0.5}])
    null = null.assign(test_low=0.4, test_high=0.6)
    fit = pd.DataFrame([{"term": "age", "level": None, "odds_ratio": 1.0, "p_value": 0.5}])
    fit = fit.assign(ci_low=0.9, ci_high=1.1, lr_p=0.5)
    for table in (
        results.null(null, level=level),
        results.logistic(fit, fit, {"age": {"label": "Age"}}, level=level),
    ):
        headings = [heading for heading in table.columns if "CI" in heading]
        assert headings and all(f"({words}" in heading for heading in headings)
