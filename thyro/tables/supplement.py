"""Tables beside the results: features and their check, and the published figures.

Full-precision frames in, frames of strings out.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import pandas as pd

from thyro.study import protocol_label
from thyro.tables.markdown import formatted
from thyro.tables.results import METRICS, RECONSTRUCTIONS
from thyro.tables.rounding import (
    ABSENT,
    cohort_name,
    coverage,
    estimate,
    number,
    percent,
    probability,
)

PAPER_LEVEL = 0.95  # coverage of the published intervals

CLASSES = {
    "firstorder": "First order",
    "shape": "Shape",
    "shape2D": "Shape in the plane",
    "glcm": "Grey level co-occurrence (GLCM)",
    "glrlm": "Grey level run length (GLRLM)",
    "glszm": "Grey level size zone (GLSZM)",
    "gldm": "Grey level dependence (GLDM)",
    "ngtdm": "Neighbouring grey tone difference (NGTDM)",
}


def features(described: pd.DataFrame, degenerate: Collection[str]) -> pd.DataFrame:
    """Supplementary Table 2, counts: features of every class and their image types.

    Parameters
    ----------
    described : DataFrame
        One row per feature: name, image_type, feature_class, feature.
    degenerate : collection of str
        Names that cannot carry information on a single slice.
    """
    described = _by_class(described, degenerate)
    rows = []
    for label, part in described.groupby("label", sort=False):
        rows.append(
            {
                "Class": label,
                "Per image type": str(part["feature"].nunique()),
                "Image types": str(part["image_type"].nunique()),
                "Features": f"{len(part):,}",
                "Degenerate": f"{part['degenerate'].sum():,}",
            }
        )
    total = {
        "Class": "All",
        "Per image type": "",
        "Image types": str(described["image_type"].nunique()),
        "Features": f"{len(described):,}",
        "Degenerate": f"{described['degenerate'].sum():,}",
    }
    return pd.DataFrame([*rows, total])


def feature_list(described: pd.DataFrame, degenerate: Collection[str]) -> pd.DataFrame:
    """Supplementary Table 2, definitions: one row per feature of a class, whatever its image type.

    Parameters
    ----------
    described : DataFrame
        As in `features`, with `definition` of the feature (`radiomics.describe_feature`);
        `radiomics.FEATURE_TERMS` explains its words.
    degenerate : collection of str
        As in `features`.
    """
    described = _by_class(described, degenerate)
    listed = described.drop_duplicates(["label", "feature"])
    spec = {
        "Class": (["feature_class"], _short),
        "Feature": (["feature"], str),
        "Definition": (["definition"], str),
    }
    return formatted(listed, spec)


def image_types(described: pd.DataFrame, degenerate: Collection[str]) -> pd.DataFrame:
    """Supplementary Table 2, image types: what each shows, and how many features it gives.

    Parameters
    ----------
    described : DataFrame
        As in `features`, with `filter`, what the image type shows (`radiomics.describe_feature`).
    degenerate : collection of str
        As in `features`.
    """
    described = described.assign(degenerate=described["name"].isin(degenerate))
    rows = []
    for name, part in described.groupby("image_type", sort=False):
        rows.append(
            {
                "Image type": name,
                "What it shows": part["filter"].iloc[0],
                "Features": str(len(part)),
                "Degenerate": str(part["degenerate"].sum()),
            }
        )
    return pd.DataFrame(rows)


def effective_bins(bins: pd.DataFrame) -> pd.DataFrame:
    """Grey levels of a nodule after binning, by feature set and image type.

    `bins` is the frame of `radiomics.effective_bins`.
    """
    spec = {
        "Profile": (["profile"], protocol_label),
        "Image type": (["image_type"], str),
        "Grey levels, median (quartiles)": (
            ["median", "low", "high"],
            lambda *levels: estimate(*levels, digits=0),
        ),
    }
    return formatted(bins, spec)


def ibsi(compared: pd.DataFrame) -> pd.DataFrame:
    """Features of pyradiomics against the reference values of the IBSI.

    `compared` is the frame of `radiomics.compare_with_ibsi`. Values are given in the three
    significant digits in which the reference is published and in which the two are compared.
    """
    spec = {
        "Class": (["feature_class"], _short),
        "Feature": (["feature"], str),
        "IBSI name": (["ibsi_name"], _text),
        "Reference": (["reference"], _significant),
        "Tolerance": (["tolerance"], lambda x: _significant(x, digits=1)),
        "Value": (["value"], _significant),
        "Agrees": (["agrees"], lambda agrees: _text(agrees, {True: "yes", False: "no"})),
    }
    return formatted(compared, spec)


def ibsi_notes(compared: pd.DataFrame) -> str:
    """Why a feature disagrees or has no counterpart: the same reason once, with its features."""
    noted = compared[compared["note"].ne("")]
    return " ".join(
        f"{', '.join(part['feature'])}: {note.rstrip('.')}."
        for note, part in noted.groupby("note", sort=False)
    )


def _by_class(described: pd.DataFrame, degenerate: Collection[str]) -> pd.DataFrame:
    """Rows in the order of CLASSES, with the `label` of the class and a flag `degenerate`."""
    unknown = sorted(set(described["feature_class"]) - set(CLASSES))
    if unknown:
        raise ValueError(f"described: expected the classes {list(CLASSES)}, found {unknown}.")
    rank = described["feature_class"].map(list(CLASSES).index)
    return described.assign(
        label=described["feature_class"].map(CLASSES),
        degenerate=described["name"].isin(degenerate),
    ).loc[rank.sort_values(kind="stable").index]


def _short(feature_class: str) -> str:
    """ "GLCM" of "Grey level co-occurrence (GLCM)"."""
    return CLASSES[feature_class].rpartition("(")[2].rstrip(")")


def _text(value: object, words: Mapping[bool, str] | None = None) -> str:
    if pd.isna(value):
        return ABSENT
    return words[bool(value)] if words else str(value)


def _significant(x: float, digits: int = 3) -> str:
    """ "0.0296", "1490": no more decimals than the significant digits need."""
    if pd.isna(x) or x == 0:
        return number(x, 0)
    rounded = float(f"{x:.{digits}g}")
    return number(rounded, max(0, digits - 1 - math.floor(math.log10(abs(rounded)))))


def restored(medians: pd.DataFrame, by_class: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Agreement of features of restored images with those of the originals, by method.

    Parameters
    ----------
    medians : DataFrame
        As `super_resolution.agreement_medians` returns it.
    by_class : DataFrame
        Median ICC, index class of feature, a column per method.
    level
        Coverage of the intervals, for the headings.
    """
    order = {name: place for place, name in enumerate(RECONSTRUCTIONS)}
    frame = medians.sort_values("method", key=lambda names: names.map(order))
    frame = frame.join(by_class.T, on="method")
    ci = f"({coverage(level)} CI)"
    spec = {
        "Method": (["method"], RECONSTRUCTIONS.__getitem__),
        "Images": (["n_patients"], str),
        f"Median ICC {ci}": (["icc", "ci_low", "ci_high"], partial(estimate, digits=2)),
        f"Over least squares {ci}": (
            ["margin", "margin_low", "margin_high"],
            partial(estimate, digits=2),
        ),
        "Good": (["good"], partial(percent, digits=0)),
    }
    for name in by_class.index:
        spec[_short(name)] = ([name], partial(number, digits=2))
    return formatted(frame, spec)


