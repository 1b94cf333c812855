"""What the patients can carry and show, against the audit found by hand."""

import numpy as np
import pytest

from thyro.audit import sizes
from thyro.audit.printed import NotPrinted

from .conftest import changed, found, original


def test_candidates_are_counted_in_coefficients():
    assert sizes.candidates(original()) == 24  # 1+1+1+1+1+4+1+1+5+2+2+1+3
    assert sizes.terms(original()) == 5


def test_events_per_parameter():
    told = found("G1").implied
    assert "23.6 to 25.6 of 5 terms" in told and "4.9 to 5.3 of 24 candidates" in told
    assert "78 where none matters" in told


def test_rileys_sizes():
    told = found("G2").implied  # by hand: 344, 517 and 33594 at 0.88
    assert "344 for 5 terms, 517 for 24 candidates, 33594 for 1561 features" in told


def test_precision_of_the_tested_cohort():
    told = found("G3")
    assert "widths 0.077 to 0.178" in told.printed
    assert "187 at an AUC of 0.930" in told.implied and "×/÷ 1.28" in told.implied
    assert sizes._patients(0.88, 45 / 164, 1.96) == 301


@pytest.mark.parametrize(("slope", "want"), [(1.0, 0.135), (0.8, 0.471), (0.6, 0.891)])
def test_the_power_of_hosmer_and_lemeshow(slope, want):
    # 4000 cohorts of another simulation gave these (tests/golden/audit.json, G4).
    rng = np.random.default_rng(5)
    got = sizes.hosmer_lemeshow_power(0.93, 45, 164, slope=slope, rng=rng, draws=300)
    assert got == pytest.approx(want, abs=0.09)


def test_a_p_above_says_nothing_of_calibration_and_names_what_is_lacking():
    assert "not printed: statistic, groups" in found("G4").printed
    with pytest.raises(NotPrinted, match="hosmer_lemeshow.p"):
        sizes.hosmer_lemeshow(changed(("hosmer_lemeshow", None)))
