"""Cached numbers come back exactly or not at all."""

import numpy as np
import pytest

from thyro.store import paths
from thyro.store.cache import Cache

VALUES = np.array([1 / 3, -0.0, np.nan, 5e-324, 1e308])


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "project_root", lambda: tmp_path)
    return Cache("results/s/02", "radiomics_or")


def test_values_come_back_to_the_last_bit(cache):
    assert cache.load("a") is None and cache.keys() == set()
    cache.save("a", VALUES)
    assert cache.load("a").tobytes() == VALUES.tobytes()
    assert cache.keys() == {"a"}
    cache.save("a", VALUES[:2])
    assert len(cache.load("a")) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[:-8],
        lambda data: data + bytes(8),
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: b"not ours",
    ],
    ids=["empty", "no values", "one short", "one more", "one bit", "foreign"],
)
def test_a_damaged_file_is_not_taken_for_numbers(cache, tmp_path, damage):
    cache.save("a", VALUES)
    file = tmp_path / "results/s/02/.cache/radiomics_or/a"
    file.write_bytes(damage(file.read_bytes()))
    assert cache.load("a") is None
    cache.save("a", VALUES)
    assert cache.load("a") is not None


def test_a_file_under_the_name_of_another_is_not_taken(cache, tmp_path):
    cache.save("a", VALUES)
    folder = tmp_path / "results/s/02/.cache/radiomics_or"
    (folder / "b").write_bytes((folder / "a").read_bytes())
    assert cache.load("b") is None


def test_only_what_is_kept_stays(cache, tmp_path):
    for key in "abc":
        cache.save(key, VALUES)
    other = Cache("results/s/02", "radiomics_sr")
    other.save("a", VALUES)
    folder = tmp_path / "results/s/02/.cache/radiomics_or"
    (folder / ".12.left_by_a_killed_run").write_bytes(b"half")
    cache.keep({"b", "absent"})
    assert [file.name for file in folder.iterdir()] == ["b"]
    assert other.keys() == {"a"}
    cache.keep({})
    assert cache.keys() == set()


def test_a_run_that_did_not_end_leaves_its_mark_until_one_does(cache):
    assert not cache.is_unfinished()
    cache.mark_unfinished()
    cache.save("a", VALUES)
    assert cache.is_unfinished() and cache.keys() == {"a"}
    cache.keep({"a"})
    assert not cache.is_unfinished() and cache.keys() == {"a"}
