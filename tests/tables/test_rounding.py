"""Numbers as text."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from thyro.tables import rounding


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0131, "0.013"),
        (0.8034, "0.803"),
        (0.001, "0.001"),
        (0.00099, "<0.001"),
        (0, "<0.001"),
        (1, "1.000"),
        (np.nan, "–"),
    ],
)
def test_p_value(p, text):
    assert rounding.p_value(p) == text


def test_p_value_refuses_what_is_none():
    with pytest.raises(ValueError, match="between 0 and 1, got 1.2"):
        rounding.p_value(1.2)


def test_number_has_a_true_minus_and_no_negative_zero():
    assert rounding.number(-0.1234) == "−0.123"
    assert rounding.number(-0.0001) == "0.000"
    assert rounding.number(np.inf) == "∞"
    assert rounding.number(np.nan) == "–"


def test_intervals_read_one_way_only():
    assert rounding.interval(0.8203, 0.9358) == "0.820–0.936"
    assert rounding.interval(-0.01, 0.12) == "−0.010 to 0.120"
    assert rounding.estimate(0.878, 0.8203, 0.9358) == "0.878 (0.820–0.936)"
    assert rounding.estimate(np.nan, np.nan, np.nan) == "–"


def test_counts_are_printed_as_in_the_paper():
    # Li et al. 2024, Table 1: 420 of 544 women, 42 of 380 stubby calcifications, an empty cell.
    assert rounding.count(420, 544) == "420 (77.21)"
    assert rounding.count(42, 380) == "42 (11.05)"
    assert rounding.count(0, 164) == "0"
    assert rounding.count(0, 0) == "0"


def test_mean_and_sd_leave_missing_values_out():
    assert rounding.mean_sd([1, 2, np.nan, 3]) == "2.00 ± 1.00"
    assert rounding.mean_sd([np.inf, 30.0]) == "∞ ± –"


def test_shares_become_percent():
    assert rounding.percent(162 / 544) == "29.8%"
    assert rounding.percent(np.nan) == "–"


def test_legend_texts_are_kept_by_cohort_and_model():
    table = pd.DataFrame(
        {"model": ["A"], "cohort": ["test"], "auc": [0.8781], "ci_low": [0.82], "ci_high": [0.9358]}
    )
    assert rounding.auc_labels(table) == {"test": {"A": "A 0.878 (0.820–0.936)"}}


def test_hosmer_label_gives_statistic_df_and_p():
    test = SimpleNamespace(statistic=7.314, df=8, p_value=0.0002)
    assert rounding.hosmer_label(test) == "HL χ² 7.31, df 8, P <0.001"


def test_labels_of_calibration_panels_are_kept_by_cohort_and_model():
    table = pd.DataFrame(
        {"model": ["A"], "cohort": ["test"], "statistic": [7.314], "df": [8], "p_value": [0.0002]}
    )
    assert rounding.hosmer_labels(table) == {"test": {"A": "HL χ² 7.31, df 8, P <0.001"}}


@pytest.mark.parametrize(("level", "text"), [(0.95, "95%"), (0.9, "90%"), (0.999, "99.9%")])
def test_coverage_is_said_as_percent(level, text):
    assert rounding.coverage(level) == text


def test_display_names_carry_the_unit():
    dictionary = {"d": {"label": "Diameter", "unit": "mm"}, "m": {"label": "Margin", "unit": ""}}
    assert rounding.display_names(dictionary) == {"d": "Diameter (mm)", "m": "Margin"}


def test_what_is_rounded_is_noted_with_the_value_before():
    rounding.number(0.25)
    with rounding.noted() as values:
        rounding.estimate(0.7394, 0.64, 0.73941)
        rounding.percent(0.2978)
        rounding.number(float("nan"))
    rounding.number(0.111)
    assert values == {"0.739": {0.7394, 0.73941}, "0.640": {0.64}, "29.8": {100 * 0.2978}}
