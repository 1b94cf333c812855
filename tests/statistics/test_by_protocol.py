"""Scores under each protocol: patients in the order asked for, and each table from its own rows."""

import numpy as np
import pandas as pd
import pytest

from thyro.statistics.by_protocol import (
    cutoff_table,
    performance_by_protocol,
    scores_by_protocol,
)
from thyro.statistics.performance import performance_table

PATIENTS = pd.Index([f"P{i}" for i in range(8)], name="patient_id")
Y = np.tile([0, 1], 4)
SPLIT = np.repeat(["train", "test"], 4)


def predictions(model, protocol, p):
    """A long table, its patients in another order than the study's."""
    table = pd.DataFrame({"patient_id": PATIENTS, "p": p})
    return table.assign(model=model, protocol=protocol).iloc[::-1]


def both():
    rng = np.random.default_rng(0)
    p = {key: rng.uniform(size=8) for key in (("A", "paper"), ("A", "sound"), ("B", "paper"))}
    p["B", "sound"] = p["B", "paper"]
    return p, [predictions(model, protocol, values) for (model, protocol), values in p.items()]


def test_every_number_stands_under_its_protocol_model_and_patient():
    p, tables = both()
    scores = scores_by_protocol(tables, PATIENTS)
    assert list(scores) == ["paper", "sound"]
    for (model, protocol), values in p.items():
        assert scores[protocol].index.equals(PATIENTS)
        assert scores[protocol][model].tolist() == values.tolist()


def test_a_reader_has_the_last_column_under_every_protocol():
    reader = pd.Series(Y, PATIENTS)
    scores = scores_by_protocol(both()[1], PATIENTS, others={"Radiologist": reader})
    for table in scores.values():
        assert list(table) == ["A", "B", "Radiologist"]
        assert table["Radiologist"].dtype == float and table["Radiologist"].eq(reader).all()


def test_networks_without_output_have_no_protocol():
    assert scores_by_protocol([both()[1][0].iloc[:0]], PATIENTS) == {}


def test_a_patient_without_prediction_is_refused():
    with pytest.raises(KeyError, match="P9"):
        scores_by_protocol(both()[1], pd.Index(["P1", "P9"]))


def test_table_2_is_that_of_each_protocol():
    scores = scores_by_protocol(both()[1], PATIENTS)
    found = performance_by_protocol(Y, scores, SPLIT, level=0.9, cutoffs={"B": 0.5})
    assert list(found) == list(scores)
    for protocol, table in found.items():
        alone = performance_table(Y, scores[protocol], SPLIT, level=0.9, cutoffs={"B": 0.5})
        pd.testing.assert_frame_equal(table, alone)
        assert table.loc[table["model"].eq("B"), "threshold"].eq(0.5).all()


def test_both_cut_offs_stand_side_by_side_and_a_reader_has_one():
    scores = scores_by_protocol(both()[1], PATIENTS, others={"R": pd.Series(Y, PATIENTS)})
    youden = performance_by_protocol(Y, scores, SPLIT)
    uncut = {protocol: table.drop(columns="R") for protocol, table in scores.items()}
    sensitive = performance_by_protocol(Y, uncut, SPLIT, sensitivity=0.75)
    table = cutoff_table(youden, sensitive, sensitivity=0.75)
    assert len(table) == 2 * 2 * 2 * 2  # protocols, models, cohorts, cut-offs
    assert table["aimed_at"].isna().tolist() == [True, False] * 8
    keys = ["protocol", "model", "cohort"]
    assert (table[keys].iloc[::2].to_numpy() == table[keys].iloc[1::2].to_numpy()).all()
    row = table[table["protocol"].eq("sound") & table["model"].eq("B")].iloc[1]
    alone = sensitive["sound"].set_index(["model", "cohort"]).loc[("B", row["cohort"])]
    assert row["threshold"] == alone["threshold"] and row["tp"] == alone["tp"]
