"""What is shown and kept of selections: effects, correlations, penalties, tables."""

from collections.abc import Collection, Mapping

import pandas as pd

from thyro import statistics
from thyro.selection.filters import mann_whitney_filter
from thyro.selection.select import Selection

FOLLOWS_SIZE = 0.5  # absolute rank correlation with the diameter, from which a feature is of size


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
    """Where the features of several selections left.

    Columns `signature`, `feature`, the log, and `taken`: the steps of the selection, whether or not
    a feature left there, separated by ", ".
    """
    logs = {
        name: result.log.assign(taken=", ".join(result.steps)) for name, result in chosen.items()
    }
    return pd.concat(logs, names=["signature"]).reset_index()


def selection_notes(chosen: Mapping[str, Selection]) -> str:
    """What the selections say of themselves, each after its name; empty if none does."""
    return " ".join(f"{name}: {result.note}" for name, result in chosen.items() if result.note)


def penalty_table(chosen: Mapping[str, Selection]) -> pd.DataFrame:
    """Both penalties of every LASSO, and how many features each keeps."""
    return pd.DataFrame({name: _penalties(result) for name, result in chosen.items()}).T


def kept_features(
    chosen: Selection,
    X: pd.DataFrame,
    *,
    stability: pd.DataFrame,
    size: pd.Series,
    of_size: Collection[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """What is left of radiomic features: weight, stability, and how far each follows the size.

    Parameters
    ----------
    chosen
        The selection.
    X : DataFrame of float, shape (n_patients, n_features)
        The training patients it was learned from.
    stability : DataFrame, index feature
        As `radiomics.stability_table`.
    size : Series of float
        Diameter of every patient's nodule.
    of_size : collection of str
        Features that depend on the size by construction.
    level : float, default 0.95
        Coverage of the intervals of the correlation.

    Returns
    -------
    DataFrame, index feature
        The heaviest first: coefficient (per SD), icc_mask, icc_noise, icc_reader (NaN without a
        second reader), icc (the smallest), rho (Spearman, with the diameter), rho_low, rho_high,
        of_size.
    """
    weights = chosen.lasso.coefficients.rename("coefficient").rename_axis("feature")
    weights = weights.loc[weights.abs().sort_values(ascending=False, kind="stable").index]
    icc = stability.reindex(columns=["icc_mask", "icc_noise", "icc_reader", "icc"]).astype(float)
    with_size = statistics.correlations_with(X[list(weights.index)], size, level=level)
    with_size = with_size.rename(columns={"ci_low": "rho_low", "ci_high": "rho_high"})
    table = weights.to_frame().join(icc).join(with_size[["rho", "rho_low", "rho_high"]])
    return table.assign(of_size=table.index.isin(list(of_size)))


def kept_summary(kept: pd.DataFrame) -> dict[str, object]:
    """Of `kept_features` of one selection.

    Returns
    -------
    dict
        n; unstable (ICC below 0.75, of them); lowest (the one with the smallest ICC), lowest_icc;
        follow_size (absolute correlation of half or more with the diameter); of_size.
    """
    known = kept["icc"].dropna()
    return {
        "n": len(kept),
        "unstable": int((known < statistics.GOOD_ICC).sum()),
        "lowest": known.idxmin() if len(known) else "",
        "lowest_icc": float(known.min()) if len(known) else None,
        "follow_size": int((kept["rho"].abs() >= FOLLOWS_SIZE).sum()),
        "of_size": int(kept["of_size"].sum()),
    }


def selection_summary(chosen: Selection) -> dict[str, object]:
    """Of one selection: features, kept, left (features by step), penalties, kept_1se, note."""
    steps = chosen.log["step"].value_counts().to_dict()
    return {
        "features": len(chosen.log),
        "left": {step: int(n) for step, n in steps.items() if step != "kept"},
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
