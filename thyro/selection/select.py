"""From many features to few: z-score, Mann-Whitney U, Spearman, LASSO.

Everything here is learned from the patients it is given, so give it training patients only and
carry the `Scaler` to the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, mannwhitneyu, rankdata

from thyro.core import as_labels, as_one_of
from thyro.selection import lasso_path
from thyro.selection.scaling import Scaler, as_features, fit_scaler

FALLBACK_FEATURES = 10  # kept by smallest p when none passes Mann-Whitney
RULES = ("p", "mean correlation", "column order")  # who stays of a correlated pair
PENALTIES = ("minimum", "1se")


@dataclass(frozen=True)
class FilterResult:
    """What a filter kept and why the others left."""

    kept: list[str]
    table: pd.DataFrame  # one row per feature, index `feature`


@dataclass(frozen=True)
class LassoResult:
    """Features with a non-zero coefficient at the chosen penalty."""

    kept: list[str]
    table: pd.DataFrame  # index `feature`: coefficient (standardised features), reason
    coefficients: pd.Series  # of the kept, per SD of the feature
    intercept: float
    lambdas: np.ndarray  # shape (n_lambdas,), decreasing
    cv_mean: np.ndarray  # deviance per patient (Gaussian: squared error), shape (n_lambdas,)
    cv_se: np.ndarray
    path: pd.DataFrame  # index lambda, one column per feature: coefficients per SD
    lambda_min: float
    lambda_1se: float
    note: str  # empty unless a fallback was used


@dataclass(frozen=True)
class Selection:
    """The whole selection: what is left and where every other feature went."""

    kept: list[str]
    fate: pd.DataFrame  # index `feature`: step, reason, p, p_bh, partner, rho, coefficient
    scaler: Scaler
    lasso: LassoResult
    note: str  # fallbacks that were used, and imputed values; empty if none

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The kept features of `X`, z-scored by the training patients."""
        return self.scaler.transform(X)[self.kept]


def mann_whitney_filter(X: pd.DataFrame, y, *, alpha: float = 0.05) -> FilterResult:
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
    X, y = as_features(X), _as_outcome(y, len(X))
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
    visits = list(X.columns) if order is None else _by_value(X.columns, order)
    rho = _spearman(X)
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


