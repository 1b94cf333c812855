"""What a cohort is, for all later notebooks, and how its variables stand in Table 1."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro.cohort.ingested import SIMULATED, Ingested
from thyro.cohort.review import count_flags
from thyro.study import Cohort


def describe_cohort(
    ingested: Mapping[str, Ingested],
    patients: pd.DataFrame,
    settings: Cohort,
    *,
    title: str,
    outcome: str,
    outcome_levels: Sequence[str],
    credit: str = "",
) -> dict[str, object]:
    """What `cohort.json` says.

    Parameters
    ----------
    ingested
        "cohort", and "external" where there is one.
    patients
        All included, as later notebooks read them.
    settings
        Of "cohort".
    title, outcome, outcome_levels, credit
        Of the study, in words.
    """
    main, external = ingested["cohort"], ingested.get("external")
    examined = pd.concat([one.image_flags for one in ingested.values()])
    simulated = settings.source == "simulated" or settings.simulated
    return {
        "title": title,
        "outcome": outcome,
        "outcome_levels": list(outcome_levels),
        "credit": credit,
        "simulated": simulated,
        "label": SIMULATED if simulated else "",
        "spacing_known": bool(len(examined) and examined["row_mm"].notna().all()),
        "scores": list(settings.scores),
        "external": external is not None,
        "split": settings.split,
        "criteria": len(main.opened.criteria),
        "flags": count_flags(main),
        "external_flags": count_flags(external) if external else {},
        "second_reader": "mask_2" in patients,
        "radiologist_yes_from": settings.radiologist_yes_from,
        "truth": main.truth is not None,
        "variables": {variable["name"]: variable for variable in main.opened.variables},
    }


def table_1_variables(about: Mapping) -> dict[str, dict]:
    """The variables of Table 1 by name: those declared, then the outcome and the radiologist.

    Parameters
    ----------
    about
        As `describe_cohort` gives it.
    """
    outcome = about["outcome"]
    return about["variables"] | {
        "y": {
            "label": outcome[0].upper() + outcome[1:],
            "levels": about["outcome_levels"],
            "kind": "categorical",
        },
        "radiologist": {"label": "Radiologist", "kind": "categorical"},
    }


def table_1_rows(variables: Mapping[str, Mapping], patients: pd.DataFrame) -> list[dict]:
    """Rows of Table 1 for `statistics.baseline_comparison`: the variables that patients have."""
    return [{"name": name} | dict(entry) for name, entry in variables.items() if name in patients]


def called(patients: pd.DataFrame, yes_from: float | None) -> pd.DataFrame:
    """The patients with the radiologist's grades as what they call: a yes from `yes_from` on."""
    if yes_from is None:
        return patients
    return patients.assign(radiologist=patients["radiologist"].ge(yes_from))
