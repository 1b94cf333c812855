"""From the results of a study to the manuscript: what the notebooks left, staged and rendered.

`wording` and `truth` turn numbers into display strings, `render` puts them into the text.
"""

import datetime
import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pandas as pd

from thyro import nomogram, simulate, store, super_resolution, tables
from thyro.clinical import LogisticFit
from thyro.nomogram import Nomogram
from thyro.report import published, render
from thyro.report.words import features as words_features
from thyro.report.words import models as words_models
from thyro.report.words import recovery as words_recovery
from thyro.report.words import study as words_study
from thyro.report.words import super_resolution as words_super_resolution
from thyro.study import Study

PUBLISHED = "report/published"


def make_report(results: str, name: str, study: Study) -> None:
    """Stage and render the report of a study.

    Parameters
    ----------
    results
        Folder that the notebooks wrote to, relative to the project; `notebooks/` in it holds their
        executed copies and how long each took.
    name
        Of the study.
    """
    folder = store.path(results)
    staged = render.stage(
        folder,
        store.path("report"),
        variables(results, name, study),
        tables={
            "provenance": stages(folder / "notebooks", study),
            "recovery": _recovery_rows(results, study),
        },
        elements={"calculator": _calculator(nomogram.calculator_fragment, results, study)},
    )
    render.render(staged, folder / "report")
    alone = _calculator(partial(nomogram.calculator_page, title=study.title), results, study)
    (folder / "report/calculator.html").write_text(alone, encoding="utf-8")


def variables(results: str, name: str, study: Study) -> dict:
    """The tree of display strings and flags behind `{{< var ... >}}`.

    What a study does not have (images, an external cohort, a truth) has no strings; the flag says
    so, and the manuscript leaves the passage out.
    """
    about = store.read_json(f"{results}/00_cohort/cohort.json")
    patients = store.read_table(f"{results}/00_cohort/patients.parquet")
    flow = store.read_json(f"{results}/00_cohort/flow.json")
    measured = store.read_table(f"{results}/06_statistics/performance.parquet")
    calibration = store.read_table(f"{results}/06_statistics/calibration.parquet")
    delong = words_study.delong(store.read_table(f"{results}/06_statistics/delong.parquet"))
    factors = store.read_json(f"{results}/05_nomogram/scalars.json")
    regressions = store.read_table(f"{results}/05_nomogram/logistic.parquet")
    scores, signatures = list(study.cohort.scores), study.nomogram.signatures
    outside = patients["split"].eq("external")
    has = {
        "radiologist": "radiologist" in patients,
        "images": not scores,
        "nomogram_b": len(signatures) > 1,
        "comparison": len(scores) != 1,
        "external": bool(outside.any()),
        "recovery": bool(about.get("truth")),
        "tuned": not scores and study.features.fine_tuning != "none",
    }
    tree = {
        "study": {
            "title": study.title,
            "name": words_study.cohort_name(name, about, int((~outside).sum())),
            "outcome": study.outcome,
        },
        "origin": words_study.origin(about),
        "has": has,
        "cohort": words_study.cohort(study, about, patients[~outside], flow),
        "models": words_study.models(scores, measured, delong),
        "clinical": words_study.clinical(study, about, factors, regressions),
        "nomogram": words_study.nomograms(signatures, measured, _fits(results, signatures), about),
        "statistics": {
            "level": tables.percent(study.statistics.level, 0),
            "groups": str(study.statistics.groups),
        },
        "validation": words_study.validation(
            factors,
            store.read_table(f"{results}/05_nomogram/validation.parquet"),
            store.read_table(f"{results}/06_statistics/penalised.parquet"),
        ),
        "performance": words_study.performance(measured),
        "delong": delong,
        "calibration": words_study.calibration(calibration),
        "checklist": words_study.checklist(has, about),
        "published": _published(store.path(PUBLISHED)),
        "run": _run(study, store.path(results)),
    }
    if has["images"]:
        tree |= _images(results, study)
    if has["external"]:
        tree["external"] = words_study.external(patients[outside], flow, measured, calibration)
    if has["recovery"]:
        tree["simulation"] = words_recovery.simulation(study)
        tree["recovery"] = words_recovery.recovery(*_recovered(results, study), about["variables"])
    return tree


def _calculator(write: Callable[..., str], results: str, study: Study) -> str:
    """The nomograms that the report draws, and the penalised model, to be used."""
    about = store.read_json(f"{results}/00_cohort/cohort.json")
    signatures = study.nomogram.signatures
    files = {f"Nomogram_{letter}": f"nomogram_{letter}" for letter in "AB"[: len(signatures)]}
    files |= {"Nomogram_C": "nomogram_C", "All candidates, penalised": "penalised"}
    made = {name: store.read_json(f"{results}/05_nomogram/{f}.json") for name, f in files.items()}
    return write(
        {name: LogisticFit.from_dict(parts["fit"]) for name, parts in made.items()},
        {name: Nomogram.from_dict(parts["nomogram"]) for name, parts in made.items()},
        labels=tables.display_names(about["variables"]) | {s: f"{s} signature" for s in signatures},
        units={name: entry.get("unit") or "" for name, entry in about["variables"].items()},
        outcome=study.outcome,
        origin=about["label"],
        level=study.statistics.level,
    )


