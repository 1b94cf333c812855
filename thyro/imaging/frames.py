"""Images of the patients between notebooks: frames read by patient, and written as bare PNG."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from thyro import core, store
from thyro.imaging import reading
from thyro.study import OR


class Frames:
    """Reads image, mask and pixel size of a patient from one image set.

    Parameters
    ----------
    relative
        `images.parquet`: columns patient_id, image_set, image, mask (project-relative paths),
        spacing_mm (row, column). Without image_set, as `patients.parquet` of 00, all are originals.
    image_set
        "or" (original), "sr" (super-resolution) or "bc" (bicubic control).
    masks
        Other masks than those of the table, by patient: those of a second reader.
    """

    def __init__(self, relative: str | Path, image_set: str, masks: pd.Series | None = None):
        table = store.read_table(relative)
        if "image_set" not in table:
            table = table.assign(image_set=OR.key)
        table = table[table["image_set"] == image_set].set_index("patient_id")
        if table.empty:
            raise ValueError(f"image_set: {relative} has no {image_set!r} images.")
        if masks is not None:
            table = table.loc[masks.index].assign(mask=masks)
        self._rows = table[["image", "mask", "spacing_mm"]].to_dict("index")
        self._root = store.project_root()

    def __call__(self, patient_id: str) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
        """Grey image 0-255 and boolean mask, shape (rows, columns), and (row, column) in mm."""
        row = self._rows[patient_id]
        image, _ = reading.read_image(self._root / row["image"])
        mask = reading.read_mask(self._root / row["mask"], image)
        return image, mask, tuple(float(side) for side in row["spacing_mm"])

    def checksum(self, patient_id: str) -> str:
        """Tells apart what would be read, ten times faster: files, pixel size, and our code."""
        row = self._rows[patient_id]
        files = [hashlib.sha256((self._root / row[f]).read_bytes()) for f in ("image", "mask")]
        sides = [float(side).hex() for side in row["spacing_mm"]]
        parts = [
            *(file.hexdigest() for file in files),
            *sides,
            core.code_checksum("imaging.reading"),
        ]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def read_originals(
    cases: pd.DataFrame,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Image (uint8) and mask (bool) of every patient, both of shape (rows, columns), by patient.

    Parameters
    ----------
    cases : DataFrame, index patient_id
        Columns image and mask: project-relative paths.
    """
    images = {
        patient: reading.read_image(store.path(image))[0].astype(np.uint8)
        for patient, image in cases["image"].items()
    }
    masks = {
        patient: reading.read_mask(store.path(cases.at[patient, "mask"]), image)
        for patient, image in images.items()
    }
    return images, masks


def image_pairs(
    relative: str | Path, first: str, second: str
) -> Callable[[str], tuple[np.ndarray, np.ndarray]]:
    """A reader of two image sets: of a patient_id both frames, uint8, shape (rows, columns).

    Parameters
    ----------
    relative
        `images.parquet`, as `Frames` reads it.
    first, second
        "or", "sr" or "bc".
    """
    both = [Frames(relative, image_set) for image_set in (first, second)]
    return lambda patient: tuple(np.rint(read(patient)[0]).astype(np.uint8) for read in both)


def write_images(frames: Iterable[tuple[str, np.ndarray]], out_dir: str, *, total: int) -> None:
    """Write images one at a time, as PNG.

    They have no sidecar of their own: the table that lists them has.

    Parameters
    ----------
    frames
        Name of the file and uint8 array of each.
    out_dir
        Relative to the project.
    total
        How many there are, for the progress bar.
    """
    for name, array in store.progress_bar("images")(frames, total=total):
        write_image(array, out_dir, name)


def write_image(array: np.ndarray, out_dir: str, name: str) -> None:
    """Write one image or mask as bare PNG.

    Parameters
    ----------
    array
        uint8 or bool, shape (rows, columns).
    out_dir
        Relative to the project.
    name
        Of the file.
    """
    with store.atomic(store.path(out_dir) / name) as temporary:
        temporary.write_bytes(reading.png_bytes(array))
