"""What is shown and kept of measured features: counts, failures, stability, agreement."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from thyro import statistics
from thyro.radiomics.cohort_extraction import Extraction
from thyro.radiomics.common_grid import CommonGrid
from thyro.radiomics.feature_sets import PAPER, FeatureSet
from thyro.study import FEATURE_SETS, FeatureTable, ImageSet


def measuring(
    sets: Mapping[str, FeatureSet],
    *,
    bin_width: float,
    widths: Mapping[str, float],
    grid: CommonGrid,
    told: Mapping[str, Mapping[str, Any]] | None = None,
    **how: Any,
) -> dict[str, dict[str, Any]]:
    """How every set is measured: keywords of `extract_cohort`, by name.

    The paper's set as the publication has it, on images as they come and in bins of one width. The
    planar set on the common grid, and in bins of a width for each image type.

    Parameters
    ----------
    sets : mapping of name to FeatureSet
    bin_width : float
        In grey levels.
    widths : mapping of image type to float
        Of the planar set, as `bin_widths`; where it is empty all have `bin_width`.
    grid : CommonGrid
    told : mapping of name to settings of pyradiomics, optional
        Beside the width of the bins.
    **how
        Keywords of every set.
    """
    told = told or {}
    paper = {"settings": {"binWidth": bin_width}, "grid": None}
    planar = {"settings": {"binWidth": dict(widths) or bin_width}, "grid": grid}
    return {
        name: how
        | {"feature_set": one}
        | (planar if one.planar else paper)
        | {"settings": (planar if one.planar else paper)["settings"] | dict(told.get(name, {}))}
        for name, one in sets.items()
    }


def measured_as(
    how: Mapping[str, Mapping[str, Any]],
    grid: CommonGrid,
    patients: Iterable[str],
    levels: pd.DataFrame,
    correlation: pd.DataFrame,
) -> dict[str, dict]:
    """What the report says of how features were measured, and what that made of them.

    Parameters
    ----------
    how
        As `measuring`.
    grid, patients
        Of the planar set.
    levels, correlation
        As `effective_bins` and `statistics.rank_correlation`.

    Returns
    -------
    dict
        settings (of pyradiomics, by set), grid, bins and redundancy.
    """
    return {
        "settings": {name: one["settings"] for name, one in how.items()},
        "grid": grid_summary(grid, patients),
        "bins": bins_summary(levels),
        "redundancy": redundancy(correlation),
    }


def effective_bins(found: Mapping[str, Extraction], patients: Iterable[str]) -> pd.DataFrame:
    """Distinct grey levels of a nodule after binning, by image type: what texture can tell apart.

    Parameters
    ----------
    found : mapping of feature set to Extraction
    patients : iterable of str
        Whose median is asked for; who could not be measured is left out.

    Returns
    -------
    DataFrame
        profile, image_type, median, low and high (quartiles over patients), n (patients).
    """
    rows, patients = [], list(patients)
    for profile, extraction in found.items():
        levels = extraction.levels.loc[patients].dropna()
        for image_type, column in levels.items():
            low, median, high = column.quantile([0.25, 0.5, 0.75])
            row = {"profile": profile, "image_type": image_type, "median": median}
            rows.append(row | {"low": low, "high": high, "n": len(column)})
    return pd.DataFrame(rows)


def bins_summary(bins: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Of `effective_bins`, by feature set: original, and fewest and most of all image types."""
    return {
        profile: {
            "original": part.set_index("image_type").at["original", "median"],
            "fewest": part["median"].min(),
            "most": part["median"].max(),
        }
        for profile, part in bins.groupby("profile", sort=False)
    }


def grid_summary(grid: CommonGrid, patients: Iterable[str]) -> dict[str, float]:
    """Side in mm of the common pixels, patients resampled to it, and those left as they are."""
    sides = [grid.side(patient) for patient in patients]
    resampled = sum(side > 0 for side in sides)
    return {
        "pixel_mm": grid.pixel_mm,
        "resampled": resampled,
        "as_they_are": len(sides) - resampled,
    }


