"""Net reclassification and integrated discrimination: against Hmisc, and of equal models."""

import numpy as np
import pytest
from hypothesis import given

from tests.reference import cases, compare
from tests.statistics.scored import scored
from thyro.statistics.reclassification import discrimination, reclassification


@pytest.mark.parametrize("case", cases("nri_idi", "nri_idi_cases"))
def test_reclassification(case):
    given, want, name = case["input"], case["output"], case["name"]
    y, old, new = (np.array(given[key]) for key in ("y", "p_old", "p_new"))
    cuts = np.atleast_1d(given["category_cuts"])
    for kind, limits in (("continuous_nri", None), ("categorical_nri", cuts)):
        got, expected = reclassification(y, old, new, cuts=limits), want[kind]
        counts = [got.up_cases, got.down_cases, got.up_controls, got.down_controls]
        keys = ("up_events", "down_events", "up_nonevents", "down_nonevents")
        assert counts == [expected[key] for key in keys]
        both = {
            "multinomial_se": got.nri,
            "events_multinomial_se": got.nri_cases,
            "nonevents_multinomial_se": got.nri_controls,
            "pencina2008_null_se": got.test,
            "events_null_se": got.test_cases,
            "nonevents_null_se": got.test_controls,
        }
        for key, change in both.items():
            check_change(name, change, expected[key], f"{kind} {key}")
        compare("nri_idi", name, got.nri.estimate, expected["nri"], 1e-10, what=kind)
        if limits is not None:
            for table, key in ((got.cases, "events"), (got.controls, "nonevents")):
                assert table.tolist() == expected[f"table_{key}_rows_old_cols_new"]
    got, expected = discrimination(y, old, new), want["idi"]
    check_change(name, got.idi, expected, "IDI")
    slopes = [expected["discrimination_slope_old"], expected["discrimination_slope_new"]]
    compare("nri_idi", name, [got.slope_old, got.slope_new], slopes, 1e-10, what="slopes")
    compare("nri_idi", name, got.relative, expected["relative_idi"], 1e-10, what="relative IDI")
    hmisc, continuous = want["hmisc_improveProb"], reclassification(y, old, new)
    if continuous.nri.estimate:
        for key, value in (("nri", continuous.nri), ("nri.ev", continuous.nri_cases)):
            compare("nri_idi", name, value.estimate, hmisc[key], 1e-10, what=f"Hmisc {key}")
            compare("nri_idi", name, value.se, hmisc[f"se.{key}"], 1e-10, what=f"Hmisc {key}")
    compare("nri_idi", name, got.idi.se, hmisc["se.idi"], 1e-10, what="Hmisc IDI")


def check_change(name, got, want, what):
    compare("nri_idi", name, [got.estimate, got.se], [want["estimate"], want["se"]], 1e-10)
    if got.se == 0:  # R has 0/0; nothing changed, so there is no evidence of a change
        assert (got.z, got.p_value) == (0, 1) if got.estimate == 0 else got.p_value == 0
        return
    compare("nri_idi", name, [got.z, got.p_value], [want["z"], want["p"]], 1e-10, what=what)
    compare("nri_idi", name, [got.ci_low, got.ci_high], want["ci95"], 1e-10, what=what)


@given(scored())
def test_reclassification_of_a_model_by_itself_is_nothing(data):
    y, a, b = data
    p, q = (np.clip((x + 1) / 4, 0, 1) for x in (a, b))
    for cuts in (None, [0.2, 0.5]):
        same = reclassification(y, p, p, cuts=cuts)
        assert (same.nri.estimate, same.nri.p_value, same.test.p_value) == (0, 1, 1)
        there, back = reclassification(y, p, q, cuts=cuts), reclassification(y, q, p, cuts=cuts)
        assert there.nri.estimate == pytest.approx(-back.nri.estimate, abs=1e-12)
    assert discrimination(y, p, p).idi.p_value == 1


def test_bad_probabilities_and_cuts_say_what_is_wrong():
    y = [0, 0, 1, 1]
    with pytest.raises(ValueError, match="p_new"):
        reclassification(y, [0.1] * 4, [0.1, 0.2, 0.3, 1.2])
    with pytest.raises(ValueError, match="increasing limits"):
        reclassification(y, [0.1] * 4, [0.2] * 4, cuts=[0.5, 0.2])
