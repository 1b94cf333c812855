"""Tables beside the results: the list of features, and the published numbers.

As in `tables`: full-precision frames in, frames of strings out.
"""

from collections.abc import Collection, Sequence

import pandas as pd

from thyro import rounding, tables

CLASSES = {
    "firstorder": "First order",
    "shape": "Shape",
    "glcm": "Grey level co-occurrence (GLCM)",
    "glrlm": "Grey level run length (GLRLM)",
    "glszm": "Grey level size zone (GLSZM)",
    "gldm": "Grey level dependence (GLDM)",
    "ngtdm": "Neighbouring grey tone difference (NGTDM)",
}


def features(described: pd.DataFrame, degenerate: Collection[str]) -> pd.DataFrame:
    """Supplementary Table 2: features of every class, and the image types they are taken from.

    Parameters
    ----------
    described : DataFrame
        One row per feature: name, image_type, feature_class, feature
        (`profiles.Profile.describe`).
    degenerate : collection of str
        Names that cannot carry information on a single slice.
    """
    described = described.assign(degenerate=described["name"].isin(degenerate))
    rows = []
    for key, label in CLASSES.items():
        part = described[described["feature_class"].eq(key)]
        types = part["image_type"].unique()
        rows.append(
            {
                "Class": label,
                "Per image type": str(part["feature"].nunique()),
                "Image types": str(len(types)),
                "Features": str(len(part)),
                "Degenerate": str(part["degenerate"].sum()),
                "Names": ", ".join(part["feature"].unique()),
            }
        )
    every = ", ".join(described["image_type"].unique())
    total = {
        "Class": "All",
        "Per image type": "",
        "Image types": str(described["image_type"].nunique()),
        "Features": str(len(described)),
        "Degenerate": str(described["degenerate"].sum()),
        "Names": f"Image types: {every}",
    }
    return pd.DataFrame([*rows, total])


def published(
    paper: pd.DataFrame,
    here: pd.DataFrame,
    *,
    comparable: str,
    measures: Sequence[str] = ("accuracy",),
) -> pd.DataFrame:
    """The published performance beside the regenerated one.

    Parameters
    ----------
    paper, here : DataFrame
        Model, cohort, auc, ci_low, ci_high and the `measures`; a model that only one of them has
        gets dashes in the other.
    comparable : str
        The answer to "Comparable?", the same for every row: "no: simulated data".
    measures : sequence of str
        Further metrics of Table 2.
    """
    keys = ["model", "cohort"]
    rows = pd.concat([paper[keys], here[keys]]).drop_duplicates()
    order = {name: i for i, name in enumerate([*rows["model"].unique(), "train", "test"])}
    rows = rows.sort_values(keys, key=lambda names: names.map(order), ignore_index=True)
    table = tables.formatted(
        rows, {"Model": (["model"], str), "Cohort": (["cohort"], str.capitalize)}
    )
    sources = {"paper": rows.merge(paper, how="left"), "here": rows.merge(here, how="left")}
    for where, frame in sources.items():
        spec = {f"AUC (95% CI), {where}": (["auc", "ci_low", "ci_high"], rounding.estimate)}
        table = table.join(tables.formatted(frame, spec))
    for name in measures:
        for where, frame in sources.items():
            spec = {f"{tables.METRICS[name]}, {where}": ([name], rounding.probability)}
            table = table.join(tables.formatted(frame, spec))
    return table.assign(**{"Comparable?": comparable})


def audit(findings: pd.DataFrame) -> pd.DataFrame:
    """The checks of the published numbers: id, topic, where, verdict and weight."""
    spec = {
        "Check": (["id"], str),
        "Topic": (["topic"], str),
        "Where": (["where"], str),
        "Verdict": (["verdict"], str),
        "Weight": (["severity"], lambda text: "" if text == "info" else text),
    }
    return tables.formatted(findings, spec)
