"""ComBat: features of several centres brought to a common location and scale.

What is learned of a centre is learned from the patients that are given, and applied unchanged to
others: training patients teach, test patients of the same centre are moved as these were. No
outcome is looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

CONVERGED = 1e-4  # relative change at which the empirical Bayes iteration stops, as R's sva
UNSEEN = ("refuse", "pass", "own")  # what becomes of a centre that taught nothing


@dataclass(frozen=True)
class Combat:
    """What was learned of each centre, and how features are moved by it."""

    centres: list[str]  # that taught
    moved: pd.Index  # features that are harmonised; the others stay as they are
    effects: pd.DataFrame  # of the covariates, per covariate and moved feature
    mean: pd.Series  # grand mean of every moved feature, covariates at 0
    sd: pd.Series  # pooled within centres
    shift: pd.DataFrame  # in SD, centre x moved feature
    scale: pd.DataFrame  # factor on the SD, centre x moved feature
    reference: str | None  # centre to which the others are moved; it stays as it is
    mean_only: bool
    parametric: bool

    def apply(
        self,
        features: pd.DataFrame,
        centre: ArrayLike,
        *,
        covariates: pd.DataFrame | None = None,
        unseen: str = "refuse",
    ) -> pd.DataFrame:
        """Features of any patients, moved by what their centre taught.

        Parameters
        ----------
        features : DataFrame of float, shape (n_patients, n_features)
        centre : array_like of str, shape (n_patients,)
        covariates : DataFrame of float, shape (n_patients, n_covariates), optional
            As those it was learned with.
        unseen : "refuse", "pass" or "own"
            Of a centre that taught nothing: an error, its features as they are, or shift and
            scale learned from these patients of the centre themselves, with all else as it is.

        Raises
        ------
        ValueError
            For an unseen centre where it is refused, or fewer than two patients of one that is to
            teach itself.
        """
        named = np.asarray(centre).astype(str)
        strange = [name for name in dict.fromkeys(named.tolist()) if name not in self.centres]
        if strange and unseen == "refuse":
            raise ValueError(
                f"centre {strange[0]!r} has no training patient, so nothing is known of its "
                f"features; learned: {', '.join(self.centres)}. `unseen_centre: pass` leaves them "
                "as they are."
            )
        z = self._standardised(features, covariates)
        values = features[self.moved].to_numpy(float, copy=True)
        stays = [name for name in dict.fromkeys(named.tolist()) if name == self.reference]
        stays += strange if unseen == "pass" else []
        if np.isin(named, stays).all():
            return features
        for name in dict.fromkeys(named.tolist()):
            rows = named == name
            if name in stays:
                continue
            shift, scale = (
                self._own(z[rows], name)
                if name in strange
                else (self.shift.loc[name], self.scale.loc[name])
            )
            level = values[rows] - (self.sd * z[rows]).to_numpy()
            values[rows] = level + (self.sd * (z[rows] - shift) / scale).to_numpy()
        moved = pd.DataFrame(values, features.index, self.moved)
        rest = features[features.columns.difference(self.moved, sort=False)]
        return pd.concat([moved, rest], axis=1)[list(features)]

    def _standardised(
        self, features: pd.DataFrame, covariates: pd.DataFrame | None
    ) -> pd.DataFrame:
        level = self.mean + _effect(covariates, self.effects, features.index)
        return (features[self.moved] - level) / self.sd

    def _own(self, z: pd.DataFrame, name: str) -> tuple[pd.Series, pd.Series]:
        """Shift and scale of a centre from its own patients."""
        if len(z) < 2:
            raise ValueError(f"centre {name!r}: one patient cannot tell its shift and scale.")
        shift, scale = _estimates(
            z.to_numpy(), parametric=self.parametric, mean_only=self.mean_only
        )
        return pd.Series(shift, self.moved), pd.Series(scale, self.moved)


def learn_combat(
    features: pd.DataFrame,
    centre: ArrayLike,
    *,
    covariates: pd.DataFrame | None = None,
    parametric: bool = True,
    mean_only: bool = False,
    reference: str | None = None,
) -> Combat:
    """Learn the shift and the scale of every centre, as R's sva::ComBat.

    Each feature is standardised by its grand mean, the effects of the covariates and its SD within
    centres; empirical Bayes draws what a centre is off in one feature towards what it is off in
    all. A feature that is constant in a centre, or has a missing value, stays as it is. A single
    centre is its own reference: nothing is moved.

    Parameters
    ----------
    features : DataFrame of float, shape (n_patients, n_features)
    centre : array_like of str, shape (n_patients,)
    covariates : DataFrame of float, shape (n_patients, n_covariates), optional
        Columns whose effects on the features are kept, such as age: they may differ between
        centres for reasons that are no fault of a scanner.
    parametric : bool, default True
        Normal and inverse gamma priors; else the empirical ones.
    mean_only : bool, default False
        Scales stay as they are.
    reference : str, optional
        Centre that stays as it is, and to which the others are moved.

    Raises
    ------
    ValueError
        If lengths differ, a centre has fewer than two patients, covariates and centres cannot be
        told apart, or the reference is unknown.

    References
    ----------
    Johnson, Li, Rabinovic (2007), Biostatistics 8:118-127. Fortin et al. (2018), NeuroImage
    167:104-120 (features of images).
    """
    named = np.asarray(centre).astype(str)
    if len(named) != len(features):
        raise ValueError(f"centre: expected {len(features)} values, got {len(named)}.")
    counts = pd.Series(named).value_counts(sort=False).sort_index()
    if counts.min() < 2:
        raise ValueError(f"centre {counts.idxmin()!r}: at least two patients are needed.")
    if reference is not None and reference not in counts.index:
        raise ValueError(f"reference {reference!r} is none of {', '.join(counts.index)}.")
    if len(counts) == 1:
        reference = counts.index[0]
    X = features.to_numpy(float)
    moves = np.isfinite(X).all(axis=0)
    for name in counts.index:
        moves &= np.ptp(np.where(np.isfinite(X[named == name]), X[named == name], 0), axis=0) > 0
    moved, X = features.columns[moves], X[:, moves]
    of_centre = np.column_stack([named == name for name in counts.index]).astype(float)
    if covariates is not None:  # a level that nobody here has tells nothing
        covariates = covariates.loc[:, covariates.nunique() > 1]
    kept = np.empty((len(X), 0)) if covariates is None else covariates.to_numpy(float)
    design = np.column_stack([of_centre, kept])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError(
            "covariates: centres and covariates cannot be told apart (a covariate is constant in "
            "every centre, or follows from others). Name fewer."
        )
    beta = np.linalg.lstsq(design, X, rcond=None)[0]
    k = len(counts)
    chosen = counts.index == reference
    mean = beta[:k][chosen][0] if reference else (counts.to_numpy() / len(X)) @ beta[:k]
    within = named == reference if reference else np.ones(len(X), dtype=bool)
    sd = np.sqrt(np.mean((X - design @ beta)[within] ** 2, axis=0))
    z = (X - mean - kept @ beta[k:]) / sd
    learned = [
        (np.zeros(len(moved)), np.ones(len(moved)))
        if name == reference
        else _estimates(z[named == name], parametric=parametric, mean_only=mean_only)
        for name in counts.index
    ]
    return Combat(
        centres=counts.index.tolist(),
        moved=moved,
        effects=pd.DataFrame(
            beta[k:], [] if covariates is None else list(covariates), columns=moved
        ),
        mean=pd.Series(mean, moved),
        sd=pd.Series(sd, moved),
        shift=pd.DataFrame([shift for shift, _ in learned], counts.index, moved),
        scale=pd.DataFrame([scale for _, scale in learned], counts.index, moved),
        reference=reference,
        mean_only=mean_only,
        parametric=parametric,
    )


def combat(
    features: pd.DataFrame,
    batch: ArrayLike,
    *,
    covariates: pd.DataFrame | None = None,
    parametric: bool = True,
    mean_only: bool = False,
    reference: str | None = None,
) -> tuple[pd.DataFrame, Combat]:
    """Harmonised features of the patients that taught, and what was learned.

    Parameters
    ----------
    features, covariates, parametric, mean_only, reference
        As in `learn_combat`.
    batch : array_like, shape (n_patients,)
        The centre, or scanner, of every patient.
    """
    reference = None if reference is None else str(reference)
    learned = learn_combat(
        features,
        batch,
        covariates=covariates,
        parametric=parametric,
        mean_only=mean_only,
        reference=reference,
    )
    return learned.apply(features, batch, covariates=covariates), learned


@dataclass(frozen=True)
class Harmonisation:
    """How a study harmonises: whose centre and covariates are known, and what is done with both."""

    centre: pd.Series  # of every patient, by patient_id
    covariates: pd.DataFrame | None  # of every patient, numbers
    unseen: str  # as in `Combat.apply`

    def __call__(self, training: pd.DataFrame) -> Callable[[pd.DataFrame], pd.DataFrame]:
        """Learn from training patients, by the index of their features; gives what moves others.

        A centre that has a single patient here is one that was never seen.
        """
        centre = self.centre.loc[training.index]
        teach = centre.groupby(centre).transform("size").gt(1).to_numpy()
        training, centre = training[teach], centre[teach]
        learned = learn_combat(training, centre, covariates=self._of(training.index))
        return lambda features: learned.apply(
            features,
            self.centre.loc[features.index],
            covariates=self._of(features.index),
            unseen=self.unseen,
        )

    def _of(self, patients: pd.Index) -> pd.DataFrame | None:
        return None if self.covariates is None else self.covariates.loc[patients]


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


def _effect(
    covariates: pd.DataFrame | None, effects: pd.DataFrame, patients: pd.Index
) -> pd.DataFrame | float:
    """What the covariates of patients add to every feature."""
    if effects.empty:
        return 0.0
    if covariates is None:
        raise ValueError(f"covariates: expected {', '.join(effects.index)}, as in learning.")
    values = covariates[effects.index].to_numpy(float) @ effects.to_numpy()
    return pd.DataFrame(values, patients, effects.columns)


def _estimates(
    z: np.ndarray, *, parametric: bool, mean_only: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Shift and scale of one centre from its standardised features, shape (n, n_features)."""
    shift = z.mean(axis=0)
    variance = np.ones(z.shape[1]) if mean_only else z.var(axis=0, ddof=1)
    if z.shape[1] < 2:  # nothing to borrow from
        return shift, np.sqrt(variance)
    centre, spread = shift.mean(), shift.var(ddof=1)
    if mean_only:
        if parametric:
            # sva counts a centre as one patient here, and so draws harder towards the mean.
            drawn = (spread * shift + centre) / (spread + 1)
        else:
            drawn, _ = _empirical(z, shift, variance)
        return drawn, np.ones(z.shape[1])
    found = (
        _iterated(z, shift, variance, centre, spread)
        if parametric
        else _empirical(z, shift, variance)
    )
    return found[0], np.sqrt(found[1])


