"""Sentences on groups of patients, chosen by the intervals."""

import numpy as np
import pandas as pd

from thyro.report.words import subgroups

GROUPS = pd.DataFrame(
    [
        ("test", "All patients", "All patients", 90, 30, 0.8, 0.7, 0.88, ""),
        ("test", "Sex", "Female", 60, 20, 0.82, 0.7, 0.9, ""),
        ("test", "Sex", "Male", 30, 10, 0.75, 0.55, 0.88, ""),
    ],
    columns=[
        "cohort",
        "variable",
        "group",
        "n",
        "events",
        "estimate",
        "ci_low",
        "ci_high",
        "reason",
    ],
).assign(measure="auc")


def differences(*ends):
    rows = [("test", "Sex", "Male", "Female", (low + high) / 2, low, high) for low, high in ends]
    columns = ["cohort", "variable", "group", "reference", "difference", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns).assign(measure="auc")


def found(*ends):
    return subgroups.found("Nomogram_A", GROUPS, differences(*ends), level=0.95)


def test_differences_are_told_by_what_their_intervals_exclude():
    both = (-0.3, -0.1), (-0.2, 0.1)
    assert found(*both) == (
        "Of 2 differences of its AUC between two groups the interval of 1 excludes zero: test "
        "cohort, sex, Male less Female −0.20, 95% CI −0.30 to −0.10."
    )
    assert found((-0.2, 0.1), (-0.1, 0.3)) == (
        "Of 2 differences of its AUC between two groups none has an interval that excludes zero; "
        "the widest is that of test cohort, sex, Male less Female 0.10, 95% CI −0.10 to 0.30."
    )
    assert "by an interval that holds zero: test cohort" in found((-0.2, 0.1))
    assert "by an interval that excludes zero: test cohort" in found((0.05, 0.1))
    assert (
        found((np.nan, np.nan)) == "No two groups have an AUC of Nomogram_A that can be compared."
    )


def test_a_cut_off_that_works_otherwise_in_a_group_is_told():
    rows = differences((0.4, 0.8), (-0.5, 0.1)).assign(measure=["sensitivity", "specificity"])
    assert subgroups.called(rows, level=0.95) == (
        " At the cut-off from training the interval of 1 of 2 differences of sensitivity or "
        "specificity excludes zero: sensitivity, test cohort, sex, Male less Female 0.60, 95% CI "
        "0.40–0.80."
    )
    assert subgroups.called(rows.iloc[1:], level=0.95) == ""


def test_the_smallest_group_says_how_little_it_shows():
    assert subgroups.smallest(GROUPS, level=0.95) == (
        "The smallest group, Male (sex) in the test cohort, has 30 patients, 10 with the outcome; "
        f"its AUC is 0.75 (0.55–0.88). {subgroups.SMALL}"
    )


def test_a_group_without_an_outcome_is_the_smallest():
    none = GROUPS.copy()
    none.loc[2, ["n", "events"]] = 30, 30
    none.loc[2, ["estimate", "ci_low", "ci_high"]] = np.nan
    none.loc[2, "reason"] = "no patient without the outcome"
    assert (
        "has 30 patients, 30 with the outcome, and so no AUC with an interval (no patient without "
        "the outcome)." in subgroups.smallest(none, level=0.95)
    )
    none.loc[1] = none.loc[2]
    assert "2 groups have none." in subgroups.smallest(none, level=0.95)


def test_the_discussion_does_not_call_a_model_fair():
    apart = subgroups.discussion(differences((-0.3, -0.1), (-0.2, 0.1)))
    assert apart.startswith("In 1 of 2 comparisons of groups")
    alike = subgroups.discussion(differences((-0.2, 0.1)))
    assert "is shown in one comparison" in alike and "wide as small groups make them" in alike
    assert subgroups.discussion(differences()).startswith("No groups could be compared.")
    assert all("fair to a group is also a question" in text for text in (apart, alike))
