"""From the results of a study to the words and numbers that its manuscript uses.

Reads what the notebooks left, rounds it for display, and hands it to `render`. Nothing is computed
here but verdicts that a reader would draw from two numbers.
"""

import datetime
import json
import os
from pathlib import Path

import pandas as pd

from thyro import jobs, paper, params, radiomics, render, rounding, store

NOMOGRAMS = ("Nomogram_A", "Nomogram_B", "Nomogram_C")
PACKAGES = ("numpy", "scipy", "scikit-learn", "statsmodels", "torch", "monai", "pyradiomics")
PUBLISHED = "report/published"


def make(results: str, name: str, study: params.Study) -> None:
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
        provenance=stages(folder / "notebooks"),
    )
    render.render(staged, folder / "report")


def variables(results: str, name: str, study: params.Study) -> dict:
    """The tree of display strings and flags behind `{{< var ... >}}`."""
    about = store.read_json(f"{results}/00_cohort/cohort.json")
    patients = store.read_table(f"{results}/00_cohort/patients.parquet")
    performance = store.read_table(f"{results}/06_statistics/performance.parquet")
    radiologist = "radiologist" in patients
    return {
        "study": {
            "title": study.title,
            "name": _cohort_name(name, about, len(patients)),
            "outcome": study.outcome,
        },
        "origin": _origin(about),
        "has": {"radiologist": radiologist, "protocols": False, "audit": True},
        "cohort": _cohort(patients, store.read_json(f"{results}/00_cohort/flow.json")),
        "sr": _super_resolution(
            study, store.read_json(f"{results}/01_super_resolution/scalars.json")
        ),
        "features": {
            "n": f"{len(radiomics.FEATURE_NAMES):,}",
            "image_types": str(radiomics.describe_features()["image_type"].nunique()),
            "degenerate": str(len(radiomics.degenerate_features())),
        },
        "deep": _deep(store.read_json(f"{results}/02_features/scalars_or.json")),
        "selection": _selection(study, store.read_json(f"{results}/03_selection/scalars.json")),
        **_clinical(study, about, store.read_json(f"{results}/05_nomogram/scalars.json")),
        "statistics": {"level": rounding.percent(study.statistics.level, 0)},
        "performance": _performance(performance),
        "delong": _delong(store.read_table(f"{results}/06_statistics/delong.parquet")),
        "calibration": _calibration(
            store.read_table(f"{results}/06_statistics/calibration.parquet")
        ),
        "published": _published(store.path(PUBLISHED)),
        "run": _run(study, store.path(results) / "notebooks"),
    }


def stages(folder: Path) -> list[dict[str, str]]:
    """Rows of the provenance table: each executed notebook, its time and its peak memory."""
    rows = []
    for job in jobs.JOBS:
        record = json.loads((folder / f"{job}.json").read_text())
        rows.append(
            {
                "Notebook": job,
                "Seconds": rounding.number(record["seconds"], 1),
                "Peak memory, MB": f"{record['peak_mb']:,}",
            }
        )
    return rows


def _cohort_name(name: str, about: dict, n: int) -> str:
    what = "a simulated cohort" if about["simulated"] else "a cohort of real patients"
    return f"{what} of {n} ({name})"


def _origin(about: dict) -> dict:
    if about["simulated"]:
        statement = (
            "Every patient, image and result in this report is simulated. The data of the "
            "reference study are not public. The simulation exists so that the methods can be "
            "followed from image to nomogram; no number here says anything about thyroid cancer."
        )
        label = "Simulated data - not clinical evidence"
        return {
            "simulated": True,
            "label": label,
            "note": "Simulated data.",
            "statement": statement,
        }
    statement = (
        f"The images are real; the outcome is {about['outcome']}. These are other patients than "
        "those of the reference study, and unless the outcome is the same, another question."
    )
    if not about["spacing_known"]:
        statement += " The images do not tell the size of a pixel: lengths are in pixels."
    return {
        "simulated": False,
        "label": about["title"],
        "note": about["credit"],
        "statement": f"{statement} {about['credit']}".strip(),
    }


def _cohort(patients: pd.DataFrame, flow: list[dict]) -> dict:
    split = patients.groupby("split")["y"].agg(["size", "sum"])
    return {
        "n": str(len(patients)),
        "n_train": str(split.loc["train", "size"]),
        "n_test": str(split.loc["test", "size"]),
        "events": str(patients["y"].sum()),
        "events_train": str(split.loc["train", "sum"]),
        "events_test": str(split.loc["test", "sum"]),
        "prevalence": rounding.percent(patients["y"].mean()),
        "excluded": str(sum(step["n"] for step in flow if step["excluded"])),
    }


def _super_resolution(study: params.Study, scalars: dict) -> dict:
    better = [m for m in ("psnr", "ssim") if scalars[m] > scalars[f"{m}_bicubic"]]
    verdicts = {
        2: "The generator exceeded bicubic interpolation on both measures.",
        1: f"The generator exceeded bicubic interpolation in {''.join(better).upper()} only.",
        0: "The generator did not exceed bicubic interpolation: its images are not better.",
    }
    digits = {"psnr": 2, "psnr_bicubic": 2, "ssim": 3, "ssim_bicubic": 3}
    return {
        "factor": str(study.super_resolution.factor),
        "noise": rounding.number(255 * study.super_resolution.noise_sigma, 0),
        "parameters": f"{scalars['parameters_generator']:,}",
        "verdict": verdicts[len(better)],
        **{key: rounding.number(scalars[key], places) for key, places in digits.items()},
    }


