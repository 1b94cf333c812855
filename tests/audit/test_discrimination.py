"""AUCs, their intervals and tests, against the audit found by hand and statsmodels."""

import pytest
from statsmodels.stats.multitest import multipletests

from thyro.audit import discrimination
from thyro.audit.printed import NotPrinted

from .conftest import changed, found, original


def test_all_21_intervals_are_symmetric():
    assert found("D1").implied == "21 of 21 symmetric"


def test_errors_lie_where_they_did_by_hand():
    told = found("D2").implied
    assert "0.72 to 1.01" in told and "19 of 21 within the binormal range" in told
    assert told.endswith("the largest possible: none")


def test_the_one_text_that_differs():
    assert found("D3").where == "3.2, Table 2"
    assert "middle 0.91905" in found("D3").implied and "0.92405" in found("D3").implied
    assert found("H1").printed == "64 values"
    assert "0.8808–0.9573, table: 0.8908–0.9573" in found("H1").implied


def test_the_correlation_behind_the_printed_p():
    pair = next(original().pairs(""))
    r, low, high = discrimination.correlations(original(), pair)
    assert (r, low, high) == pytest.approx((0.787, 0.784, 0.790), abs=5e-4)  # by hand, D4


def test_holm_multiplies_the_smallest():
    want = multipletests([0.013, 0.5, 0.5, 0.5], method="holm")[1][0]
    assert discrimination.holm(original()) == pytest.approx(want) == pytest.approx(0.052)
    assert discrimination.holm(changed(("comparisons", "tests", 400))) == 1.0


def test_limits_of_correlation():
    # By hand, D9 and D10.
    assert "SR_KNN v OR_KNN (+0.079): below 0.550" in found("D9").implied
    told = found("D10").implied
    assert "above 0.234" in told and "above 0.480" in told
    assert "Nomogram_A v Radiologist (+0.147): at any (uncorrelated p <0.001)" in told


def test_a_difference_that_must_be_significant_cannot_be_said_not_to_be():
    pair = {"a": "Nomogram_A", "b": "Radiologist", "cohort": "Test", "p": "> 0.05"}
    assert found("D9", ("comparisons", "pairs", [pair])).verdict == "inconsistent"


def test_falls_from_training():
    told = found("E1").implied
    assert told.startswith("7 of 9 fall") and "SR_SVM −0.046 (p 0.176)" in told


def test_what_is_not_compared_is_not_asked(invented):
    for one in ("D4", "D5", "D6", "D9", "D10"):
        with pytest.raises(NotPrinted, match="comparisons"):
            getattr(discrimination, NAMES[one]).compute(invented)
    with pytest.raises(NotPrinted, match="Train and Test"):
        discrimination.fall(invented)


NAMES = {"D4": "printed_p", "D5": "multiplicity", "D6": "differences", "D9": "not_significant"}
NAMES |= {"D10": "significant"}
