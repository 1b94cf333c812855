"""Which features are set aside before selection, at which step, and why.

What is asked of a feature depends on the set: the paper's is selected from as the publication
selects, and loses only what a single slice cannot tell; the planar set also loses what cannot be
measured again (Zwanenburg et al. 2019, Sci. Rep. 9:614) or takes too few values to rank patients.
Neither knows the outcome.
"""

import numpy as np
import pandas as pd

from thyro.radiomics import feature_sets
from thyro.study import FEATURE_SETS, FeatureTable

DEGENERATE, STABILITY, DISTINCT = "Degenerate", "ICC", "Distinct values"  # steps of the log
SAME = 1e-10  # values closer than this share of the largest are one: rounding noise


def set_aside(
    table: FeatureTable,
    stability: pd.DataFrame,
    training: pd.DataFrame,
    *,
    minimum_icc: float,
    minimum_distinct: float,
) -> dict[str, tuple[str, str]]:
    """Features of a table that must not be selected: name -> step and reason.

    Parameters
    ----------
    table : FeatureTable
        Of radiomic features.
    stability : DataFrame, index feature
        As `stability_table`, of training patients.
    training : DataFrame of float, shape (n_training, n_features)
        Their values; NaN where one could not be measured.
    minimum_icc : float
        Smallest ICC under a change of outline, noise or reader. Of the planar set alone, as the
        next one; 0 sets none aside. Neither does an ICC that is not known.
    minimum_distinct : float
        Fewest distinct values as a share of the patients who have one.

    Returns
    -------
    dict
        For `selection.select_features`. Each feature at the first step that it fails.

    Raises
    ------
    ValueError
        If a limit is not from 0 to 1, or the tables are not of these features.
    """
    limits = {"minimum_icc": minimum_icc, "minimum_distinct": minimum_distinct}
    for name, limit in limits.items():
        if not 0 <= limit <= 1:
            raise ValueError(f"{name}: expected a number from 0 to 1, got {limit}.")
    feature_set = feature_sets.FEATURE_SETS[FEATURE_SETS[table.features]]
    known = set(feature_set.names)  # of which a study may want a part
    for what, names in (("stability", stability.index), ("training", training.columns)):
        if not set(names) <= known:
            raise ValueError(f"{what}: expected features of the {feature_set.name} set.")
    if set(stability.index) != set(training.columns):
        raise ValueError("stability: expected the features of `training`, each once.")
    out = {
        name: (DEGENERATE, "says nothing on a single slice")
        for name in feature_set.degenerate()
        if name in training
    }
    if not feature_set.planar:
        return out
    if minimum_icc:  # an ICC can be negative
        icc = stability["icc"][stability["icc"] < minimum_icc]
        out = {n: (STABILITY, f"ICC {v:.4g} below {minimum_icc:g}") for n, v in icc.items()} | out
    counts, present = distinct_values(training), training.notna().sum()
    few = counts[(counts < minimum_distinct * present) & (counts > 1)]  # one: the next step says so
    return {
        n: (DISTINCT, f"{v} distinct values in {present[n]} patients") for n, v in few.items()
    } | out


def distinct_values(training: pd.DataFrame) -> pd.Series:
    """Distinct values of every feature, index feature; those that differ by rounding are one."""
    counts = {}
    for name, column in training.items():
        values = np.sort(column.dropna().to_numpy(dtype=float))
        gaps = np.diff(values)
        counts[name] = min(len(values), 1) + int(
            np.count_nonzero(gaps > SAME * np.abs(values).max(initial=0))
        )
    return pd.Series(counts, dtype=int).rename_axis("feature")
