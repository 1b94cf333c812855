"""Patients of another study, predicted by frozen models: nothing is fitted to them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from thyro import store
from thyro.frozen.archive import FrozenError, checksum
from thyro.study import TRAIN, Source, Variable, cohort_label

if TYPE_CHECKING:
    from thyro.frozen.model import FrozenModel
    from thyro.frozen.prediction import Prediction

CENTRE = "centre"
CHUNK = 20  # patients whose images are in memory together
COUNTS = ("n", "filled", "outside")
OF_IMAGE = "features of the image"


@dataclass(frozen=True)
class Validated:
    """What frozen models say of patients who had no part in them.

    `risks`: patient_id, model, p (0-1), protocol and fold, as the predictions of other notebooks.
    `inputs`: one row per model, cohort and input: n patients, how many had it filled because it was
    not known, and of how many it lies outside the training patients. Of the image: patients of whom
    any feature is, or could not be measured.
    """

    risks: pd.DataFrame
    inputs: pd.DataFrame


def check_models(source: Source) -> list[str]:
    """See that the frozen models of a study can predict its patients, before anything runs.

    Parameters
    ----------
    source : Source
        Of the study, with its declared variables.

    Returns
    -------
    list of str
        What models will fill for every patient, as in their training.

    Raises
    ------
    FrozenError
        If a file is not there or was changed; naming all that the study does not give a model.
    """
    problems, notes = [], []
    for name, file in source.models.items():
        try:
            model = _read(file)
        except FrozenError as error:
            problems.append(f"{name}: {error}")
            continue
        problems += [f"{name}: {line}" for line in lacking(model, source)]
        known = _declared(model, source.variables)
        filled = [one for one in model.variables if one not in {*model.required, *known}]
        filled = [one for one in filled if not (one == CENTRE and source.centre_column)]
        if filled:
            notes.append(f"{name}: fills for everybody what no variable tells: {_listed(filled)}")
    if problems:
        raise FrozenError("\n  ".join(["`cohort.scores`: models cannot predict:", *problems]))
    return notes


def lacking(model: "FrozenModel", source: Source) -> list[str]:
    """What a model needs that the study does not declare, or declares otherwise, in lines."""
    known = _declared(model, source.variables)
    lines = []
    if model.reads_images and not (source.image_column and source.mask_column):
        lines.append("reads images; name `image_column` and `mask_column`")
    for name, own in model.variables.items():
        if name == CENTRE and source.centre_column:
            continue
        variable = known.get(name)
        if variable is None:
            if name in model.required:
                key = "`centre_column`" if name == CENTRE else "`variables`"
                lines.append(f"needs {name} ({own['label']}); name it under {key}")
        elif variable.kind != own["kind"]:
            lines.append(f"{name} is {own['kind']} there, and {variable.kind} here")
        else:
            lines += _strange_levels(name, variable, own)
            if name in model.required and not variable.required:
                lines.append(f"cannot do without {name}; leave `required: false` out")
    return lines


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))


def _strange_levels(name: str, variable: Variable, own: Mapping[str, Any]) -> list[str]:
    there = {str(level).casefold() for level in own["levels"]}
    strange = [level for level in variable.levels if level.casefold() not in there]
    if not strange or not own["levels"]:
        return []
    return [f"{name}: {_listed(strange)} is no level there; `recode` to {_listed(own['levels'])}"]


def _declared(model: "FrozenModel", variables: Iterable[Variable]) -> dict[str, Variable]:
    """Variables of the study by what the model calls them; its label will do, too."""
    from thyro.frozen import inputs

    return {inputs.named_like(model, variable.name): variable for variable in variables}


def _read(file: str) -> "FrozenModel":
    from thyro.frozen import model  # seconds, and only for studies that have one

    return model.load(store.path(file))


def describe(files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What each file of a model says of itself, and its checksum, by name."""
    from thyro.frozen import card, show
    from thyro.tables import estimate

    told = {}
    for name, file in files.items():
        model = _read(file)
        about = model.about
        trained = about["cohorts"][TRAIN]
        measured = about["performance"].get("discrimination", [])
        told[name] = {
            "file": Path(file).name,
            "sha256": checksum(store.read_bytes(file)),
            "name": show.name_of(model),
            "origin": show.origin(model),
            "reads_images": model.reads_images,
            "imputes": model.imputes,
            "study": about["study"],
            "outcome": about["outcome"],
            "trained_on": trained["n"],
            "events": trained["events"],
            "auc": {
                one["cohort"]: estimate(one["auc"], one["ci_low"], one["ci_high"])
                for one in measured
            },
            "versions": about["versions"],
            "commit": about["commit"],
            "card": card.model_card(model),
        }
    return told