def lasso_select(
    X: pd.DataFrame,
    y,
    *,
    cv=5,
    n_lambdas: int = 100,
    family: str = "binomial",
    penalty: str = "minimum",
    lambda_ratio: float | None = None,
    patience: int | None = None,
    seed: int = 0,
) -> LassoResult:
    """Keep the features with a non-zero LASSO coefficient at the best penalty.

    glmnet's conventions: features standardised by the population SD, unpenalised intercept,
    penalties from the largest useful one down to 1e-4 of it (1e-2 with fewer patients than
    features), minimum of the mean cross-validated deviance. Folds are fitted at the same
    penalties and not standardised again.

    Parameters
    ----------
    X : DataFrame of float, shape (n_patients, n_features)
        Raw or z-scored; no missing value.
    y : array_like of int, shape (n_patients,)
    cv : int or array_like of int, shape (n_patients,), default 5
        Number of stratified folds, or the fold of each patient. With fewer patients in the smaller
        class than folds, as many as it has, and `note` says so.
    n_lambdas : int, default 100
    family : "binomial" or "gaussian"
        Gaussian is the lasso on the 0/1 outcome that some radiomics tools fit.
    penalty : "minimum" or "1se"
        Of the smallest mean deviance, or the largest one within a standard error of it.
    lambda_ratio : float, optional
        Smallest penalty as a share of the largest, instead of glmnet's.
    patience : int, optional
        End the path where so many penalties in a row brought no smaller deviance: for many
        repetitions, where the whole curve is not looked at.
    seed : int
        Of the shuffle into folds.

    Returns
    -------
    LassoResult
        If no coefficient is non-zero at the best penalty, the one feature that enters the path
        first is kept with its coefficient there, and `note` says so.

    References
    ----------
    Friedman, Hastie, Tibshirani (2010), J Stat Softw 33(1). R: cv.glmnet.
    """
    X, y = as_features(X), _as_outcome(y, len(X))
    as_one_of(family, "family", lasso_path.FAMILIES)
    as_one_of(penalty, "penalty", PENALTIES)
    scaler = fit_scaler(X)
    cv, fewer = _possible_folds(y, cv)
    Z, folds = scaler.transform(X).to_numpy(), lasso_path.checked_folds(y, cv, seed=seed)
    grid = lasso_path.lambda_grid(Z, y, n_lambdas=n_lambdas, ratio=lambda_ratio)
    if patience is None:
        path = lasso_path.fit_path(Z, y, grid, family=family, stop_early=True)
        curve = lasso_path.cross_validate(Z, y, path.lambdas, folds, family=family)
    else:
        curve = lasso_path.cross_validate(Z, y, grid, folds, family=family, patience=patience)
        path = lasso_path.fit_path(Z, y, curve.lambdas, family=family)
    coefficients = pd.DataFrame(
        path.coefficients, index=pd.Index(path.lambdas, name="lambda"), columns=scaler.mean.index
    )
    best = curve.index_min if penalty == "minimum" else curve.index_1se
    chosen, row, note = _at_penalty(coefficients, best)
    table = pd.DataFrame({"coefficient": chosen.reindex(X.columns, fill_value=0.0)})
    table["reason"] = np.where(table["coefficient"] != 0, "", "zero coefficient")
    table.loc[scaler.set_aside.index, "reason"] = scaler.set_aside
    return LassoResult(
        kept=list(chosen.index[chosen != 0]),
        table=table.rename_axis("feature"),
        coefficients=chosen[chosen != 0],
        intercept=float(path.intercepts[row]),
        lambdas=path.lambdas,
        cv_mean=curve.mean,
        cv_se=curve.se,
        path=coefficients,
        lambda_min=float(path.lambdas[curve.index_min]),
        lambda_1se=float(path.lambdas[curve.index_1se]),
        note=" ".join(filter(None, [fewer, note])),
    )


def select_features(
    X: pd.DataFrame,
    y,
    *,
    alpha: float = 0.05,
    threshold: float = 0.9,
    rule: str = "p",
    cv=5,
    seed: int = 0,
    family: str = "binomial",
    penalty: str = "minimum",
    patience: int | None = None,
    set_aside: Iterable[str] = (),
) -> Selection:
    """Run z-score, Mann-Whitney U, Spearman and LASSO, and account for every feature.

    Parameters
    ----------
    X : DataFrame of float, shape (n_patients, n_features)
        Training patients; NaN is replaced by the training median.
    y : array_like of int, shape (n_patients,)
    alpha, threshold, cv, seed, family, penalty, patience
        As in the single steps. `alpha=1` and `threshold=1` leave only the LASSO.
    rule : "p", "mean correlation" or "column order"
        Which of two features correlated beyond `threshold` stays: that with the smaller p of the
        Mann-Whitney test; that with the smaller mean |rho| to all features that passed it; or that
        which comes first.
    set_aside : iterable of str
        Features that must not be selected, such as `profiles.PAPER.degenerate()`.

    Returns
    -------
    Selection
        If no feature passes Mann-Whitney, the ten with the smallest p go on, and `note` says so.
    """
    X = as_features(X, missing=True)
    as_one_of(rule, "rule", RULES)
    set_aside = set(set_aside) & set(X.columns)
    scaler = fit_scaler(X.drop(columns=list(set_aside)))
    Z = scaler.transform(X)
    notes = []
    if n_imputed := int(scaler.n_missing[Z.columns].sum()):
        notes.append(f"{n_imputed} missing values were replaced by the training median.")
    differing = mann_whitney_filter(Z, y, alpha=alpha)
    kept, p = differing.kept, differing.table["p"]
    if alpha >= 1:  # the step is switched off: a p of exactly 1 stays too
        kept = list(Z.columns)
    if not kept:
        kept = _by_value(Z.columns, p)[:FALLBACK_FEATURES]
        notes.append(f"No feature had p < {alpha:g}; the {len(kept)} smallest p went on.")
    uncorrelated = spearman_filter(Z[kept], threshold=threshold, order=_order(rule, Z[kept], p))
    chosen = lasso_select(
        Z[uncorrelated.kept],
        y,
        cv=cv,
        family=family,
        penalty=penalty,
        patience=patience,
        seed=seed,
    )
    notes.append(chosen.note)
    fate = pd.DataFrame({"step": "z-score", "reason": "set aside"}, index=X.columns, dtype=object)
    fate.loc[scaler.set_aside.index, "reason"] = scaler.set_aside
    for step, result, names in (
        ("Mann-Whitney U", differing, Z.columns),
        ("Spearman", uncorrelated, kept),
        ("LASSO", chosen, uncorrelated.kept),
    ):
        fate.loc[names, "step"] = step
        fate.loc[names, "reason"] = result.table["reason"]
    fate.loc[chosen.kept, "step"] = "kept"
    fate = fate.join(differing.table[["p", "p_bh"]])
    fate = fate.join(uncorrelated.table[["partner", "rho"]]).fillna({"partner": ""})
    return Selection(
        kept=chosen.kept,
        fate=fate.join(chosen.table["coefficient"]).rename_axis("feature"),
        scaler=scaler,
        lasso=chosen,
        note=" ".join(filter(None, notes)),
    )


