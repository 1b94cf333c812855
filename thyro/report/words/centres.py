"""Words on centres: what was harmonised, from whom it was learned, and results centre by centre."""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import inside, listed, relation
from thyro.statistics import POOLED, RANDOM_EFFECTS
from thyro.study import Study

FEW = 5  # centres below which the spread between them is hardly known
UNSEEN = {
    "refuse": "A centre without training patients would have stopped the study.",
    "pass": "Features of a centre without training patients stayed as they were.",
    "own": "A centre without training patients was moved by what its own patients tell, without "
    "any outcome; these were predicted together, and not each alone.",
}


def texts(study: Study, results: Results) -> dict:
    """Texts on centres, from what 00, 03, 04 and 06 left.

    Returns
    -------
    dict
        centres: results and, where features are harmonised, harmonisation, differences and unseen.
    """
    about = results.values("00_cohort/cohort")
    told = {"results": by_centre(results.table("06_statistics/centres"), study)}
    told["pooling"] = RANDOM_EFFECTS
    if study.selection.harmonisation != "none":
        patients = results.table("00_cohort/patients")
        told["harmonisation"] = harmonisation(study, about["variables"], patients)
        told["differences"] = differences(results.table("03_selection/centre_differences"))
        told["unseen"] = ""
        if unseen_patients(patients):
            told["unseen"] = unseen(results.table("04_models/unseen_centres"))
    return {"centres": told}


def unseen_patients(patients: pd.DataFrame) -> int:
    """Patients whose centre no training patient belongs to."""
    train = patients.loc[patients["split"].eq("train"), "centre"]
    return int((~patients["centre"].isin(train)).sum())


def harmonisation(study: Study, dictionary: Mapping, patients: pd.DataFrame) -> str:
    """What ComBat learned from whom."""
    train = patients[patients["split"].eq("train")]
    names = [inside(dictionary[name]["label"]) for name in study.selection.preserved]
    kept = f" The effects of {listed(names)} on the features were kept." if names else ""
    counts = [f"{name} {n}" for name, n in train["centre"].value_counts().sort_index().items()]
    learned = (
        "Features were harmonised between centres by ComBat with parametric priors. Shift and "
        f"scale of a centre were learned from its training patients ({listed(counts)}) and applied "
        "unchanged to others; so they were anew wherever models were fitted again, within every "
        f"fold.{kept} No outcome takes part."
    )
    if len(counts) == 1:
        learned = (
            f"All training patients are of one centre ({counts[0]} patients), so that their "
            f"features stayed as they were.{kept}"
        )
    return f"{learned} {UNSEEN[study.selection.unseen_centre]}"


def differences(table: pd.DataFrame) -> str:
    """Shares of features that differ by centre, before and after."""
    shares = table.set_index(["table", "state"])["share"]
    name = table["table"].iloc[0]
    before, after = (tables.percent(shares[name, state]) for state in ("Before", "After"))
    return (
        f"In the set {name} {before} of the features differed between centres as measured, {after} "
        "after harmonisation, by Kruskal–Wallis tests adjusted by Benjamini and Hochberg. Patients "
        "may differ between centres, too: a difference need not be a fault of a scanner."
    )


def unseen(table: pd.DataFrame) -> str:
    """Models in centres that were never seen, with features as they are and harmonised."""
    better = table[table["difference_low"].gt(0)]
    worse = table[table["difference_high"].lt(0)]
    n, events = int(table["n"].iloc[0]), int(table["n_events"].iloc[0])
    largest = table.loc[table["difference"].abs().idxmax()]
    ends = ["difference", "difference_low", "difference_high"]
    told = (
        f"In the {n} patients ({events} with the outcome) of centres that no training patient "
        f"belongs to, harmonised features gave a higher AUC in {len(better)} and a lower one in "
        f"{len(worse)} of {len(table)} image models; the largest difference was that of "
        f"{largest['model']}, {tables.estimate(*largest[ends])} (p {relation(largest['p_value'])})."
    )
    slopes = [tables.number(table[f"slope_{way}"].median(), 2) for way in ("as_is", "harmonised")]
    return (
        f"{told} The median calibration slope was {slopes[0]} with features as they are and "
        f"{slopes[1]} harmonised."
    )


def by_centre(table: pd.DataFrame, study: Study) -> str:
    """AUC and slope of the first nomogram in every centre, and pooled."""
    own = table[table["model"].eq(table["model"].iloc[0])]
    name = str(own["model"].iloc[0]).replace("_", " ")
    if study.cohort.split == "leave_one_centre_out":
        who = "Each training centre was predicted by models that the other centres had made."
    else:
        external = ", and external ones," if study.external else ""
        who = f"Patients of the test cohort{external} are shown by their centre."
    centres = own[own["centre"].ne(POOLED)]
    k = centres["centre"].nunique()
    pooled = own[own["centre"].eq(POOLED)].set_index("measure")
    if not {"auc", "slope"} <= set(pooled.index):
        return f"{who} Fewer than two centres have an estimate, so that nothing is pooled."
    ends = ["estimate", "ci_low", "ci_high"]
    auc, slope = (tables.estimate(*pooled.loc[one, ends]) for one in ("auc", "slope"))
    text = (
        f"{who} Over {k} centres the AUC of {name} was {auc} and its calibration slope {slope} "
        f"({RANDOM_EFFECTS}; AUCs on the scale of log odds)."
    )
    if k < FEW:
        text += " So few centres hardly tell how far centres differ."
    return text
