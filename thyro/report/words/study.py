"""Words on the study itself: where its patients come from, who they are, what it has."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.centres import unseen_patients
from thyro.report.words.phrases import applying, inside, listed, plural
from thyro.study import Study

SPLITS = {
    "random": "at random",
    "stratified": "at random, stratified by the outcome",
    "centre": "by centre",
    "leave_one_centre_out": "by centre, and the centres that train were left out in turn",
    "column": "as the table gives it",
}


def texts(study: Study, results: Results, *, name: str) -> dict:
    """Texts of the study and its cohort, and the flags of what it has.

    Parameters
    ----------
    study : Study
    results : Results
        Of 00.
    name : str
        Of the study, as its file is called.

    Returns
    -------
    dict
        study, word, origin, has (flags), lacking, cohort, statistics.
    """
    about = results.values("00_cohort/cohort")
    flow = results.values("00_cohort/flow")
    patients = results.table("00_cohort/patients")
    own = patients[patients["split"].ne("external")]
    has = flags(study, about, patients)
    return {
        "study": {
            "title": title(study, about),
            "name": cohort_name(name, about, len(own)),
            "outcome": study.outcome,
            "in_sample": "by the classical recipe, in-sample," if has["images"] else "",
            "recipe": ", as those of the publication" if has["reference"] else "",
        },
        "word": words(study),
        "origin": origin(about, reference=has["reference"]),
        "has": has,
        "cohort": cohort(study, about, own, flow),
        "lacking": lacking(study),
        "statistics": {
            "level": f"{100 * study.statistics.level:g}%",
            "groups": str(study.statistics.groups),
        },
    }


def words(study: Study) -> dict[str, str]:
    """What the report calls the lesion, the organ and the images of this study."""
    outlined = f"outlined {plural(study.lesion)}"
    images = f"from {study.modality} images of the {study.organ} with {outlined}"
    return {"lesion": study.lesion, "from": "" if study.cohort.scores else images}


def title(study: Study, about: Mapping) -> str:
    """Title of the report and of its calculator; patients who are simulated are called so in it."""
    said = not about["simulated"] or "simulated" in study.title.lower()
    return study.title if said else f"{study.title}: a simulated cohort"


def flags(study: Study, about: Mapping, patients: pd.DataFrame) -> dict[str, bool]:
    """What the study has; the manuscript leaves out passages on what it has not.

    Parameters
    ----------
    study : Study
    about : mapping
        `cohort.json` of 00.
    patients : DataFrame
        `patients.parquet` of 00, external ones among them.
    """
    scores, images = study.cohort.scores, study.cohort.has_images
    harmonised = study.selection.harmonisation != "none" and "centre" in patients
    return {
        "nomograms": study.has_nomograms,
        "judged": study.judges_scores,
        "probabilities": "probability" in study.judged.values(),
        "radiologist": "radiologist" in patients,
        "images": images,
        "enhanced": images and study.declared.enhanced,
        "resolution": images and not study.declared.enhanced,  # as acquired, alone
        "networks": images and bool(study.declared.networks),
        "maps": images and any(table.deep for table in study.declared.model_tables()),
        "nomogram_b": len(study.nomogram.signatures) > 1,
        "comparison": len(scores or study.declared.model_names()) != 1,
        "external": bool(patients["split"].eq("external").any()),
        "recovery": bool(about.get("truth")),
        "subgroups": bool(study.statistics.subgroups),
        "reference": study.reference != "none",
        "audit": study.reference != "none" or bool(study.published),
        "imputed": study.cohort.missing_values == "impute",
        "centres": "centre" in patients,
        "harmonised": harmonised,
        "unseen": harmonised and unseen_patients(patients) > 0,
        "tuned": images and bool(study.declared.networks) and study.features.fine_tuning != "none",
    }


def lacking(study: Study) -> dict[str, str]:
    """What stands in the place of a published figure that the study has nothing for."""
    scores = study.cohort.scores
    none = "This study has no images"
    return {
        "enhanced": f"{none}."
        if scores
        else "This study reads its images as acquired, and restores none.",
        "maps": f"{none}, and so no networks."
        if scores
        else "No model of this study’s table of performance has such maps.",
        "comparison": "This study has a single score, and nothing to compare it with."
        if scores
        else "This study has a single model, and nothing to compare it with.",
    }


def cohort_name(name: str, about: Mapping, n: int) -> str:
    """How the report calls the study: "a simulated cohort of 60 patients (smoke)".

    Parameters
    ----------
    name : str
        Of the study.
    about : mapping
        `cohort.json` of 00.
    n : int
        Patients of training and test.
    """
    if about["simulated"]:
        return f"a simulated cohort of {n:,} patients ({name})"
    return f"a cohort of {n:,} real patients ({name})"


def origin(about: Mapping, *, reference: bool = True) -> dict[str, str | bool]:
    """Where the data come from, as a label, a note under every caption, and a statement.

    `reference`: whether the report goes through a publication, whose patients are others.
    """
    private = "The data of the reference study are not public. " if reference else ""
    others = (
        " They are taken to be other patients than those of the reference study, and unless the "
        "outcome is the same, another question."
        if reference
        else ""
    )
    kind = "score" if about.get("scores") else "image"
    if about["simulated"]:
        statement = (
            f"Every patient, {kind} and result in this report is simulated. {private}The "
            f"simulation exists so that the methods can be followed from {kind} to nomogram; no "
            "number here says anything about patients."
        )
        return {
            "simulated": True,
            "label": "Simulated data - not clinical evidence",
            "note": "Simulated data.",
            "statement": statement,
        }
    real = "The patients are real, and so are the scores, which models outside this report gave"
    statement = (
        f"{real if kind == 'score' else 'The images are real'}; the outcome is "
        f"{about['outcome']}.{others}"
    )
    if kind == "image" and not about["spacing_known"]:
        statement += " The images do not tell the size of a pixel: lengths are in pixels."
    return {
        "simulated": False,
        "label": about["title"],
        "note": about["credit"],
        "statement": f"{statement} {about['credit']}".strip(),
    }


def cohort(
    study: Study, about: Mapping, patients: pd.DataFrame, flow: Sequence[Mapping]
) -> dict[str, str]:
    """Who is studied: counts of training and test, criteria, missing cells, flags, split.

    Parameters
    ----------
    study : Study
    about : mapping
        `cohort.json` of 00.
    patients : DataFrame
        Of training and test: split and y.
    flow : sequence of mapping
        `flow.json` of 00.
    """
    of_split = patients.groupby("split")["y"].agg(["size", "sum"])
    return {
        "n": f"{len(patients):,}",
        "n_train": f"{of_split.loc['train', 'size']:,}",
        "n_test": f"{of_split.loc['test', 'size']:,}",
        "events": f"{patients['y'].sum():,}",
        "events_train": f"{of_split.loc['train', 'sum']:,}",
        "events_test": f"{of_split.loc['test', 'sum']:,}",
        "prevalence": tables.percent(patients["y"].mean()),
        "excluded": excluded(flow, external=False),
        "split": SPLITS[study.cohort.split],
        "criteria": criteria(about.get("criteria", 0)),
        "missing": _missing(
            about["variables"].values(),
            radiologist="radiologist" in patients,
            scores=bool(study.cohort.scores),
            imputed=study.cohort.missing_values == "impute",
        ),
        "flagged_for": listed(list(about.get("flags", {}))),
        "flags": _flags(about, study.cohort.exclude_flagged),
    }


def excluded(flow: Sequence[Mapping], *, external: bool) -> str:
    """How many rows of the table left: "65", or "65 images" where rows are not patients."""
    own = [step for step in flow if bool(step.get("external")) == external]
    n = sum(step["n"] for step in own if step["excluded"])
    unit = own[0]["unit"]
    return f"{n:,}" if unit == "patient" else f"{n:,} {unit}{'' if n == 1 else 's'}"


def criteria(n: int) -> str:
    """How eligibility was decided, by the number of recorded criteria."""
    if n == 0:
        return "The table records no criterion of eligibility."
    return (
        f"Eligibility was decided by {n} recorded {'criterion' if n == 1 else 'criteria'}, in the "
        "order of the flow chart; a patient is counted at the first that fails."
    )


def _missing(
    variables: Collection[Mapping], *, radiologist: bool, scores: bool, imputed: bool = False
) -> str:
    own = [inside(v["label"]) for v in variables if v.get("missing")]
    optional = [inside(v["label"]) for v in variables if not v.get("required", True)]
    needed = applying(
        {
            "the outcome": True,
            "a required clinical value": not imputed,
            "the radiologist’s reading": radiologist,
            "a score": scores,
        }
    )
    without = " or ".join(filter(None, [", ".join(needed[:-1]), needed[-1]]))
    text = f"Patients without {without} were excluded and counted."
    if imputed:
        text += " Empty cells of clinical variables excluded nobody, and were imputed."
    if own:
        text += f" An empty cell is a level of its own for {listed(own)}."
    if optional:
        text += f" Some patients may lack {listed(optional)}, and no model uses it."
    return text


def _flags(about: Mapping, excluding: Sequence[str]) -> str:
    counts = {"in the cohort": about.get("flags", {})}
    if about.get("external"):
        counts["in the external cohort"] = about.get("external_flags", {})
    found = {
        where: [f"{flag} {n}" for flag, n in own.items() if n] for where, own in counts.items()
    }
    text = "No image was flagged."
    if any(found.values()):
        each_of = [f"{listed(own) if own else 'none'} {where}" for where, own in found.items()]
        text = f"Flags: {'; '.join(each_of)} (00_cohort/flagged_sheet.pdf)."
    if not excluding:
        return f"{text} No flag excludes by itself; the reader decides."
    named = listed(list(excluding))
    what = f"The flags {named} exclude" if len(excluding) > 1 else f"The flag {named} excludes"
    return f"{text} {what}, unless the reader says keep."
