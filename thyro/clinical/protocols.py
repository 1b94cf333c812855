"""The nomograms of a study, each fitted under every protocol that its signatures come from."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_string_dtype

from thyro.clinical.imputation import Imputation
from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.clinical.pooled import fit_imputed
from thyro.clinical.rare_levels import merge_levels, rare_levels
from thyro.statistics import log_odds
from thyro.study import PROTOCOLS, NomogramName

Fits = dict[str, dict[str, LogisticFit]]  # protocol -> nomogram -> its regression


def nomogram_terms(
    names: Sequence[NomogramName], clinical: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Terms of every nomogram: its signature, where it has one, and the clinical terms."""
    return {str(name): [*([name.signature] if name.signature else []), *clinical] for name in names}


def with_signatures(
    cases: pd.DataFrame, scores: Mapping[str, pd.DataFrame], signatures: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Patients with their signatures under every protocol, on the scale of its recipe.

    Parameters
    ----------
    cases : DataFrame, shape (n_patients, n_columns)
    scores : mapping of protocol to DataFrame, shape (n_patients, n_models)
        Probabilities; or whatever a user's table holds.
    signatures : sequence of str
        Columns of `scores`.
    """
    found = {}
    for protocol, table in scores.items():
        values = table[list(signatures)]
        if PROTOCOLS[protocol].recipe.as_log_odds:
            values = values.transform(log_odds)
        found[protocol] = cases.join(values)
    return found


def fit_by_protocol(
    training: Mapping[str, pd.DataFrame],
    terms: Mapping[str, Sequence[str]],
    *,
    merged: Mapping[str, Mapping] | None = None,
    imputation: Imputation | None = None,
) -> Fits:
    """Fit every nomogram under every protocol.

    Parameters
    ----------
    training : mapping of protocol to DataFrame
        Training patients: y, clinical variables, and the signatures under this protocol.
    terms : mapping of nomogram to columns
        As `nomogram_terms`.
    merged
        As in `fit_logistic`.
    imputation : Imputation, optional
        Of the training patients, where clinical variables have gaps. It is the same under all
        protocols, and so is the clinical model.

    Raises
    ------
    ValueError
        As `fit_logistic`.
    """
    if imputation is not None:
        return {
            protocol: {
                name: fit_imputed(imputation.beside(frame), frame["y"], of)
                for name, of in terms.items()
            }
            for protocol, frame in training.items()
        }
    return {
        protocol: {
            name: fit_logistic(frame, frame["y"], list(of), merged=merged)
            for name, of in terms.items()
        }
        for protocol, frame in training.items()
    }


def predict_by_protocol(
    fits: Fits,
    patients: Mapping[str, pd.DataFrame],
    folds: pd.Series | None = None,
    *,
    process: Callable | None = None,
) -> dict[str, pd.DataFrame]:
    """Risk that every nomogram gives every patient: protocol -> table, a column per nomogram.

    Parameters
    ----------
    fits
        As `fit_by_protocol`.
    patients : mapping of protocol to DataFrame
        As its `training`, of all patients whom it asks for.
    folds : Series, index patients, optional
        Fold of every training patient, missing for others. Under a cross-fitted protocol a
        training patient's risk comes from nomograms that were made without the fold.
    process : callable, optional
        Takes patients and outcomes, gives for every nomogram a function from patients to risks:
        repeated without each fold, choice of terms and all.

    Raises
    ------
    ValueError
        As `process`.
    """
    risks = {}
    for protocol, of_protocol in fits.items():
        everyone = patients[protocol]
        risks[protocol] = pd.DataFrame(
            {name: fit.predict(everyone) for name, fit in of_protocol.items()}, everyone.index
        )
        if PROTOCOLS[protocol].cross_fitted and folds is not None and process is not None:
            training = everyone.loc[folds.dropna().index]
            of_training = folds.loc[training.index]
            for k in np.unique(of_training):
                seen, left_out = training[of_training.ne(k)], training[of_training.eq(k)]
                models = process(seen, seen["y"])
                for name, predict in models.items():
                    known = _with_known_levels(left_out, seen)
                    risks[protocol].loc[left_out.index, name] = predict(known)
    return risks


def levels_of_one_fold(cases: pd.DataFrame, folds: pd.Series, variables: Sequence[str]) -> list:
    """Levels that training patients of a single fold have: [variable, level, fold] of each.

    Nomograms that are made without the fold do not know such a level. They take its patients for
    patients of the most common one.
    """
    of_training = folds.dropna()
    found = []
    for variable in variables:
        values = cases.loc[of_training.index, variable].dropna()
        if _has_levels(values):
            within = of_training[values.index].groupby(values.astype(str)).agg(["nunique", "first"])
            alone = within[within["nunique"].eq(1)]
            found += [[variable, level, int(fold)] for level, fold in alone["first"].items()]
    return found


def _has_levels(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype) or is_string_dtype(values)


def _with_known_levels(left_out: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Patients whose levels nobody has among those seen take another one.

    The neighbour where levels rise, as `rare_levels` has it, else the most common.
    """
    absent = rare_levels(seen, filter(lambda name: _has_levels(seen[name]), seen), smallest=1)
    known = merge_levels(left_out, absent)
    for column in seen:
        if _has_levels(seen[column]):
            values = known[column].astype(object)
            common = seen[column].mode(dropna=True)
            strange = values.notna() & ~values.isin(seen[column].dropna().unique())
            if strange.any() and len(common):
                known[column] = values.mask(strange, common.iloc[0])
    return known


def risks_by_fold(risks: Mapping[str, pd.DataFrame], folds: pd.Series) -> pd.DataFrame:
    """Risks of training patients under the cross-fitted protocols, with their folds.

    Parameters
    ----------
    risks
        As `predict_by_protocol`.
    folds : Series, index patients
        Missing for all but training patients.

    Returns
    -------
    DataFrame
        recipe, repeat (0), fold, patient_id, model, p.
    """
    parts = []
    for protocol, table in risks.items():
        if PROTOCOLS[protocol].cross_fitted:
            long = table.loc[folds.dropna().index].rename_axis("patient_id").reset_index()
            long = long.melt("patient_id", var_name="model", value_name="p")
            fold = folds.loc[long["patient_id"]].to_numpy()
            recipe = PROTOCOLS[protocol].recipe.name
            parts.append(long.assign(recipe=recipe, repeat=0, fold=fold))
    columns = ["recipe", "repeat", "fold", "patient_id", "model", "p"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def coefficient_table(fits: Fits, *, level: float = 0.95) -> pd.DataFrame:
    """`LogisticFit.table` of every nomogram, with the ends of the coefficients' own intervals.

    Returns
    -------
    DataFrame
        protocol, nomogram, the columns of `LogisticFit.table`, low and high (log odds).
    """
    tables = {
        (protocol, name): fit.table(level=level)
        for protocol, of_protocol in fits.items()
        for name, fit in of_protocol.items()
    }
    table = pd.concat(tables, names=["protocol", "nomogram"]).reset_index(["protocol", "nomogram"])
    ends = {"low": np.log(table["ci_low"]), "high": np.log(table["ci_high"])}
    return table.assign(**ends).reset_index(drop=True)


def long_risks(risks: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Risks as they are kept, from `predict_by_protocol`: patient_id, model, p, protocol.

    One row per protocol, patient and nomogram.
    """
    parts = [
        table.rename_axis(index="patient_id", columns="model")
        .stack()
        .rename("p")
        .reset_index()
        .assign(protocol=protocol)
        for protocol, table in risks.items()
    ]
    return pd.concat(parts)
