"""The one table of performance of the main text: every model in patients who did not fit it."""

import pandas as pd

from thyro.study import cohort_label
from thyro.tables.markdown import formatted
from thyro.tables.rounding import coverage, estimate

AUC = ["auc", "ci_low", "ci_high"]
RATES = ("sensitivity", "specificity")  # in the test cohort


def overview(
    measured: pd.DataFrame, compared: pd.DataFrame | None = None, *, level: float = 0.95
) -> pd.DataFrame:
    """One row per model: its AUC in every cohort, and its rates at the cut-off in the test cohort.

    Parameters
    ----------
    measured : DataFrame
        `statistics.performance_table` of scores that are cross-fitted in training.
    compared : DataFrame, optional
        `statistics.compared_recipes` of the same recipe. In training its AUC is shown, within
        folds; a reading, which fits nothing, has none there and keeps that of `measured`. Without
        it the nomograms were fitted on the training patients, who are left out.
    level : float, default 0.95
        Coverage of the intervals, for the headings.

    Returns
    -------
    DataFrame of str
    """
    keys = ["model", "cohort"]
    ends = [f"{rate}{end}" for rate in RATES for end in ("", "_low", "_high")]
    rows = measured[[*keys, *AUC, *ends]].set_index(keys)
    if compared is None:
        rows = rows.drop(index="train", level="cohort")
    else:
        folded = compared[compared["cohort"].eq("train")].set_index(keys)
        rows.loc[folded.index, AUC] = folded[[f"{name}_cross_fitted" for name in AUC]].to_numpy()
    wide = rows.unstack("cohort").reindex(measured["model"].unique())
    wide.columns = [f"{name}_{cohort}" for name, cohort in wide.columns]
    ci = f"({coverage(level)} CI)"
    spec = {"Model": (["model"], str)} | {
        f"AUC {ci}, {_named(cohort)}": ([f"{name}_{cohort}" for name in AUC], estimate)
        for cohort in measured["cohort"].unique()
        if f"auc_{cohort}" in wide
    }
    for rate in RATES:
        sources = [f"{rate}{end}_test" for end in ("", "_low", "_high")]
        spec[f"{rate.capitalize()} {ci}, test"] = (sources, estimate)
    return formatted(wide.reset_index(), spec)


def _named(cohort: str) -> str:
    """ "training, cross-fitted", "test"."""
    name = cohort_label(cohort).removesuffix(" cohort").lower()
    return f"{name}, cross-fitted" if cohort == "train" else name
