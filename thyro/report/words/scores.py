"""Words of a report on scores alone: who was scored, and what discrimination and calibration say.

Nothing was fitted, so there are no nomograms, no models of ours, and nothing of a publication.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words import study as words_study
from thyro.report.words.findings import agreement
from thyro.report.words.phrases import each, gap, listed, relation, side
from thyro.report.words.subgroups import texts_of_scores
from thyro.report.words.usefulness import IDEAL, settings
from thyro.statistics import DEFAULT, LARGE, cohorts
from thyro.study import Study, cohort_label

PURPOSES = {
    False: "To judge predictions that others made, as they stand",
    True: "To fit models on features that another program measured, and to judge them in patients "
    "whom they never saw",
}
LEARNED = {
    False: "Nothing was fitted here.",
    True: "Models were fitted here, on training patients alone, and every patient is judged by "
    "models that never saw the patient.",
}
NAMED = {"probability": "probabilities", "score": "scores", "reading": "yes/no readings"}
BETTER = "the better of treating everybody and nobody"
ONE = {"probability": "a probability", "score": "a score", "reading": "a yes/no reading"}


def texts(study: Study, results: Results, *, name: str) -> dict:
    """All texts of the report, and the flags of what it has.

    Parameters
    ----------
    study : Study
    results : Results
        Of 00 and 06_scores.
    name : str
        Of the study, as its file is called.

    Returns
    -------
    dict
        study, origin, has (flags), cohort, statistics, decision, scores and, where the study
        names groups, subgroups.
    """
    about = results.values("00_cohort/cohort")
    patients = results.table("00_cohort/patients")
    has = words_study.flags(study, about, patients)
    kinds = study.judged
    ranked = [one for one, kind in kinds.items() if kind != "reading"]
    probabilities = [one for one, kind in kinds.items() if kind == "probability"]
    acted_on = [one for one, kind in kinds.items() if kind != "score"]
    level = study.statistics.level
    measured = results.table("06_scores/performance")
    features = bool(study.cohort.features)
    of_table = study.cohort.judged if features else kinds
    of_table = {one: kind for one, kind in of_table.items() if one not in study.cohort.models}
    several = len(study.cohort.named) > 1 or study.external is not None
    has["subgroups"] &= bool(ranked)
    told = {
        "purpose": PURPOSES[features],
        "methods": " ".join(filter(None, [methods(of_table), predicted(study.cohort.models)])),
        "frozen": "",
        "learned": LEARNED[features],
        "where": "in every cohort" if several else "in all of them",
        "guessed": "; ".join(study.guessed),
        "many": f"{LARGE:,}",
        "cutoffs": cohort_label(study.cohort.reference).lower(),
        "discrimination": discrimination(measured, kinds),
        "compared": "",
        "between": "",
        "calibration": "",
        "benefit": "",
    }
    if study.cohort.models:
        inputs = results.table("04_frozen_models/inputs")
        told["frozen"] = frozen(results.values("04_frozen_models/models"), inputs)
    if ranked and several:
        told["between"] = between(results.table("06_scores/between_cohorts"), level=level)
    if len(ranked) > 1:
        told["compared"] = compared(results.table("06_scores/delong"), level=level)
    if probabilities:
        told["calibration"] = calibration(results.table("06_scores/calibration_intervals"))
    if acted_on:
        told["benefit"] = benefit(results.table("06_scores/net_benefit"))
    last = list(cohorts(patients["split"]))[-1]
    told["conclusion"] = conclusion(results, measured, last, probabilities, acted_on)
    return {
        "study": {
            "title": words_study.title(study, about),
            "name": words_study.cohort_name(name, about, len(patients)),
            "outcome": study.outcome,
        },
        "origin": origin(about, features=features, predicted=bool(study.cohort.models)),
        "has": has
        | {
            "features": features,
            "cohorts": several,
            "between": bool(ranked) and several,
            "guessed": bool(study.guessed),
            "scores": bool(study.cohort.judged if features else of_table),
            "frozen": bool(study.cohort.models),
            "ranked": bool(ranked),
            "several": len(ranked) > 1,
            "probabilities": bool(probabilities),
            "acted_on": bool(acted_on),
            "readings": len(acted_on) > len(probabilities),
            "both": bool(ranked) and len(acted_on) > len(probabilities),
        },
        "cohort": cohort(study, about, patients, results.values("00_cohort/flow")),
        "statistics": {"level": tables.coverage(level)},
        "decision": settings(study),
        "scores": told,
    } | (texts_of_scores(study, results) if has["subgroups"] else {})


def origin(
    about: Mapping, *, features: bool = False, predicted: bool = False
) -> dict[str, str | bool]:
    """Where patients and scores, or features, come from: label, note of captions, statement.

    `predicted` says that frozen models predicted the patients.
    """
    simulated = about["simulated"]
    what = "features" if features else "scores"
    kind = "invented" if simulated else "real"
    statement = (
        f"The patients are {kind}, and so are the {what}, which came with the table and were made "
        "elsewhere"
    )
    if predicted:
        statement = (
            f"The patients are {kind}, and models that were made elsewhere predicted them; scores "
            "or readings beside these, if any, came with the table"
        )
    return {
        "simulated": simulated,
        "label": "Simulated data - not clinical evidence" if simulated else about["title"],
        "note": "Simulated data." if simulated else about["credit"],
        "statement": f"{statement}; the outcome is {about['outcome']}. {LEARNED[features]} "
        f"{about['credit']}".strip(),
    }


def cohort(
    study: Study, about: Mapping, patients: pd.DataFrame, flow: Sequence[Mapping]
) -> dict[str, str]:
    """Who is studied: counts of every cohort, criteria, exclusions, and how cohorts came about."""
    several = patients["split"].nunique() > 1
    members = {name: patients.loc[who, "y"] for name, who in cohorts(patients["split"]).items()}
    counted = [
        f"{len(y):,} in the {cohort_label(name).lower()} ({y.sum():,} with the outcome)"
        for name, y in members.items()
    ]
    excluded = [words_study.excluded(flow, external=False)]
    if study.external:
        excluded.append(f"{words_study.excluded(flow, external=True)} of the external table")
    required = any(one.get("required", True) for one in about["variables"].values())
    needed = ["the outcome", *(["a required value"] if required else [])]
    given = set(study.cohort.judged) - set(study.cohort.models)
    needed += ["a score"] if given else []
    without = f"{', '.join(needed[:-1])} or {needed[-1]}" if needed[1:] else needed[0]
    return {
        "n": f"{len(patients):,}",
        "events": f"{patients['y'].sum():,}",
        "prevalence": tables.percent(patients["y"].mean()),
        "counted": listed(counted) if several else "all were judged together",
        "made": f"The cohorts were made {words_study.SPLITS[study.cohort.split]}: {listed(counted)}"
        if several
        else "Nobody was set aside: all were judged together",
        "excluded": listed(excluded),
        "criteria": words_study.criteria(about.get("criteria", 0)),
        "missing": f"Patients without {without} were excluded and counted.",
    }


def methods(kinds: Mapping[str, str]) -> str:
    """What the table holds, by kind: "Of every patient the table holds 2 probabilities (A and B)".

    Nothing is said where it holds none.
    """
    if not kinds:
        return ""
    parts = []
    for kind, plural in NAMED.items():
        names = [name for name, own in kinds.items() if own == kind]
        if names:
            what = ONE[kind] if len(names) == 1 else f"{len(names)} {plural}"
            parts.append(f"{what} ({listed(names)})")
    return f"Of every patient the table holds {listed(parts)}, made elsewhere."


def predicted(models: Mapping[str, str]) -> str:
    """Which models of other studies predicted the patients; nothing where there is none."""
    if not models:
        return ""
    what = "The model" if len(models) == 1 else "The models"
    return f"{what} {listed(list(models))} of another study predicted every patient, as exported."


def frozen(models: Mapping[str, Mapping], inputs: pd.DataFrame) -> str:
    """Whose models predicted the patients, by which file, and how far from their training."""
    sentences = [
        f"{name} is {one['name']}, which {one['trained_on']:,} patients taught the "
        f"risk of {one['outcome']} (file {one['file']}, SHA-256 {one['sha256'][:12]}…)."
        for name, one in models.items()
    ]
    for name, rows in inputs.groupby("model", sort=False):
        of = rows.groupby("input", sort=False)[["n", "filled", "outside"]].sum()
        said = {
            key: listed([f"{what} ({k:,})" for what, k in of[key].items() if k]) or "nothing"
            for key in ("outside", "filled")
        }
        sentences.append(
            f"In {of['n'].max():,} patients {name} met outside of its training: {said['outside']}; "
            f"filled was {said['filled']}."
        )
    steps = {"reads_images": "images were measured", "imputes": "gaps were filled"}
    done = [what for key, what in steps.items() if any(one[key] for one in models.values())]
    done = listed([*done, "risks were computed"])
    sentences.append(
        f"{done[0].upper()}{done[1:]} by what the patients of the original study taught; nothing "
        "was fitted, chosen or recalibrated here, and no outcome was read."
    )
    return " ".join(sentences)


def discrimination(measured: pd.DataFrame, kinds: Mapping[str, str]) -> str:
    """The AUC of every score, and the rates of every reading, by cohort."""
    sentences = []
    for name, rows in measured.groupby("cohort", sort=False, observed=True):
        aucs, rates = {}, []
        for row in rows.itertuples():
            if kinds[row.model] != "reading":
                aucs[row.model] = tables.estimate(row.auc, row.ci_low, row.ci_high)
                continue
            rate = tables.estimate(row.sensitivity, row.sensitivity_low, row.sensitivity_high)
            other = tables.estimate(row.specificity, row.specificity_low, row.specificity_high)
            rates.append(f"{row.model} had a sensitivity of {rate} and a specificity of {other}")
        said = [f"the AUC of {each(aucs)}"] if aucs else []
        sentences.append(f"In the {cohort_label(name).lower()} {'; '.join([*said, *rates])}.")
    return " ".join(sentences)


def compared(delong: pd.DataFrame, *, level: float) -> str:
    """Which scores the paired tests tell apart in each cohort, after Holm's adjustment."""
    sentences, alpha = [], 1 - level
    for name, rows in delong.groupby("cohort", sort=False, observed=True):
        apart = rows[rows["p_holm"] < alpha]
        where = f"In the {cohort_label(name).lower()}"
        if len(rows) == 1:
            row = rows.iloc[0]
            sentences.append(f"{where} {gap(row['model_a'], row['model_b'], row, level=level)}.")
            continue
        if apart.empty:
            sentences.append(f"{where} none of {len(rows)} pairs is told apart.")
            continue
        pairs = [
            f"{row.model_a} from {row.model_b}"
            if row.difference > 0
            else f"{row.model_b} from {row.model_a}"
            for row in apart.itertuples()
        ]
        sentences.append(
            f"{where} {len(apart)} of {len(rows)} pairs are told apart, the better one named "
            f"first: {listed(pairs)}."
        )
    return " ".join(sentences)


