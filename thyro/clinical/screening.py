"""Which clinical variables a model takes, and the regressions that say so."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.clinical.design import independent_terms
from thyro.clinical.imputation import Imputation, impute
from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.clinical.pooled import fit_imputed
from thyro.clinical.rare_levels import merge_levels, rare_levels
from thyro.core import as_columns


@dataclass(frozen=True)
class ClinicalSelection:
    """What univariate screening and one multivariable fit left."""

    univariate: pd.DataFrame
    multivariable: pd.DataFrame
    terms: list[str]
    note: str  # variables set aside, fallback taken; empty when there is nothing to tell

    def to_frame(self) -> pd.DataFrame:
        """Both regressions side by side, one row per coefficient; NaN where it did not enter."""
        return self.univariate.merge(
            self.multivariable, on=["term", "level"], how="left", suffixes=("", "_multivariable")
        )


def preoperative(dictionary: dict[str, dict], named: list[str]) -> list[str]:
    """Candidates of a model: `named`, or every one fit for it.

    Fit is what is known at the time of prediction and never missing; ValueError for a name that
    is not.
    """
    unfit = {}
    for name, entry in dictionary.items():
        if not entry["preoperative"]:
            unfit[name] = "is not known at the time of prediction"
        elif not entry.get("required", True):
            unfit[name] = "may be missing"
    known = [name for name in dictionary if name not in unfit]
    if not known:
        raise ValueError(
            "candidates: no variable is required of every patient and known at the time of "
            "prediction."
        )
    for name in named:
        if name not in dictionary:
            raise ValueError(f"candidates: {name!r} is not declared. Declared: {', '.join(known)}.")
        if name in unfit:
            raise ValueError(f"candidates: {name!r} {unfit[name]}; no nomogram can rest on it.")
    return list(named or known)


def univariate_table(
    frame: pd.DataFrame,
    y: ArrayLike,
    variables: list[str],
    *,
    level: float = 0.95,
    imputation: Imputation | None = None,
) -> pd.DataFrame:
    """One logistic regression per variable, with intervals of coverage `level`.

    Parameters
    ----------
    frame, y, variables, imputation
        As in `select_terms`.

    Returns
    -------
    DataFrame
        The rows of `LogisticFit.table` for each variable in turn, with n (patients) and method.
    """
    tables = []
    for variable in as_columns(frame, variables):
        fit = _fitted(frame, y, [variable], imputation)
        tables.append(fit.table(level=level).assign(n=fit.n, method=fit.method))
    return pd.concat(tables, ignore_index=True)


def select_terms(
    frame: pd.DataFrame,
    y: ArrayLike,
    variables: list[str],
    *,
    entry: float = 0.1,
    retain: float = 0.05,
    level: float = 0.95,
    again: bool = False,
    imputation: Imputation | None = None,
) -> ClinicalSelection:
    """Choose clinical terms by univariate screening and one multivariable fit.

    Variables whose univariate likelihood-ratio p is below `entry` are fitted together; those
    whose p there is below `retain` stay. A factor enters and stays as a whole. When nothing
    enters or stays, the variable with the smallest univariate p is taken, and `note` says so.
    Variables with a single value are set aside. Call `fit_logistic` for the final refit.

    Parameters
    ----------
    frame : DataFrame
        One row per training patient.
    y : array_like of int, shape (n_patients,)
    variables : list of str
        Candidates, known at the time of prediction.
    entry, retain : float
        Limits of the two likelihood-ratio p values.
    level : float, default 0.95
        Coverage of the intervals in both regressions.
    again : bool, default False
        Of a choice that is repeated in part of the patients: a variable that the ones before it
        determine in these few is left out, since it would add nothing. In all patients it raises,
        for somebody should know.
    imputation : Imputation, optional
        Of the patients, where variables have gaps: the regressions are those of all completions,
        pooled, and `frame` is looked at as the first one completes it.

    Returns
    -------
    ClinicalSelection

    Raises
    ------
    ValueError
        If no candidate has two values, and as `fit_logistic`.
    """
    frame = frame if imputation is None else imputation.training[0]
    chosen = as_columns(frame, variables)
    constant = [v for v in chosen if chosen[v].nunique() < 2]
    candidates = [v for v in chosen if v not in constant]
    if not candidates:
        raise ValueError(f"variables: all of {', '.join(constant)} have a single value.")
    notes = [f"{', '.join(constant)}: a single value in training, set aside."] if constant else []
    univariate = univariate_table(frame, y, candidates, level=level, imputation=imputation)
    screened = univariate.groupby("term", sort=False)["lr_p"].first()
    fallback = [screened.idxmin()]
    entered = [v for v in candidates if screened[v] < entry]
    if not entered:
        notes.append(f"No variable has p < {entry}: {fallback[0]}, the smallest, was taken.")
    if again and entered:
        entered = independent_terms(frame, entered)
    multivariable = _fitted(frame, y, entered or fallback, imputation)
    notes += [multivariable.note] if multivariable.note else []
    terms = [v for v in entered if multivariable.lr_p[v] < retain]
    if entered and not terms:
        notes.append(
            f"No variable keeps p < {retain}: {fallback[0]}, smallest univariate p, was taken."
        )
    together = multivariable.table(level=level)
    return ClinicalSelection(univariate, together, terms or fallback, " ".join(notes))


def fit_nomograms(
    frame: pd.DataFrame,
    y: ArrayLike,
    *,
    variables: list[str],
    signatures: Mapping[str, Sequence[str]],
    entry: float = 0.1,
    retain: float = 0.05,
    smallest: int = 0,
    imputations: int = 0,
    seed: int = 0,
) -> dict[str, Callable[[pd.DataFrame], np.ndarray]]:
    """Merge rare levels, choose clinical terms and fit every nomogram: all that is repeated.

    Repeated in bootstrap samples and without each fold. Rare levels are found in the patients who
    are given, so that those left out have no say in them.

    Parameters
    ----------
    frame, y, variables, entry, retain
        As in `select_terms`.
    signatures : mapping of nomogram to columns
        What each has beside the clinical terms.
    smallest : int, default 0
        Patients that a level must have, as in `rare_levels`.
    imputations : int, default 0
        Completions of variables with gaps, learned anew from these patients; 0 where none has any.
    seed : int
        Of the imputations.

    Returns
    -------
    dict of str to callable
        From patients, who may have gaps where these may, to the risk of each nomogram.
    """
    limits = {"entry": entry, "retain": retain}
    merged = rare_levels(frame, variables, smallest=smallest)
    if imputations:
        # Of its own for these patients, so that noise of imputation differs between samples.
        own = seed + zlib.crc32("|".join(map(str, frame.index)).encode())
        filled = impute(frame, y, variables, m=imputations, seed=own, merged=merged)
        terms = select_terms(frame, y, variables, **limits, again=True, imputation=filled).terms
        return {
            name: fit_imputed(filled, y, [*beside, *terms], tests=False).predict
            for name, beside in signatures.items()
        }
    known = merge_levels(frame, merged)
    terms = select_terms(known, y, variables, **limits, again=True).terms
    return {
        name: fit_logistic(frame, y, [*beside, *terms], tests=False, merged=merged).predict
        for name, beside in signatures.items()
    }


def _fitted(
    frame: pd.DataFrame, y: ArrayLike, terms: list[str], imputation: Imputation | None
) -> LogisticFit:
    if imputation is None:
        return fit_logistic(frame, y, terms)
    return fit_imputed(imputation, y, terms)