def stages(folder: Path, study: Study) -> list[dict[str, str]]:
    """Rows of the provenance table: each executed notebook, its time and its peak memory."""
    rows = []
    for job in study.jobs:
        record = json.loads((folder / f"{job}.json").read_text())
        rows.append(
            {
                "Notebook": job,
                "Seconds": tables.number(record["seconds"], 1),
                "Peak memory, MB": f"{record['peak_mb']:,}",
            }
        )
    return rows


def _images(results: str, study: Study) -> dict:
    """What only a study of images has: super-resolution, features, networks, selection, control."""
    level = study.statistics.level
    made = store.read_json(f"{results}/01_super_resolution/scalars.json")
    quality = store.read_table(f"{results}/01_super_resolution/quality.parquet")
    measured = {
        name: store.read_json(f"{results}/02_features/scalars_{name}.json")
        for name in ("or", "sr", "bc")
    }
    stability = store.read_table(f"{results}/02_features/robustness_radiomics_or.parquet")
    kept = store.read_json(f"{results}/03_selection/scalars.json")
    compared = store.read_table(f"{results}/03_selection/agreement.parquet")
    control, machines, planar, planar_machines = (
        store.read_table(f"{results}/06_statistics/{name}.parquet")
        for name in ("control", "control_performance", "planar", "planar_performance")
    )
    return {
        "sr": words_super_resolution.super_resolution(
            study, made, super_resolution.fidelity_gains(quality, level=level)
        ),
        "agreement": words_super_resolution.agreement(compared),
        "control": words_super_resolution.control(machines, control, level=level),
        "features": words_features.features(measured),
        "ibsi": words_features.verification(
            store.read_table(f"{results}/02_features/ibsi_or.parquet")
        ),
        "robustness": words_features.robustness(
            measured["or"], stability, minimum=study.selection.minimum_icc
        ),
        "planar": words_features.planar(planar_machines, planar, level=level),
        "deep": words_study.networks(measured["or"]["weights"].values())
        | {"training": words_models.training(study)},
        "selection": words_models.selection(study, kept),
        **_models(results, study),
    }


def _models(results: str, study: Study) -> dict:
    """Both protocols, random divisions, and what the models look at."""
    models, statistics = f"{results}/04_models", f"{results}/06_statistics"
    compared = store.read_table(f"{statistics}/protocols.parquet")
    measured = store.read_table(f"{statistics}/performance.parquet")
    signatures = list(study.nomogram.signatures)
    sound = _fits(results, signatures, ending="_sound")
    fates = {
        s: store.read_table(f"{results}/03_selection/fate_radiomics_{s}.parquet")
        for s in ("or", "sr")
    }
    return {
        "protocols": words_models.protocols(
            study,
            compared,
            store.read_table(f"{models}/choice.parquet"),
            {
                name: (fit, sound[name])
                for name, fit in _fits(results, signatures).items()
                if name in sound
            },
        ),
        "repeats": words_models.repeats(
            store.read_table(f"{models}/repeats.parquet"),
            store.read_table(f"{models}/permuted.parquet"),
            store.read_table(f"{models}/frequency.parquet"),
            {s.upper(): list(fate.index[fate["step"].eq("kept")]) for s, fate in fates.items()},
            measured[measured["cohort"].eq("test")].set_index("model")["auc"],
        ),
        "explained": words_models.explained(
            store.read_table(f"{models}/importance.parquet"),
            store.read_table(f"{models}/sanity.parquet"),
        ),
    }


def _fits(results: str, signatures: list[str], *, ending: str = "") -> dict[str, dict]:
    """The logistic regression behind every nomogram; C has no other under the sound protocol."""
    letters = [*"AB"[: len(signatures)], *("" if ending else "C")]
    return {
        f"Nomogram_{letter}": store.read_json(
            f"{results}/05_nomogram/nomogram_{letter}{ending}.json"
        )["fit"]
        for letter in letters
    }