def between(table: pd.DataFrame, *, level: float) -> str:
    """Which scores discriminate otherwise in other cohorts, by unpaired tests."""
    apart = table[table["p_value"] < 1 - level]
    if apart.empty:
        return "No score is shown to discriminate otherwise in another cohort."
    told = [
        f"of {row.model} was {tables.probability(row.auc_a)} in the "
        f"{cohort_label(row.cohort_a).lower()} and {tables.probability(row.auc_b)} in the "
        f"{cohort_label(row.cohort_b).lower()} (p {relation(row.p_value)})"
        for row in apart.itertuples()
    ]
    return f"Between cohorts the AUC {listed(told)}."


def calibration(measured: pd.DataFrame) -> str:
    """Whether the probabilities agree with the outcomes, cohort by cohort.

    `measured` is `statistics.calibration_by_cohort`.
    """
    rows = measured[measured["measure"].isin(IDEAL)]
    sentences = []
    for name, of_cohort in rows.groupby("cohort", sort=False, observed=True):
        where = cohort_label(name).lower()
        models = dict(list(of_cohort.groupby("model", sort=False)))
        agreeing = [str(model) for model, of in models.items() if not _is_off(of)]
        if len(agreeing) > 1:  # one sentence for them all
            sentences.append(
                f"In the {where} the risks of {listed(agreeing)} agree with the outcomes as far as "
                "the intervals tell."
            )
        told = [model for model in models if len(agreeing) == 1 or model not in agreeing]
        sentences += [agreement(models[model], str(model), where) for model in told]
    return " ".join(sentences)


