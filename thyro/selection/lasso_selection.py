"""Features with a non-zero LASSO coefficient at a cross-validated penalty."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.core import as_one_of
from thyro.selection import lasso_path
from thyro.selection.scaling import as_features, as_outcome, fit_scaler

PENALTIES = ("minimum", "1se")


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


def lasso_select(
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    cv: int | ArrayLike = 5,
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
    X, y = as_features(X), as_outcome(y, len(X))
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
