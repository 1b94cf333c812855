"""Facts for the checklists follow settings and results."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from thyro.report import evidence
from thyro.study import load_study

DEMO = load_study("demo", Path("params"))
OF_IMAGES = dict.fromkeys(("images", "enhanced", "networks", "maps", "tuned"), True)
HAS = OF_IMAGES | {"external": False}
PATIENTS = pd.DataFrame({"split": ["train"] * 60 + ["test"] * 9, "y": [1] * 20 + [0] * 49})


def facts(study=DEMO, has=HAS, kept=2, **about):
    values = {"simulated": True, "criteria": 8, "spacing_known": True} | about
    tables = {
        "00_cohort/patients": PATIENTS,
        "03_selection/kept_features": pd.DataFrame({"signature": ["a"] * kept + ["b"]}),
    }
    left = SimpleNamespace(values=lambda name: values, table=tables.__getitem__)
    return evidence.facts(study, left, has)


def test_facts_are_those_of_the_study():
    found = facts()
    assert found["criteria"] and found["simulated"] and found["interval"] and found["spacing"]
    assert not found["centres"] and found["tuned_models"] and found["stable_features"]
    assert found["title_names_model"] and not found["title_names_radiomics"]
    assert not facts(criteria=0)["criteria"] and not facts(spacing_known=False)["spacing"]
    assert facts(has=HAS | {"external": True})["centres"]


@pytest.mark.parametrize(("kept", "few"), [(2, True), (3, False)])
def test_ten_events_for_a_feature(kept, few):
    assert facts(kept=kept)["few_features"] is few  # 20 training patients have the outcome
    assert evidence.events_per_feature(PATIENTS, pd.DataFrame({"signature": []})) == 20


def test_a_study_of_scores_claims_nothing_of_images():
    found = facts(has=dict.fromkeys(HAS, False))
    assert not any(found[key] for key in ("weighed", "tuned_models", "stable_features"))
    assert not found["few_features"]


def test_an_interval_is_one_that_a_criterion_limits(monkeypatch):
    cohort = DEMO.cohort.model_copy(update={"source": "folder"})
    own = DEMO.model_copy(update={"cohort": cohort, "title": "Radiomics of nodules"})
    found = facts(own)
    assert not found["interval"] and found["title_names_radiomics"]
    dated = SimpleNamespace(until="surgery_date")
    own = own.model_copy(update={"cohort": cohort.model_copy(update={"criteria": [dated]})})
    assert facts(own)["interval"]
