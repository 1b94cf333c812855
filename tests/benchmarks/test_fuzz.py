"""The fuzzer of the readers sees what it looks for, and a few hundred inputs are borne."""

import dataclasses
import time
import warnings

import pytest
from hypothesis import strategies as st

from tests.benchmarks import fuzz
from thyro.imaging import ImageError


def given(data=b"x"):
    return fuzz.Input({"a.png": data}, {"shape": None, "frame": None})


def tally(folder, read, *, examples=1, limit_s=fuzz.LIMIT_S, inputs=None, first=()):
    """What becomes of inputs that `read` reads."""
    strategy = st.just(given()) if inputs is None else inputs
    reader = fuzz.Reader(strategy, lambda: iter(()), read, (ImageError,), 1)
    return fuzz.run("test", reader, examples, folder, limit_s=limit_s, first=first)


@pytest.mark.parametrize("name", fuzz.READERS)
def test_every_reader_bears_what_is_drawn_first(tmp_path, name):
    found = fuzz.run(name, fuzz.READERS[name], 30, tmp_path)
    assert found.faults == [] and found.inputs == 30
    assert list(tmp_path.iterdir()) == []


def test_read_and_refused_are_counted(tmp_path):
    def read(folder, one):
        if (folder / "a.png").read_bytes() > b"m":
            raise ImageError("a.png: no.")

    found = tally(tmp_path, read, examples=50, inputs=st.binary(min_size=1, max_size=1).map(given))
    assert found.faults == [] and found.inputs == 50
    assert found.read > 0 and found.refused["ImageError"] == 50 - found.read > 0


def divide(folder, one):
    return 1 / 0


def warn(folder, one):
    warnings.warn("odd", RuntimeWarning, stacklevel=1)


def return_nothing(folder, one):
    fuzz.need(False, "no mask")


def refuse_without_a_word(folder, one):
    raise ImageError("")


def wait(folder, one):
    until = time.process_time() + 0.08
    while time.process_time() < until:
        pass


@pytest.mark.parametrize(
    ("read", "fault"),
    [
        (divide, "ZeroDivisionError: division by zero"),
        (warn, "RuntimeWarning: odd"),
        (return_nothing, "Wrong: no mask"),
        (refuse_without_a_word, "refused without a word"),
        (wait, "took 0.1 s"),
    ],
)
def test_what_is_not_borne_is_kept_with_its_arguments(tmp_path, read, fault, capsys):
    (line,) = tally(tmp_path, read, limit_s=0.07 if read is wait else fuzz.LIMIT_S).faults
    place = tmp_path / "test 1"
    assert line == f"{place}: {fault}" and str(place) in capsys.readouterr().out
    assert fuzz.kept(place) == given()


def test_the_same_inputs_are_drawn_in_every_run():
    first, second = [], []
    for drawn in (first, second):
        fuzz.draw(fuzz.READERS["volumes"].inputs, 10, drawn.append)
    assert first == second and len(first) == 10


def test_inputs_that_were_kept_come_first(tmp_path):
    fuzz.write(given(b"kept"), tmp_path / "first")
    seen = []
    tally(
        tmp_path,
        lambda folder, one: seen.append(one.files["a.png"]),
        first=[tmp_path / "first"],
    )
    assert seen == [b"kept", b"x"]


@pytest.mark.parametrize(
    ("image", "spacing", "what"),
    [
        ([[0.0, 256.0]], None, "beyond"),
        ([0.0], None, "image"),
        ([[float("nan")]], None, "beyond"),
        ([[1.0]], (0.1, float("nan")), "nan"),
        ([[1.0]], (0.1, 0.0), "0.0"),
    ],
)
def test_an_image_that_is_none_is_seen(image, spacing, what):
    with pytest.raises(fuzz.Wrong, match=what):
        fuzz.check_image(fuzz.np.array(image), spacing)


def test_shares_make_a_whole():
    assert sum(reader.share for reader in fuzz.READERS.values()) == pytest.approx(1)


def test_more_memory_than_allowed_is_seen_from_outside(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "LIMIT_MB", 20)  # less than Python with numpy has
    monkeypatch.setattr(
        fuzz, "READERS", {"CSV": dataclasses.replace(fuzz.READERS["CSV"], bombs=lambda: iter(()))}
    )
    assert not fuzz.watched("CSV", 1, tmp_path)
    assert capsys.readouterr().out.startswith("CSV: more than 20 MB")
