"""A cohort written as a hospital would hand it over: DICOM, masks of ITK-SNAP, one table."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid
from pydicom.valuerep import DSfloat

from thyro.imaging import ImageError

# Invented, and easily recognised wherever it should not turn up.
PATIENT = {
    "PatientName": "INVENTED^PATIENT^NOT A PERSON",
    "PatientBirthDate": "19000101",
    "PatientSex": "O",
    "InstitutionName": "INVENTED HOSPITAL",
    "ReferringPhysicianName": "INVENTED^PHYSICIAN",
    "AccessionNumber": "INVENTED",
    "StudyDate": "19000102",
    "StudyTime": "120000",
    "StudyID": "1",
    "Manufacturer": "INVENTED",
}


def write(
    folder: Path,
    table: pd.DataFrame,
    frames: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray | None]],
    *,
    spacing_mm: list,
    name: str = "patients.csv",
) -> None:
    """Write a table and the files that it names.

    Parameters
    ----------
    folder
        Where the cohort goes; made if it is not there.
    table
        Every cell as text. `image`, `mask` and, with a second reader, `mask_2` hold file names
        below `folder`: of DICOM files, and of NIfTI files (.nii or .nii.gz).
    frames
        For each row, in order: image (uint8, shape (rows, columns)), mask (bool), and the mask of
        the second reader or None. They are taken one at a time.
    spacing_mm
        For each row (row, column) in mm, or None to leave the pixel size out.
    name
        Of the table.

    Raises
    ------
    ImageError
        If a name leaves the folder, or a second mask has none.
    ValueError
        If there are fewer or more frames than rows.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / name, index=False, encoding="utf-8")
    seconds = table["mask_2"] if "mask_2" in table else [""] * len(table)
    names = zip(table["image"], table["mask"], seconds, strict=True)
    written = 0
    for (image_name, mask_name, second_name), frame in zip(names, frames, strict=True):
        image, mask, second = frame
        spacing = spacing_mm[written]
        written += 1
        _write_dicom(_made(folder, image_name), image, spacing, written)
        _write_mask(_made(folder, mask_name), mask, spacing)
        if second is not None:
            _write_mask(_made(folder, second_name), second, spacing)


def _made(folder: Path, name: str) -> Path:
    """Path of a file to write, its folder made."""
    file = (folder / name).resolve()
    if not name or not file.is_relative_to(folder.resolve()):
        raise ImageError(f"file name {name!r}: expected a name inside the folder of the cohort.")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _write_dicom(path: Path, image: np.ndarray, spacing_mm, number: int) -> None:
    """One 8-bit frame as ultrasound image, with what the standard asks of its header."""
    data = Dataset()
    for tag, value in PATIENT.items():
        setattr(data, tag, value)
    data.PatientID = f"INVENTED-{number:04d}"
    data.SOPClassUID = UltrasoundImageStorage
    # Made from the number, so that the same cohort gives the same files.
    data.SOPInstanceUID = generate_uid(entropy_srcs=["thyro image", str(number)])
    data.SeriesInstanceUID = generate_uid(entropy_srcs=["thyro series", str(number)])
    data.StudyInstanceUID = generate_uid(entropy_srcs=["thyro study", str(number)])
    data.Modality = "US"
    data.ImageType = ["DERIVED", "PRIMARY"]
    data.SeriesNumber = data.InstanceNumber = 1
    data.PatientOrientation = ""
    data.Laterality = ""
    data.Rows, data.Columns = image.shape
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.LossyImageCompression = "00"
    if spacing_mm is not None:
        # A decimal string has 16 characters: the number is shortened to its first digits.
        data.PixelSpacing = [DSfloat(float(side), auto_format=True) for side in spacing_mm]
    pixels = np.ascontiguousarray(image, dtype=np.uint8).tobytes()
    data.PixelData = pixels + b"\0" * (len(pixels) % 2)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)


def _write_mask(path: Path, mask: np.ndarray, spacing_mm) -> None:
    """A label map as ITK-SNAP saves it: 3-D with one slice, on the grid that ITK gives the DICOM.

    Without a position in the DICOM that grid starts at 0 and runs along the axes; a pixel size
    that is not known is 1 mm.
    """
    row_mm, column_mm = spacing_mm if spacing_mm is not None else (1.0, 1.0)
    volume = sitk.GetImageFromArray(mask.astype(np.uint8)[None])
    volume.SetSpacing((float(column_mm), float(row_mm), 1.0))
    sitk.WriteImage(volume, str(path))