def published(
    paper: pd.DataFrame,
    here: pd.DataFrame,
    *,
    level: float = 0.95,
    measures: Sequence[str] = ("accuracy",),
) -> pd.DataFrame:
    """The published performance beside the regenerated one.

    Parameters
    ----------
    paper, here : DataFrame
        Model, cohort, auc, ci_low, ci_high and the `measures`; a model that only one of them has
        gets dashes in the other.
    level : float, default 0.95
        Coverage of the intervals of `here`, for the heading; the published ones cover 95%.
    measures : sequence of str
        Further metrics of Table 2.
    """
    keys = ["model", "cohort"]
    rows = pd.concat([paper[keys], here[keys]]).drop_duplicates()
    order = {name: i for i, name in enumerate([*rows["model"].unique(), "train", "test"])}
    rows = rows.sort_values(keys, key=lambda names: names.map(order), ignore_index=True)
    table = formatted(rows, {"Model": (["model"], str), "Cohort": (["cohort"], cohort_name)})
    sources = {"paper": rows.merge(paper, how="left"), "here": rows.merge(here, how="left")}
    covered = {"paper": coverage(PAPER_LEVEL), "here": coverage(level)}
    for where, frame in sources.items():
        heading = f"AUC ({covered[where]} CI), {where}"
        spec = {heading: (["auc", "ci_low", "ci_high"], estimate)}
        table = table.join(formatted(frame, spec))
    for name in measures:
        for where, frame in sources.items():
            spec = {f"{METRICS[name]}, {where}": ([name], probability)}
            table = table.join(formatted(frame, spec))
    return table
