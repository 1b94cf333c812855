"""How models do in groups of patients, and how far the groups differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from thyro.core import as_labels, as_level, as_probabilities
from thyro.statistics.calibration import recalibration
from thyro.statistics.classification import proportion_ci, threshold_metrics
from thyro.statistics.delong import auc_ci, auc_interval, unpaired_test
from thyro.statistics.performance import cohorts

ALL = "All patients"
UNKNOWN = "Not known"  # group of patients whose value is missing
SEPARATED = "the predictions separate the outcomes"
SCARCE = 2  # of either outcome, without which a group has no AUC and no recalibration
GROUP_MEASURES = ("auc", "slope", "citl", "sensitivity", "specificity", "net_benefit")
KEYS = ["model", "cohort", "variable", "group"]


@dataclass(frozen=True)
class Subgroups:
    """Every measure of every group, and the differences between groups of one variable."""

    groups: pd.DataFrame  # KEYS, n, events, measure, estimate, ci_low, ci_high, reason
    differences: pd.DataFrame  # KEYS, reference, measure, difference, ci_low, ci_high, reason


@dataclass(frozen=True)
class _Group:
    """Outcomes and predictions of the patients of a group, and what calling them gives."""

    y: np.ndarray
    p: np.ndarray
    cutoff: float
    threshold: float

    @property
    def recalibrated(self) -> dict[str, float]:
        inside = (self.p > 0) & (self.p < 1)
        return recalibration(self.y[inside], self.p[inside])

    @property
    def called(self) -> dict[str, tuple[int, int]]:
        """Patients rightly called and patients, of each outcome."""
        at = threshold_metrics(self.y, self.p, self.cutoff)
        return {
            "sensitivity": (at.tp, at.tp + at.fn),
            "specificity": (at.tn, at.tn + at.fp),
        }

    @property
    def benefit(self) -> np.ndarray:
        """Value of treating, or not, every patient: net benefit is its mean."""
        value = np.where(self.y == 1, 1.0, -self.threshold / (1 - self.threshold))
        return np.where(self.p >= self.threshold, value, 0.0)

    def lacking(self, measure: str) -> str:
        """Why the group has no such measure; "" where nothing forbids it."""
        n, events = len(self.y), int(self.y.sum())
        if not n:
            return "no patient"
        fewest = {"net_benefit": (0, 0), "sensitivity": (1, 0), "specificity": (0, 1)}
        needed = fewest.get(measure, (SCARCE, SCARCE))
        for found, least, who in zip(
            (events, n - events), needed, ("with the outcome", "without the outcome"), strict=True
        ):
            if found < least:
                return f"{'one' if found else 'no'} patient {who}"
        return ""


def subgroup_members(
    cases: pd.DataFrame, declared: Sequence[Mapping], dictionary: Mapping[str, Mapping]
) -> dict[str, pd.Series]:
    """The group that each patient is in, by the label of the variable.

    Parameters
    ----------
    cases : DataFrame, shape (n_patients, n_variables)
    declared : sequence of mapping
        `variable`, and `cuts` of a continuous one: a value at a cut is in the upper group.
    dictionary : mapping of variable to mapping
        Its kind, label, unit and levels.

    Returns
    -------
    dict of str to Series of ordered category
        In the order of the levels, or rising; `UNKNOWN` is last, where a value is missing. Levels
        of nobody are left out.

    Raises
    ------
    ValueError
        If a variable is not in the table.
    """
    found = {}
    for one in declared:
        name, cuts = one["variable"], list(one["cuts"])
        if name not in cases or name not in dictionary:
            raise ValueError(f"subgroups: {name!r} is not among the variables {list(dictionary)}.")
        entry = dictionary[name]
        if cuts:
            names = _ranges(cuts, entry.get("unit") or "")
            edges = [-np.inf, *cuts, np.inf]
            group = pd.cut(cases[name].astype(float), edges, right=False, labels=names)
        else:
            group = cases[name].astype(pd.CategoricalDtype(entry["levels"]))
        if group.isna().any():
            group = group.cat.add_categories([UNKNOWN]).fillna(UNKNOWN)
        found[entry["label"]] = group.cat.remove_unused_categories()
    return found


def _ranges(cuts: Sequence[float], unit: str) -> list[str]:
    """ "below 40 years", "40 to below 60 years", "60 years and above"."""
    texts, unit = [f"{cut:g}" for cut in cuts], f" {unit}" if unit else ""
    between = [f"{a} to below {b}{unit}" for a, b in zip(texts, texts[1:], strict=False)]
    return [f"below {texts[0]}{unit}", *between, f"{texts[-1]}{unit} and above"]


def subgroup_performance(
    y: ArrayLike,
    p: pd.DataFrame,
    split: ArrayLike,
    members: Mapping[str, pd.Series],
    cutoffs: Mapping[str, float],
    *,
    threshold: float,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Subgroups:
    """Discrimination, calibration, calls and net benefit of groups of patients, and differences.

    Of every cohort but training, whose patients chose the cut-offs. Every group is compared with
    the first one of its variable.

    Parameters
    ----------
    y : array_like of int, shape (n_patients,)
        1 for the outcome, 0 for none.
    p : DataFrame, shape (n_patients, n_models)
        Predicted probabilities.
    split : array_like of str, shape (n_patients,)
        As in `cohorts`.
    members : mapping of variable to Series, shape (n_patients,)
        As `subgroup_members` gives them.
    cutoffs : mapping of model to float
        Of sensitivity and specificity, from training.
    threshold : float
        Of the net benefit, above 0 and below 1.
    draws, seed : int
        Of the bootstrap of the net benefit.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    Subgroups
        Intervals: of the AUC on the log odds scale, of its difference DeLong's for other patients
        (Welch's degrees of freedom); of slope and calibration in the large Wald's, of proportions
        Wilson's and of their difference Newcombe's; of net benefit percentiles of bootstrap
        samples, drawn in each group apart. NaN, with a reason, where a group has none. An AUC
        whose estimated standard error is 0, as that of 1, has no interval.

    Raises
    ------
    ValueError
        If `p` is no probability, `threshold` is not between 0 and 1, and as `cohorts`.

    References
    ----------
    Newcombe (1998), Stat. Med. 17:873-890, method 10. Pepe (2003), The Statistical Evaluation of
    Medical Tests, 5.2.5 (AUC).
    """
    y = as_labels(y, "y")
    as_level(threshold, "threshold")
    options: dict[str, Any] = {"draws": draws, "level": as_level(level), "seed": seed}
    rows: list[dict] = []
    compared: list[dict] = []
    everybody = pd.Series(ALL, index=p.index, dtype="category")
    for model, values in p.items():
        risks = as_probabilities(values, str(model), len(y))
        for cohort, chosen in cohorts(split).items():
            if cohort == "train":
                continue
            for variable, group in ({ALL: everybody} | dict(members)).items():
                made = {}
                for name in group.cat.categories:
                    who = chosen & group.eq(name).to_numpy()
                    made[str(name)] = _Group(y[who], risks[who], cutoffs[str(model)], threshold)
                keys = {"model": str(model), "cohort": cohort, "variable": variable}
                rows += [
                    keys
                    | {"group": name, "n": len(one.y), "events": int(one.y.sum())}
                    | {"measure": measure}
                    | _measured(one, measure, **options)
                    for name, one in made.items()
                    for measure in GROUP_MEASURES
                ]
                reference, *others = made
                compared += [
                    keys
                    | {"group": name, "reference": reference, "measure": measure}
                    | _difference(made[name], made[reference], measure, **options)
                    for name in others
                    for measure in GROUP_MEASURES
                ]
    ends = ["ci_low", "ci_high", "reason"]
    return Subgroups(
        pd.DataFrame(rows, columns=[*KEYS, "n", "events", "measure", "estimate", *ends]),
        pd.DataFrame(compared, columns=[*KEYS, "reference", "measure", "difference", *ends]),
    )


def _measured(group: _Group, measure: str, *, draws: int, level: float, seed: int) -> dict:
    """Estimate, interval and, where there is none, the reason."""
    if reason := group.lacking(measure):
        return _row("estimate", None, reason)
    if measure == "auc":
        found = auc_ci(group.y, group.p, level=level)
        ends = auc_interval(group.y, group.p, level=level) if found.se else (np.nan, np.nan)
        return _row("estimate", (found.auc, *ends), SEPARATED)
    if measure in ("slope", "citl"):
        return _row("estimate", _wald(group.recalibrated, measure, level), SEPARATED)
    if measure in ("sensitivity", "specificity"):
        k, n = group.called[measure]
        return _row("estimate", (k / n, *proportion_ci(k, n, level=level)))
    drawn = _benefits(group, draws, np.random.default_rng(seed))
    return _row("estimate", (group.benefit.mean(), *_percentiles(drawn, level)))


def _difference(a: _Group, b: _Group, measure: str, *, draws: int, level: float, seed: int) -> dict:
    """Measure of group `a` less that of `b`, who are other patients, with its interval."""
    reason = a.lacking(measure) or b.lacking(measure)
    if reason:
        return _row("difference", None, reason)
    if measure == "auc":
        test = unpaired_test(a.y, a.p, b.y, b.p, level=level)
        spread = min(auc_ci(one.y, one.p).se for one in (a, b))
        ends = (test.ci_low, test.ci_high) if spread else (np.nan, np.nan)
        return _row("difference", (test.difference, *ends), SEPARATED)
    if measure in ("slope", "citl"):
        one, other = a.recalibrated, b.recalibrated
        joint = {
            measure: one[measure] - other[measure],
            f"{measure}_se": float(np.hypot(one[f"{measure}_se"], other[f"{measure}_se"])),
        }
        return _row("difference", _wald(joint, measure, level), SEPARATED)
    if measure in ("sensitivity", "specificity"):
        return _row("difference", _newcombe(a.called[measure], b.called[measure], level))
    rng = np.random.default_rng(seed)
    drawn = _benefits(a, draws, rng) - _benefits(b, draws, rng)
    found = a.benefit.mean() - b.benefit.mean()
    return _row("difference", (found, *_percentiles(drawn, level)))


def _row(name: str, found: Sequence[float] | None, reason: str = "") -> dict:
    """Columns of a result; the reason stands where estimate or interval are missing."""
    values = [float("nan")] * 3 if found is None else [float(x) for x in found]
    said = {"reason": reason if np.isnan(values).any() else ""}
    return dict(zip((name, "ci_low", "ci_high"), values, strict=True)) | said


def _wald(fit: Mapping[str, float], measure: str, level: float) -> tuple[float, float, float]:
    half = stats.norm.isf((1 - level) / 2) * fit[f"{measure}_se"]
    return fit[measure], fit[measure] - half, fit[measure] + half


def _newcombe(a: tuple[int, int], b: tuple[int, int], level: float) -> tuple[float, float, float]:
    """Difference of two independent proportions, each given as successes and trials."""
    (p, low, high), (q, less, more) = (
        (k / n, *proportion_ci(k, n, level=level)) for k, n in (a, b)
    )
    difference = p - q
    down, up = np.hypot(p - low, more - q), np.hypot(high - p, q - less)
    return difference, difference - float(down), difference + float(up)


def _benefits(group: _Group, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Net benefit in samples of the group's patients with replacement, shape (draws,).

    Only how many there are of each value matters, so these are drawn.
    """
    values, counts = np.unique(group.benefit, return_counts=True)
    n = len(group.y)
    return rng.multinomial(n, counts / n, size=draws) @ values / n


def _percentiles(drawn: np.ndarray, level: float) -> tuple[float, float]:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
