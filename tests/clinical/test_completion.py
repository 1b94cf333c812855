"""What fills a gap is handed on without the patients who taught it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from thyro.clinical.completion import Code, Completion
from thyro.clinical.imputation import impute


def invented(seed, n, gaps):
    """Patients with an age, a diameter and two factors that depend on each other."""
    rng = np.random.default_rng(seed)
    age = rng.normal(50, 12, n).round()
    diameter = np.exp(rng.normal(2.4, 0.5, n) - 0.01 * (age - 50)).round(1)
    margin = np.where(rng.random(n) < 1 / (1 + np.exp(-(diameter - 11) / 4)), "Irregular", "Smooth")
    echo = rng.choice(["Iso", "Hypo", "Very hypo"], n, p=[0.2, 0.6, 0.2])
    frame = pd.DataFrame(
        {
            "age": age,
            "diameter": diameter,
            "margin": pd.Categorical(margin, ["Smooth", "Irregular"]),
            "echo": pd.Categorical(echo, ["Iso", "Hypo", "Very hypo"], ordered=True),
        },
        index=[f"P{seed}{k:03d}" for k in range(n)],
    )
    y = (rng.random(n) < 0.2 + 0.4 * (margin == "Irregular")).astype(int)
    return frame.mask(rng.random(frame.shape) < gaps), y


@pytest.fixture(scope="module")
def taught():
    frame, y = invented(1, 120, 0.15)
    return impute(frame, y, list(frame), m=4, seed=3)


@pytest.fixture(scope="module")
def read_again(taught):
    return Completion.from_dict(json.loads(json.dumps(taught.frozen().to_dict())))


def test_gaps_are_filled_as_by_the_study(taught, read_again):
    frame, _ = invented(2, 200, 0.2)
    assert frame.isna().sum(axis=1).gt(1).sum() > 20
    for mine, study in zip(read_again.completed(frame), taught.completed(frame), strict=True):
        pd.testing.assert_frame_equal(mine, study)


def test_the_order_of_training_patients_does_not_begin_the_chain(taught):
    turned = replace(taught, recorded=taught.recorded.iloc[::-1], equations=taught.equations)
    frame, _ = invented(2, 60, 0.3)
    taught.completed(frame)  # learns the equations, which the other then shares
    for mine, study in zip(turned.completed(frame), taught.completed(frame), strict=True):
        pd.testing.assert_frame_equal(mine, study)


def test_nobody_else_in_the_table_changes_what_a_patient_gets(read_again):
    frame, _ = invented(2, 40, 0.3)
    whole = read_again.completed(frame)
    for k, alone in enumerate(read_again.completed(frame.iloc[[7]])):
        pd.testing.assert_frame_equal(alone, whole[k].iloc[[7]])


def test_no_row_and_no_name_of_a_patient_is_kept(taught, read_again):
    text = json.dumps(read_again.to_dict())
    assert not any(name in text for name in taught.recorded.index)
    for values in read_again.donors.values():
        assert list(values) == sorted(values)


def test_columns_that_were_read_again_are_those_that_were_learned(taught):
    learned = Code(taught.training[0], taught.variables)
    again = Code.of(learned.levels, learned.scaled, taught.variables)
    values = {name: taught.training[0][name].to_numpy(object) for name in taught.variables}
    np.testing.assert_array_equal(again.columns(values), learned.columns(values))
    with pytest.raises(ValueError, match="level 'Ragged' did not occur in the training patients"):
        again.block("margin", np.array(["Ragged"], object))
