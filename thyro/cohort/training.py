"""What would stop the models of 02 and 04 for want of training patients, long after 00."""

import math
from collections.abc import Mapping

import pandas as pd

from thyro.study import TRAIN

FEWEST_OF_OUTCOME = 2  # in what is left without a fold: inner folds want one on either side
FEWEST_OF_TUNING = 3  # of a network: two patients that train, one who is watched


def check_training(
    y: pd.Series,
    split: pd.Series,
    *,
    needed: Mapping[str, int],
    outer_folds: int,
    tuned: bool,
    centre: pd.Series | None = None,
) -> list[str]:
    """Which models have too few training patients, as problems; none where nothing is fitted.

    The least that a model is fitted on is what the cross-fitting leaves without its largest fold.

    Parameters
    ----------
    y : Series of int
        1 with the outcome, 0 without, by patient.
    split : Series of str
        "train", and names of other cohorts, by the same index.
    needed : mapping of classifier to int
        Patients that each needs (`study.patients_needed`); empty where no model is fitted.
    outer_folds : int
        As in the section `models` of a study.
    tuned : bool
        Whether networks are fine-tuned.
    centre : Series of str, optional
        By the same index, where every centre of the training patients is a fold.
    """
    if not needed:
        return []
    train = split == TRAIN
    y = y[train]
    n, rarer = len(y), _rarer(y)
    if centre is None:
        folds = max(2, min(outer_folds, rarer))
        left, rest = n - math.ceil(n / folds), rarer - math.ceil(rarer / folds)
    else:
        centre = centre[train]
        left = n - int(centre.value_counts().max())
        rest = min(_rarer(y[centre != one]) for one in centre.unique())
    lines = [
        f"`models.classifiers`: {name} needs {fewest} patients to be fitted, and without the "
        f"largest fold of the cross-fitting {left} of {n} training patients remain; leave {name} "
        "out, or add patients"
        for name, fewest in needed.items()
        if fewest > left
    ]
    least = FEWEST_OF_TUNING if tuned else FEWEST_OF_OUTCOME
    if rest < least:
        what = "to fine-tune a network" if tuned else "to select features and to fit a model"
        lines.append(
            f"{rarer} of {n} training patients have the rarer outcome, and without the largest "
            f"fold of the cross-fitting {rest}; {what} {least} are needed. Add patients"
            f"{', or say `features.fine_tuning: none`' if tuned else ''}"
        )
    return lines


def _rarer(y: pd.Series) -> int:
    """Patients of the rarer outcome."""
    events = int(y.sum())
    return min(events, len(y) - events)
