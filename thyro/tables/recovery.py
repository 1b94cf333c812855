"""Tables of a simulated study: what could be known of its truth, and what was found of it."""

from collections.abc import Mapping

import pandas as pd

from thyro.study import CLINICAL, cohort_label
from thyro.tables.rounding import ABSENT, display_names, estimate, number, probability


def recovered(found: Mapping[str, pd.DataFrame], dictionary: Mapping) -> pd.DataFrame:
    """Set the simulated truth beside what models, and ridge regression on the latents, found.

    Parameters
    ----------
    found : mapping of str to DataFrame
        `simulate.recovered_truth`.
    dictionary : mapping
        Labels and units of the variables.
    """
    odds, correlations, risks = (found[part] for part in ("log_odds", "correlations", "risks"))
    ridge = found["latents"][found["latents"]["cohort"].eq("test")]
    names = display_names(dictionary)
    rows = []
    for row in odds.itertuples():
        compared = "" if pd.isna(row.low) else f", {row.high:.3g} against {row.low:.3g}"
        of = names[row.term] + (f": {row.level}" if row.level else compared)
        told = estimate(row.estimate, row.ci_low, row.ci_high)
        truth = "not in the truth" if pd.isna(row.truth) else number(row.truth)
        told = "not in the model" if pd.isna(row.estimate) else told
        rows.append(("Log odds", of, truth, told))
    for row in correlations.itertuples():
        told = estimate(row.rho, row.ci_low, row.ci_high, 2)
        rows.append((f"Correlation with the {row.known}", row.model, ABSENT, told))
    for row in ridge.itertuples():
        told = estimate(row.r, row.ci_low, row.ci_high, 2)
        rows.append((f"Ridge on the {_latent(row.latent)}", row.features, "1", told))
    limits = found["ceilings"].set_index(["cohort", "knows"])["auc"]
    for row in risks.itertuples():
        told = estimate(row.auc, row.ci_low, row.ci_high)
        # One that cannot see the image is measured by what clinical terms alone can tell.
        truth = limits["test", "clinical terms"] if row.model == CLINICAL else row.auc_of_risk
        rows.append(("AUC", row.model, probability(truth), told))
    for row in risks.itertuples():
        ideal = number(row.slope_of_risk, 0)
        rows.append(("Slope of log odds", row.model, ideal, number(row.slope, 2)))
    for row in risks.itertuples():
        rows.append(("Mean distance of risk", row.model, "0", number(row.absolute_error)))
    return pd.DataFrame(rows, columns=["Measure", "Of", "Truth", "Estimate"])


def ceilings(limits: pd.DataFrame, latents: pd.DataFrame) -> pd.DataFrame:
    """Show what can be known at best, one column per cohort.

    Parameters
    ----------
    limits : DataFrame
        `simulate.recovered_truth`, ceilings: AUC by knowledge and cohort.
    latents : DataFrame
        As there, latents: correlation by latent, features and cohort.
    """
    knows = limits["knows"].str[:1].str.upper() + limits["knows"].str[1:]
    of = limits.assign(measure="AUC", of=knows, value=limits["auc"])
    known = "r with the " + latents["latent"].map(_latent)
    read = latents.assign(measure=known, of=latents["features"], value=latents["r"])
    rows = []
    for (measure, name), cells in pd.concat([of, read]).groupby(["measure", "of"], sort=False):
        found = {
            cohort_label(row.cohort).removesuffix(" cohort"): estimate(
                row.value, row.ci_low, row.ci_high, 3 if measure == "AUC" else 2
            )
            for row in cells.itertuples()
        }
        rows.append({"Measure": measure, "Of": name} | found)
    return pd.DataFrame(rows)


def _latent(name: str) -> str:
    """ "coarse latent", of the column's name."""
    return name.replace("_", " ")
