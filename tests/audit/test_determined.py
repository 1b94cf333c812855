"""What printed numbers determine, against the functions that measure our own models."""

import pytest

from thyro import audit
from thyro.audit import determined
from thyro.statistics import metrics_from_counts, proportion_ci

from .conftest import changed, original, row


@pytest.fixture(scope="module")
def facts():
    return determined.facts(original(), audit.audit(original()))


def test_every_proportion_has_wilsons_interval():
    table = determined.proportions(original()).set_index(["model", "cohort"])
    assert len(table) == 18
    svm = table.loc[("SR_SVM", "Test")]
    assert tuple(svm[["tp", "fn", "fp", "tn"]]) == (29, 16, 8, 111)
    assert (svm["accuracy_low"], svm["accuracy_high"]) == pytest.approx(proportion_ci(140, 164))
    assert svm["sensitivity_low"] == pytest.approx(0.498, abs=5e-4)  # by hand, C6
    assert svm["no_information_rate"] == pytest.approx(119 / 164)


def test_net_benefit_of_every_rule():
    table = determined.net_benefits(original()).set_index(["model", "cohort", "threshold"])
    assert len(table) == 18 * 3
    got = table.loc[("SR_SVM", "Test", 0.3)]
    assert got["net_benefit"] == pytest.approx((29 - 8 * 3 / 7) / 164)
    assert got["treat_all"] == pytest.approx((45 - 119 * 3 / 7) / 164)


def test_without_matrices_the_frames_are_empty(invented):
    assert determined.proportions(invented).empty and determined.net_benefits(invented).empty


def test_facts_of_the_publication(facts):
    assert facts["source"] == "Li et al. (2024)" and facts["null"]["pairs"] == 4
    assert facts["checks"] == 48 and facts["verdicts"]["inconsistent"] == 24
    assert facts["kinds"] == {"number": 9, "claim": 6, "method": 6, "wording": 3}
    assert facts["credit"] == {"matrices": [18, 18], "p_values": [15, 15], "intervals": [21, 21]}
    assert facts["outcome"] == {"CLNM": 162, "Location of LNM": 165, "performance": 173}
    assert facts["called"] == {"characteristics": 182, "performance": 170}
    for cohort, counts in {"train": (92, 36, 30, 222), "test": (29, 16, 19, 100)}.items():
        assert facts["reader_f1"][cohort] == pytest.approx(metrics_from_counts(*counts).f1)
    assert facts["no_information_rate"] == pytest.approx(119 / 164)
    assert facts["below"] == ["OR_ResNet101", "OR_SVM"]
    assert facts["holm"] == pytest.approx(0.052) and facts["falls"] == [7, 9]
    assert facts["correlation"][0] == pytest.approx(0.787, abs=5e-4)
    assert facts["chosen"] == "SR_SVM" and facts["auc"]["Nomogram_C"] == 0.88
    best = {one["threshold"]: one["model"] for one in facts["benefit"]}
    assert best == {0.2: "OR_DenseNet121", 0.3: "SR_SVM", 0.4: "SR_SVM"}


def test_credit_follows_the_numbers():
    wrong = changed((*row("SR_SVM", "Test"), "npv", "0.900"))
    credit = determined.facts(wrong, audit.audit(wrong))["credit"]
    assert credit["matrices"] == [17, 18]


def test_what_is_not_printed_is_none(invented):
    facts = determined.facts(invented, audit.audit(invented))
    for name in ("outcome", "called", "reader_f1", "correlation", "holm", "below", "falls"):
        assert facts[name] is None, name
    assert facts["credit"]["matrices"] is None and facts["credit"]["intervals"] == [1, 1]
    assert facts["benefit"] == [] and facts["chosen"] is None


def test_intervals_have_the_level_that_is_asked():
    found = audit.audit_file("docs/audit_example.yml", level=0.8).proportions.iloc[0]
    n = found[["tp", "fn", "fp", "tn"]].sum()
    want = proportion_ci(found["tp"] + found["tn"], n, level=0.8)
    assert (found["accuracy_low"], found["accuracy_high"]) == pytest.approx(want)
