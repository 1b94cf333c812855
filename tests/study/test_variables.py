"""Which clinical variables a model may use, and what a composite score follows from."""

import pytest

from thyro.study import Variable, variables

TELLING = {
    "name": "where",
    "label": "Where",
    "kind": "categorical",
    "levels": ["No", "Yes"],
    "preoperative": False,
    "tells_outcome": {"No": 0},
}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("agee", "'agee' is not among the variables ['age', 'tsh', 'where']"),
        ("tsh", "'tsh' is not required of every patient"),
        (
            "where",
            "'where' is not required of every patient or not known at the time of",
        ),
    ],
)
def test_a_candidate_is_known_of_every_patient_when_it_is_used(name, message):
    known = [
        Variable(name="age", label="Age", kind="continuous"),
        Variable(name="tsh", label="TSH", kind="continuous", required=False),
        Variable(**TELLING),
    ]
    variables.check_candidates(["age"], known)
    with pytest.raises(ValueError) as error:
        variables.check_candidates(["age", name], known)
    assert "`nomogram.candidates`" in str(error.value) and message in str(error.value)


def test_a_score_stands_for_its_parts_or_they_for_it():
    composed = {"grade": ["shape", "margin"], "age": []}
    told = variables.told_from_parts
    every = ["age", "shape", "margin", "grade"]
    assert told(composed, every, stays="parts") == {"grade": ["grade"]}
    assert told(composed, every, stays="score") == {"grade": ["shape", "margin"]}
    assert told(composed, ["age", "shape", "grade"], stays="parts") == {}
