"""The data of a regression laid out in columns: factors, splines, and what cannot be fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thyro.clinical.rare_levels import merge_levels
from thyro.clinical.splines import spline_basis
from thyro.core import as_columns, as_labels, as_scores
from thyro.statistics import is_categorical, redundant_columns


@dataclass(frozen=True)
class Prepared:
    """Checked data of a regression and its design."""

    y: np.ndarray
    chosen: pd.DataFrame
    levels: dict[str, list]
    knots: dict[str, list[float]]
    design: np.ndarray
    names: list[str]
    blocks: dict[str, list[int]]  # term -> its columns
    notes: list[str]
    merged: dict[str, dict]  # of the terms: rare level -> the level that it counts as

    def described(self) -> dict:
        """The fields of `LogisticFit` that do not depend on how it is fitted."""
        continuous = {
            t: np.unique(self.chosen[t].to_numpy(float))
            for t in self.chosen
            if t not in self.levels
        }
        return {
            "terms": list(self.chosen.columns),
            "levels": self.levels,
            "knots": self.knots,
            "merged": self.merged,
            "names": self.names,
            "n": len(self.y),
            "n_events": int(self.y.sum()),
            "ranges": {t: (float(v[0]), float(v[-1])) for t, v in continuous.items()},
            "distinct": {t: v.tolist() for t, v in continuous.items() if len(v) <= 10},
        }


def prepare(
    frame: pd.DataFrame,
    y: ArrayLike,
    terms: list[str],
    knots: Mapping[str, list[float]] | None,
    *,
    dependent: bool = False,
    merged: Mapping[str, Mapping] | None = None,
) -> Prepared:
    """Check the data of a regression and lay out its design; raises as `fit_logistic`.

    Parameters
    ----------
    frame, y, terms, knots, merged
        As in `fit_logistic`.
    dependent : bool, default False
        Of a penalised fit: terms may be computed from others, and every declared level has its
        column, also one that nobody has.
    """
    y = as_labels(y, "y")
    joined = [t for t in terms if t not in frame and ("*" in t or ":" in t)]
    if joined:
        raise ValueError(
            f"terms: {joined} is an interaction. Every term here adds to the log odds on its own, "
            "as a nomogram shows it; fit the groups apart, or add a column that holds the product."
        )
    merged = {term: dict(into) for term, into in (merged or {}).items() if term in terms}
    chosen = merge_levels(as_columns(frame, terms), merged)
    if len(chosen) != len(y):
        raise ValueError(f"y: expected {len(chosen)} values, one per row of frame, got {len(y)}.")
    constant = [term for term in chosen if chosen[term].nunique() < 2]
    if constant:
        raise ValueError(f"terms: {', '.join(constant)} has a single value; leave it out.")
    levels = {t: _levels(chosen[t], unused=dependent) for t in chosen if is_categorical(chosen[t])}
    knots = {term: list(at) for term, at in (knots or {}).items()}
    strange = [term for term in knots if term not in chosen or term in levels]
    if strange:
        raise ValueError(f"knots: {strange} are not continuous terms of this regression.")
    columns, names, blocks = design(chosen, levels, knots)
    if not dependent:
        _check_rank(columns, names)
    notes = [] if dependent else _unused_levels(chosen)
    return Prepared(y, chosen, levels, knots, columns, names, blocks, notes, merged)


def _unused_levels(frame: pd.DataFrame) -> list[str]:
    """One sentence per Categorical column with categories that no patient has."""
    notes = []
    for term in frame.select_dtypes("category"):
        unused = [c for c in frame[term].cat.categories if not (frame[term] == c).any()]
        if unused:
            notes.append(f"{term}: no patient has {', '.join(map(str, unused))}; left out.")
    return notes


def _levels(values: pd.Series, *, unused: bool = False) -> list:
    """Levels that occur: declared order for a Categorical, else sorted as R's factor().

    With `unused` all that a Categorical declares.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        found = values if unused else values.cat.remove_unused_categories()
        return found.cat.categories.tolist()
    return sorted(values.unique().tolist())


def dashes(knots: Sequence[float]) -> list[str]:
    """Endings of the names of a continuous term's columns: "", "'", "''" ..."""
    return ["'" * k for k in range(max(len(knots) - 1, 1))]


def design(
    frame: pd.DataFrame, levels: Mapping[str, list], knots: Mapping[str, list[float]]
) -> tuple[np.ndarray, list[str], dict[str, list[int]]]:
    """Design matrix with treatment contrasts.

    Parameters
    ----------
    frame : DataFrame, shape (n_patients, n_terms)
        Columns in the order of the terms.
    levels : mapping of categorical term to its levels
        The reference first; every other level has a column of 0 and 1.
    knots : mapping of continuous term to knots
        Of those with a restricted cubic spline; the others enter as they are.

    Returns
    -------
    columns : ndarray of float, shape (n_patients, n_coefficients)
        The first holds ones.
    names : list of str
        Of the columns: "(Intercept)", "age", "age'", "margin=Irregular".
    blocks : dict of str to list of int
        Term -> its columns.

    Raises
    ------
    ValueError
        For a level that is none of `levels`, and a value that is missing or infinite.
    """
    columns, names, blocks = [np.ones(len(frame))], ["(Intercept)"], {}
    for term in frame.columns:
        start = len(columns)
        if term in levels:
            values = frame[term].astype(object).to_numpy()
            unseen = sorted(set(values.tolist()) - set(levels[term]), key=repr)
            if unseen:
                raise ValueError(
                    f"{term}: level {unseen[0]!r} did not occur in the training patients, which "
                    f"had {levels[term]}. Merge it with one of these where the cohort is read."
                )
            columns += [(values == level).astype(float) for level in levels[term][1:]]
            names += [f"{term}={level}" for level in levels[term][1:]]
        else:
            values = as_scores(frame[term], term)
            columns += list(spline_basis(values, knots[term]).T) if term in knots else [values]
            names += [f"{term}{dash}" for dash in dashes(knots.get(term, []))]
        blocks[term] = list(range(start, len(columns)))
    return np.column_stack(columns), names, blocks


def independent_terms(frame: pd.DataFrame, terms: list[str]) -> list[str]:
    """Terms without those of which a column can be computed from the columns before it.

    Parameters
    ----------
    frame : DataFrame, shape (n_patients, n_columns)
    terms : list of str
        Columns with two values or more.
    """
    chosen = as_columns(frame, terms)
    levels = {t: _levels(chosen[t]) for t in chosen if is_categorical(chosen[t])}
    columns, _, blocks = design(chosen, levels, {})
    redundant = set(redundant_columns(columns))
    return [term for term in terms if not redundant.intersection(blocks[term])]


def _check_rank(design: np.ndarray, names: list[str]) -> None:
    """Raise when a column is a combination of those before it, naming it."""
    redundant = [names[k] for k in redundant_columns(design)]
    if not redundant:
        return
    raise ValueError(
        f"terms: {', '.join(redundant)} can be computed from the terms before it in all "
        f"{len(design)} patients. Drop a term, or merge rare levels."
    )
