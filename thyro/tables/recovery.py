"""Tables of a simulated study: what could be known of its truth, and what was found of it."""

from collections.abc import Mapping

import pandas as pd

from thyro.study import COHORTS
from thyro.tables.rounding import ABSENT, display_names, estimate, number, probability


def recovered(
    odds: pd.DataFrame, correlations: pd.DataFrame, risks: pd.DataFrame, dictionary: Mapping
) -> pd.DataFrame:
    """Set the simulated truth beside what the models of a study found.

    Parameters
    ----------
    odds, correlations, risks : DataFrame
        `simulate.recovered_log_odds`, `recovered_correlations` and `recovered_risks`.
    dictionary : mapping
        Labels and units of the variables.
    """
    names = display_names(dictionary)
    rows = []
    for row in odds.itertuples():
        compared = "" if pd.isna(row.low) else f", {row.high:.3g} against {row.low:.3g}"
        of = names[row.term] + (f": {row.level}" if row.level else compared)
        found = estimate(row.estimate, row.ci_low, row.ci_high)
        truth = "not in the truth" if pd.isna(row.truth) else number(row.truth)
        found = "not in the model" if pd.isna(row.estimate) else found
        rows.append(("Log odds", of, truth, found))
    for row in correlations.itertuples():
        found = estimate(row.rho, row.ci_low, row.ci_high, 2)
        rows.append((f"Correlation with the {row.known}", row.model, ABSENT, found))
    for row in risks.itertuples():
        found = estimate(row.auc, row.ci_low, row.ci_high)
        rows.append(("AUC", row.model, probability(row.auc_of_risk), found))
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
    of = limits.assign(measure="AUC", of=limits["knows"].str.capitalize(), value=limits["auc"])
    known = latents["latent"].str.replace("_", " ")
    read = latents.assign(measure="r with the " + known, of=latents["features"], value=latents["r"])
    rows = []
    for (measure, name), cells in pd.concat([of, read]).groupby(["measure", "of"], sort=False):
        found = {
            COHORTS[row.cohort].removesuffix(" cohort"): estimate(
                row.value, row.ci_low, row.ci_high, 3 if measure == "AUC" else 2
            )
            for row in cells.itertuples()
        }
        rows.append({"Measure": measure, "Of": name} | found)
    return pd.DataFrame(rows)
