"""Words on a simulated study: how it was made, and how much of its truth was found again."""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import inside, listed
from thyro.study import CLINICAL, Study

PARTS = ("log_odds", "correlations", "risks")  # tables of 06


def texts(study: Study, results: Results) -> dict:
    """Texts of the simulation and of what was found of its truth, from what 00 and 06 left.

    Returns
    -------
    dict
        simulation, recovery.
    """
    variables = results.values("00_cohort/cohort")["variables"]
    return {"simulation": simulation(study), "recovery": recovery(*_tables(results), variables)}


def rows(results: Results) -> list[dict[str, str]]:
    """Rows of the table of the truth beside what was found; none where there is no truth."""
    about = results.values("00_cohort/cohort")
    if not about.get("truth"):
        return []
    return recovery_rows(*_tables(results), about["variables"])


def _tables(results: Results) -> list[pd.DataFrame]:
    return [results.table(f"06_statistics/recovery_{part}") for part in PARTS]


def simulation(study: Study) -> dict[str, str]:
    """What of the simulation depends on the study file."""
    effect, other = study.cohort.effect, study.external
    scaled = (
        f"In this study these effects, and that of the outcome on the reading, are multiplied by "
        f"{effect:g}."
    )
    agreement = (
        "The radiologist’s sensitivity and specificity were set to the published ones, as were "
        "the clinical margins and the share of patients with the outcome: the "
        "radiologist’s accuracy agrees by construction, but for chance."
    )
    scanner = "another" if other and other.device != study.cohort.device else "the same"
    return {
        "effect": "" if effect == 1 else scaled,
        "agreement": agreement if effect == 1 else "",
        "external": f"The external cohort has the same case mix and {scanner} simulated scanner.",
    }


def recovery_rows(
    odds: pd.DataFrame, correlations: pd.DataFrame, risks: pd.DataFrame, dictionary: Mapping
) -> list[dict[str, str]]:
    """Rows of the table that sets the simulated truth beside what was found.

    Parameters
    ----------
    odds, correlations, risks : DataFrame
        `simulate.recovered_log_odds`, `recovered_correlations` and `recovered_risks`.
    dictionary : mapping
        Labels and units of the variables.
    """
    names = tables.display_names(dictionary)
    rows = []
    for row in odds.itertuples():
        compared = "" if pd.isna(row.low) else f", {row.high:.3g} against {row.low:.3g}"
        of = names[row.term] + (f": {row.level}" if row.level else compared)
        found = tables.estimate(row.estimate, row.ci_low, row.ci_high)
        truth = "not in the truth" if pd.isna(row.truth) else tables.number(row.truth)
        found = "not in the model" if pd.isna(row.estimate) else found
        rows.append(("Log odds", of, truth, found))
    for row in correlations.itertuples():
        found = tables.estimate(row.rho, row.ci_low, row.ci_high, 2)
        rows.append((f"Correlation with the {row.known}", row.model, tables.ABSENT, found))
    for row in risks.itertuples():
        found = tables.estimate(row.auc, row.ci_low, row.ci_high)
        rows.append(("AUC", row.model, tables.probability(row.auc_of_risk), found))
    for row in risks.itertuples():
        ideal = tables.number(row.slope_of_risk, 0)
        rows.append(("Slope of log odds", row.model, ideal, tables.number(row.slope, 2)))
    for row in risks.itertuples():
        rows.append(("Mean distance of risk", row.model, "0", tables.number(row.absolute_error)))
    heads = ("Measure", "Of", "Truth", "Estimate")
    return [dict(zip(heads, row, strict=True)) for row in rows]


def recovery(
    odds: pd.DataFrame, correlations: pd.DataFrame, risks: pd.DataFrame, dictionary: Mapping
) -> dict[str, str]:
    """What a reader would say of the recovered truth.

    Parameters
    ----------
    odds, correlations, risks, dictionary
        As in `recovery_rows`.
    """
    best = tables.probability(risks["auc_of_risk"].iloc[0])
    ceiling = (
        f"The AUC of the true risk itself, which a model passes by chance only, is {best} in the "
        "test cohort."
    )
    if risks["slope_of_risk"].isna().all():
        ceiling = "The true risk is the same for everybody: an AUC differs from one half by chance."
    return {
        "factors": _factors(odds, dictionary),
        "scores": _followed(correlations),
        "ceiling": ceiling,
    }


def _factors(odds: pd.DataFrame, dictionary: Mapping) -> str:
    """Which true factors the nomogram kept and missed, and which entered without mattering."""
    matters = odds["truth"].abs().gt(0)  # not for a truth that is absent or 0
    of = odds.assign(matters=matters, entered=odds["estimate"].notna())
    of = of.groupby("term", sort=False)[["matters", "entered"]].any()
    names = {term: inside(dictionary[term]["label"]) for term in of.index}
    kept, missed, surplus = (
        [names[term] for term in of.index[chosen]]
        for chosen in (
            of["matters"] & of["entered"],
            of["matters"] & ~of["entered"],
            ~of["matters"] & of["entered"],
        )
    )
    text = "No clinical factor changes the true risk."
    if kept or missed:
        text = f"Of the clinical factors that change the true risk, {CLINICAL} holds "
        text += f"{len(kept)} of {len(kept + missed)}" + (f" ({listed(kept)})" if kept else "")
        text += f" and misses {listed(missed)}." if missed else "."
    if surplus:
        text += f" Entered without changing it: {listed(surplus)}."
    found = odds[matters & odds["estimate"].notna()]
    held = found["truth"].between(found["ci_low"], found["ci_high"]).sum()
    if len(found):
        text += f" The intervals of {held} of {len(found)} log odds of true factors hold the truth."
    return text


def _followed(correlations: pd.DataFrame) -> str:
    """How many scores follow what shaped the images, in either direction, beyond chance."""
    beyond = correlations["ci_low"].gt(0) | correlations["ci_high"].lt(0)
    counts = beyond.groupby(correlations["known"], sort=False).sum()
    said = listed([f"with the {known} in {n}" for known, n in counts.items()])
    of = correlations["model"].nunique()
    return f"Beyond chance, scores correlate {said} of {of} image models."