def benefit(differences: pd.DataFrame) -> str:
    """Where acting on each has more or less net benefit than the better of treating all and none.

    `differences` is `statistics.net_benefit_differences`.
    """
    against = differences[differences["model_b"].eq(DEFAULT)]
    several = against["model_a"].nunique() > 1  # then the table alone has the numbers
    sentences = []
    for name, of_cohort in against.groupby("cohort", sort=False, observed=True):
        head = f"In the {cohort_label(name).lower()}, against {BETTER}, acting on "
        said = [
            f"{model} {_benefit(rows, values=not several)}"
            for model, rows in of_cohort.groupby("model_a", sort=False)
        ]
        sentences.append(f"{head}{'; on '.join(said)}.")
    return " ".join(sentences)


def _benefit(rows: pd.DataFrame, *, values: bool) -> str:
    """ "has more net benefit at 20% and 30% and less net benefit at 10%"."""
    found = {"more": rows[rows["ci_low"] > 0], "less": rows[rows["ci_high"] < 0]}
    said = [
        f"{what} net benefit at {listed([_at(row, values) for row in of.itertuples()])}"
        for what, of in found.items()
        if len(of)
    ]
    return f"has {listed(said)}" if said else f"is not told apart at {len(rows)} thresholds"


def _at(row: Any, values: bool) -> str:
    """ "10% (0.486 against 0.509)": a threshold, with both net benefits."""
    at = f"{100 * row.threshold:g}%"
    if not values:
        return at
    return f"{at} ({tables.number(row.benefit_a)} against {tables.number(row.benefit_b)})"


