"""A signature made again is the study's own, or is refused."""

import json
from pathlib import Path

import pytest

from thyro.frozen import rebuild
from thyro.frozen.archive import FrozenError


def parameters(results):
    return json.loads(Path(results, "04_models/predictions.parquet.json").read_text())["parameters"]


def test_both_recipes_are_made_again(plain_results):
    told = parameters(plain_results)
    classical = rebuild.rebuild("OR_SVM", "paper", told)
    assert classical.table.features == "radiomics" and len(classical.members) == 1
    assert classical.calibration is None and classical.centres is None


def test_another_seed_than_the_study_had_is_noticed(plain_results):
    told = parameters(plain_results) | {"seed": 6}
    with pytest.raises(FrozenError, match="OR_SVM: made again it differs by up to .* from what"):
        rebuild.rebuild("OR_SVM", "sound", told)


def test_networks_of_folds_are_not_kept_and_that_is_said(plain_results, monkeypatch):
    monkeypatch.setattr(rebuild.StoredFeatures, "of_fold", lambda self, table: {0: 0, 1: 0})
    with pytest.raises(FrozenError, match="mean of 2 networks.*`--recipe paper`"):
        rebuild.rebuild("OR_SVM", "sound", parameters(plain_results))


def test_centres_are_handed_on_for_the_features_that_are_read(imputed):
    combats = [one.combat for one in imputed.signature.members]
    assert all(one.centres == ["A", "B"] for one in combats)
    for one in imputed.signature.members:
        assert set(one.combat.moved) <= set(one.features)
