"""Does a second model move patients the right way? Net reclassification and discrimination."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_labels, as_level, as_probabilities


@dataclass(frozen=True)
class Change:
    """An improvement with its standard error, on the scale -1 to 1 (-2 to 2 for a whole NRI)."""

    estimate: float
    se: float
    z: float
    p_value: float  # two-sided; 1 where nothing changes
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Reclassification:
    """Net reclassification improvement.

    `test` has the standard error under no improvement, as Pencina's z test; `nri` that of two
    multinomial samples, as Hmisc::improveProb and PredictABEL, which an interval needs.
    """

    up_cases: int
    down_cases: int
    up_controls: int
    down_controls: int
    nri: Change
    nri_cases: Change
    nri_controls: Change
    test: Change
    test_cases: Change
    test_controls: Change
    cases: np.ndarray  # patients by category: old in rows, new in columns; empty without cuts
    controls: np.ndarray


@dataclass(frozen=True)
class Discrimination:
    """Integrated discrimination improvement."""

    idi: Change
    slope_old: float  # mean risk of cases less mean risk of controls
    slope_new: float
    relative: float  # IDI over slope_old


def _change(estimate: float, se: float, level: float) -> Change:
    z = estimate / se if se > 0 else (float(np.sign(estimate)) * np.inf if estimate else 0.0)
    half = stats.norm.isf((1 - level) / 2) * se
    p = float(2 * stats.norm.sf(abs(z)))
    return Change(float(estimate), float(se), float(z), p, estimate - half, estimate + half)


def reclassification(
    y: ArrayLike,
    p_old: ArrayLike,
    p_new: ArrayLike,
    *,
    cuts: Sequence[float] | None = None,
    level: float = 0.95,
) -> Reclassification:
    """Net reclassification improvement of a new model over an old one.

    Without `cuts` every rise or fall of a risk counts (category-free); with them only a change of
    category, a risk equal to a cut belonging to the upper one. The category-free NRI rises with
    noise as readily as with knowledge: read it beside the difference of AUCs and of net benefits.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for lymph-node metastasis, 0 for none.
    p_old, p_new : array_like of float, shape (n_patients,)
        Predicted probabilities of the same patients.
    cuts : sequence of float, optional
        Increasing limits between categories of risk.
    level : float, default 0.95

    Returns
    -------
    Reclassification
        Models that move nobody give 0 with p = 1, where R has NaN.

    Raises
    ------
    ValueError
        If `cuts` do not increase within 0-1, and as `as_labels` and `as_probabilities`.

    References
    ----------
    Pencina et al. (2008), Stat. Med. 27:157-172; (2011), Stat. Med. 30:11-21.
    """
    y, level = as_labels(y, "y"), as_level(level)
    old, new = as_probabilities(p_old, "p_old", len(y)), as_probabilities(p_new, "p_new", len(y))
    tables = {1: np.zeros((0, 0), int), 0: np.zeros((0, 0), int)}
    if cuts is not None:
        limits = np.asarray(cuts, dtype=float)
        if not (len(limits) and np.all(np.diff(limits, prepend=0, append=1) > 0)):
            raise ValueError(f"cuts: expected increasing limits between 0 and 1, got {list(cuts)}.")
        old, new = (np.searchsorted(limits, p, side="right") for p in (old, new))
        for outcome in tables:
            tables[outcome] = np.zeros((len(limits) + 1,) * 2, int)
            np.add.at(tables[outcome], (old[y == outcome], new[y == outcome]), 1)
    counts, parts = {}, {}
    for outcome, right in ((1, new > old), (0, new < old)):
        n = int((y == outcome).sum())
        good = int(right[y == outcome].sum())
        bad = int(((new != old) & ~right)[y == outcome].sum())
        counts[outcome] = good, bad
        under_null = (good + bad) / n**2
        parts[outcome] = (good - bad) / n, under_null, under_null - (good - bad) ** 2 / n**3
    total = [sum(values) for values in zip(*parts.values(), strict=True)]

    def change(values: Sequence[float], variance: int) -> Change:
        return _change(values[0], float(np.sqrt(values[variance])), level)

    (up_cases, down_cases), (down_controls, up_controls) = counts[1], counts[0]
    return Reclassification(
        up_cases=up_cases,
        down_cases=down_cases,
        up_controls=up_controls,
        down_controls=down_controls,
        nri=change(total, 2),
        nri_cases=change(parts[1], 2),
        nri_controls=change(parts[0], 2),
        test=change(total, 1),
        test_cases=change(parts[1], 1),
        test_controls=change(parts[0], 1),
        cases=tables[1],
        controls=tables[0],
    )


def discrimination(
    y: ArrayLike, p_old: ArrayLike, p_new: ArrayLike, *, level: float = 0.95
) -> Discrimination:
    """Integrated discrimination improvement of a new model over an old one.

    The standard error is that of two independent means of differences, as Hmisc::improveProb.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
    p_old, p_new : array_like of float, shape (n_patients,)
        Predicted probabilities of the same patients.
    level : float, default 0.95

    Returns
    -------
    Discrimination
        Equal models give 0 with p = 1, where R has NaN. `relative` is NaN when the old model does
        not discriminate at all.

    References
    ----------
    Pencina et al. (2008), Stat. Med. 27:157-172.
    """
    y, level = as_labels(y, "y"), as_level(level)
    old, new = as_probabilities(p_old, "p_old", len(y)), as_probabilities(p_new, "p_new", len(y))
    cases, controls = (new - old)[y == 1], (new - old)[y == 0]
    se = np.sqrt(np.var(cases, ddof=1) / len(cases) + np.var(controls, ddof=1) / len(controls))
    idi = float(cases.mean() - controls.mean())
    slope_old, slope_new = (float(p[y == 1].mean() - p[y == 0].mean()) for p in (old, new))
    return Discrimination(
        idi=_change(idi, float(se), level),
        slope_old=slope_old,
        slope_new=slope_new,
        relative=idi / slope_old if slope_old else float("nan"),
    )
