"""Families of features joined before selection: radiomic and deep ones in one table."""

from collections.abc import Iterable, Mapping

import pandas as pd

from thyro.study import FeatureTable

MARK = ": "  # between a family and its feature: names of two families may be the same
Aside = dict[str, tuple[str, str]]  # features that must not be selected: name -> step and reason


def with_joined(
    tables: Iterable[FeatureTable], measured: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """The tables that were measured, and those that join them, by name.

    Parameters
    ----------
    tables : iterable of FeatureTable
        Of the study; those that join others are made.
    measured : mapping of name to DataFrame, shape (n_patients, n_features)
        Of the same patients.

    Returns
    -------
    dict
        Features of joined tables are named after their family: "radiomics: original_glcm_Contrast".

    Raises
    ------
    ValueError
        If the patients of two families differ.
    """
    return dict(measured) | {
        table.name: _joined({part.features: measured[part.name] for part in table.parts})
        for table in tables
        if table.fused
    }


def with_joined_folds(
    tables: Iterable[FeatureTable],
    measured: Mapping[str, pd.DataFrame],
    of_fold: Mapping[str, Mapping[int, pd.DataFrame]],
) -> dict[str, Mapping[int, pd.DataFrame]]:
    """Features of each fold's networks, and joined with what is the same in every fold.

    Parameters
    ----------
    tables, measured
        As `with_joined`.
    of_fold : mapping of name to mapping of fold to DataFrame
        Of tables of networks, as `features_by_fold`; empty where a network was not tuned.
    """
    found = dict(of_fold)
    for table in tables:
        if table.fused:
            folds = {part.features: of_fold.get(part.name, {}) for part in table.parts}
            same = {part.features: measured[part.name] for part in table.parts}
            found[table.name] = {
                fold: _joined({name: of.get(fold, same[name]) for name, of in folds.items()})
                for fold in sorted({fold for of in folds.values() for fold in of})
            }
    return found


def with_joined_aside(
    tables: Iterable[FeatureTable], set_aside: Mapping[str, Aside]
) -> dict[str, Aside]:
    """Features that must not be selected, also by their names in joined tables.

    Parameters
    ----------
    tables
        As `with_joined`.
    set_aside : mapping of name to mapping
        Of tables of radiomic features, as `radiomics.set_aside`.
    """
    return dict(set_aside) | {
        table.name: {
            f"{part.features}{MARK}{name}": why
            for part in table.parts
            for name, why in set_aside.get(part.name, {}).items()
        }
        for table in tables
        if table.fused
    }


def _joined(families: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The features of all families, in the order of the first one's patients."""
    first, *others = families.values()
    if any(set(table.index) != set(first.index) for table in others):
        raise ValueError(f"measured: expected {', '.join(families)} of the same patients.")
    parts = [part.loc[first.index].add_prefix(name + MARK) for name, part in families.items()]
    return pd.concat(parts, axis=1)