def _as_outcome(y, n):
    y = as_labels(y, "y")
    if len(y) != n:
        raise ValueError(f"y: expected {n} labels, one per row of X, got {len(y)}.")
    return y


def _by_value(names, values):
    """`names` from the smallest value to the largest, ties by name."""
    absent = [name for name in names if name not in values.index]
    if absent:
        raise ValueError(f"order: lacks {len(absent)} of the features, {absent[:3]} ...")
    return sorted(names, key=lambda name: (values[name], name))


def _spearman(X):
    """Rank correlation of every pair of features; a constant feature correlates with none."""
    ranks = rankdata(X.to_numpy(), axis=0)
    ranks -= ranks.mean(axis=0)
    norm = np.sqrt((ranks**2).sum(axis=0))
    ranks /= np.where(norm > 0, norm, 1)
    # Rounded far below any meaning, so that another order of patients cannot tip a comparison.
    return np.round(ranks.T @ ranks, 12)


def _order(rule, Z, p):
    """By what the features are visited, from the smallest value; None: as they stand."""
    if rule == "mean correlation":
        return pd.Series(np.abs(_spearman(Z)).mean(axis=0), Z.columns)
    return p if rule == "p" else None


def _possible_folds(y, cv):
    """`cv`, or as many folds as the smaller class has patients, and a note then."""
    smaller = int(np.bincount(y, minlength=2).min())
    if np.ndim(cv) or not 2 <= smaller < cv:
        return cv, ""
    return smaller, (
        f"The LASSO was cross-validated in {smaller} folds instead of {cv}: the smaller class has "
        "no more patients."
    )


def _at_penalty(coefficients, best):
    """Coefficients at row `best`, the row used, and a note if that row was empty."""
    if coefficients.iloc[best].any():
        return coefficients.iloc[best], best, ""
    entered = np.flatnonzero(coefficients.any(axis=1))
    if not len(entered):
        raise ValueError("X: no feature enters the LASSO path; none is related to the outcome.")
    first = int(entered[0])
    row = coefficients.iloc[first]
    name = row.abs().idxmax()
    note = f"LASSO kept no feature at its best penalty; {name} entered the path first and is kept."
    return row.where(row.index == name, 0.0), first, note
