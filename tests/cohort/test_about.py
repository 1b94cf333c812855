"""What a cohort is for later notebooks, and the variables of Table 1."""

from types import SimpleNamespace

import pandas as pd
import pytest

from thyro.cohort import about
from thyro.study import Cohort

AGE = {"name": "age", "kind": "continuous", "label": "Age", "unit": "years"}


def source(*, truth=None, row_mm=(0.1, 0.1), criteria=()):
    opened = SimpleNamespace(criteria=list(criteria), variables=[AGE])
    flags = pd.DataFrame({"row_mm": list(row_mm), "blur": [True, False]})
    return SimpleNamespace(opened=opened, image_flags=flags, truth=truth)


def described(ingested, settings, patients=None):
    return about.describe_cohort(
        ingested,
        pd.DataFrame({"age": [40.0]}) if patients is None else patients,
        settings,
        title="A study",
        outcome="metastasis",
        outcome_levels=["No", "Yes"],
    )


def test_a_simulated_cohort_is_labelled_as_such():
    main = source(truth=pd.DataFrame(), criteria=[{}, {}])
    found = described({"cohort": main}, Cohort(source="simulated"))
    assert found["simulated"] and found["label"] == "Simulated data" and found["truth"]
    assert found["criteria"] == 2 and found["flags"] == {"blur": 1}
    assert not found["external"] and found["external_flags"] == {}
    assert found["variables"] == {"age": AGE} and not found["second_reader"]


def test_spacing_is_known_where_every_image_of_every_source_tells_it():
    both = {"cohort": source(), "external": source(row_mm=(0.1, None))}
    found = described(both, Cohort(source="simulated"))
    assert not found["spacing_known"] and found["external"]
    assert found["external_flags"] == {"blur": 1}
    assert described({"cohort": source()}, Cohort(source="simulated"))["spacing_known"]


def test_table_1_ends_with_outcome_and_radiologist():
    variables = about.table_1_variables(described({"cohort": source()}, Cohort(source="simulated")))
    assert list(variables) == ["age", "y", "radiologist"]
    assert variables["y"]["label"] == "Metastasis" and variables["y"]["levels"] == ["No", "Yes"]
    rows = about.table_1_rows(variables, pd.DataFrame(columns=["y", "age"]))
    assert [row["name"] for row in rows] == ["age", "y"]


@pytest.mark.parametrize(("yes_from", "expected"), [(None, [3, 4, 5]), (4.0, [False, True, True])])
def test_grades_are_shown_as_what_they_call(yes_from, expected):
    patients = pd.DataFrame({"radiologist": [3, 4, 5]})
    assert about.called(patients, yes_from)["radiologist"].tolist() == expected
