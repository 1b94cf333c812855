"""What images tell of a simulated truth, and how well anybody could predict with it.

An oracle knows the latents of the training patients, which no model of a study does, and learns to
read them off the features of an image set. What it cannot read is not in these features; what a
model of the outcome leaves unused although the oracle reads it, the model has failed to learn.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import ndtri
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer

from thyro import statistics
from thyro.core import as_level
from thyro.simulate.risk import LATENTS

FOLDS = 10
PENALTIES = np.logspace(0, 6, 13)  # of the ridge, on features of SD 1; leave-one-out chooses
LEAST_RANGE = 1e-7  # of a feature; some bands hold only the rounding noise of a single slice
LEAST_RANK = 1e-7  # of the smallest value, as in sklearn; the largest lacks as much to 1
CLINICAL, TRUE_RISK = "clinical terms", "true risk"  # what a ceiling knows


def read_latents(features: pd.DataFrame, latents: pd.DataFrame, train: pd.Series) -> pd.DataFrame:
    """Predict latents from features by ridge regression.

    Parameters
    ----------
    features : DataFrame, shape (n_patients, n_features)
        One row per patient; NaN where a feature could not be measured.
    latents : DataFrame, shape (n_patients, n_latents)
        On the same index, drawn with mean 0; only those of training patients are learned from.
    train : Series of bool, shape (n_patients,)
        Who trains. They are predicted by tenfold cross-validation, the others by the fit on all
        of them.

    Returns
    -------
    DataFrame, shape of `latents`
    """
    if train.sum() < FOLDS:
        raise ValueError(f"train: expected at least {FOLDS} patients, got {train.sum()}.")
    spread = features[train].max() - features[train].min()
    usable = features.columns[spread > LEAST_RANGE]
    x, z = features[usable].to_numpy(float), latents.to_numpy(float)
    inside = train.to_numpy(bool)
    # Ranks, for many features are skewed beyond what a line can use. No intercept: the latents have
    # mean 0, and that of nine folds errs to the side away from the tenth.
    model = make_pipeline(
        SimpleImputer(strategy="median"),
        QuantileTransformer(n_quantiles=min(100, inside.sum() // 2)),
        FunctionTransformer(_normal_scores),
        RidgeCV(PENALTIES, alpha_per_target=True, fit_intercept=False),
    )
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    read = np.empty_like(z)
    read[inside] = cross_val_predict(model, x[inside], z[inside], cv=folds)
    if not inside.all():
        read[~inside] = model.fit(x[inside], z[inside]).predict(x[~inside])
    return pd.DataFrame(read, latents.index, latents.columns)


def _normal_scores(ranks: np.ndarray) -> np.ndarray:
    """Normal quantiles of ranks from 0 to 1; sklearn's own take four times as long."""
    return ndtri(np.clip(ranks, LEAST_RANK, 1 - LEAST_RANK))


def latent_correlations(
    latents: pd.DataFrame,
    read: Mapping[str, pd.DataFrame],
    split: pd.Series,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Pearson correlation of every latent with what was read of it.

    Parameters
    ----------
    latents : DataFrame, shape (n_patients, n_latents)
    read : mapping of str to DataFrame
        `read_latents` by the name of the features.
    split : Series, shape (n_patients,)
        "train", "test" or "external".
    level : float, default 0.95
        Coverage of the intervals, by Fisher's transformation.

    Returns
    -------
    DataFrame
        One row per latent, features and cohort: latent, features, cohort, r, ci_low, ci_high, n.
    """
    half = stats.norm.isf((1 - as_level(level)) / 2)
    rows = []
    for latent in latents:
        for features, found in read.items():
            for cohort, chosen in statistics.cohorts(split).items():
                n = int(chosen.sum())
                pair = latents.loc[chosen, latent], found.loc[chosen, latent]
                r = np.corrcoef(*pair)[0, 1] if min(map(np.ptp, pair)) > 0 else np.nan
                reach = half / np.sqrt(n - 3) if n > 3 else np.inf
                low, high = np.tanh(np.arctanh(r) + np.array([-reach, reach]))
                which = {"latent": latent, "features": features, "cohort": cohort}
                rows.append(which | {"r": r, "ci_low": low, "ci_high": high, "n": n})
    return pd.DataFrame(rows)


def ceilings(
    y: pd.Series,
    truth: pd.DataFrame,
    read: Mapping[str, pd.DataFrame],
    split: pd.Series,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """AUC of those who know the true model, by how much they see of a patient.

    The latents are independent of the clinical terms, and what is read of a latent stands for its
    mean given the image. So no score of the same knowledge ranks patients better on average.

    Parameters
    ----------
    y : Series of int, shape (n_patients,)
    truth : DataFrame, shape (n_patients, n_columns)
        `clinical_predictor` and `linear_predictor` of the patients; attrs["coefficients"] holds the
        log odds of the latents.
    read : mapping of str to DataFrame
        As in `latent_correlations`.
    split : Series
        As there.
    level : float, default 0.95
        Coverage of DeLong's intervals.

    Returns
    -------
    DataFrame
        One row per knowledge and cohort: knows ("clinical terms", "clinical terms and " the
        features the latents are read off, "true risk"), cohort, auc, ci_low, ci_high, n, events.
    """
    weights = pd.Series(truth.attrs["coefficients"])[[*LATENTS]]
    clinical = truth["clinical_predictor"]
    known = {CLINICAL: clinical}
    known |= {f"{CLINICAL} and {name}": clinical + found @ weights for name, found in read.items()}
    known |= {TRUE_RISK: truth["linear_predictor"]}
    rows = []
    for name, score in known.items():
        for cohort, chosen in statistics.cohorts(split).items():
            auc = statistics.auc_ci(y[chosen], score[chosen], level=level)
            which = {"knows": name, "cohort": cohort, "auc": auc.auc}
            which |= {"ci_low": auc.ci_low, "ci_high": auc.ci_high}
            rows.append(which | {"n": int(chosen.sum()), "events": int(y[chosen].sum())})
    return pd.DataFrame(rows)
