"""Words on a simulated study: how it was made, and how much of its truth was found again."""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import inside, listed
from thyro.study import CLINICAL, OR, RADIOMICS, SR, FeatureTable, Study

PARTS = ("log_odds", "correlations", "risks", "ceilings", "latents")  # tables of 06
# The features whose reading of the latents the main text shows, where the study has them.
SHOWN = [FeatureTable(images.name, RADIOMICS).label for images in (OR, SR)]


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
    """Rows of the table of what can be known at best; none where there is no truth."""
    about = results.values("00_cohort/cohort")
    if not about.get("truth"):
        return []
    *_, limits, latents = _tables(results)
    return ceiling_rows(limits, latents)


def ceiling_rows(limits: pd.DataFrame, latents: pd.DataFrame) -> list[dict[str, str]]:
    """Rows of the main text: of all features, those of the paper in the images of the study."""
    unseen = set(latents["features"]) - set(SHOWN)
    kept = ~limits["knows"].str.endswith(tuple(unseen)) if unseen else limits["knows"].notna()
    shown = tables.ceilings(limits[kept], latents[latents["features"].isin(SHOWN)])
    return shown.fillna(tables.ABSENT).to_dict("records")


def _tables(results: Results) -> list[pd.DataFrame]:
    return [results.table(f"06_statistics/recovery_{part}") for part in PARTS]


def simulation(study: Study) -> dict[str, str]:
    """What of the simulation depends on the study file."""
    cohort, other = study.cohort, study.external
    scaled = (
        f"In this study these effects, and that of the outcome on the reading, are multiplied by "
        f"{cohort.effect:g}."
    )
    agreement = (
        "The radiologist’s sensitivity and specificity were set to the published ones, as were "
        "the clinical margins and the share of patients with the outcome: the "
        "radiologist’s accuracy agrees by construction, but for chance."
    )
    published = cohort.prevalence is None and cohort.size_shift == 0
    reading = {
        0: "and not on the outcome itself.",
        1: "and beyond these on the outcome, so that its sensitivity and specificity are the "
        "published ones in patients of the published case mix.",
    }
    return {
        "reading": reading.get(cohort.effect, "and beyond these on the outcome."),
        "effect": "" if cohort.effect == 1 else scaled,
        "coarse": f"{cohort.coarse_log_odds:g}",
        "fine": f"{cohort.fine_log_odds:g}",
        "mix": _mix(cohort),
        "agreement": agreement if cohort.effect == 1 and published else "",
        "external": _elsewhere(cohort, other) if other else "",
    }


def _mix(source) -> str:
    """What sizes and outcomes of the patients are, as the end of a sentence."""
    if source.size_shift:
        sizes = f"nodules that are {abs(source.size_shift):g} standard deviations "
        sizes += f"{'larger' if source.size_shift > 0 else 'smaller'} than the published ones, "
        sizes += "with all that goes with their size"
    else:
        sizes = "the published sizes of nodules"
    outcome = "the published share of patients with the outcome"
    if source.prevalence is not None:
        outcome = f"the outcome in {tables.percent(source.prevalence, 0)} of patients"
    return f"{sizes}, and {outcome}"


def _elsewhere(cohort, other) -> str:
    """How the external cohort differs."""
    scanner = "another" if other.device != cohort.device else "the same"
    mix = "the same case mix" if _mix(other) == _mix(cohort) else _mix(other)
    return (
        f"The external cohort has {scanner} simulated scanner, {mix}. Its radiologist reads by "
        "the rule of the cohort’s."
    )


def recovery(
    odds: pd.DataFrame,
    correlations: pd.DataFrame,
    risks: pd.DataFrame,
    limits: pd.DataFrame,
    latents: pd.DataFrame,
    dictionary: Mapping,
) -> dict[str, str]:
    """What a reader would say of the recovered truth.

    Parameters
    ----------
    odds, correlations, risks, limits, latents : DataFrame
        The tables of `simulate.recovered_truth`: log_odds, correlations, risks, ceilings, latents.
    dictionary : mapping
        Labels and units of the variables.
    """
    return {
        "factors": _factors(odds, dictionary),
        "scores": _followed(correlations),
        "ceiling": _ceiling(risks, limits),
        "oracle": _read(latents),
    }


def _ceiling(risks: pd.DataFrame, limits: pd.DataFrame) -> str:
    """How well anybody could rank the test patients, by what is known."""
    if risks["slope_of_risk"].isna().all():
        return "The true risk is the same for everybody: an AUC differs from one half by chance."
    of = limits[limits["cohort"].eq("test")].set_index("knows")
    aucs = {name: tables.estimate(row.auc, row.ci_low, row.ci_high) for name, row in of.iterrows()}
    (first, lowest), *_, (_, highest) = aucs.items()
    seen = {name: aucs[f"{first} and {name}"] for name in SHOWN if f"{first} and {name}" in aucs}
    between = listed([f"{auc} ({name})" for name, auc in seen.items()])
    return (
        f"In the test cohort a model that knew each patient’s true risk would reach an AUC of "
        f"{highest}, and one that knew the {first} alone {lowest}; with the texture as features "
        f"tell it, {between}."
    )


def _read(latents: pd.DataFrame) -> str:
    """How well the latents can be read off the features, in the test cohort."""
    here = latents[latents["cohort"].eq("test") & latents["features"].isin(SHOWN)]
    said = []
    for latent, of in here.groupby("latent", sort=False):
        found = [
            f"{tables.estimate(row.r, row.ci_low, row.ci_high, 2)} ({row.features})"
            for row in of.itertuples()
        ]
        said.append(f"{latent.replace('_', ' ')} {listed(found)}")
    together = ", and with the ".join(said)
    return f"What the features tell of the texture correlated with the {together}."


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