def card_table(told: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """`describe` as a table of text: a row for each thing, a column for each model."""
    columns = {
        name: {
            "From": one["origin"],
            "Outcome": one["outcome"],
            "Trained on": f"{one['trained_on']} patients, {one['events']} with it",
            "AUC there": "; ".join(
                f"{cohort_label(cohort)} {auc}" for cohort, auc in one["auc"].items()
            ),
            "Versions": ", ".join(f"{name} {text}" for name, text in one["versions"].items()),
            "Commit": one["commit"],
            "File": one["file"],
            "SHA-256": one["sha256"],
        }
        for name, one in told.items()
    }
    return pd.DataFrame(columns).rename_axis("Model").fillna("").replace("", "–")


def predict_patients(
    files: Mapping[str, str], patients: pd.DataFrame, *, progress: Callable | None = None
) -> Validated:
    """The risk of every patient by every model.

    Parameters
    ----------
    files : mapping of name to file
    patients : DataFrame
        As 00 leaves them: patient_id, split, the declared variables and, where a model reads
        images, image, mask (project-relative) and spacing_mm (row, column).
    progress : callable, optional
        Called as `progress(iterable, total=n)` with patients whose images are read.

    Raises
    ------
    FrozenError
        As `thyro predict`: a value that the model does not know, a patient who cannot be measured.
    """
    from thyro.frozen import inputs, prediction

    patients = patients.set_index("patient_id")
    risks, told = [], []
    for name, file in files.items():
        model = _read(file)
        frame = inputs.as_frame(model, patients.rename(columns=partial(inputs.named_like, model)))
        features = _measured(model, patients, progress) if model.reads_images else None
        found = prediction.predict(model, frame, features)
        p = [one.risk for one in found]
        risks.append(pd.DataFrame({"patient_id": patients.index, "model": name, "p": p}))
        told.append(_inputs(model, found, features, patients["split"]).assign(model=name))
    long = pd.concat(risks, ignore_index=True)
    fold = pd.array([pd.NA] * len(long), dtype="Int64")
    counted = pd.concat(told, ignore_index=True)[["model", "cohort", "input", *COUNTS]]
    return Validated(long.assign(protocol="paper", fold=fold), counted)


def _measured(
    model: "FrozenModel", patients: pd.DataFrame, progress: Callable | None
) -> pd.DataFrame:
    """Features of every patient, from the images that 00 wrote."""
    from thyro import imaging
    from thyro.frozen import measuring

    parts = []
    starts = range(0, len(patients), CHUNK)
    for start in progress(starts, total=len(starts)) if progress else starts:
        chunk = patients.iloc[start : start + CHUNK]
        images, masks = imaging.read_originals(chunk)
        seen = {}
        for patient, sides in chunk["spacing_mm"].items():
            spacing = tuple(float(side) for side in sides) if np.isfinite(sides).all() else None
            if spacing is None and model.about["spacing_known"]:
                raise FrozenError(
                    "`spacing_mm`: no size of a pixel is known, and the model needs one; give it."
                )
            seen[patient] = measuring.enhanced(model, images[patient], masks[patient], spacing)
        parts.append(measuring.features_of(model, seen))
    return pd.concat(parts)


def _inputs(
    model: "FrozenModel",
    found: "list[Prediction]",
    features: pd.DataFrame | None,
    cohorts: pd.Series,
) -> pd.DataFrame:
    """How many patients have an input filled, and outside of the training patients, by cohort."""
    rows = [
        (one.patient, term.label, term.imputed, term.outside) for one in found for term in one.terms
    ]
    if features is not None:
        known, names = model.about["training"]["features"], model.signature.features
        ends = np.array([[known[name][0], known[name][-1]] for name in names])
        values = features[names].to_numpy(float)
        strange = ((values < ends[:, 0]) | (values > ends[:, 1])).any(axis=1)
        absent = np.isnan(values).any(axis=1)
        every = zip(features.index, absent, strange, strict=True)
        rows += [(patient, OF_IMAGE, gap, outside) for patient, gap, outside in every]
    table = pd.DataFrame(rows, columns=["patient", "input", "filled", "outside"])
    table["cohort"] = table["patient"].map(cohorts.astype(str))
    grouped = table.assign(n=1).groupby(["cohort", "input"], sort=False)
    return grouped[list(COUNTS)].sum().reset_index()