def conclusion(
    results: Results,
    measured: pd.DataFrame,
    cohort: str,
    probabilities: Sequence[str],
    acted_on: Sequence[str],
) -> str:
    """What the last cohort, which is farthest from where the scores were made, says of them."""
    where = cohort_label(cohort).lower()
    rows = measured[measured["cohort"].eq(cohort) & measured["auc"].notna()]
    told = []
    if len(rows):
        best = rows.loc[rows["auc"].idxmax()]
        head = "The highest AUC" if len(rows) > 1 else "The AUC"
        value = tables.estimate(best["auc"], best["ci_low"], best["ci_high"])
        told.append(f"{head} in the {where} was {value} ({best['model']}).")
    if probabilities:
        of = results.table("06_scores/calibration_intervals")
        of = of[of["cohort"].eq(cohort) & of["measure"].isin(IDEAL)]
        off = [name for name in probabilities if _is_off(of[of["model"].eq(name)])]
        told.append(_agree(probabilities, off, where))
    if acted_on:
        table = results.table("06_scores/net_benefit")
        table = table[table["cohort"].eq(cohort) & table["model_b"].eq(DEFAULT)]
        less = table.loc[table["ci_high"] < 0, "model_a"].unique().tolist()
        told.append(
            f"Acting on {listed(less)} would do harm at a threshold that was named beforehand, "
            "against treating everybody or nobody."
            if less
            else "At no threshold named beforehand is acting on them shown to do harm against "
            "treating everybody or nobody."
        )
    return " ".join(told)


def _is_off(rows: pd.DataFrame) -> bool:
    """Whether an interval of a probability excludes the ideal value."""
    low, high = (rows[end] - rows["measure"].map(IDEAL) for end in ("ci_low", "ci_high"))
    return any(side(*ends) for ends in zip(low, high, strict=True))


def _agree(probabilities: Sequence[str], off: Sequence[str], where: str) -> str:
    """Which probabilities agree with the outcomes."""
    if len(probabilities) == 1:
        verb = "do not agree" if off else "agree, as far as the intervals tell,"
        return f"There the risks {verb} with the outcomes."
    if not off:
        return f"As far as the intervals tell, all risks agree with the outcomes in the {where}."
    if len(off) == len(probabilities):
        return f"No risks agree with the outcomes in the {where}."
    return f"The risks of {listed(off)} do not agree with the outcomes in the {where}."
