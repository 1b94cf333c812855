"""Words on imputed gaps in clinical variables: where they are, how, and what it changes."""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import inside, listed
from thyro.study import Study


def texts(study: Study, results: Results) -> dict:
    """Texts on imputation, from what 00 and 05 left.

    Returns
    -------
    dict
        gaps: where, method, beside.
    """
    about = results.values("00_cohort/cohort")
    missing = results.table("00_cohort/missing")
    beside = results.table("05_nomogram/complete_cases")
    return {
        "gaps": {
            "where": where(missing, about["variables"]),
            "method": method(study),
            "beside": complete_beside(beside, about["variables"]),
        }
    }


def where(missing: pd.DataFrame, dictionary: Mapping) -> str:
    """Which variables had gaps, how many in training, and whether by outcome.

    Parameters
    ----------
    missing : DataFrame
        `cohort.missing_cells`.
    dictionary : mapping of variable to mapping
    """
    if missing.empty:
        return "No clinical cell that is known at the time of prediction was empty."
    counted = missing.groupby(["variable", "cohort"], sort=False)[["missing", "n"]].sum()
    of_training = {}
    for name in dict.fromkeys(missing["variable"]):
        k, n = counted.loc[(name, "train")]
        of_training[name] = f"{inside(dictionary[name]['label'])} {k} ({tables.percent(k / n)})"
    shares = missing.groupby(["cohort", "y"])[["missing", "n"]].sum()
    with_outcome, without = (
        shares.loc[("train", y), "missing"] / shares.loc[("train", y), "n"] for y in (1, 0)
    )
    return (
        f"Empty cells of training patients: {listed(list(of_training.values()))}. Of these cells "
        f"{tables.percent(with_outcome)} were empty among patients with the outcome and "
        f"{tables.percent(without)} among those without."
    )


def method(study: Study) -> str:
    """How gaps were filled, and what of it reached whom."""
    m = study.nomogram.imputations
    return (
        f"Nobody was excluded for an empty clinical cell. Gaps were filled {m} times by chained "
        "equations (predictive mean matching for numbers, logistic regressions for levels; seed "
        f"{study.compute.seed}), which training patients alone taught. The outcome took part where "
        "training patients were completed for a regression; without it, associations would be "
        "drawn towards none. It took no part where anyone was predicted, training patients "
        "included, and signatures took none at all. Regressions were pooled by Rubin’s rules with "
        "the degrees of freedom of Barnard and Rubin, terms tested together by the pooled Wald "
        "test. A risk is that of the linear predictor averaged over the imputations, so that a "
        "new patient with a gap has one, too. Without each fold, and in every bootstrap sample, "
        "the equations were learned anew; a bootstrap sample was completed once."
    )


def complete_beside(beside: pd.DataFrame, dictionary: Mapping) -> str:
    """What complete patients alone would have said of the last nomogram, the clinical one.

    Parameters
    ----------
    beside : DataFrame
        `clinical.complete_case_table`.
    dictionary : mapping of variable to mapping
    """
    last = beside["nomogram"].iloc[-1]
    own = beside[beside["nomogram"].eq(last)]
    first = own.iloc[0]
    known = own.dropna(subset=["se_complete"])
    ratio = (known["se_complete"] / known["se_imputed"]).median()
    moved = (known["estimate_complete"] - known["estimate_imputed"]).abs() / known["se_imputed"]
    most = known.loc[moved.idxmax()]
    shift = tables.number(moved.max(), 1)
    return (
        f"Of {int(first['n_imputed'])} training patients "
        f"{int(first['n_complete'])} have no gap in the terms of {str(last).replace('_', ' ')}. "
        f"Of these alone, its coefficients have a standard error of {tables.number(ratio, 2)} "
        "times that of all patients (median), and the one that differs most, of "
        f"{_named(most, dictionary)}, is {shift} standard errors away. "
        f"The fraction of missing information is at most {tables.percent(own['fmi'].max())}."
    )


def _named(row: pd.Series, dictionary: Mapping) -> str:
    label, level = inside(dictionary[row["term"]]["label"]), row["level"]
    return label if pd.isna(level) or not level else f"{label} ({level})"
