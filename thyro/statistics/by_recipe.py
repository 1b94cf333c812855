"""Recipe by evaluation: AUCs in-sample and cross-fitted, optimism, and what parts the recipes."""

from collections.abc import Iterable, Mapping

import pandas as pd

from thyro.statistics.cross_validated_auc import cross_validated_auc
from thyro.statistics.delong import auc_ci, delong_test
from thyro.statistics.performance import cohorts

OF_AUC = ["auc", "ci_low", "ci_high"]


def cross_fitted_aucs(y: pd.Series, by_fold: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """AUC of every model in patients whom it never saw, fold by fold.

    Parameters
    ----------
    y : Series of int, index training patients
    by_fold : DataFrame
        repeat, fold, patient_id, model and p: a row per patient, model and repeat.
    level : float, default 0.95
        Coverage of the intervals, as `cross_validated_auc`.

    Returns
    -------
    DataFrame
        model, auc, se, ci_low, ci_high; models in the order of `by_fold`.
    """
    rows = []
    for model, part in by_fold.groupby("model", sort=False):
        p, folds = (
            part.pivot(index="patient_id", columns="repeat", values=value).loc[y.index]
            for value in ("p", "fold")
        )
        found = cross_validated_auc(y, p.to_numpy(), folds.to_numpy(), level=level)
        rows.append(
            {"model": model, "auc": found.auc, "se": found.se}
            | {"ci_low": found.ci_low, "ci_high": found.ci_high}
        )
    return pd.DataFrame(rows)


def two_by_two(
    in_sample: pd.DataFrame, cross_fitted: pd.DataFrame, by_fold: pd.DataFrame
) -> pd.DataFrame:
    """One recipe, evaluated in-sample and cross-fitted.

    Parameters
    ----------
    in_sample, cross_fitted : DataFrame
        `performance_table` of the same models and cohorts. In training, the scores of the first
        are of models that saw the patients; elsewhere both are honest.
    by_fold : DataFrame
        `cross_fitted_aucs` of these models, which stand for the AUC of training patients: an AUC
        of all folds together would mix their scales.

    Returns
    -------
    DataFrame
        One row per model and cohort in the order of `in_sample`: model, cohort, and auc, ci_low
        and ci_high of both with the endings `_in_sample` and `_cross_fitted`; optimism, the AUC
        in-sample less cross-fitted, in training alone.

    Raises
    ------
    ValueError
        If the models or cohorts of one are not those of the other.
    """
    keys = ["model", "cohort"]
    rows, others = (
        set(zip(*(frame[key] for key in keys), strict=True)) for frame in (in_sample, cross_fitted)
    )
    if rows != others or set(by_fold["model"]) != set(in_sample["model"]):
        raise ValueError(
            f"cross_fitted: expected the models and cohorts of in_sample and by_fold; "
            f"{sorted(rows ^ others)[:3]} are in one of them only."
        )
    honest = cross_fitted[keys + OF_AUC].set_index(keys)
    training = by_fold.assign(cohort="train").set_index(keys)[OF_AUC]
    honest.loc[training.index, OF_AUC] = training
    both = in_sample[keys + OF_AUC].merge(
        honest.reset_index(), on=keys, suffixes=("_in_sample", "_cross_fitted")
    )
    optimism = both["auc_in_sample"] - both["auc_cross_fitted"]
    return both.assign(optimism=optimism.where(both["cohort"].eq("train")))


def compared_recipes(
    measured: Mapping[str, pd.DataFrame],
    in_training: Mapping[str, pd.DataFrame],
    pairs: Mapping[str, tuple[str, str]],
) -> pd.DataFrame:
    """`two_by_two` of every recipe, stacked, with the column `recipe`.

    Parameters
    ----------
    measured : mapping of protocol to DataFrame
        As `performance_by_protocol`; models that `in_training` lacks are left out.
    in_training : mapping of recipe to DataFrame
        `cross_fitted_aucs` of its models.
    pairs : mapping of recipe to (protocol, protocol)
        In-sample, cross-fitted.
    """
    parts = []
    for recipe, protocols in pairs.items():
        folded = in_training[recipe]
        inside, crossed = (
            measured[name][measured[name]["model"].isin(folded["model"])] for name in protocols
        )
        parts.append(two_by_two(inside, crossed, folded).assign(recipe=recipe))
    return pd.concat(parts, ignore_index=True)


def recipe_table(
    y: pd.Series,
    scores: Mapping[str, pd.DataFrame],
    split: pd.Series,
    in_training: Mapping[str, pd.DataFrame],
    models: Iterable[str],
    *,
    base: str,
    level: float = 0.95,
) -> pd.DataFrame:
    """Cross-fitted AUC of models by recipe, and how far each recipe is from a first one.

    Parameters
    ----------
    y, split : Series, index patients
    scores : mapping of recipe to DataFrame, shape (n_patients, n_models)
        Cross-fitted.
    in_training : mapping of recipe to DataFrame
        `cross_fitted_aucs`, which stand for the AUC of training patients.
    models : iterable of str
    base : str
        Recipe from whose AUC differences are taken.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        model, recipe, cohort, auc, ci_low, ci_high, difference, difference_low, difference_high,
        p_value (DeLong's paired test; missing in training, where folds have no such test).
    """
    rows = []
    for model in models:
        for recipe, table in scores.items():
            own = in_training[recipe].set_index("model").loc[model]
            rows.append({"model": model, "recipe": recipe, "cohort": "train"} | dict(own[OF_AUC]))
            for cohort, chosen in cohorts(split).items():
                if cohort != "train":
                    pair = (one.loc[chosen, model] for one in (table, scores[base]))
                    found = delong_test(y[chosen], *pair, level=level)
                    alone = auc_ci(y[chosen], table.loc[chosen, model], level=level)
                    row = {name: getattr(alone, name) for name in OF_AUC}
                    if recipe != base:
                        row |= {"difference": found.difference, "p_value": found.p_value}
                        row |= {"difference_low": found.ci_low, "difference_high": found.ci_high}
                    rows.append({"model": model, "recipe": recipe, "cohort": cohort} | row)
    return pd.DataFrame(rows)


def optimism_summary(compared: pd.DataFrame) -> dict[str, float | int | str]:
    """What the optimism of one recipe amounts to over models.

    Parameters
    ----------
    compared : DataFrame
        `two_by_two` of the models asked for.

    Returns
    -------
    dict
        n (models), median, largest and smallest optimism in training, and the names of the models
        with these two, largest_of and smallest_of; of equals the first.
    """
    optimism = compared[compared["cohort"].eq("train")].set_index("model")["optimism"]
    return {
        "n": len(optimism),
        "median": float(optimism.median()),
        "largest": float(optimism.max()),
        "largest_of": str(optimism.idxmax()),
        "smallest": float(optimism.min()),
        "smallest_of": str(optimism.idxmin()),
    }
