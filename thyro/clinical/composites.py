"""Scores that follow from other candidates, such as ACR TI-RADS from the signs that it counts.

A score beside its parts says the same twice: in screening it competes with them, and in a model of
all candidates no coefficient of either means anything. That one variable is a score of others is
known before any patient is, by its definition, so a study declares it (`composed_of`). Data alone
could not tell which is the score: where a sum and all parts but one are known, so is the last part,
and a rare sign may be told by others by accident. They check what was declared, and hint at what
was not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from thyro.core import as_columns, as_one_of
from thyro.statistics import is_categorical
from thyro.study import told_from_parts

STAYS = ("parts", "score")  # which of both are candidates
CONFIRMED = 10  # patients of a level who repeat what another one showed, of an undeclared score


@dataclass(frozen=True)
class Composite:
    """A score among the candidates whose parts are all there, and what training says of it."""

    score: str
    parts: list[str]
    left_out: list[str]  # the score, or its parts
    combinations: int  # of the parts' values that occur
    shared: int  # patients who have a combination that another patient has too


@dataclass(frozen=True)
class Candidates:
    """What a clinical model chooses from."""

    names: list[str]
    composites: list[Composite]
    undeclared: dict[str, list[str]]  # what looks like a score, and of which: nothing was done

    def to_dict(self) -> dict:
        """Plain lists and numbers for JSON, without the names."""
        return {"composites": [asdict(one) for one in self.composites]} | {
            "undeclared": self.undeclared
        }


def without_composites(
    frame: pd.DataFrame,
    dictionary: Mapping[str, Mapping],
    candidates: Sequence[str],
    *,
    stays: str = "parts",
) -> Candidates:
    """Leave either a score or its parts out of the candidates.

    A score counts as one where it and all of its parts are candidates. No outcome is looked at.

    Parameters
    ----------
    frame : DataFrame
        One row per training patient.
    dictionary : mapping of variable to mapping
        As declared; `composed_of` names the parts of a score.
    candidates : sequence of str
        Columns of `frame`.
    stays : "parts" or "score"
        The parts tell more, and the model weighs them itself; the score has fewer coefficients.

    Raises
    ------
    ValueError
        If patients with the same parts have different scores, or nothing is left.
    """
    as_one_of(stays, "stays", STAYS)
    composed = {name: list(entry.get("composed_of") or []) for name, entry in dictionary.items()}
    told = told_from_parts(composed, candidates, stays=stays)
    found = [_checked(frame, score, composed[score], out) for score, out in told.items()]
    out = {name for of_score in told.values() for name in of_score}
    names = [name for name in candidates if name not in out]
    if not names:
        raise ValueError("candidates: nothing is left beside scores and their parts.")
    looked_at = [name for name in names if not composed[name]]
    return Candidates(names, found, undeclared_scores(frame, looked_at))


def undeclared_scores(
    frame: pd.DataFrame, candidates: Sequence[str], *, confirmed: int = CONFIRMED
) -> dict[str, list[str]]:
    """Candidates that look like scores of others, for a hint: the choice is the reader's.

    Looked at are variables with levels. One is taken for a score where patients who are alike in
    some others, the fewest that do, never differ in it, and in each of two levels of it at least
    `confirmed` patients repeat a combination that another patient of the level showed first. A
    combination that only one patient has says nothing, so a column that differs in every patient
    makes no score and is part of none.

    Returns
    -------
    dict of score to list of parts
        Empty where nothing looks like one.
    """
    levelled = [name for name in candidates if is_categorical(frame[name])]
    found = {}
    for score in levelled:
        parts = [name for name in levelled if name != score]
        if frame[score].nunique() > 1 and _follows(frame, score, parts):
            for name in list(parts):
                fewer = [part for part in parts if part != name]
                parts = fewer if fewer and _follows(frame, score, fewer) else parts
            if _repeated(frame, score, parts) >= confirmed:
                found[score] = parts
    return found


def _checked(frame: pd.DataFrame, score: str, parts: list[str], out: list[str]) -> Composite:
    known = as_columns(frame, [*parts, score])
    groups = known.groupby(parts, observed=True, sort=False)[score]
    differing = groups.nunique().loc[lambda values: values > 1]
    sizes = groups.size()
    if len(differing):
        first = differing.index[0]
        values = ", ".join(f"{p} {v}" for p, v in zip(parts, _as_tuple(first), strict=True))
        had = ", ".join(sorted(map(str, groups.get_group(_as_tuple(first)).unique())))
        raise ValueError(
            f"{score}: declared as `composed_of` {', '.join(parts)}, but training patients with "
            f"{values} have {had}, and {len(differing)} of {len(sizes)} combinations differ so. "
            "Correct the table, or take `composed_of` away and name the `nomogram.candidates`."
        )
    shared = int(sizes[sizes > 1].sum())
    return Composite(score, parts, out, len(sizes), shared)


def _as_tuple(key: object) -> tuple:
    return key if isinstance(key, tuple) else (key,)


def _follows(frame: pd.DataFrame, score: str, parts: Sequence[str]) -> bool:
    """Whether no two patients who are alike in `parts` differ in `score`."""
    if not parts:
        return False
    together = frame[[*parts, score]].drop_duplicates()
    return not together.duplicated(list(parts)).any()


def _repeated(frame: pd.DataFrame, score: str, parts: Sequence[str]) -> int:
    """Patients who repeat a combination of `parts`, in the level of `score` with second most."""
    again = frame.duplicated([*parts, score])
    return int(again.groupby(frame[score], observed=True).sum().nlargest(2).iloc[-1])
