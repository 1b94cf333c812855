"""Signatures of images as they are handed on: all that turns features into a nomogram's term.

A signature of the classical recipe is one classifier, fitted to all training patients. That of the
sound recipe is all those that were fitted without a fold: their log odds are averaged and
calibrated, as `models.out_of_fold` does for a patient of another cohort.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from thyro.frozen.archive import FrozenError
from thyro.statistics import OddsCalibration, log_odds
from thyro.study import RECIPES, FeatureTable

if TYPE_CHECKING:
    from thyro.radiomics import Combat

RECIPE = {recipe.name: recipe for recipe in RECIPES}


@dataclass(frozen=True)
class Centres:
    """How features are brought to a common scale, where a study harmonises them."""

    preserved: tuple[str, ...]  # variables whose effects on the features stay
    unseen: str  # "pass" or "own": what becomes of a centre that taught nothing


@dataclass(frozen=True)
class Member:
    """One fitted classifier, with what its features go through before it."""

    features: list[str]  # as they are measured
    median: list[float]  # of training patients, where a value could not be measured
    classifier: bytes  # in skops format; it scales by its own training patients first
    combat: "Combat | None" = None

    def prepared(
        self,
        features: pd.DataFrame,
        centre: pd.Series | None,
        covariates: pd.DataFrame | None,
        unseen: str,
    ) -> pd.DataFrame:
        """Features as the classifier takes them, shape (n_patients, n_features)."""
        values = features[self.features]
        if self.combat is not None:
            values = self.combat.apply(values, centre, covariates=covariates, unseen=unseen)
        if not values.isna().to_numpy().any():  # looking at each column takes longer than a fold
            return values
        return values.fillna(pd.Series(self.median, self.features))


@dataclass(frozen=True)
class Signature:
    """The term of a nomogram that images give."""

    name: str  # of the model: "SR_SVM"
    recipe: str  # "paper" or "sound"
    table: FeatureTable  # which features it reads, of which images
    members: list[Member]
    calibration: OddsCalibration | None  # of the mean log odds; None: one classifier's probability
    centres: Centres | None = None
    _loaded: dict[int, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def features(self) -> list[str]:
        """Every feature that a member reads, each once."""
        return list(dict.fromkeys(name for one in self.members for name in one.features))

    def values(self, features: pd.DataFrame, patients: pd.DataFrame) -> pd.Series:
        """The signature of each patient, on the scale of the nomogram.

        Parameters
        ----------
        features : DataFrame of float, shape (n_patients, n_features)
            As measured; NaN where one could not be.
        patients : DataFrame, same index
            `centre` and the preserved variables, where features are harmonised.

        Raises
        ------
        FrozenError
            If a feature is absent, or a centre or a preserved variable that is needed.
        """
        p = self.probabilities(features, patients)
        return pd.Series(log_odds(p) if RECIPE[self.recipe].as_log_odds else p, features.index)

    def probabilities(self, features: pd.DataFrame, patients: pd.DataFrame) -> np.ndarray:
        """As the study's predictions of the model, shape (n_patients,); raises as `values`."""
        from thyro import models  # scikit-learn takes a second

        absent = [name for name in self.features if name not in features]
        if absent:
            raise FrozenError(
                f"features: {len(absent)} of the {len(self.features)} that {self.name} reads are "
                f"not there, the first {absent[0]!r}. It reads the table {self.table.file}."
            )
        centre, covariates, unseen = self._of_centres(patients.loc[features.index])
        each = []
        for i, one in enumerate(self.members):
            if i not in self._loaded:
                self._loaded[i] = models.classifier_from_bytes(one.classifier)
            X = one.prepared(features, centre, covariates, unseen)
            each.append(models.predict(self._loaded[i], X).to_numpy())
        if self.calibration is None:
            return each[0]
        return self.calibration(sum(log_odds(p) for p in each) / len(each))

    def _of_centres(self, patients: pd.DataFrame):
        """Centre and covariates of patients, and what is done with an unseen centre."""
        if self.centres is None:
            return None, None, "pass"
        needed = ["centre", *self.centres.preserved]
        gaps = [name for name in needed if name not in patients or patients[name].isna().any()]
        if gaps:
            raise FrozenError(
                f"{gaps[0]}: needed, because the features of {self.name} are harmonised by centre. "
                f"Give it by --set {gaps[0]}=VALUE, or as a column of the table."
            )
        covariates = None
        if self.centres.preserved:
            chosen = patients[list(self.centres.preserved)]
            covariates = pd.get_dummies(chosen, drop_first=True, dtype=float)
        return patients["centre"].astype(str), covariates, self.centres.unseen

    def to_members(self) -> dict[str, bytes]:
        """As members of a file of frozen models."""
        folder = f"signatures/{self.name}"
        about = {
            "name": self.name,
            "recipe": self.recipe,
            "table": [self.table.image_set, self.table.features, self.table.variant],
            "calibration": self.calibration
            and [self.calibration.intercept, self.calibration.slope],
            "centres": self.centres and [list(self.centres.preserved), self.centres.unseen],
            "members": [
                {
                    "features": one.features,
                    "median": one.median,
                    "combat": one.combat and one.combat.to_dict(),
                }
                for one in self.members
            ],
        }
        members = {f"{folder}/signature.json": json.dumps(about, indent=1).encode()}
        for i, one in enumerate(self.members):
            members[f"{folder}/classifier_{i:03d}.skops"] = one.classifier
        return members

    @classmethod
    def from_members(cls, name: str, members: Mapping[str, bytes]) -> "Signature":
        """Rebuild what `to_members` wrote."""
        folder = f"signatures/{name}"
        about = json.loads(members[f"{folder}/signature.json"])
        made = []
        for i, one in enumerate(about["members"]):
            learned = None
            if one["combat"]:
                from thyro import radiomics  # seconds, and only where features are harmonised

                learned = radiomics.Combat.from_dict(one["combat"])
            made.append(
                Member(
                    **one | {"combat": learned},
                    classifier=members[f"{folder}/classifier_{i:03d}.skops"],
                )
            )
        calibration, centres = about["calibration"], about["centres"]
        return cls(
            name=about["name"],
            recipe=about["recipe"],
            table=FeatureTable(*about["table"]),
            members=made,
            calibration=calibration and OddsCalibration(*calibration),
            centres=centres and Centres(tuple(centres[0]), centres[1]),
        )
