"""Tables of notebook 05: logistic regressions, whether they may be trusted, and their optimism."""

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from thyro.study import protocol_label
from thyro.tables.baseline import variable_label
from thyro.tables.markdown import by_protocol, formatted
from thyro.tables.rounding import coverage, estimate, number, p_value


def logistic(
    univariate: pd.DataFrame,
    multivariable: pd.DataFrame,
    dictionary: Mapping[str, Mapping],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Supplementary Table 1: univariate and multivariable logistic regression side by side.

    Rows follow the univariate one; P is Wald's, "P of the term" the likelihood-ratio test of all
    levels together.

    Parameters
    ----------
    univariate, multivariable : DataFrame
        As a fit of `clinical` tabulates itself: term, level, odds_ratio, ci_low, ci_high, p_value,
        lr_p.
    dictionary : mapping of name to {"label", "unit"}
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    keys = ["term", "level"]
    extra = multivariable[~multivariable["term"].isin(univariate["term"])]
    rows = pd.concat([univariate, extra])[keys].reset_index(drop=True)
    rows["level"] = rows["level"].fillna("")
    table = pd.DataFrame(
        {
            "Variable": [variable_label(term, dictionary) for term in rows["term"]],
            "Level": rows["level"],
        }
    )
    for heading, frame in (("Univariate", univariate), ("Multivariable", multivariable)):
        found = rows.merge(frame.assign(level=frame["level"].fillna("")), on=keys, how="left")
        spec = {
            f"{heading} OR ({coverage(level)} CI)": (
                ["odds_ratio", "ci_low", "ci_high"],
                lambda *x: estimate(*x, digits=2),
            ),
            f"{heading} P": (["p_value"], p_value),
            f"{heading} P of the term": (["lr_p"], p_value),
        }
        table = table.join(formatted(found, spec))
    return table


def coefficients(
    frame: pd.DataFrame, labels: Mapping[str, str], *, level: float = 0.95
) -> pd.DataFrame:
    """Coefficients of every nomogram under every protocol.

    P is Wald's, "P of the term" the likelihood-ratio test of the term given all others.

    Parameters
    ----------
    frame : DataFrame
        As `clinical.coefficient_table`; of one protocol without its column.
    labels : mapping of term to text
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    rows = frame.assign(level=frame["level"].fillna(""))
    spec = {
        "Protocol": (["protocol"], protocol_label),
        "Nomogram": (["nomogram"], lambda name: str(name).replace("_", " ")),
        "Term": (["term"], lambda term: labels.get(term, term)),
        "Level": (["level"], str),
        f"Coefficient ({coverage(level)} CI)": (
            ["estimate", "low", "high"],
            lambda *x: estimate(*x, digits=2),
        ),
        "P": (["p_value"], p_value),
        "P of the term": (["lr_p"], p_value),
    }
    return formatted(by_protocol(rows), spec, optional=["Protocol"])


def validated(frame: pd.DataFrame) -> pd.DataFrame:
    """Bootstrap optimism, from `clinical.validation_table`.

    Where some signatures were made again in every sample, a column tells these.
    """
    names = {"auc": "AUC", "r2": "Nagelkerke’s R²", "intercept": "Calibration intercept"}
    names |= {"slope": "Calibration slope", "brier": "Brier score"}
    columns = ("apparent", "optimism", "corrected")
    spec: dict = {"Model": (["model"], str)}
    if frame["signature"].nunique() > 1:
        kinds = {"fixed": "As it is", "repeated": "Made again"}
        spec |= {"Signature": (["signature"], kinds.__getitem__)}
    spec |= {"Measure": (["measure"], names.__getitem__)}
    spec |= {name.capitalize(): ([name], number) for name in columns}
    return formatted(frame, spec)


def collinearity(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Variance inflation, from `clinical.collinearity`; `names` are those of the terms."""
    spec = {
        "Term": (["term"], lambda term: names.get(term, term)),
        "Coefficients": (["df"], lambda df: number(df, 0)),
        "GVIF": (["gvif"], lambda x: number(x, 2)),
        "GVIF^(1/(2 df))": (["gvif_adjusted"], lambda x: number(x, 2)),
    }
    return formatted(frame, spec)


class SampleSize(Protocol):
    """What is shown of `clinical.minimum_sample_size`."""

    parameters: int
    events: int
    n: int
    auc: float
    events_per_parameter: float
    shrinkage_n: int
    optimism_n: int
    risk_n: int


def sample_size(sizes: Mapping[str, SampleSize]) -> pd.DataFrame:
    """Riley's minimum sample sizes, one row per model: what was fitted -> its size."""
    return pd.DataFrame(
        {
            "Model": list(sizes),
            "Candidate parameters": [str(s.parameters) for s in sizes.values()],
            "Patients (events)": [f"{s.n} ({s.events})" for s in sizes.values()],
            "Events per parameter": [number(s.events_per_parameter, 1) for s in sizes.values()],
            "AUC assumed": [number(s.auc) for s in sizes.values()],
            "Minimum for shrinkage": [f"{s.shrinkage_n:,}" for s in sizes.values()],
            "for optimism": [f"{s.optimism_n:,}" for s in sizes.values()],
            "for overall risk": [f"{s.risk_n:,}" for s in sizes.values()],
        }
    )


class ValidationSize(Protocol):
    """What is shown of `clinical.validation_sizes`."""

    auc: float
    oe_n: int
    slope_n: int
    auc_n: int


def validation_size(sizes: Mapping[str, ValidationSize]) -> pd.DataFrame:
    """Patients that a validation of each model needs."""
    return pd.DataFrame(
        {
            "Model": list(sizes),
            "AUC assumed": [number(s.auc) for s in sizes.values()],
            "Patients for O:E": [f"{s.oe_n:,}" for s in sizes.values()],
            "for the slope": [f"{s.slope_n:,}" for s in sizes.values()],
            "for the AUC": [f"{s.auc_n:,}" for s in sizes.values()],
        }
    )
