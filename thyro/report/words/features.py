"""The words of the radiomic features: how many, how true, how stable, and what the profile changes.

As `wording`: frames and dictionaries of the notebooks in, display strings out.
"""

from collections.abc import Mapping

import pandas as pd

from thyro import radiomics, tables
from thyro.report.words import study as words_study
from thyro.statistics import GOOD_ICC

PLANAR_PAIRS = [("SR_SVM", "SR_SVM_planar"), ("OR_SVM", "OR_SVM_planar")]


def features(scalars: Mapping[str, Mapping]) -> dict[str, str]:
    """Numbers of the profiles, and who could not be measured.

    Parameters
    ----------
    scalars
        `scalars_<set>.json` of notebook 02, by image set.
    """
    strings = {}
    for prefix, profile in (("", radiomics.PAPER), ("planar_", radiomics.PLANAR)):
        table = profile.describe()
        strings[f"{prefix}n"] = f"{len(table):,}"
        strings[f"{prefix}image_types"] = str(table["image_type"].nunique())
    strings["degenerate"] = str(len(radiomics.PAPER.degenerate()))
    failed = {name.upper(): found["failures"] for name, found in scalars.items()}
    strings["failures"] = (
        "Every image could be measured."
        if not any(failed.values())
        else "Not every nodule could be measured ("
        + words_study.listed([f"{n} in {name} images" for name, n in failed.items() if n])
        + "); its features are missing, and take the training median in the models."
    )
    return strings


def verification(compared: pd.DataFrame) -> dict[str, str]:
    """How many features agree with the reference values of `ibsi.compare`."""
    shared = compared[compared["agrees"].notna()]
    differing = shared.loc[~shared["agrees"].astype(bool), "feature"]
    return {
        "agree": str(int(shared["agrees"].sum())),
        "shared": str(len(shared)),
        "differing": words_study.listed(list(differing)),
    }


def robustness(scalars: Mapping, stability: pd.DataFrame, *, minimum: float) -> dict[str, str]:
    """Stability of the features of the original images.

    Parameters
    ----------
    scalars
        `scalars_or.json` of notebook 02.
    stability
        As `robustness.table`, of the paper's profile.
    minimum
        ICC that selection asked for; 0 where it did not.
    """
    informative = stability.drop(index=list(radiomics.PAPER.degenerate())).dropna(subset="icc")
    strings = {
        "patients": str(scalars["robustness_patients"]),
        "good": f"{GOOD_ICC:g}",
        "n": f"{len(informative):,}",
        "stable": f"{int((informative['icc'] >= GOOD_ICC).sum()):,}",
        "mask": tables.number(informative["icc_mask"].median(), 2),
        "noise": tables.number(informative["icc_noise"].median(), 2),
        "reader": "",
        "filter": (
            f"Features with an ICC below {minimum:g} were set aside before selection."
            if minimum
            else "Stability was not used to select features."
        ),
    }
    if scalars["read_twice"] and informative["icc_reader"].notna().any():
        overlap = tables.number(scalars["dice"], 2)
        median = tables.number(informative["icc_reader"].median(), 2)
        strings["reader"] = (
            f"Between the outlines of two readers in {scalars['read_twice']} patients (mean Dice "
            f"coefficient {overlap}) the median ICC was {median}."
        )
    return strings


def planar(measured: pd.DataFrame, delong: pd.DataFrame, *, level: float) -> dict:
    """AUC of the same machine on the features of both profiles, and what its tests say.

    Parameters
    ----------
    measured, delong
        `performance_table` and `delong_matrix` of the machines, per cohort.
    level
        One less it is the p value below which machines are told apart.
    """
    machines = [name for pair in PLANAR_PAIRS for name in pair]
    test = delong[delong["cohort"].eq("test")]
    compared = {
        frozenset((row.model_a, row.model_b)): row._asdict() for row in test.itertuples(index=False)
    }
    strings = {"aucs": words_study.each(words_study.aucs(measured, "test", machines))}
    apart = []
    for paper, plane in PLANAR_PAIRS:
        found = compared[frozenset((paper, plane))]
        if found["p_value"] < 1 - level:
            apart.append(paper)
    strings["verdict"] = (
        "The test cohort does not tell the profiles apart: measuring the slice as a volume brought "
        "no gain that shows."
        if not apart
        else f"The test cohort tells the profiles apart for {words_study.listed(apart)}."
    )
    return strings
