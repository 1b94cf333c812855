"""Words on cohorts that the user named beside training and test: who they are, what held there."""

from collections.abc import Sequence

import pandas as pd

from thyro.report.results import Results
from thyro.report.words.findings import agreement
from thyro.report.words.phrases import aucs, each, listed
from thyro.report.words.usefulness import IDEAL
from thyro.statistics import cohorts
from thyro.study import EXTERNAL, TEST, TRAIN, Study, cohort_label, nomograms


def others(patients: pd.DataFrame) -> list[str]:
    """The cohorts of `patients.parquet` that no other words are on."""
    return [name for name in cohorts(patients["split"]) if name not in (TRAIN, TEST, EXTERNAL)]


def texts(study: Study, results: Results) -> dict:
    """Texts on the further cohorts of a study with nomograms.

    Returns
    -------
    dict
        others: who, aucs, measures, calibration.
    """
    patients = results.table("00_cohort/patients")
    measured = results.table("06_statistics/main_performance")
    named, names = others(patients), [str(one) for one in nomograms(study.nomogram.signatures)]
    return {
        "others": {
            "who": who(patients, named),
            "aucs": discrimination(measured, named, names),
            "measures": discrimination(measured, named, names, accuracy=True),
            "calibration": calibration(
                results.table("06_statistics/calibration_intervals"), named, names[0]
            ),
        }
    }


def who(patients: pd.DataFrame, named: Sequence[str]) -> str:
    """Patients and events of each, who fitted nothing."""
    counted = []
    for name in named:
        y = patients.loc[patients["split"].eq(name), "y"]
        counted.append(
            f"the {_called(name)} ({len(y):,} patients, {int(y.sum()):,} with the outcome)"
        )
    begins = "A further cohort" if len(named) == 1 else f"{len(named)} further cohorts"
    return f"{begins} of the table fitted nothing: {listed(counted)}."


def discrimination(
    measured: pd.DataFrame, named: Sequence[str], models: Sequence[str], *, accuracy: bool = False
) -> str:
    """A sentence for each cohort on the AUC of every nomogram.

    `measured` is `statistics.performance_table` of the main predictions.
    """
    found = {name: aucs(measured, name, models, accuracy=accuracy) for name in named}
    return " ".join(
        f"In the {_called(name)} the AUC of {each(values)}." for name, values in found.items()
    )


def calibration(measured: pd.DataFrame, named: Sequence[str], first: str) -> str:
    """A sentence for each cohort on whether the risks of the first nomogram are true there.

    `measured` is `statistics.calibration_by_cohort` of the main predictions.
    """
    rows = measured[measured["model"].eq(first) & measured["measure"].isin(IDEAL)]
    return " ".join(
        agreement(rows[rows["cohort"].eq(name)], first, _called(name)) for name in named
    )


def _called(name: str) -> str:
    return cohort_label(name).lower()
