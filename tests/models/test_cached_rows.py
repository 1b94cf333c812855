"""Rows that are kept: each made once, in the order of their numbers, under a name of its own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tests.models.test_cross_fitting import PLAIN
from thyro.models import cached_rows
from thyro.models.cross_fitting import Recipe


@dataclass(frozen=True)
class Squares:
    """A task that a process can be sent."""

    plus: float = 0.0

    def __call__(self, number):
        return number, np.array([number**2 + self.plus])

    def key(self, number):
        return f"{self.plus} {number}"


class Memory:
    """A cache in memory, or one whose disk is full."""

    def __init__(self, full=False):
        self.rows, self.full = {}, full

    def load(self, key):
        return self.rows.get(key)

    def save(self, key, values):
        if self.full:
            raise OSError("no space left on device")
        self.rows[key] = values

    def keep(self, keys):
        self.rows = {key: self.rows[key] for key in keys if key in self.rows}


def made(memory, numbers, **keywords):
    """Rows as numbers, and how many were computed."""
    counted = []

    def progress(items, total):
        counted.append(total)
        return items

    rows = cached_rows.computed_rows(
        Squares(), numbers, cache=memory, progress=progress, **keywords
    )
    return {number: row.tolist() for number, row in rows.items()}, counted


def test_a_row_is_made_once_and_others_are_forgotten():
    memory = Memory()
    assert made(memory, [3, 1]) == ({3: [9.0], 1: [1.0]}, [2])
    assert made(memory, [1, 2]) == ({1: [1.0], 2: [4.0]}, [1])
    assert set(memory.rows) == {"0.0 1", "0.0 2"}


def test_a_full_disk_costs_nothing_but_time():
    assert made(Memory(full=True), [2])[0] == {2: [4.0]}


def test_any_number_of_processes_gives_the_same():
    assert made(Memory(), range(2), workers=2)[0] == made(None, range(2))[0]


def test_whatever_changes_a_row_changes_its_name():
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
    recipe, y = Recipe(PLAIN, {"one": ("SVM", {"seed": 1})}), np.array([0, 1, 0])
    names = [
        cached_rows.identity("models.resampling", *rest)
        for rest in (
            ((1,), {"one": recipe}, {"one": X}, y),
            ((2,), {"one": recipe}, {"one": X}, y),
            ((1,), {"one": Recipe(PLAIN, {"one": ("KNN", {})})}, {"one": X}, y),
            ((1,), {"one": recipe}, {"one": X + 1e-9}, y),
            ((1,), {"one": recipe}, {"one": X.rename(columns={"a": "b"})}, y),
            ((1,), {"one": recipe}, {"one": X}, 1 - y),
        )
    ]
    assert len(set(names)) == len(names)
    again = cached_rows.identity("models.resampling", (1,), {"one": recipe}, {"one": X}, y)
    assert again == names[0]
    with pytest.raises(KeyError):
        cached_rows.identity("models.resampling", (1,), {"one": recipe}, {}, y)
