"""Cases of the trusted R implementations, and a ledger of how far thyro is from each.

The simulated cases lie in `golden/`. A folder with more, which rest on data of R packages, is used
where the environment names one, THYRO_REFERENCE. `compare` fails beyond the tolerance and notes
every case; the table of all files is printed at the end of the test run.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"
FOLDER = os.environ.get("THYRO_REFERENCE")  # has public_roc.json and so on
# File of R's results -> (case -> largest error over tolerance scale, tolerances used).
LEDGER: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)


def read(file: str) -> dict:
    """The content of one file of R's results, e.g. "roc"."""
    path = Path(FOLDER) / f"public_{file}.json" if FOLDER else GOLDEN / f"{file}.json"
    return json.loads(path.read_text())


def cases(file: str, part: str) -> list:
    """The cases of one list as pytest parameters, each with its name as id.

    An absent or empty list fails where the tests are collected: nothing is skipped in silence.
    """
    found = read(file)
    if not found.get(part):
        raise KeyError(f"{file}: no cases in {part!r}; there are {sorted(found)}")
    return [pytest.param(case, id=str(case.get("name", k))) for k, case in enumerate(found[part])]


def number(value) -> float:
    """A number of the files, where null is NA and infinities are words."""
    return float("nan") if value is None else float(value)


def compare(file: str, case: str, got, reference, tolerance: float, *, what: str = "") -> None:
    """Fail unless |got - reference| <= tolerance * max(1, |reference|) everywhere; note the error.

    NaN agrees with NaN only, and infinities with themselves.
    """
    got = np.atleast_1d(np.asarray(got, dtype=float))
    flat = [number(v) for v in np.ravel(np.atleast_1d(np.asarray(reference, dtype=object)))]
    expected = np.array(flat).reshape(got.shape)
    odd = ~np.isfinite(expected)
    np.testing.assert_array_equal(got[odd], expected[odd], err_msg=f"{file}, {case}: {what}")
    error = np.abs(got[~odd] - expected[~odd]) / np.maximum(1, np.abs(expected[~odd]))
    largest = float(error.max(initial=0))
    note(file, case, largest, tolerance)
    assert largest <= tolerance, f"{file}, {case}: {what} is off by {largest:.3g}"


def note(file: str, case: str, error: float, tolerance: float) -> None:
    """Add one comparison to the ledger; of several of a case, that nearest its tolerance stays."""
    kept = LEDGER[file].get(case)
    if kept is None or error / tolerance > kept[0] / kept[1]:
        LEDGER[file][case] = error, tolerance


def summary() -> list[str]:
    """Lines of the table: file, cases, largest error of any case and of which tolerance."""
    lines = [f"{'Results of R':<24}{'cases':>6}{'largest error':>16}{'tolerance':>12}"]
    for file in sorted(LEDGER):
        error, tolerance = max(LEDGER[file].values(), key=lambda pair: pair[0] / pair[1])
        lines.append(f"{file:<24}{len(LEDGER[file]):>6}{error:>16.1e}{tolerance:>12.0e}")
    return lines
