"""What a person says of a patient is understood, or refused with the remedy."""

import numpy as np
import pandas as pd
import pytest

from thyro.frozen import inputs
from thyro.frozen.archive import FrozenError


def of(model, *words):
    return inputs.as_frame(model, inputs.from_words(model, words, "next"))


def test_names_labels_capitals_and_decimal_commas_are_understood(plain):
    row = of(plain, "Age=45,5", "MARGIN=irregular").loc["next"]
    assert row["age"] == 45.5 and row["margin"] == "Irregular"
    assert of(plain, "age= 45 ", "margin=Smooth")["margin"].cat.categories.tolist() == [
        "Smooth",
        "Irregular",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["age"], "--set age: expected VARIABLE=VALUE, such as age=45"),
        (["agee=4"], "agee: no variable of this model; the nearest is age. It has age, margin"),
        (["age=4", "Age=5"], "--set Age=5: age was said before, as '4'"),
        (["age=old", "margin=Smooth"], "age: expected a number in years, got 'old'"),
        (["age=inf", "margin=Smooth"], "age: expected a number in years, got 'inf'"),
        (["age=4", "margin=Smoth"], "'Smoth' is none of Smooth, Irregular; the nearest is Smooth"),
        (
            ["age=4"],
            "margin: not given, and the model cannot do without. Give it by --set margin",
        ),
        (["age=4", "margin=NA"], "margin: not given"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(plain, words, told):
    with pytest.raises(FrozenError, match=told.replace("(", r"\(")):
        of(plain, *words)


def test_where_the_study_imputes_a_gap_stays_one(imputed):
    row = of(imputed, "age=40", "centre=A").loc["next"]
    assert pd.isna(row["margin"]) and pd.isna(row["gender"]) and row["centre"] == "A"
    assert imputed.required == ["centre"]
    with pytest.raises(FrozenError, match="centre: not given. Give it by --set centre='VALUE'"):
        of(imputed, "age=40")


def test_a_table_says_whose_cell_is_empty_and_what_was_not_read(plain):
    rows = pd.DataFrame({"age": ["40", np.nan], "margin": "Smooth", "note": "x"}, ["p1", "p2"])
    with pytest.raises(FrozenError, match="age of p2: not given"):
        inputs.as_frame(plain, rows)
    assert inputs.unused_columns(plain, rows, ["patient_id"]) == ["note"]
    assert [inputs.named_like(plain, one) for one in ("AGE ", "Note")] == ["age", "Note"]
