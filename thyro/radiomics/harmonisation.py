"""How a study harmonises its features by centre: whose centre is known, and who teaches whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from thyro.radiomics.combat import Combat, learn_combat


@dataclass(frozen=True)
class Harmonisation:
    """How a study harmonises: whose centre and covariates are known, and what is done with both."""

    centre: pd.Series  # of every patient, by patient_id
    covariates: pd.DataFrame | None  # of every patient, numbers
    unseen: str  # as in `Combat.apply`

    def __call__(self, training: pd.DataFrame) -> "Move":
        """Learn from training patients, by the index of their features; gives what moves others.

        A centre that has a single patient here is one that was never seen.
        """
        centre = self.centre.loc[training.index]
        teach = centre.groupby(centre).transform("size").gt(1).to_numpy()
        training, centre = training[teach], centre[teach]
        learned = learn_combat(training, centre, covariates=self._of(training.index))
        return Move(learned, self)

    def _of(self, patients: pd.Index) -> pd.DataFrame | None:
        return None if self.covariates is None else self.covariates.loc[patients]


@dataclass(frozen=True)
class Move:
    """What training patients taught, applied to features of patients of the study."""

    learned: Combat
    how: Harmonisation

    def __call__(self, features: pd.DataFrame) -> pd.DataFrame:
        """Features of the same shape, each centre moved."""
        return self.learned.apply(
            features,
            self.how.centre.loc[features.index],
            covariates=self.how._of(features.index),
            unseen=self.how.unseen,
        )


def harmonisation(
    cases: pd.DataFrame, how: str, preserved: Sequence[str] = (), unseen: str = "pass"
) -> Harmonisation | None:
    """The harmonisation of a study; None where there is none.

    Parameters
    ----------
    cases : DataFrame, index patients
        All included, with `centre` and the preserved variables.
    how : "none" or "combat"
    preserved : sequence of str
        Variables whose effects on the features stay. A level that no training patient has counts as
        the first.
    unseen : "refuse", "pass" or "own"
        As in `Combat.apply`; refused centres have stopped the study before, so that one which is
        unseen here only lacks in a part of the training patients, and passes.
    """
    if how == "none":
        return None
    covariates = None
    if preserved:
        covariates = pd.get_dummies(cases[list(preserved)], drop_first=True, dtype=float)
    return Harmonisation(cases["centre"], covariates, "own" if unseen == "own" else "pass")


def unseen_patients(how: Harmonisation | None, training: pd.Index) -> pd.Index:
    """Patients of centres that no training patient belongs to; none where nothing is harmonised."""
    if how is None:
        return pd.Index([])
    return how.centre.index[~how.centre.isin(how.centre.loc[training])]


def both_ways(how: Harmonisation) -> tuple[Harmonisation, Harmonisation]:
    """The same that lets unseen centres pass, and that learns from their own patients."""
    return replace(how, unseen="pass"), replace(how, unseen="own")


def harmonised(
    tables: Mapping[str, pd.DataFrame], how: Harmonisation | None, training: pd.Index
) -> dict[str, pd.DataFrame]:
    """Feature tables with each centre moved as its training patients teach; as they are without."""
    if how is None:
        return dict(tables)
    return {name: how(values.loc[training])(values) for name, values in tables.items()}
