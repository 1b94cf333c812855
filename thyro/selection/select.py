"""From many features to few: z-score, Mann-Whitney U, Spearman, LASSO, and a log of it.

Everything here is learned from the patients it is given, so give it training patients only and
carry the `Scaler` to the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.core import as_one_of
from thyro.selection.filters import (
    FilterResult,
    by_value,
    leave_out,
    mann_whitney_filter,
    rank_correlation,
    spearman_filter,
)
from thyro.selection.lasso_selection import LassoResult, lasso_select
from thyro.selection.scaling import Scaler, as_features, fit_scaler

FALLBACK_FEATURES = 10  # kept by smallest p when none passes Mann-Whitney
RULES = ("p", "mean correlation", "column order")  # who stays of a correlated pair


@dataclass(frozen=True)
class Selection:
    """The whole selection: what is left and where every other feature went."""

    kept: list[str]
    log: pd.DataFrame  # index `feature`: step, reason, p, p_bh, partner, rho, coefficient
    scaler: Scaler
    lasso: LassoResult
    note: str  # fallbacks that were used, and imputed values; empty if none
    steps: tuple[str, ...]  # of the log, those that were taken, whether or not a feature left there

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The kept features of `X`, z-scored by the training patients."""
        return self.scaler.transform(X)[self.kept]


def select_features(
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    alpha: float = 0.05,
    threshold: float = 0.9,
    rule: str = "p",
    cv: int | ArrayLike = 5,
    seed: int = 0,
    family: str = "binomial",
    penalty: str = "minimum",
    patience: int | None = None,
    set_aside: Iterable[str] | Mapping[str, tuple[str, str]] = (),
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
    set_aside : iterable of str, or mapping of feature to (step, reason)
        Features that must not be selected; the log says at which step each left, and why
        (`radiomics.set_aside`). Those that the table does not have are ignored.

    Returns
    -------
    Selection
        If no feature passes Mann-Whitney, the ten with the smallest p go on, and `note` says so.

    Raises
    ------
    ValueError
        If every feature is set aside, constant or missing, or none is related to the outcome.
    """
    X = as_features(X, missing=True)
    as_one_of(rule, "rule", RULES)
    scaler = fit_scaler(leave_out(X, set_aside))
    Z = scaler.transform(X)
    notes = []
    if n_imputed := int(scaler.n_missing[Z.columns].sum()):
        notes.append(f"{n_imputed} missing values were replaced by the training median.")
    differing = mann_whitney_filter(Z, y, alpha=alpha)
    passed, note = _passed(differing, alpha)
    order = _order(rule, Z[passed], differing.table["p"])
    uncorrelated = spearman_filter(Z[passed], threshold=threshold, order=order)
    lasso = lasso_select(
        Z[uncorrelated.kept],
        y,
        cv=cv,
        family=family,
        penalty=penalty,
        patience=patience,
        seed=seed,
    )
    return Selection(
        kept=lasso.kept,
        log=_log(X.columns, set_aside, scaler, differing, uncorrelated, lasso),
        scaler=scaler,
        lasso=lasso,
        note=" ".join(filter(None, [*notes, note, lasso.note])),
        steps=_steps(alpha, threshold, set_aside),
    )


def _steps(alpha, threshold, set_aside) -> tuple[str, ...]:
    """The steps that were taken; features are set aside at steps that the mapping names."""
    before = [step for step, _ in set_aside.values()] if isinstance(set_aside, Mapping) else []
    taken = {"Mann-Whitney U": alpha < 1, "Spearman": threshold < 1, "LASSO": True}
    return (*dict.fromkeys([*before, "z-score"]), *(step for step, is_so in taken.items() if is_so))


def _passed(differing: FilterResult, alpha: float) -> tuple[list[str], str]:
    """Features that go on after the Mann-Whitney test, and a note where none passed it."""
    p = differing.table["p"]
    if alpha >= 1:  # the step is switched off: a p of exactly 1 stays too
        return list(p.index), ""
    if differing.kept:
        return differing.kept, ""
    passed = by_value(p.index, p)[:FALLBACK_FEATURES]
    return passed, f"No feature had p < {alpha:g}; the {len(passed)} smallest p went on."


def _order(rule, Z, p):
    """By what the features are visited, from the smallest value; None: as they stand."""
    if rule == "mean correlation":
        return pd.Series(np.abs(rank_correlation(Z)).mean(axis=0), Z.columns)
    return p if rule == "p" else None


def _log(features, set_aside, scaler, differing, uncorrelated, lasso) -> pd.DataFrame:
    """Where each feature left, and why: every step overwrites what the one before said."""
    log = pd.DataFrame({"step": "z-score", "reason": "set aside"}, index=features, dtype=object)
    if isinstance(set_aside, Mapping):
        said = pd.DataFrame.from_dict(set_aside, orient="index", columns=list(log), dtype=object)
        log.update(said)
    log.loc[scaler.set_aside.index, "reason"] = scaler.set_aside
    for step, result in (
        ("Mann-Whitney U", differing),
        ("Spearman", uncorrelated),
        ("LASSO", lasso),
    ):
        log.loc[result.table.index, "step"] = step
        log.loc[result.table.index, "reason"] = result.table["reason"]
    log.loc[lasso.kept, "step"] = "kept"
    log = log.join(differing.table[["p", "p_bh"]])
    log = log.join(uncorrelated.table[["partner", "rho"]]).fillna({"partner": ""})
    return log.join(lasso.table["coefficient"]).rename_axis("feature")