def redundancy(correlation: pd.DataFrame, *, threshold: float = 0.9) -> dict[str, float]:
    """How many features have another beyond `threshold`, in absolute rank correlation.

    Parameters
    ----------
    correlation : DataFrame
        As `statistics.rank_correlation`.

    Returns
    -------
    dict
        n (features that vary), redundant (of them), threshold.
    """
    known = correlation.notna().any()
    beyond = correlation.loc[known, known].abs() > threshold
    return {
        "n": int(known.sum()),
        "redundant": int((beyond.sum() > 1).sum()),  # each goes with itself
        "threshold": threshold,
    }


def failure_table(found: Mapping[str, Extraction]) -> pd.DataFrame:
    """Who could not be measured, and why, over all feature sets; `profile` names the set."""
    failures = pd.concat({name: one.failures for name, one in found.items()}, names=["profile"])
    return failures.reset_index("profile").reset_index(drop=True)


def feature_summary(
    features: Mapping[str, pd.DataFrame], degenerate: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Numbers of features, degenerate and constant ones, and missing values; a column per set."""
    return pd.DataFrame(
        {
            name: {
                "features": table.shape[1],
                "degenerate": len(degenerate[name]),
                "constant": int((table.nunique() <= 1).sum()),
                "missing values": int(table.isna().sum().sum()),
            }
            for name, table in features.items()
        }
    )


def stability_medians(
    stability: Mapping[str, pd.DataFrame], degenerate: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Median of every ICC over the features that are not degenerate; a column per feature set."""
    medians = {
        name: table[~table.index.isin(degenerate[name])].filter(like="icc").median()
        for name, table in stability.items()
    }
    return pd.concat(medians, axis=1)


def stability_summary(table: pd.DataFrame, degenerate: Collection[str]) -> dict[str, object]:
    """Features with an ICC that are not degenerate: n, good (of them) and median of every ICC."""
    informative = table.drop(index=list(degenerate)).dropna(subset="icc")
    return {
        "n": len(informative),
        "good": int((informative["icc"] >= statistics.GOOD_ICC).sum()),
        "median": informative.filter(like="icc").median().to_dict(),
    }


def feature_set_tables(
    images: ImageSet,
    features: Mapping[str, pd.DataFrame],
    stability: Mapping[str, pd.DataFrame],
    described: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """What later notebooks read of the radiomic features, by the name of the file.

    Parameters
    ----------
    images
        The image set.
    features, stability, described
        Of every feature set that was measured there, by its name.

    Returns
    -------
    dict
        Of each set the features, robustness and description.
    """
    tables = {}
    for kind, name in FEATURE_SETS.items():
        if name in features:
            table = FeatureTable(images.name, kind)
            tables[table.file] = features[name]
            tables[table.robustness] = stability[name]
            tables[f"description_{table.key}"] = described[name]
    return tables


def image_set_agreement(
    original: pd.DataFrame, enhanced: pd.DataFrame, control: pd.DataFrame
) -> pd.DataFrame:
    """How far the paper's features say the same of a patient in another image set.

    Parameters
    ----------
    original, enhanced, control : DataFrame of float, shape (n_patients, n_features)
        Of the same patients.

    Returns
    -------
    DataFrame
        Index `feature`: icc and spearman of the enhanced images against the original ones, icc_bc
        and spearman_bc of the control; image_type, feature_class, degenerate.
    """
    described = PAPER.describe().set_index("name")
    described["degenerate"] = described.index.isin(PAPER.degenerate())
    return (
        statistics.agreement_table(original, enhanced)
        .join(statistics.agreement_table(original, control).add_suffix("_bc"))
        .join(described[["image_type", "feature_class", "degenerate"]])
    )


def agreement_medians(agreement: pd.DataFrame) -> pd.DataFrame:
    """Median ICC of both comparisons by class of feature, degenerate ones apart."""
    classes = agreement.groupby(["degenerate", "feature_class"], sort=False)
    return classes[["icc", "icc_bc"]].median()


def agreement_scalars(agreement: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Summary of both comparisons, over features that could disagree.

    Shape depends on the outline alone, and degenerate features say nothing: both are left out.
    """
    known = agreement[~agreement["degenerate"] & agreement["feature_class"].ne("shape")]
    known = known.dropna(subset=["icc", "icc_bc"])
    return {
        "sr": statistics.agreement_summary(known),
        "bc": statistics.agreement_summary(known, suffix="_bc"),
    }
