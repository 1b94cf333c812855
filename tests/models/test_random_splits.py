"""Random splits: shared, repeatable, judged on patients left out."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.models.test_cross_fitting import PLAIN, cohort, recipe
from thyro.models import cached_rows, cross_fitting, random_splits

QUICK = PLAIN | {"patience": 5}  # penalties after the best one, of a hundred


def two(effect=2.0):
    X, y = cohort(effect=effect)
    recipes = {
        s: cross_fitting.Recipe(QUICK, {f"{s}_SVM": ("SVM", {"seed": 1}), f"{s}_KNN": ("KNN", {})})
        for s in ("OR", "SR")
    }
    return recipes, {"OR": X, "SR": X + np.random.default_rng(5).normal(size=X.shape)}, y


@pytest.fixture(scope="module")
def undisturbed():
    """Six splits, none of which was known before."""
    return random_splits.repeated_splits(*two(), repeats=6, seed=2)


def first(found, repeats):
    """The tables of the first splits alone."""
    return (table[table["repeat"] < repeats] for table in (found.auc, found.kept))


def test_splits_are_shared_and_judged_on_patients_left_out(undisturbed):
    found = undisturbed
    assert found.auc["model"].tolist()[:4] == ["OR_SVM", "OR_KNN", "SR_SVM", "SR_KNN"]
    assert len(found.auc) == 24 and set(found.kept["signature"]) == {"OR", "SR"}
    means = found.auc.groupby("model")[["train", "test"]].mean()
    assert (means["train"] > means["test"]).all() and (means["test"] > 0.6).all()
    shorter = random_splits.repeated_splits(*two(), repeats=2, seed=2)
    pd.testing.assert_frame_equal(found.auc.head(8), shorter.auc)
    other = random_splits.repeated_splits(*two(), repeats=2, seed=3)
    assert not np.allclose(found.auc["test"].head(8), other.auc["test"])


def test_permuted_outcomes_end_at_one_half():
    recipes, X, y = two(effect=2.0)
    one = {"OR": recipes["OR"]}, {"OR": X["OR"]}, y
    found = random_splits.repeated_splits(*one, repeats=20, seed=0, permuted=True)
    table = random_splits.null_table(found.auc).set_index("model")
    assert (table["repeats"] == 20).all()
    assert ((table["test_low"] - 0.03 < 0.5) & (0.5 < table["test_high"] + 0.03)).all()
    assert (table["train"] > 0.6).all()
    row = found.auc[found.auc["model"] == "OR_SVM"]["test"]
    half = 1.959964 * row.std() / np.sqrt(20)
    assert table.loc["OR_SVM", "test_high"] == pytest.approx(row.mean() + half, rel=1e-6)
    assert "p_value" not in table
    observed = dict.fromkeys(table.index, 0.5) | {"OR_SVM": 1.0}
    asked = random_splits.null_table(found.auc, observed=observed).set_index("model")
    assert asked.loc["OR_SVM", "p_value"] == pytest.approx(1 / 21)
    other = next(model for model in table.index if model != "OR_SVM")
    as_good = (found.auc.loc[found.auc["model"] == other, "test"] >= 0.5).sum()
    assert asked.loc[other, "p_value"] == pytest.approx((1 + as_good) / 21)


class Memory:
    """A cache that stops the run at its n-th save."""

    def __init__(self, stop_at=None):
        self.rows, self.saves, self.stop_at = {}, 0, stop_at

    def load(self, key):
        return self.rows.get(key)

    def save(self, key, values):
        self.saves += 1
        if self.saves == self.stop_at:
            raise KeyboardInterrupt
        self.rows[key] = values

    def keep(self, keys):
        self.rows = {key: self.rows[key] for key in keys if key in self.rows}


def test_a_stopped_run_goes_on_with_what_it_has(undisturbed):
    memory = Memory(stop_at=3)
    with pytest.raises(KeyboardInterrupt):
        random_splits.repeated_splits(*two(), repeats=4, seed=2, cache=memory)
    assert len(memory.rows) == 2
    memory.saves, memory.stop_at = 0, None
    again = random_splits.repeated_splits(*two(), repeats=4, seed=2, cache=memory)
    assert memory.saves == 2
    auc, kept = first(undisturbed, 4)
    pd.testing.assert_frame_equal(again.auc, auc)
    pd.testing.assert_frame_equal(again.kept, kept)
    # other data, settings or outcomes are another run
    recipes, X, y = two()
    for changed in (
        {"X": {s: table + (s == "SR") * 1e-9 for s, table in X.items()}},
        {"recipes": {s: replace(r, selection=QUICK | {"alpha": 0.1}) for s, r in recipes.items()}},
        {"y": 1 - y},
    ):
        memory.saves = 0
        given = {"recipes": recipes, "X": X, "y": y} | changed
        random_splits.repeated_splits(**given, repeats=1, seed=2, cache=memory)
        assert memory.saves == 1
    assert len(memory.rows) == 1  # what others left is gone


def test_another_version_of_a_package_is_another_run(monkeypatch):
    memory = Memory()
    random_splits.repeated_splits(*two(), repeats=1, cache=memory)
    before, versions = set(memory.rows), cached_rows.store.versions()
    memory.saves = 0
    random_splits.repeated_splits(*two(), repeats=1, cache=memory)
    assert memory.saves == 0
    monkeypatch.setattr(cached_rows.store, "versions", lambda: versions | {"numpy": "0.1"})
    random_splits.repeated_splits(*two(), repeats=1, cache=memory)
    assert memory.saves == 1 and not before & set(memory.rows)


SIDE_BY_SIDE = """
import sys
from pathlib import Path
from tests.models.test_random_splits import two
from thyro.models import random_splits

if __name__ == "__main__":
    found = random_splits.repeated_splits(*two(), repeats=4, seed=2, workers=2)
    for name in ("auc", "kept"):
        getattr(found, name).to_parquet(Path(sys.argv[1], f"{name}.parquet"))
"""


def test_two_processes_give_the_same_table(undisturbed, tmp_path):
    # in a process of its own: workers that were used before can hang when their memory has grown
    file = tmp_path / "child.py"
    file.write_text(SIDE_BY_SIDE)
    command = [sys.executable, str(file), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200)
    assert done.returncode == 0, done.stderr
    for name, expected in zip(("auc", "kept"), first(undisturbed, 4), strict=True):
        pd.testing.assert_frame_equal(expected, pd.read_parquet(tmp_path / f"{name}.parquet"))


def test_splits_that_cannot_be_are_named():
    X, _ = cohort(20)
    y = (np.arange(20) < 3).astype(int)
    one = {"OR": recipe()}
    with pytest.raises(ValueError, match="fewer than two patients with or without"):
        random_splits.repeated_splits(one, {"OR": X}, y, repeats=1)
    with pytest.raises(ValueError, match=r"X: expected a table of 20 patients for each of \['OR'"):
        random_splits.repeated_splits(one, {"SR": X}, y, repeats=1)


def test_frequency_counts_splits():
    kept = pd.DataFrame(
        [(0, "OR", "a"), (1, "OR", "a"), (1, "OR", "b"), (2, "SR", "a")],
        columns=["repeat", "signature", "feature"],
    )
    table = random_splits.selection_frequency(kept, 4)
    assert table.values.tolist() == [
        ["OR", "a", 2, 0.5],
        ["OR", "b", 1, 0.25],
        ["SR", "a", 1, 0.25],
    ]
