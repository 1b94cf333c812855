"""Differences of AUCs: printed ones against a hand calculation, those of a run against DeLong."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from thyro import statistics
from thyro.audit import contrasts
from thyro.audit.printed import Printed

from .conftest import changed, original, row


@pytest.fixture(scope="module")
def printed():
    return contrasts.printed_contrasts(original()).set_index(["contrast", "name"])


def test_a_printed_fall_has_the_interval_of_two_independent_aucs(printed):
    fall = printed.loc[("fall", "SR_SVM")]
    assert fall["difference"] == pytest.approx(0.924 - 0.878)
    train, test = (0.8908, 0.9573), (0.8203, 0.9358)  # Table 2
    half = np.hypot(*((high - low) / 2 for low, high in (train, test)))
    assert (fall["ci_high"] - fall["ci_low"]) / 2 == pytest.approx(half)
    assert len(printed.loc["fall"]) == 9


def test_coverage_widens_an_interval(printed):
    wide = contrasts.printed_contrasts(original(), level=0.99).set_index(["contrast", "name"])
    width = [table.loc[("fall", "OR_KNN")] for table in (printed, wide)]
    ratio = np.divide(*((one["ci_high"] - one["ci_low"]) for one in width[::-1]))
    assert ratio == pytest.approx(norm.isf(0.005) / norm.isf(0.025))


def test_what_a_signature_adds_is_printed_in_test_alone_and_without_an_interval(printed):
    added = printed.loc["added"]
    assert list(added["cohort"]) == ["test"] and list(added.index) == ["Nomogram_A"]
    assert added["difference"].iloc[0] == pytest.approx(0.050)
    assert added[["ci_low", "ci_high"]].isna().all(axis=None)


def test_a_fall_follows_its_numbers_and_goes_with_them():
    more = changed((*row("SR_SVM", "Test"), "auc", "0.850"))
    falls = contrasts.printed_contrasts(more).set_index("name")["difference"]
    assert falls["SR_SVM"] == pytest.approx(0.074)
    none = changed((*row("SR_SVM", "Test"), "ci95", None))
    assert "SR_SVM" not in set(contrasts.printed_contrasts(none)["name"])


def test_a_publication_without_aucs_has_no_rows(invented):
    assert contrasts.printed_contrasts(invented).empty  # of one cohort alone
    nothing = Printed({"cohorts": invented.data["cohorts"]})
    assert list(contrasts.printed_contrasts(nothing).columns) == contrasts.COLUMNS


def test_those_of_a_run_are_delongs():
    rng = np.random.default_rng(3)
    y = np.tile([0, 1], 60)
    split = np.repeat(["train", "test", "external"], 40)
    names = ["Nomogram_A", "Nomogram_C", "SR_SVM"]
    scores = pd.DataFrame({name: rng.normal(size=120) + y for name in names})
    delong = statistics.delong_by_family(y, scores, split, {"nomogram": [names[:2]]})
    found = contrasts.run_contrasts(y, scores, split, delong, level=0.9)
    assert list(found.columns) == contrasts.COLUMNS
    falls = found[found["contrast"].eq("fall")].set_index("name")
    assert list(falls.index) == names
    halves = [part for name in ("train", "test") for part in (y[split == name], split == name)]
    want = statistics.auc_ci(halves[0], scores["SR_SVM"][halves[1]]).auc
    want -= statistics.auc_ci(halves[2], scores["SR_SVM"][halves[3]]).auc
    assert falls.loc["SR_SVM", "difference"] == pytest.approx(want)
    added = found[found["contrast"].eq("added")].set_index("cohort")
    assert list(added.index) == ["train", "test", "external"]
    here = split == "external"
    one = statistics.delong_test(y[here], scores["Nomogram_A"][here], scores["Nomogram_C"][here])
    assert added.loc["external", ["difference", "ci_low"]].tolist() == pytest.approx(
        [one.difference, one.ci_low]
    )
