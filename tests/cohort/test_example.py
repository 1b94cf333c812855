"""A cohort written as a user's folder is read back as it was."""

import re

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk

from thyro.cohort import example
from thyro.imaging import reading
from thyro.imaging.pixels import ImageError

SPACING = [(0.0703125123456789, 1 / 13), (0.1, 0.1), None]


def cohort():
    """Three rows: the second has two readers, the third no pixel size and an odd size."""
    rng = np.random.default_rng(3)
    for i, shape in enumerate([(24, 36), (24, 36), (21, 33)]):
        image = rng.integers(0, 256, shape, dtype=np.uint8)
        mask = np.zeros(shape, bool)
        mask[4 + i : 12, 5 : 15 + i] = True
        yield image, mask, np.roll(mask, 3, axis=1) if i == 1 else None


TABLE = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "image": ["images/Ä 1.dcm", "images/2.dcm", "images/3.dcm"],
        "mask": ["masks/Ä 1.nii.gz", "masks/2.nii.gz", "masks/3.nii"],
        "mask_2": ["", "masks/2b.nii.gz", ""],
    }
)


@pytest.fixture
def folder(tmp_path):
    example.write(tmp_path / "made" / "here", TABLE, cohort(), spacing_mm=SPACING)
    return tmp_path / "made" / "here"


def test_pixels_masks_and_sizes_come_back(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(table, TABLE)
    files = table.rename(columns={"mask_2": "second_mask"})
    cases = list(reading.Folder(folder, files))
    for case, (image, mask, second), spacing in zip(cases, cohort(), SPACING, strict=True):
        assert np.array_equal(case.image, image) and np.array_equal(case.mask, mask)
        assert (case.second_mask is None) == (second is None)
        if second is not None:
            assert np.array_equal(case.second_mask, second)
        if spacing is None:
            assert case.spacing_mm is None
            assert case.notes == ("no pixel size (the file tells none): sizes are in pixels",)
        else:
            assert case.spacing_mm == pytest.approx(spacing, rel=1e-9)
            assert case.notes == ()


def test_masks_lie_where_itk_puts_the_dicom(folder):
    for image, mask in zip(TABLE["image"], TABLE["mask"], strict=True):
        frame, label = (sitk.ReadImage(str(folder / name)) for name in (image, mask))
        assert label.GetSize() == frame.GetSize() and label.GetSize()[2] == 1
        assert label.GetSpacing() == pytest.approx(frame.GetSpacing())  # NIfTI holds float32
        assert label.GetOrigin() == frame.GetOrigin()
        assert label.GetDirection() == frame.GetDirection()


def test_the_dicom_header_is_valid_and_its_patient_invented(folder):
    data = pydicom.dcmread(folder / "images" / "2.dcm")
    assert data.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert data.file_meta.MediaStorageSOPClassUID == pydicom.uid.UltrasoundImageStorage
    assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
    assert (data.Modality, data.PhotometricInterpretation) == ("US", "MONOCHROME2")
    assert data.BitsStored == 8 and data.SOPInstanceUID.is_valid
    assert all(len(str(side)) <= 16 for side in data.PixelSpacing)
    assert str(data.PatientName) == "INVENTED^PATIENT^NOT A PERSON"
    assert data.PatientID == "INVENTED-0002" and data.PatientBirthDate == "19000101"
    others = {pydicom.dcmread(folder / name).SOPInstanceUID for name in TABLE["image"]}
    assert len(others) == 3


def test_the_same_cohort_gives_the_same_files(folder, tmp_path):
    example.write(tmp_path / "again", TABLE, cohort(), spacing_mm=SPACING)
    for name in [*TABLE["image"], *TABLE["mask"]]:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("name", ["../a.dcm", "/tmp/a.dcm", ""])
def test_files_stay_in_the_folder(tmp_path, name):
    table = TABLE.assign(image=[name, "b.dcm", "c.dcm"])
    message = f"file name {name!r}: expected a name inside the folder of the cohort."
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        example.write(tmp_path / "x", table, cohort(), spacing_mm=SPACING)


def test_there_are_as_many_frames_as_rows(tmp_path):
    with pytest.raises(ValueError, match="shorter"):
        example.write(tmp_path, TABLE, list(cohort())[:2], spacing_mm=SPACING)
