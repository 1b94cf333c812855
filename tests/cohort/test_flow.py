"""Every step of the flow chart is counted, and every node sums."""

import re

import pandas as pd
import pytest

from thyro.cohort import clinical_table, flow


def refused(message):
    return pytest.raises(clinical_table.CohortError, match=f"^{re.escape(message)}$")


def steps_of(way):
    return [(step["label"], step["n"], step["excluded"]) for step in way.steps]


def test_a_step_is_told_where_it_excludes_somebody_or_was_declared():
    table = pd.DataFrame({"age": [40, 50, 60]}, index=[3, 5, 8])
    nobody = pd.Series(False, index=table.index)
    begun = flow.Flow(table)
    assert steps_of(begun.drop(nobody, "blurred image")) == []
    declared = begun.drop(nobody, "operated before", declared=True)
    assert steps_of(declared) == [("Excluded: operated before", 0, True)]
    left = declared.drop(table["age"] > 45, "age above 45")
    assert left.frame.index.tolist() == [3]
    assert steps_of(left)[1] == ("Excluded: age above 45", 2, True)
    assert steps_of(begun) == [] and len(begun.frame) == 3  # a step leaves the flow before it alone


def test_rows_that_a_step_does_not_judge_stay_and_those_that_left_do_not_count():
    table = pd.DataFrame({"age": [40, 50, 60]}, index=[3, 5, 8])
    judged = pd.Series([True, True], index=[5, 99])
    left = flow.Flow(table).drop(judged, "blurred image")
    assert left.frame.index.tolist() == [3, 8] and left.steps[0]["n"] == 1
    again = left.drop(judged, "text in the image")
    assert again.steps == left.steps


def chart_parts():
    patients = pd.DataFrame({"y": [0, 1, 1, 0, 1], "split": ["train", "train", "test"] + ["x"] * 2})
    steps = [
        {"label": "Assessed", "n": 4, "excluded": False},
        {"label": "Excluded: x", "n": 1, "excluded": True},
    ]
    return steps, patients


def test_the_flow_chart_sums_or_stops():
    steps, patients = chart_parts()
    chart = flow.flow_chart(steps, patients[:3])
    assert [(s["label"], s["n"], s.get("events")) for s in chart[2:]] == [
        ("Included", 3, None),
        ("Training cohort", 2, 1),
        ("Test cohort", 1, 1),
    ]
    with refused("The flow chart ends with 4 patients, the cohort has 3."):
        flow.flow_chart(steps[:1], patients[:3])
    with refused("Some patients are of none of the cohorts train, test, external."):
        flow.flow_chart(steps, patients)


def test_cohorts_of_other_names_are_told_in_their_order():
    steps, patients = chart_parts()
    named = pd.Categorical(["b_1", "a", "a"], ["b_1", "a"])
    chart = flow.flow_chart(steps, patients[:3].assign(split=named))
    assert [(s["label"], s["n"], s.get("events")) for s in chart[3:]] == [
        ("B 1 cohort", 1, 0),
        ("A cohort", 2, 2),
    ]
    outside = [{"label": "Assessed", "n": 1, "excluded": False}]
    both = pd.concat([patients[:3], patients[:1]], ignore_index=True)
    both["split"] = pd.Categorical(["b_1", "a", "a", "external"], ["b_1", "a", "external"])
    told = flow.flow_chart(steps, both, outside)
    assert [s["n"] for s in told if s.get("split")] == [1, 2, 1]


def test_the_external_cohort_has_a_way_of_its_own():
    steps, patients = chart_parts()
    patients = patients.replace({"split": {"x": "external"}})
    outside = [
        {"label": "Assessed", "n": 5, "excluded": False},
        {"label": "Excluded: y", "n": 3, "excluded": True},
    ]
    chart = flow.flow_chart(steps, patients, outside)
    assert chart[:5] == flow.flow_chart(steps, patients[:3])
    assert chart[5:7] == [{**step, "external": True} for step in outside]
    node = {"label": "External cohort", "n": 2, "events": 1, "excluded": False, "split": True}
    assert chart[7] == node | {"external": True}
    assert "external" not in outside[0]  # the steps of the caller stay as they were
    with refused("The flow chart ends with 5 patients, the external cohort has 2."):
        flow.flow_chart(steps, patients, outside[:1])
    with refused("The external cohort has patients, but no steps that lead to them."):
        flow.flow_chart(steps, patients)
