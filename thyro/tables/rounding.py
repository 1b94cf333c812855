"""Numbers as text: the one place where a result is rounded.

Probabilities become percent here and nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import numpy as np
import pandas as pd

ABSENT = "–"
_noted: ContextVar[dict[str, set[float]] | None] = ContextVar("noted", default=None)


@contextmanager
def noted() -> Iterator[dict[str, set[float]]]:
    """Collect what `number` writes meanwhile: each text with the values that were rounded to it."""
    values: dict[str, set[float]] = {}
    token = _noted.set(values)
    try:
        yield values
    finally:
        _noted.reset(token)


def number(x: float, digits: int = 3) -> str:
    """`x` with `digits` decimals and a true minus; a dash for a missing value, never "−0.00"."""
    if pd.isna(x):
        return ABSENT
    if np.isinf(x):
        return "∞" if x > 0 else "−∞"
    text = f"{x:.{digits}f}"
    text = text.replace("-", "−") if float(text) else text.removeprefix("-")
    if (values := _noted.get()) is not None:
        values.setdefault(text, set()).add(float(x))
    return text


def probability(x: float, digits: int = 3) -> str:
    """A probability, an AUC or a metric on the 0-1 scale: "0.878"."""
    return number(x, digits)


def percent(x: float, digits: int = 1) -> str:
    """A share on the 0-1 scale as percent: "29.8%"."""
    return number(100 * x, digits) + ("" if pd.isna(x) else "%")


def cohort_name(name: str) -> str:
    """A cohort in a column of a table: "Test"; "Centre b" of one that the user named centre_b."""
    return name.replace("_", " ").capitalize()


def coverage(level: float) -> str:
    """The coverage of an interval, as headings and legends say it: "95%"."""
    return f"{100 * level:g}%"


def p_value(p: float) -> str:
    """A p value with three decimals, or "<0.001"; a dash where no test was possible."""
    if pd.isna(p):
        return ABSENT
    if not 0 <= p <= 1:
        raise ValueError(f"p: expected a probability between 0 and 1, got {p}.")
    return "<0.001" if p < 0.001 else number(p)


def interval(low: float, high: float, digits: int = 3) -> str:
    """ "0.820–0.936"; with "to" where a minus sign could be misread.

    Parameters
    ----------
    low, high : float
        A dash stands for an interval of which both are missing.
    digits : int, default 3
        Decimals.
    """
    if pd.isna(low) and pd.isna(high):
        return ABSENT
    low, high = number(low, digits), number(high, digits)
    return f"{low} to {high}" if "−" in low + high else f"{low}–{high}"


def estimate(x: float, low: float, high: float, digits: int = 3) -> str:
    """ "0.878 (0.820–0.936)"; a dash when the estimate is missing.

    Parameters
    ----------
    x, low, high : float
        Estimate and interval.
    digits : int, default 3
        Decimals.
    """
    return ABSENT if pd.isna(x) else f"{number(x, digits)} ({interval(low, high, digits)})"


def count(k: int, n: int) -> str:
    """ "42 (11.05)": patients and percent; a plain "0" for an empty cell, as the paper prints."""
    return f"{k} ({number(100 * k / n, 2)})" if k and n else f"{k}"


def mean_sd(values: Sequence[float], digits: int = 2) -> str:
    """ "43.03 ± 11.33" of the values that are not missing; SD with ddof 1."""
    values = pd.Series(values, dtype=float)
    with np.errstate(invalid="ignore"):  # an infinite PSNR has a mean, and no SD
        return f"{number(values.mean(), digits)} ± {number(values.std(), digits)}"


def auc_labels(performance: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Legend texts, cohort -> model -> "SR_SVM 0.878 (0.820–0.936)".

    `performance` is the frame of `statistics.performance_table`.
    """
    texts: dict[str, dict[str, str]] = {}
    for row in performance.itertuples():
        text = f"{row.model} {estimate(row.auc, row.ci_low, row.ci_high)}"
        texts.setdefault(row.cohort, {})[row.model] = text
    return texts


class HosmerLemeshow(Protocol):
    """What is written of a Hosmer-Lemeshow test."""

    statistic: float
    df: int
    p_value: float


def hosmer_label(test: HosmerLemeshow) -> str:
    """Text of a Hosmer-Lemeshow test in a calibration panel: "HL χ² 7.31, df 8, P 0.503"."""
    return f"HL χ² {number(test.statistic, 2)}, df {test.df}, P {p_value(test.p_value)}"


def hosmer_labels(calibrated: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Texts of calibration panels, cohort -> model -> as `hosmer_label`.

    `calibrated` is the frame of `statistics.calibration_table`.
    """
    texts: dict[str, dict[str, str]] = {}
    for row in calibrated.itertuples():
        texts.setdefault(row.cohort, {})[row.model] = hosmer_label(row)
    return texts


def display_names(dictionary: Mapping[str, Mapping]) -> dict[str, str]:
    """Name of a variable -> label with its unit: {"diameter": "Diameter (mm)"}."""
    return {
        name: f"{entry['label']} ({entry['unit']})" if entry.get("unit") else entry["label"]
        for name, entry in dictionary.items()
    }