def _recovered(results: str, study: Study) -> tuple[pd.DataFrame, ...]:
    """Log odds, correlations with what shaped the images, and risks, from `recovery`."""
    level = study.statistics.level
    made = store.read_table(f"{results}/00_cohort/truth.parquet").set_index("patient_id")
    patients = store.read_table(f"{results}/00_cohort/patients.parquet").set_index("patient_id")
    train, test = (patients[patients["split"].eq(name)] for name in ("train", "test"))
    fit = store.read_json(f"{results}/05_nomogram/nomogram_C.json")["fit"]
    predictions = (
        store.read_table(f"{results}/{stage}/predictions.parquet")
        for stage in ("04_models", "05_nomogram")
    )
    scores, p = (
        table[table["protocol"].eq("paper")]
        .pivot(index="patient_id", columns="model", values="p")
        .loc[test.index, table["model"].unique()]
        for table in predictions
    )
    known = made.loc[test.index]
    # A score that follows the size of the nodule may have measured that and not its texture.
    shaped = pd.DataFrame({"image latent": known["image_latent"], "diameter": test["diameter"]})
    return (
        simulate.recovered_log_odds(fit, made.attrs["coefficients"], train, level=level),
        simulate.recovered_correlations(shaped, scores, level=level),
        simulate.recovered_risks(test["y"], known["risk"], p, level=level),
    )


def _recovery_rows(results: str, study: Study) -> list[dict[str, str]]:
    """Rows of the recovery table; none where there is no truth."""
    about = store.read_json(f"{results}/00_cohort/cohort.json")
    if not about.get("truth"):
        return []
    return words_recovery.recovery_rows(*_recovered(results, study), about["variables"])


def _published(folder: Path) -> dict:
    """Facts of the publication that the discussion names, from its numbers and their audit."""
    patients = published.published_table_1(folder)
    clnm = patients[patients["variable"].eq("CLNM")]
    with_clnm = patients["variable"].eq("CLNM") & patients["level"].eq("Yes")
    size = clnm.groupby("cohort")["n"].sum().astype(int)
    with_lnm = patients["variable"].eq("Location of LNM") & patients["level"].ne("No")
    suspected = patients["variable"].eq("Radiologist") & patients["level"].eq("Yes")
    confusion = published.published_confusion(folder)
    reading = confusion[confusion["model"].eq("Radiologist")].set_index("cohort")
    f1 = 2 * reading["tp"] / (2 * reading["tp"] + reading["fp"] + reading["fn"])
    findings = published.audit_findings(folder)["verdict"]
    auc = pd.concat([published.published_table_2(folder), published.published_nomograms(folder)])
    auc = auc[auc["cohort"].eq("test")].set_index("model")["auc"].map(tables.probability)
    p = published.published_delong_p(folder)
    everyone = patients["cohort"].eq("all")
    return {
        "n": str(size["all"]),
        "n_train": str(size["train"]),
        "n_test": str(size["test"]),
        "checks": str(len(findings)),
        "inconsistent": str((findings == "inconsistent").sum()),
        "outcome_table1": str(int(patients[with_clnm & everyone]["n"].sum())),
        "outcome_location": str(int(patients[with_lnm & everyone]["n"].sum())),
        "outcome_table2": str((reading["tp"] + reading["fn"]).sum()),
        "radiologist_f1_printed": tables.probability(reading.loc["test", "f1_printed"]),
        "radiologist_f1_train": tables.probability(f1["train"]),
        "radiologist_f1_test": tables.probability(f1["test"]),
        "radiologist_positive_table1": str(int(patients[suspected & everyone]["n"].sum())),
        "radiologist_positive_table2": str((reading["tp"] + reading["fp"]).sum()),
        "delong_p": words_study.relation(p),
        "delong_p_holm": words_study.relation(min(1.0, 4 * p)),  # the smallest of four
        "auc_sr_svm": auc["SR_SVM"],
        "auc_nomogram_b": auc["Nomogram_B"],
        "auc_nomogram_c": auc["Nomogram_C"],
    }


def _run(study: Study, folder: Path) -> dict:
    """How the results were made, by what stands beside them, and when they were rendered."""
    records = [json.loads((folder / f"notebooks/{job}.json").read_text()) for job in study.jobs]
    made = _neighbours(folder)
    today = datetime.date.today()
    return {
        "commit": _distinct(beside["commit"] for beside in made),
        "date": f"{today.day} {today:%B %Y}",
        "seconds": tables.number(sum(record["seconds"] for record in records), 0),
        "seed": str(study.compute.seed),
        "device": _distinct(beside["device"] for beside in made),
        "python": _distinct(beside["versions"]["python"] for beside in made),
        "packages": ", ".join(
            f"{package} {_distinct(beside['versions'][package] for beside in made)}"
            for package in store.PACKAGES
        ),
    }


def _neighbours(folder: Path) -> list[dict]:
    """What stands beside every file that the notebooks of a study left."""
    beside = [
        file for file in sorted(folder.glob("[0-9]*/*.json")) if file.with_suffix("").is_file()
    ]
    return [json.loads(file.read_text()) for file in beside]


def _distinct(values: Iterable[str]) -> str:
    """ "a", or "a and b" where results were made by more than one, in the order of the stages."""
    return words_study.listed(list(dict.fromkeys(values)))
