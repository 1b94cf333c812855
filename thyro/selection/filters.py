"""Filters before the LASSO: features set aside, that do not differ, that are copies of others."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import false_discovery_control, mannwhitneyu

from thyro import statistics
from thyro.selection.scaling import as_features, as_outcome


@dataclass(frozen=True)
class FilterResult:
    """What a filter kept and why the others left."""

    kept: list[str]
    table: pd.DataFrame  # one row per feature, index `feature`


def leave_out(X: pd.DataFrame, set_aside: Iterable[str]) -> pd.DataFrame:
    """`X` without the features that must not be selected; names it does not have are ignored.

    Raises
    ------
    ValueError
        If nothing is left.
    """
    left = X.drop(columns=list(set(set_aside) & set(X.columns)))
    if not left.shape[1]:
        raise ValueError(
            f"set_aside: all {X.shape[1]} features are set aside, so that none can be selected. "
            "Features are set aside because they are degenerate, because their ICC is below "
            "minimum_icc, or because they have fewer distinct values than minimum_distinct asks "
            "for: lower these."
        )
    return left


def mann_whitney_filter(X: pd.DataFrame, y: ArrayLike, *, alpha: float = 0.05) -> FilterResult:
    """Keep the features whose distribution differs between the outcomes, p < `alpha`.

    Two-sided Mann-Whitney U test by the normal approximation with correction for ties and
    continuity, R's `wilcox.test(exact = FALSE)`. p equal to `alpha` is dropped; a constant
    feature has p = 1.

    Parameters
    ----------
    X : DataFrame of float, shape (n_patients, n_features)
    y : array_like of int, shape (n_patients,)
    alpha : float, default 0.05
        Not corrected for the number of features: `p_bh` (Benjamini-Hochberg) is in the table for
        the reader and selects nothing.

    Returns
    -------
    FilterResult
        Table columns: statistic (U of the patients with metastasis), p, p_bh, reason.
    """
    X, y = as_features(X), as_outcome(y, len(X))
    varies = np.ptp(X.to_numpy(), axis=0) > 0
    statistic = np.full(X.shape[1], (y == 1).sum() * (y == 0).sum() / 2)
    p = np.ones(X.shape[1])
    if varies.any():
        values = X.to_numpy()[:, varies]
        test = mannwhitneyu(values[y == 1], values[y == 0], method="asymptotic", axis=0)
        statistic[varies], p[varies] = test.statistic, test.pvalue
    table = pd.DataFrame(
        {"statistic": statistic, "p": p, "p_bh": false_discovery_control(p)},
        index=pd.Index(X.columns, name="feature"),
    )
    keep = p < alpha
    table["reason"] = np.where(keep, "", f"p >= {alpha:g}")
    return FilterResult(kept=list(X.columns[keep]), table=table)


def spearman_filter(
    X: pd.DataFrame, *, threshold: float = 0.9, order: pd.Series | None = None
) -> FilterResult:
    """Of features correlated beyond `threshold`, keep the one that comes first.

    Greedy: features are visited in order, and one stays if no feature that stayed before it has
    |rho| > `threshold`. No remaining pair is correlated beyond it, and the order of patients
    does not matter.

    Parameters
    ----------
    X : DataFrame of float, shape (n_patients, n_features)
    threshold : float, default 0.9
        Of Spearman's |rho|, mid-ranks for ties; equal to the threshold is kept.
    order : Series of float, index feature, optional
        Visited from the smallest value, ties by name: p values, or any other rule. By default
        the order of the columns.

    Returns
    -------
    FilterResult
        Table columns: partner (the kept feature most correlated with this one), rho, reason.
    """
    X = as_features(X)
    visits = list(X.columns) if order is None else by_value(X.columns, order)
    rho = rank_correlation(X)
    stays = np.zeros(len(visits), dtype=bool)
    leavers = {}
    for name, position in zip(visits, X.columns.get_indexer(visits), strict=True):
        among = np.where(stays, np.abs(rho[position]), 0)
        if among.max() > threshold:
            partner = X.columns[among.argmax()]
            reason = f"|rho| > {threshold:g} with {partner}"
            leavers[name] = (partner, rho[position, among.argmax()], reason)
        else:
            stays[position] = True
    table = pd.DataFrame.from_dict(leavers, orient="index", columns=["partner", "rho", "reason"])
    table = table.reindex(X.columns).astype({"rho": float}).rename_axis("feature")
    table[["partner", "reason"]] = table[["partner", "reason"]].astype(object).fillna("")
    return FilterResult(kept=list(X.columns[stays]), table=table)


def by_value(names: Iterable[str], values: pd.Series) -> list[str]:
    """`names` from the smallest value to the largest, ties by name."""
    absent = [name for name in names if name not in values.index]
    if absent:
        raise ValueError(f"order: lacks {len(absent)} of the features, {absent[:3]} ...")
    return sorted(names, key=lambda name: (values[name], name))


def rank_correlation(X: pd.DataFrame) -> np.ndarray:
    """Spearman's rho of every pair of features; a constant feature correlates with none.

    Rounded far below any meaning, so that another order of patients cannot tip a comparison.
    """
    return np.round(statistics.rank_correlation(X).fillna(0.0).to_numpy(), 12)
