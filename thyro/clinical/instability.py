"""How far a patient's risk depends on who else was there to fit the model."""

from collections.abc import Mapping

import pandas as pd

from thyro.clinical.bootstrap import Validation


def instability_table(found: Mapping[str, Validation]) -> pd.DataFrame:
    """Risk of every patient by a model, and what models of bootstrap samples say instead.

    Parameters
    ----------
    found : mapping of model to Validation

    Returns
    -------
    DataFrame
        patient_id, model, risk, and over the models of the bootstrap samples mean_error (mean
        absolute difference from risk), low and high (the middle 95 % of their risks).

    References
    ----------
    Riley, Collins (2023), Biom. J. 65:2200302.
    """
    parts = [
        one.risks.rename_axis("patient_id").reset_index().assign(model=model)
        for model, one in found.items()
    ]
    return pd.concat(parts, ignore_index=True)


def instability_summary(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Of every model the mean error of its risks, and the median and largest width of their range.

    Parameters
    ----------
    table : DataFrame
        As `instability_table`.
    """
    widths = table.assign(width=table["high"] - table["low"]).groupby("model", sort=False)
    return {
        str(model): {
            "mean_error": float(part["mean_error"].mean()),
            "median_width": float(part["width"].median()),
            "widest": float(part["width"].max()),
        }
        for model, part in widths
    }
