"""Models on features as they are, and on harmonised ones of the same patients."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from thyro.core import as_level
from thyro.statistics.calibration import calibration
from thyro.statistics.delong import auc_ci, delong_test

COLUMNS = ["citl", "slope"]


def harmonisation_table(
    y: pd.Series,
    as_they_are: pd.DataFrame,
    harmonised: pd.DataFrame,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """AUC and calibration of the same models by both, side by side, and DeLong's paired test.

    Parameters
    ----------
    y : Series of int, index patients
    as_they_are, harmonised : DataFrame of float, shape (n_patients, n_models)
        Probabilities of the same patients by the same models.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        model, n, n_events; `auc`, `citl` (calibration in the large) and `slope`, each with `_low`
        and `_high` and the ending `_as_is` or `_harmonised`; difference (harmonised less as they
        are), difference_low, difference_high and p_value of the AUC.

    Raises
    ------
    ValueError
        If the tables differ in patients or models, and as `auc_ci`.
    """
    if list(as_they_are) != list(harmonised) or not as_they_are.index.equals(harmonised.index):
        raise ValueError("harmonised: expected the patients and models of the other table.")
    labels = y.loc[as_they_are.index].to_numpy()
    rows = []
    for model in as_they_are:
        row: dict[str, Any] = {"model": model, "n": len(labels), "n_events": int(labels.sum())}
        for ending, table in (("as_is", as_they_are), ("harmonised", harmonised)):
            found = _measured(labels, table[model].to_numpy(), level)
            row |= {f"{key}_{ending}": value for key, value in found.items()}
        test = delong_test(labels, harmonised[model], as_they_are[model], level=level)
        row |= {"difference": test.difference, "p_value": test.p_value}
        rows.append(row | {"difference_low": test.ci_low, "difference_high": test.ci_high})
    return pd.DataFrame(rows)


def _measured(y: np.ndarray, p: np.ndarray, level: float) -> dict[str, float]:
    auc, found = auc_ci(y, p, level=level), calibration(y, p)
    z = float(stats.norm.isf((1 - as_level(level)) / 2))
    row = {"auc": auc.auc, "auc_low": auc.ci_low, "auc_high": auc.ci_high}
    for name in COLUMNS:
        value, se = getattr(found, name), getattr(found, f"{name}_se")
        row |= {name: value, f"{name}_low": value - z * se, f"{name}_high": value + z * se}
    return row
