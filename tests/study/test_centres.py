"""What a study file may ask of centres."""

from pathlib import Path

import pytest

from thyro.study.centres import check_harmonisation
from thyro.study.cohorts import Cohort, check_external
from thyro.study.files import load_study
from thyro.study.settings import Study

ASKED = {"harmonisation": "combat", "preserved": [], "unseen_centre": "pass"}


def cohort(**changes):
    return Cohort(**({"source": "simulated", "centre_column": "centre"} | changes))


def test_what_fits_is_taken():
    check_harmonisation(cohort(), **ASKED)
    check_harmonisation(cohort(centre_column=""), **ASKED | {"harmonisation": "none"} | REFUSED)


REFUSED = {"unseen_centre": "refuse"}


@pytest.mark.parametrize(
    ("changes", "asked", "words"),
    [
        ({"centre_column": ""}, {}, "needs `cohort.centre_column`"),
        ({}, {"harmonisation": "none"}, "belong to `harmonisation: combat`"),
        (
            {"split": "leave_one_centre_out", "test_centres": ["X"]},
            REFUSED,
            "says pass or own",
        ),
    ],
    ids=["no centres", "no harmonisation", "left out and refused"],
)
def test_what_cannot_be_had_is_refused(changes, asked, words):
    with pytest.raises(ValueError, match=words):
        check_harmonisation(cohort(**changes), **ASKED | asked)


def test_a_variable_that_is_not_declared_cannot_be_preserved():
    folder = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
    folder |= {"image_column": "i", "mask_column": "m"}
    folder |= {"variables": [{"name": "age", "label": "Age", "kind": "continuous"}]}
    check_harmonisation(cohort(**folder), **ASKED | {"preserved": ["age"]})
    with pytest.raises(ValueError, match="'y' is not among the variables .*outcome cannot be"):
        check_harmonisation(cohort(**folder), **ASKED | {"preserved": ["y"]})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"test_centres": []}, "go together"),
        ({"centre_column": ""}, "needs `centre_column`"),
    ],
)
def test_leaving_centres_out_needs_centres(changes, words):
    with pytest.raises(ValueError, match=words):
        cohort(**{"split": "leave_one_centre_out", "test_centres": ["X"]} | changes)


@pytest.mark.parametrize("changes", [{"centre_column": ""}, {"missing_values": "impute"}])
def test_an_external_cohort_is_as_the_cohort(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        check_external(cohort(**changes), cohort())


def test_what_demo_shows_of_its_patients_is_not_inherited_by_patients_from_a_folder():
    demo, template = (load_study(name, Path("params")) for name in ("demo", "template"))
    assert (demo.cohort.missing_values, demo.selection.harmonisation) == ("impute", "combat")
    plain = Study.model_fields["selection"].default
    assert template.cohort.missing_values == "exclude" and not template.cohort.centre_column
    assert template.selection == plain.model_copy(
        update={key: getattr(template.selection, key) for key in ("alpha", "correlation", "folds")}
    )
