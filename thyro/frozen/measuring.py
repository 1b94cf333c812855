"""From the image of a patient to the features of a signature, as the study measured them.

What takes seconds to load, torch and pyradiomics, is loaded where a signature needs it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thyro import core, imaging, store
from thyro.frozen.archive import FrozenError, checksum
from thyro.frozen.model import GENERATOR, NETWORK, FrozenModel
from thyro.frozen.signatures import Signature
from thyro.study import FEATURE_SETS, NETWORKS, SR, FeatureTable

# How 00 reads an image: keywords of `imaging.Folder` and parameters of the notebook.
READING = {
    "mask_label": "mask_label",
    "mask_flip": "mask_flip",
    "component": "mask_component",
    "fill": "mask_fill",
    "spacing_mm": "spacing_mm",
    "border_px": "border_px",
    "blank_outside_scan": "blank_outside_scan",
}


@dataclass(frozen=True)
class Seen:
    """The image of a patient as the signature sees it."""

    image: np.ndarray  # uint8, shape (rows, columns); enhanced where the signature reads such
    original: np.ndarray  # uint8
    mask: np.ndarray  # bool, shape of `image`
    outline: np.ndarray  # bool, shape of `original`
    spacing_mm: tuple[float, float] | None  # of `image`; None where no size is known
    notes: tuple[str, ...]


def settings_of(
    folder: str, signature: Signature, own: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """How the images of a study are read and measured, and the weights that it takes.

    Parameters
    ----------
    folder : str
        Of the results.
    signature : Signature
    own : mapping
        Parameters of notebook 04.

    Returns
    -------
    settings : dict of plain values
    weights : dict of member to bytes
    """
    table, weights = signature.table, {}
    images = table.image_set.lower()
    measured = _parameters(f"{folder}/02_features/scalars_{images}.json")
    scalars = store.read_json(f"{folder}/02_features/scalars_{images}.json")
    read = _parameters(f"{folder}/00_cohort/patients.parquet")
    settings: dict[str, Any] = {
        "reading": {key: read[name] for key, name in READING.items()},
        "frame": read["frame"] if isinstance(read["frame"], int) else None,
        "parts": [],
    }
    for part in table.parts:
        if part.deep:
            cropped = {key: own[key] for key in ("crop_px", "crop_margin", "crop_mm")}
            state = f"{part.features.lower()}_{images}.safetensors"
            data = store.read_bytes(f"{folder}/02_features/networks/{state}")
            start = NETWORKS[part.features].starts_from(own["weights"])
            weights[NETWORK.format(state)] = data
            network = {"name": part.features, "start": start, "seed": own["seed"], "file": state}
            network |= {"sha256": checksum(data), "described": scalars["weights"][part.features]}
            settings["parts"].append({"network": network, "variant": part.variant, **cropped})
        else:
            name = FEATURE_SETS[part.features]
            settings["parts"].append(
                {
                    "feature_set": name,
                    "settings": scalars["settings"][name],
                    "pixel_mm": measured["pixel_mm"] if part.features != "radiomics" else 0.0,
                }
            )
    if table.image_set == SR.name:
        made = _parameters(f"{folder}/01_super_resolution/generator.safetensors")
        settings["enhanced"] = {
            "factor": made["factor"],
            "axes": made["along"],
            "scale": made["scale"],
            "region": made["region"],
        }
        data = store.read_bytes(f"{folder}/01_super_resolution/generator.safetensors")
        weights[GENERATOR] = data
    return settings, weights


def read_case(
    model: FrozenModel,
    image: Path,
    mask: Path,
    *,
    frame: int | None = None,
    spacing_mm: float | None = None,
) -> Seen:
    """An image and its mask, read as the study read its own, and enhanced where that is asked.

    Parameters
    ----------
    model : FrozenModel
    image, mask : Path
    frame : int, optional
        Of a file with several, from 0.
    spacing_mm : float, optional
        Side of a pixel where the file does not tell it.

    Raises
    ------
    FrozenError
        If a file is not there or cannot be read, or no size of a pixel is known and the study knew
        that of all its images.
    """
    for what, file in (("--image", image), ("--mask", mask)):
        if not file.is_file():
            raise FrozenError(f"{what} {file}: no such file.")
    told = model.about["measuring"]
    folder = Path(os.path.commonpath([image.resolve().parent, mask.resolve().parent]))
    names = {"image": image.resolve(), "mask": mask.resolve()}
    row = {key: str(file.relative_to(folder)) for key, file in names.items()}
    frame = told["frame"] if frame is None else frame
    row["frame"] = "" if frame is None else str(frame)
    reading = dict(told["reading"])
    reading["border_px"] = tuple(reading["border_px"])
    if spacing_mm is not None:
        reading["spacing_mm"] = spacing_mm
    try:
        case = imaging.Folder(folder, pd.DataFrame([row]), **reading)[0]
    except imaging.ImageError as error:
        raise FrozenError("\n".join(error.problems)) from None
    if case.spacing_mm is None and model.about["spacing_known"]:
        raise FrozenError(
            f"{image.name}: tells no size of its pixels, which this model needs: texture and "
            "crops are measured in mm. Give it by --spacing-mm, the side of a pixel."
        )
    return enhanced(
        model, np.rint(case.image).astype(np.uint8), case.mask, case.spacing_mm, case.notes
    )


def enhanced(
    model: FrozenModel,
    original: np.ndarray,
    mask: np.ndarray,
    spacing_mm: tuple[float, float] | None,
    notes: tuple[str, ...] = (),
) -> Seen:
    """The frame as the signature sees it: as it is, or super-resolved by the study's generator."""
    how = model.about["measuring"].get("enhanced")
    if how is None:
        return Seen(original, original, mask, mask, spacing_mm, notes)
    from thyro import super_resolution  # loads torch

    data = model.weights[GENERATOR]
    about = json.loads(core.safetensors_metadata(data)["settings"])
    undone = about.pop("trained_for")
    generator = super_resolution.generator_from_bytes(data, settings=about, trained_for=undone)
    made = super_resolution.sr_and_control(original.astype(float), mask, generator, **how)
    if spacing_mm is not None:
        spacing_mm = tuple(side / how["scale"] for side in spacing_mm)
    return Seen(made["images"], original, made.get("masks", mask), mask, spacing_mm, notes)