def _deep(scalars: dict) -> dict:
    return {"weights": " and ".join(dict.fromkeys(scalars["weights"].values()))}


def _selection(study: params.Study, scalars: dict) -> dict:
    return {
        "alpha": f"{study.selection.alpha:g}",
        "rho": f"{study.selection.correlation:g}",
        "folds": str(study.selection.folds),
        "or_kept": str(scalars["radiomics_or"]["kept"]),
        "sr_kept": str(scalars["radiomics_sr"]["kept"]),
    }


def _clinical(study: params.Study, about: dict, scalars: dict) -> dict:
    labels = [about["variables"][term]["label"] for term in scalars["terms"]]
    terms = [label if label.isupper() else label[0].lower() + label[1:] for label in labels]
    notes = dict.fromkeys([scalars["note"], *scalars["notes"].values()])
    return {
        "clinical": {
            "entry": f"{study.nomogram.entry:g}",
            "retain": f"{study.nomogram.retain:g}",
            "terms": " and ".join([", ".join(terms[:-1]), terms[-1]] if terms[1:] else terms),
            "note": " ".join(filter(None, notes)),
        },
        "nomogram": {
            "signature_a": scalars["signatures"][0],
            "signature_b": scalars["signatures"][1],
            "choice": "Both signatures are named in the study file; no result chooses them.",
        },
    }


def _performance(table: pd.DataFrame) -> dict:
    tree: dict = {}
    for row in table.itertuples():
        tree.setdefault(row.model.lower(), {})[row.cohort] = {
            "auc": rounding.estimate(row.auc, row.ci_low, row.ci_high),
            "accuracy": rounding.probability(row.accuracy),
        }
    return tree


def _delong(table: pd.DataFrame) -> dict:
    pairs = {
        "sr_vs_or": ("SR_SVM", "OR_SVM"),
        "a_vs_b": ("Nomogram_A", "Nomogram_B"),
        "a_vs_c": ("Nomogram_A", "Nomogram_C"),
        "a_vs_radiologist": ("Nomogram_A", "Radiologist"),
    }
    test = table[table["cohort"].eq("test")].set_index(["model_a", "model_b"])
    return {
        key: {
            "difference_ci": rounding.estimate(
                *test.loc[pair, ["difference", "ci_low", "ci_high"]]
            ),
            "p": _relation(test.loc[pair, "p_value"]),
            "p_holm": _relation(test.loc[pair, "p_holm"]),
        }
        for key, pair in pairs.items()
        if pair in test.index
    }


def _relation(p: float) -> str:
    """ "= 0.013" or "< 0.001", as a sentence continues after "p"."""
    text = rounding.p_value(p)
    return text.replace("<", "< ") if text.startswith("<") else f"= {text}"


def _calibration(table: pd.DataFrame) -> dict:
    test = table[table["cohort"].eq("test")].set_index("model")
    return {
        model.lower(): {
            "slope": rounding.number(test.loc[model, "slope"], 2),
            "intercept": rounding.number(test.loc[model, "intercept"], 2),
            "hl_p": _relation(test.loc[model, "p_value"]),
        }
        for model in NOMOGRAMS
    }


def _published(folder: Path) -> dict:
    """Facts of the publication that the discussion names, from its numbers and their audit."""
    patients = paper.published_table_1(folder)
    clnm = patients[patients["variable"].eq("CLNM")]
    with_clnm = patients["variable"].eq("CLNM") & patients["level"].eq("Yes")
    size = clnm.groupby("cohort")["n"].sum().astype(int)
    with_lnm = patients["variable"].eq("Location of LNM") & patients["level"].ne("No")
    suspected = patients["variable"].eq("Radiologist") & patients["level"].eq("Yes")
    confusion = paper.published_confusion(folder)
    reading = confusion[confusion["model"].eq("Radiologist")].set_index("cohort")
    f1 = 2 * reading["tp"] / (2 * reading["tp"] + reading["fp"] + reading["fn"])
    findings = paper.audit_findings(folder)["verdict"]
    auc = pd.concat([paper.published_table_2(folder), paper.published_nomograms(folder)])
    auc = auc[auc["cohort"].eq("test")].set_index("model")["auc"].map(rounding.probability)
    p = paper.published_delong_p(folder)
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
        "radiologist_f1_printed": rounding.probability(reading.loc["test", "f1_printed"]),
        "radiologist_f1_train": rounding.probability(f1["train"]),
        "radiologist_f1_test": rounding.probability(f1["test"]),
        "radiologist_positive_table1": str(int(patients[suspected & everyone]["n"].sum())),
        "radiologist_positive_table2": str((reading["tp"] + reading["fp"]).sum()),
        "delong_p": _relation(p),
        "delong_p_holm": _relation(min(1.0, 4 * p)),  # the smallest of four
        "auc_sr_svm": auc["SR_SVM"],
        "auc_nomogram_b": auc["Nomogram_B"],
        "auc_nomogram_c": auc["Nomogram_C"],
    }


def _run(study: params.Study, folder: Path) -> dict:
    records = [json.loads((folder / f"{job}.json").read_text()) for job in jobs.JOBS]
    versions = store.versions()
    today = datetime.date.today()
    device = {"cpu": f"{os.cpu_count()} CPU cores", "cuda": "a CUDA device"}[study.compute.device]
    return {
        "commit": store.commit(),
        "date": f"{today.day} {today:%B %Y}",
        "seconds": rounding.number(sum(record["seconds"] for record in records), 0),
        "seed": str(study.compute.seed),
        "device": device,
        "python": versions["python"],
        "packages": ", ".join(f"{package} {versions[package]}" for package in PACKAGES),
    }
