"""Tables of groups of patients: what stands in a cell, and why a cell is a dash."""

import numpy as np
import pandas as pd

from thyro.tables import subgroups

ENDS = {"ci_low": 0.41, "ci_high": 1.27}


def rows(value="estimate", **cells):
    """Every measure of three groups in two cohorts; `cells` change the last group."""
    made = []
    for cohort in ("test", "external"):
        for variable, group in (("All patients",) * 2, ("Sex", "Female"), ("Sex", "Male")):
            for measure in subgroups.MEASURES:
                row = {"model": "A", "cohort": cohort, "variable": variable, "group": group}
                row |= {"n": 40, "events": 9, "measure": measure, value: 0.84, **ENDS, "reason": ""}
                last = cohort == "external" and group == "Male" and measure in ("auc", "slope")
                made.append(row | (cells if last else {}))
    return pd.DataFrame(made)


def test_a_group_has_a_row_in_every_cohort():
    table = subgroups.grouped(rows(), threshold=0.2, level=0.9)
    assert table["Cohort"].tolist() == ["Test"] * 3 + ["External"] * 3
    assert table["Group"].tolist() == ["All patients", "Sex: Female", "Sex: Male"] * 2
    assert set(table["Patients (events)"]) == {"40 (9)"}
    assert list(table)[3:] == [
        f"{heading} (90% CI)"
        for heading in ("AUC", "Slope", "In the large", "Sensitivity", "Specificity")
    ] + ["Net benefit at 20% (90% CI)"]
    assert table.loc[5, "Slope (90% CI)"] == "0.84 (0.41–1.27)"
    assert table.loc[5, "Net benefit at 20% (90% CI)"] == "0.840 (0.410–1.270)"


def test_a_measure_that_a_group_has_not_is_a_dash_with_its_reason():
    absent = dict.fromkeys(("estimate", *ENDS), np.nan)
    frame = rows(**absent, reason="one patient with the outcome")
    table = subgroups.grouped(frame, threshold=0.2)
    assert table.loc[5, "AUC (95% CI)"] == "–" and table.loc[2, "AUC (95% CI)"] != "–"
    assert subgroups.group_note(frame) == (
        "–: no such measure or no interval, as of one patient with the outcome: Sex: Male "
        "(external)."
    )


def test_without_a_dash_there_is_no_note():
    assert subgroups.group_note(rows()) == ""


def test_a_difference_names_both_groups_and_its_model():
    frame = rows("difference").assign(reference="Female")
    frame = frame[frame["group"].eq("Male")]
    table = subgroups.group_differences(frame, threshold=0.25)
    assert list(table)[:4] == ["Model", "Cohort", "Group", "Less"]
    assert table[["Group", "Less"]].to_numpy().tolist() == [["Sex: Male", "Female"]] * 2
    assert "Net benefit at 25% (95% CI)" in table