def features_of(model: FrozenModel, seen: Mapping[str, Seen]) -> pd.DataFrame:
    """The features of a signature, of each patient: shape (n_patients, n_features).

    Parameters
    ----------
    model : FrozenModel
    seen : mapping of patient to Seen

    Raises
    ------
    FrozenError
        If a patient cannot be measured, with the reason.
    """
    from thyro import models

    signature = model.signature
    found = {}
    for part, told in zip(signature.table.parts, model.about["measuring"]["parts"], strict=True):
        wanted = _of_part(signature, part)
        measure = _deep if part.deep else _radiomic
        found[part.name] = measure(model, told, wanted, seen)
    return models.with_joined([signature.table], found)[signature.table.name]


def crop_box(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the nodule with half its longer side around it, for pictures."""
    rows, columns = np.nonzero(mask)
    margin = int(0.5 * max(np.ptp(rows), np.ptp(columns))) + 1
    sides = ((lines.min(), lines.max()) for lines in (rows, columns))
    return tuple(slice(max(int(a) - margin, 0), int(b) + 1 + margin) for a, b in sides)


def _of_part(signature: Signature, part: FeatureTable) -> list[str]:
    """Features that the signature reads of one family, as they are named in it."""
    if not signature.table.fused:
        return signature.features
    begin = f"{part.features}: "
    return [name.removeprefix(begin) for name in signature.features if name.startswith(begin)]


def _radiomic(
    model: FrozenModel, told: Mapping, wanted: list[str], seen: Mapping[str, Seen]
) -> pd.DataFrame:
    from thyro import radiomics

    whole = radiomics.FEATURE_SETS[told["feature_set"]]
    part = radiomics.only(whole, wanted)
    sized = frozenset(patient for patient, one in seen.items() if one.spacing_mm is not None)
    grid = radiomics.CommonGrid(told["pixel_mm"], sized) if whole.planar else None
    cases = {
        patient: (one.image.astype(float), one.mask, one.spacing_mm or (1.0, 1.0))
        for patient, one in seen.items()
    }
    found = radiomics.extract_cohort(
        seen, cases.__getitem__, settings=told["settings"], feature_set=part, grid=grid
    )
    if len(found.failures):
        first = found.failures.iloc[0]
        raise FrozenError(f"{first['patient_id']}: {first['reason']}")
    return found.features


def _deep(
    model: FrozenModel, told: Mapping, wanted: list[str], seen: Mapping[str, Seen]
) -> pd.DataFrame:
    from thyro import deep

    network, patients = told["network"], list(seen)
    name = network["name"]
    sized = frozenset(patient for patient, one in seen.items() if one.spacing_mm is not None)
    shapes = {"size": told["crop_px"], "margin": told["crop_margin"], "side_mm": told["crop_mm"]}
    cropping = deep.croppings([name], **shapes, sized=sized)[name]
    crops = [
        cropping.crop(patient, one.image.astype(float), one.mask, one.spacing_mm or (1.0, 1.0))
        for patient, one in seen.items()
    ]
    built = deep.prepare_network(name, network["start"], seed=network["seed"])
    restored = deep.restore_network(built, model.weights[NETWORK.format(network["file"])])
    return deep.pooled_table(restored, np.stack(crops), patients)


def _parameters(relative: str) -> dict[str, Any]:
    return store.read_json(f"{relative}.json")["parameters"]
