"""Words on centres."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.tables.test_centres import predictions
from thyro.report.words import centres
from thyro.statistics import POOLED, centre_table, harmonisation_table
from thyro.study import load_study

DEMO = load_study("demo", Path("params"))
DICTIONARY = {"diameter": {"label": "Diameter"}}
PATIENTS = pd.DataFrame(
    {"split": ["train"] * 5 + ["external"] * 2, "centre": ["A"] * 3 + ["B"] * 2 + ["C"] * 2}
)


def test_who_taught_and_what_becomes_of_a_centre_that_was_never_seen():
    text = centres.harmonisation(DEMO, DICTIONARY, PATIENTS)
    assert "(A 3 and B 2)" in text and "The effects of diameter on the features were kept" in text
    assert text.endswith("without training patients stayed as they were.")
    alone = centres.harmonisation(DEMO, DICTIONARY, PATIENTS[PATIENTS["centre"].ne("B")])
    assert alone.startswith("All training patients are of one centre (A 3 patients)")
    assert centres.unseen_patients(PATIENTS) == 2


def test_shares_that_differ_before_and_after():
    table = pd.DataFrame({"table": "Radiomics OR", "state": ["Before", "After"]})
    text = centres.differences(table.assign(share=[0.8, 0.1]))
    assert "In the set Radiomics OR 80.0% of the features differed between centres" in text
    assert "as measured, 10.0% after harmonisation" in text


def test_models_in_centres_that_were_never_seen():
    y, p, _ = predictions()
    noise = p + np.random.default_rng(1).uniform(-0.2, 0.2, p.shape)
    text = centres.unseen(harmonisation_table(y, noise.clip(0.01, 0.99), p))
    assert f"In the 400 patients ({int(y.sum())} with the outcome)" in text
    assert "the largest difference was that of Nomogram_A" in text
    assert "median calibration slope" in text


@pytest.mark.parametrize("split", ["random", "leave_one_centre_out"])
def test_centres_are_pooled_by_a_method_that_is_named(split):
    cohort = DEMO.cohort.model_copy(update={"split": split})
    study = DEMO.model_copy(update={"cohort": cohort})
    table = centre_table(*predictions())
    text = centres.by_centre(table, study)
    assert "Over 3 centres the AUC of Nomogram A was 0." in text and "Paule and Mandel" in text
    assert "So few centres hardly tell" in text
    assert ("by models that the other centres had made" in text) == (split != "random")
    assert ("and external ones" in text) == (split == "random")
    inside = centres.by_centre(table, study.model_copy(update={"external": None}))
    assert "external" not in inside
    alone = centres.by_centre(table[table["centre"].ne(POOLED)], study)
    assert alone.endswith("nothing is pooled.")
