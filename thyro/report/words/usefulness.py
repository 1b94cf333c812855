"""Words on calibration, and on whether a nomogram would be of use: net benefit, and the reader."""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import each, listed, relation
from thyro.statistics import DEFAULT
from thyro.study import CLINICAL, RADIOLOGIST, Study

IDEAL = {"citl": 0.0, "slope": 1.0, "observed_expected": 1.0}
MEASURES = {"citl": "in the large", "slope": "slope", "observed_expected": "O:E"}


def texts(study: Study, results: Results) -> dict:
    """Texts on calibration in test and external cohort, on net benefit and on the reader.

    Returns
    -------
    dict
        calibration, decision, reader, families.
    """
    measured = results.table("06_statistics/calibration_intervals")
    tested = results.table("06_statistics/calibration")
    benefits = results.table("06_statistics/net_benefit")
    return {
        "calibration": calibration(measured, tested),
        "decision": settings(study) | decision(benefits),
        "reader": reader(results.table("06_statistics/reader"), benefits),
        "families": {"text": families(results.table("06_statistics/delong"))},
    }


def settings(study: Study) -> dict[str, str]:
    """What was named beforehand: range and points of thresholds, and the other cut-off."""
    chosen = study.statistics
    low, high = (_threshold(t) for t in chosen.decision_range)
    return {
        "range": f"from {low} to {high}",
        "points": listed([_threshold(t) for t in chosen.decision_points]),
        "sensitivity": tables.percent(chosen.sensitivity, 0),
    }


def calibration(measured: pd.DataFrame, tested: pd.DataFrame) -> dict[str, str]:
    """Calibration of every nomogram in test and external cohort, and what its intervals exclude.

    Parameters
    ----------
    measured : DataFrame
        `statistics.calibration_by_cohort`.
    tested : DataFrame
        `statistics.calibration_table`, for the Hosmer-Lemeshow test.
    """
    made = {}
    for cohort in ("test", "external"):
        rows = measured[measured["cohort"].eq(cohort) & measured["measure"].isin(IDEAL)]
        values = rows.set_index(["model", "measure"])[["estimate", "ci_low", "ci_high"]]
        models = list(rows["model"].unique())
        told = [
            f"of {model} "
            + listed(
                [
                    f"{tables.estimate(*values.loc[(model, name)], digits=2)} ({words})"
                    for name, words in MEASURES.items()
                ]
            )
            for model in models
        ]
        if told:
            made[cohort] = "; ".join(told)
            made[f"{cohort}_verdict"] = _verdict(rows)
    hosmer = tested[tested["cohort"].eq("test")].set_index("model")["p_value"]
    made["hosmer"] = listed([f"{relation(p)} ({model})" for model, p in hosmer.items()])
    return made


def _verdict(rows: pd.DataFrame) -> str:
    """Which intervals exclude the ideal value."""
    ideal = rows["measure"].map(IDEAL)
    off = rows[(rows["ci_low"] > ideal) | (rows["ci_high"] < ideal)]
    if off.empty:
        return "No interval excludes the ideal value."
    found = [f"{MEASURES[row.measure]} of {row.model}" for row in off.itertuples()]
    return f"The interval excludes the ideal value for {listed(found)}."


def decision(benefits: pd.DataFrame) -> dict[str, str]:
    """Net benefit in the test cohort, against the clinical nomogram and against no model.

    Parameters
    ----------
    benefits : DataFrame
        `statistics.net_benefit_differences`.
    """
    return {
        "clinical": _against(benefits, CLINICAL, CLINICAL),
        "default": _against(benefits, DEFAULT, "the better of treating all and none"),
    }


def reader(compared: pd.DataFrame, benefits: pd.DataFrame) -> dict[str, str]:
    """The nomograms at the radiologist's specificity, by cohort; nothing where nobody read.

    Parameters
    ----------
    compared : DataFrame
        `statistics.reader_table`.
    benefits : DataFrame
        `statistics.net_benefit_differences`.
    """
    made = {}
    for cohort in ("test", "external"):
        rows = compared[compared["cohort"].eq(cohort) & compared["reader"].eq(RADIOLOGIST)]
        if rows.empty:
            continue
        first = rows.iloc[0]
        differences = {
            row.model: f"{tables.estimate(row.difference, row.ci_low, row.ci_high)}, "
            f"p {relation(row.p_value)}"
            for row in rows.itertuples()
        }
        made[cohort] = (
            f"in the {cohort} cohort, at the radiologist’s specificity of "
            f"{tables.probability(first['reader_specificity'])} or the next above, the sensitivity "
            f"less that of the radiologist ({tables.probability(first['reader_sensitivity'])}) of "
            f"{each(differences)}"
        )
    if made:
        made["benefit"] = _against(benefits, RADIOLOGIST, "the radiologist")
    return made


def _against(benefits: pd.DataFrame, other: str, words: str) -> str:
    """Where each nomogram has more, less or no different net benefit than `other`, in test."""
    rows = benefits[benefits["cohort"].eq("test") & benefits["model_b"].eq(other)]
    sentences = []
    for model, part in rows.groupby("model_a", sort=False):
        found = {
            f"had more net benefit than {words} at": part[part["ci_low"] > 0],
            f"had less than {words} at": part[part["ci_high"] < 0],
            f"could not be told from {words} at": part[
                (part["ci_low"] <= 0) & (part["ci_high"] >= 0)
            ],
        }
        said = [f"{text} {_differences(which)}" for text, which in found.items() if len(which)]
        sentences.append(f"{model} {listed(said)}.")
    return " ".join(sentences)


def _differences(rows: pd.DataFrame) -> str:
    """ "10% (0.012 (0.001–0.023)) and 20% (...)": thresholds with their differences."""
    return listed(
        [
            f"{_threshold(row.threshold)} "
            f"[{tables.estimate(row.difference, row.ci_low, row.ci_high)}]"
            for row in rows.itertuples()
        ]
    )


def _threshold(t: float) -> str:
    """A threshold probability as a sentence says it: "5%", "12.5%"."""
    return f"{100 * t:g}%"


def families(compared: pd.DataFrame) -> str:
    """How many comparisons Holm's method adjusts for in a cohort, by family.

    Parameters
    ----------
    compared : DataFrame
        `statistics.delong_by_family`.
    """
    cohort = compared["cohort"].iloc[0]
    counted: Mapping[str, int] = (
        compared[compared["cohort"].eq(cohort)].groupby("family", sort=False).size().to_dict()
    )
    words = {
        "image": "individual models with their controls",
        "nomogram": "nomograms with the radiologist, where there is one, and the penalised model",
    }
    return listed([f"the {n} of the {words[family]}" for family, n in counted.items()])
