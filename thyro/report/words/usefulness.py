"""Words on calibration, and on whether a nomogram would be of use: net benefit, and the reader."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import above, listed, relation
from thyro.statistics import DEFAULT
from thyro.study import BC, CLINICAL, RADIOLOGIST, ModelName, Study

IDEAL = {"citl": 0.0, "slope": 1.0, "observed_expected": 1.0}
RECIPES_APART = (
    "Comparisons of the classical recipe are adjusted among themselves in the same way; a contrast "
    "of a recipe has the same adjusted p wherever it stands."
)
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
        "reader": reader(
            results.table("06_statistics/reader"), benefits, level=study.statistics.level
        ),
        "families": {
            "text": families(results.table("06_statistics/main_delong")),
            "recipes": RECIPES_APART if study.cohort.has_images else "",
        },
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
    """Calibration of the first nomogram in test and external cohort, and what intervals exclude.

    Parameters
    ----------
    measured : DataFrame
        `statistics.calibration_by_cohort`.
    tested : DataFrame
        `statistics.calibration_table`, for the Hosmer-Lemeshow test.
    """
    made = {"updated": ""}
    for cohort in ("test", "external"):
        rows = measured[measured["cohort"].eq(cohort) & measured["measure"].isin(IDEAL)]
        if rows.empty:
            continue
        first = rows["model"].iloc[0]
        of_first = rows[rows["model"].eq(first)].set_index("measure").loc[list(MEASURES)]
        made[cohort] = f"of {first}: " + ", ".join(
            f"{MEASURES[row.Index]} {_estimate(row)}" for row in of_first.itertuples()
        )
        made[f"{cohort}_verdict"] = _verdict(rows, first)
    if "external" in made:
        made["updated"] = (
            "Dashed, in the external cohort: the same predictions after a new intercept was fitted "
            "there, which shows what it alone would mend; no prediction uses it."
        )
    hosmer = tested[tested["cohort"].eq("test")].set_index("model")["p_value"]
    made["hosmer"] = listed([f"p {relation(p)} ({model})" for model, p in hosmer.items()])
    return made


def _estimate(row) -> str:
    return tables.estimate(row.estimate, row.ci_low, row.ci_high, digits=2)


def _verdict(rows: pd.DataFrame, first: str) -> str:
    """Which intervals exclude the ideal value; those of `first` stand in the sentence before."""
    ideal = rows["measure"].map(IDEAL)
    off = rows[(rows["ci_low"] > ideal) | (rows["ci_high"] < ideal)]
    if off.empty:
        return "Of no nomogram does an interval exclude the ideal value."
    found: dict[str, list[str]] = {}
    for row in off.itertuples():
        told = "" if row.model == first else f" {_estimate(row)}"
        found.setdefault(str(row.model), []).append(f"{MEASURES[row.measure]}{told}")
    named = [f"{model} ({', '.join(measures)})" for model, measures in found.items()]
    return f"An interval excludes the ideal value for {listed(named)}."


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


def reader(compared: pd.DataFrame, benefits: pd.DataFrame, *, level: float) -> dict[str, str]:
    """The nomograms at the radiologist's specificity, by cohort; nothing where nobody read.

    The first is told with its interval, of the others whether they are told from the radiologist.

    Parameters
    ----------
    compared : DataFrame
        `statistics.reader_table`.
    benefits : DataFrame
        `statistics.net_benefit_differences`.
    level : float
        One less it is the p value below which a nomogram and the radiologist are told apart.
    """
    made, alpha = {}, 1 - level
    for cohort in ("test", "external"):
        rows = compared[compared["cohort"].eq(cohort) & compared["reader"].eq(RADIOLOGIST)]
        if rows.empty:
            continue
        first, *others = rows.to_dict("records")
        difference, low, high = (first[key] for key in ("difference", "ci_low", "ci_high"))
        made[cohort] = (
            f"In the {cohort} cohort, at the radiologist’s specificity of "
            f"{tables.probability(first['reader_specificity'])} or the next above, the sensitivity "
            f"of {first['model']} was {above(difference)} that of the radiologist, which was "
            f"{tables.probability(first['reader_sensitivity'])} ({tables.coverage(level)} "
            "CI of the "
            f"difference {tables.interval(low, high)}; "
            f"p {relation(first['p_value'])}).{_other_readings(others, alpha)}"
        )
    if made:
        made["benefit"] = _against(benefits, RADIOLOGIST, "the radiologist")
    return made


def _other_readings(rows: Sequence[Mapping], alpha: float) -> str:
    """Which of the other nomograms McNemar's test tells from the reader, and how."""
    told: dict[str, list[str]] = {"more": [], "fewer": [], "": []}
    for row in rows:
        clear = row["p_value"] < alpha
        told[("more" if row["difference"] > 0 else "fewer") if clear else ""].append(row["model"])
    sentences = [
        f"{listed(models)} found {what} of the patients with the outcome than the radiologist."
        for what, models in told.items()
        if what and models
    ]
    if told[""]:
        sentences.append(f"The test does not tell {listed(told[''])} from the radiologist.")
    return "".join(f" {sentence}" for sentence in sentences)


def _against(benefits: pd.DataFrame, other: str, words: str) -> str:
    """Where each nomogram has more or less net benefit than `other` in test, with intervals.

    Thresholds where the two are not told apart are named without: the table has their differences.
    """
    rows = benefits[benefits["cohort"].eq("test") & benefits["model_b"].eq(other)]
    sentences = []
    for model, part in rows.groupby("model_a", sort=False):
        more, less = part[part["ci_low"] > 0], part[part["ci_high"] < 0]
        alike = part.drop(index=[*more.index, *less.index])
        if len(alike) == len(part):
            low, high = (tables.number(end(part["difference"])) for end in (min, max))
            sentences.append(
                f"{model} could not be told from {words} at any threshold named (differences from "
                f"{low} to {high})."
            )
            continue
        said = [
            f"had {what} net benefit than {words} at {_differences(found)}"
            for what, found in (("more", more), ("less", less))
            if len(found)
        ]
        if len(alike):
            at = listed([_threshold(t) for t in alike["threshold"]])
            said.append(f"could not be told from it at {at}")
        sentences.append(f"{model} {listed(said)}.")
    return " ".join(sentences)


def _differences(rows: pd.DataFrame) -> str:
    """ "10% [0.012 (0.001–0.023)] and 20% [...]": thresholds with their differences."""
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
    members = set(compared["model_a"]) | set(compared["model_b"])
    controls = any((name := ModelName.read(one)) and name.image_set == BC.name for one in members)
    beside = ["the penalised model"]
    beside = [*(["the radiologist"] if RADIOLOGIST in members else []), *beside]
    words = {
        "image": "individual models" + (" with their control" if controls else ""),
        "nomogram": f"nomograms with {listed(beside)}",
    }
    told = [f"{n} of the {words[family]}" for family, n in counted.items()]
    return listed(told)
