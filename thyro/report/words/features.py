"""Words on the radiomic features: how many, how true, how stable."""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import listed
from thyro.statistics import GOOD_ICC
from thyro.study import IMAGE_SETS, OR, PLANAR, Study

PAPER = "paper"  # the feature set of the publication, as 02 names it


def texts(study: Study, results: Results) -> dict:
    """Texts of the radiomic features, from what 02 and 06 left.

    Returns
    -------
    dict
        features, ibsi, robustness.
    """
    scalars = {
        images.name: results.values(f"02_features/scalars_{images.key}")
        for images in IMAGE_SETS.values()
    }
    return {
        "features": features(scalars),
        "ibsi": verification(results.table(f"02_features/ibsi_{OR.key}")),
        "robustness": robustness(scalars[OR.name], minimum=study.selection.minimum_icc),
    }


def features(scalars: Mapping[str, Mapping]) -> dict[str, str]:
    """Numbers of the feature sets, and who could not be measured.

    `scalars` are those of 02, by image set ("OR"); the first has both feature sets.
    """
    counted = next(iter(scalars.values()))
    strings = {}
    for prefix, name in (("", PAPER), ("planar_", PLANAR)):
        strings[f"{prefix}n"] = f"{counted['profiles'][name]['features']:,}"
        strings[f"{prefix}image_types"] = str(counted["image_types"][name])
    strings["degenerate"] = str(counted["profiles"][PAPER]["degenerate"])
    failed = {name: found["failures"] for name, found in scalars.items() if found["failures"]}
    strings["failures"] = (
        "Every image could be measured."
        if not failed
        else "Not every nodule could be measured ("
        + listed([f"{n} in {name} images" for name, n in failed.items()])
        + "); its features are missing, and take the training median in the models."
    )
    return strings


def verification(compared: pd.DataFrame) -> dict[str, str]:
    """How many features agree with the reference values (`radiomics.compare_with_ibsi`)."""
    shared = compared[compared["agrees"].notna()]
    differing = shared.loc[~shared["agrees"].astype(bool), "feature"]
    return {
        "agree": str(int(shared["agrees"].sum())),
        "shared": str(len(shared)),
        "differing": listed(list(differing)),
    }


def robustness(scalars: Mapping, *, minimum: float) -> dict[str, str]:
    """Stability of the features of the original images, without those that are degenerate.

    Parameters
    ----------
    scalars : mapping
        `scalars_or.json` of 02.
    minimum : float
        ICC that selection asked for; 0 where it did not.
    """
    stability = scalars["stability"]
    median = stability["median"]
    strings = {
        "patients": str(scalars["robustness_patients"]),
        "good": f"{GOOD_ICC:g}",
        "n": f"{stability['n']:,}",
        "stable": f"{stability['good']:,}",
        "mask": tables.number(median["icc_mask"], 2),
        "noise": tables.number(median["icc_noise"], 2),
        "reader": "",
        "filter": (
            f"Features with an ICC below {minimum:g} were set aside before selection."
            if minimum
            else "Stability was not used to select features."
        ),
    }
    if scalars["read_twice"] and median["icc_reader"] is not None:
        overlap = tables.number(scalars["dice"], 2)
        strings["reader"] = (
            f"Between the outlines of two readers in {scalars['read_twice']} patients (mean Dice "
            f"coefficient {overlap}) the median ICC was {tables.number(median['icc_reader'], 2)}."
        )
    return strings
