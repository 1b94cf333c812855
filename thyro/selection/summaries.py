"""What is shown and kept of selections: effects, correlations, penalties, tables."""

from collections.abc import Mapping

import pandas as pd

from thyro import statistics
from thyro.selection.filters import mann_whitney_filter
from thyro.selection.select import Selection


def outcome_effects(chosen: Selection, X: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
    """Mann-Whitney test of every scaled feature, and its rank-biserial correlation.

    Parameters
    ----------
    chosen
        The selection, whose scaler left constant features and those set aside out.
    X : DataFrame of float, shape (n_patients, n_features)
        The training patients it was learned from.
    y : Series of int, shape (n_patients,)

    Returns
    -------
    DataFrame
        As the table of `mann_whitney_filter`, and `effect`: -1 to 1, above 0 where patients with
        the outcome have larger values.
    """
    table = mann_whitney_filter(chosen.scaler.transform(X), y).table
    table["effect"] = 2 * table["statistic"] / (y.sum() * (len(y) - y.sum())) - 1
    return table


def correlations_around(chosen: Selection, X: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Rank correlation of the features "Before" and "After" the correlated ones left."""
    before = chosen.log.index[chosen.log["step"].isin(["Spearman", "LASSO", "kept"])]
    after = chosen.log.index[chosen.log["step"].isin(["LASSO", "kept"])]
    return {
        "Before": statistics.rank_correlation(X[before]),
        "After": statistics.rank_correlation(X[after]),
    }


def selection_logs(chosen: Mapping[str, Selection]) -> pd.DataFrame:
    """Where the features of several selections left; columns `signature`, `feature` and the log."""
    logs = pd.concat({name: result.log for name, result in chosen.items()}, names=["signature"])
    return logs.reset_index()


def selection_notes(chosen: Mapping[str, Selection]) -> str:
    """What the selections say of themselves, each after its name; empty if none does."""
    return " ".join(f"{name}: {result.note}" for name, result in chosen.items() if result.note)


def penalty_table(chosen: Mapping[str, Selection]) -> pd.DataFrame:
    """Both penalties of every LASSO, and how many features each keeps."""
    return pd.DataFrame({name: _penalties(result) for name, result in chosen.items()}).T


def selection_summary(chosen: Selection) -> dict[str, object]:
    """Of one selection: kept, lambda_min, lambda_1se, kept_1se (features at it), note."""
    return {
        "kept": len(chosen.kept),
        "lambda_min": chosen.lasso.lambda_min,
        "lambda_1se": chosen.lasso.lambda_1se,
        "kept_1se": _n_kept(chosen, chosen.lasso.lambda_1se),
        "note": chosen.note,
    }


def selection_tables(chosen: Selection, X: pd.DataFrame, key: str) -> dict[str, pd.DataFrame]:
    """What later notebooks read of a selection, by the name of the file.

    Parameters
    ----------
    chosen
    X : DataFrame of float, shape (n_patients, n_features)
        Of all patients.
    key
        Of the features, which ends the names.

    Returns
    -------
    dict
        fate (where each feature left), scaler, and selected: the kept features as they were
        measured, the training median in place of a missing value.
    """
    return {
        f"fate_{key}": chosen.log,
        f"scaler_{key}": chosen.scaler.to_frame(),
        f"selected_{key}": X[chosen.kept].fillna(chosen.scaler.median[chosen.kept]),
    }


def _penalties(chosen: Selection) -> dict[str, float]:
    lasso = chosen.lasso
    return {
        "lambda of the minimum": lasso.lambda_min,
        "kept there": _n_kept(chosen, lasso.lambda_min),
        "lambda at one standard error": lasso.lambda_1se,
        "kept at one standard error": _n_kept(chosen, lasso.lambda_1se),
    }


def _n_kept(chosen: Selection, penalty: float) -> int:
    return int(chosen.lasso.path.loc[penalty].ne(0).sum())