def _iterated(
    z: np.ndarray, shift: np.ndarray, variance: np.ndarray, centre: float, spread: float
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior means under a normal and an inverse gamma prior, one given the other."""
    n, mean, var = len(z), variance.mean(), variance.var(ddof=1)
    if var == 0 or spread == 0:  # the priors are points
        return np.full_like(shift, centre), np.full_like(variance, mean)
    a, b = (2 * var + mean**2) / var, (mean * var + mean**3) / var
    g, d, change = shift, variance, 1.0
    while change > CONVERGED:
        new_g = (spread * n * shift + d * centre) / (spread * n + d)
        new_d = (0.5 * ((z - new_g) ** 2).sum(axis=0) + b) / (n / 2 + a - 1)
        change = max(np.max(np.abs(new_g - g) / np.abs(g)), np.max(np.abs(new_d - d) / d))
        g, d = new_g, new_d
    return g, d


def _empirical(
    z: np.ndarray, shift: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means of the other features' shifts and scales, weighted by the likelihood of each."""
    n, found = len(z), []
    for k in range(z.shape[1]):
        others = np.arange(z.shape[1]) != k
        g, d = shift[others], variance[others]
        squares = ((z[:, k, None] - g) ** 2).sum(axis=0)
        likelihood = -n / 2 * np.log(2 * np.pi * d) - squares / (2 * d)
        weight = np.exp(likelihood - likelihood.max())
        found.append((weight @ g / weight.sum(), weight @ d / weight.sum()))
    g, d = np.array(found).T
    return g, d
