"""How far centres differ in their features, before and after harmonisation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

BEFORE, AFTER = "Before", "After"


@dataclass(frozen=True)
class CentreDifferences:
    """Features of several centres before and after harmonisation."""

    components: pd.DataFrame  # state, patient_id, centre, first, second: principal components
    explained: tuple[float, float]  # share of the variance of training patients before, 0-1
    shares: pd.DataFrame  # state, features, differing, share (0-1)


def centre_differences(
    before: pd.DataFrame,
    after: pd.DataFrame,
    centre: pd.Series,
    training: pd.Index,
    *,
    alpha: float = 0.05,
) -> CentreDifferences:
    """First two principal components, and the share of features that differ by centre.

    Components are those of the z-scores of training patients before harmonisation; everyone, and
    what became of them, is projected on these. A feature differs where the Kruskal-Wallis test
    between centres, adjusted by Benjamini and Hochberg, is below `alpha`. A share need not be zero
    after: patients of centres may differ, too.

    Parameters
    ----------
    before, after : DataFrame of float, shape (n_patients, n_features)
        Of the same patients. Features that are constant or missing in training are left out.
    centre : Series of str, index patients
    training : Index
        Patients who teach the components.
    alpha : float, default 0.05

    Raises
    ------
    ValueError
        If there is a single centre.
    """
    centre = centre.loc[before.index].astype(str)
    if centre.nunique() < 2:
        raise ValueError(f"centre: expected two or more, got only {centre.iloc[0]!r}.")
    taught = before.loc[training]
    used = before.columns[taught.std().gt(0) & before.notna().all() & after.notna().all()]
    mean, sd = taught[used].mean(), taught[used].std()
    _, size, axes = np.linalg.svd(((taught[used] - mean) / sd).to_numpy(), full_matrices=False)
    states = {BEFORE: before[used], AFTER: after[used]}
    parts, shares = [], []
    for state, values in states.items():
        score = ((values - mean) / sd).to_numpy() @ axes[:2].T
        part = pd.DataFrame(score, values.index, ["first", "second"])
        parts.append(part.assign(state=state, centre=centre).rename_axis("patient_id"))
        differing = int(_differ(values, centre, alpha).sum())
        shares.append((state, len(used), differing, differing / len(used)))
    return CentreDifferences(
        components=pd.concat(parts).reset_index(),
        explained=tuple((size[:2] ** 2 / np.sum(size**2)).tolist()),
        shares=pd.DataFrame(shares, columns=["state", "features", "differing", "share"]),
    )


def _differ(values: pd.DataFrame, centre: pd.Series, alpha: float) -> np.ndarray:
    """Features whose adjusted Kruskal-Wallis p is below `alpha`."""
    varied = values.columns[values.nunique().gt(1)]
    groups = [values.loc[ids, varied].to_numpy() for ids in centre.groupby(centre).groups.values()]
    p = np.atleast_1d(stats.kruskal(*groups, axis=0).pvalue)
    return stats.false_discovery_control(p) < alpha


def difference_table(found: Mapping[str, CentreDifferences]) -> pd.DataFrame:
    """Shares of several feature tables: table, state, features, differing, share."""
    parts = {name: one.shares for name, one in found.items()}
    return pd.concat(parts, names=["table"]).reset_index("table").reset_index(drop=True)
