"""DICOM segmentations beside their image: segments, slices, geometry, and other kinds of DICOM."""

import re

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    Segmentation,
    SegmentationTypeValues,
    SegmentDescription,
)
from pydicom.sr.codedict import codes
from pydicom.uid import RTStructureSetStorage

from tests.imaging.test_dicom import write_dicom
from tests.imaging.test_reading import GREY, NODULE, one, write_picture
from tests.imaging.test_segments import GLAND
from thyro.imaging import dicom_seg
from thyro.imaging.pixels import Grid, ImageError
from thyro.imaging.segments import Segment

# What highdicom wants of the image, beside the few tags that this reader knows.
HEADER = {
    "StudyInstanceUID": "1.2.3.4",
    "SeriesInstanceUID": "1.2.3.5",
    "Modality": "US",
    "InstanceNumber": 1,
    "SliceThickness": 1,
    **dict.fromkeys(("PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"), ""),
    **dict.fromkeys(("StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"), ""),
}
PLACE = {
    "PixelSpacing": [0.2, 0.1],
    "ImagePositionPatient": [1, 2, 3],
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "FrameOfReferenceUID": "1.2.3.9",
}
NAMES = ("gland", "nodule")


def write_image(folder, pixels=GREY, **tags):
    write_dicom(folder / "a.dcm", pixels, **HEADER, **tags)
    return "a.dcm"


def write_seg(path, masks, names=NAMES, *, kind="BINARY", image=None):
    """A segmentation of the image `a.dcm` beside it; `masks` (segments, rows, columns)."""
    source = pydicom.dcmread(image or path.parent / "a.dcm")
    pixels = np.stack(masks, axis=-1)
    described = [
        SegmentDescription(
            i, name, codes.SCT.Organ, codes.SCT.Kidney, SegmentAlgorithmTypeValues.MANUAL
        )
        for i, name in enumerate(names, start=1)
    ]
    file = Segmentation(
        [source],
        pixels[None],
        SegmentationTypeValues[kind],
        described,
        highdicom.UID(),
        1,
        highdicom.UID(),
        1,
        manufacturer="m",
        manufacturer_model_name="m",
        software_versions="1",
        device_serial_number="1",
    )
    file.save_as(path)
    return path.name


@pytest.mark.parametrize("place", [{}, PLACE], ids=["without a place", "in its place"])
@pytest.mark.parametrize("label", ["nodule", 2])
def test_a_segment_is_chosen_by_name_or_number(tmp_path, place, label):
    image = write_image(tmp_path, **place)
    mask = write_seg(tmp_path / "m.dcm", [GLAND, NODULE])
    case = one(tmp_path, image, mask, mask_label=label, spacing_mm=0.1)[0]
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == (() if label == "nodule" else ("a mask also holds label 1",))


def test_several_segments_and_none_chosen_are_refused(tmp_path):
    image = write_image(tmp_path)
    mask = write_seg(tmp_path / "m.dcm", [GLAND, NODULE])
    message = (
        "mask m.dcm: holds 2 segments: gland (label 1), nodule (label 2); set cohort.mask_label "
        "to the name or the label of the nodule's."
    )
    with pytest.raises(ImageError) as error:
        one(tmp_path, image, mask)[0]
    assert error.value.problems == [message]
    listed = "it holds gland (label 1), nodule (label 2); set cohort.mask_label."
    for label, words in (("cyst", "is called 'cyst'"), (3, "has label 3")):
        with pytest.raises(ImageError) as error:
            one(tmp_path, image, mask, mask_label=label)[0]
        assert error.value.problems == [f"mask m.dcm: no segment {words}: {listed}"]


@pytest.mark.parametrize("image", ["a.dcm", "a.png"])
def test_a_single_segment_needs_no_choice(tmp_path, image):
    write_image(tmp_path)
    write_picture(tmp_path / "a.png", GREY)  # exported from it
    mask = write_seg(tmp_path / "m.dcm", [NODULE], ["nodule"])
    case = one(tmp_path, image, mask, spacing_mm=0.1)[0]
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == ()


def test_a_segment_that_is_empty_has_no_frame_and_is_still_listed(tmp_path):
    image = write_image(tmp_path)
    mask = write_seg(tmp_path / "m.dcm", [GLAND, NODULE * 0])
    with pytest.raises(ImageError, match="holds 2 segments"):
        one(tmp_path, image, mask)[0]
    with pytest.raises(ImageError, match="its segment nodule is empty"):
        one(tmp_path, image, mask, mask_label="nodule")[0]


def test_a_map_of_labels_and_whole_fractions_are_read_alike(tmp_path):
    image = write_image(tmp_path)
    apart = [np.where(NODULE, 0, GLAND).astype(np.uint8), NODULE]
    mask = write_seg(tmp_path / "m.dcm", apart, kind="LABELMAP")
    assert np.array_equal(one(tmp_path, image, mask, mask_label=2)[0].mask, NODULE == 1)
    shares = [NODULE.astype(np.float32)]
    whole = write_seg(tmp_path / "f.dcm", shares, ["nodule"], kind="FRACTIONAL")
    assert np.array_equal(one(tmp_path, image, whole)[0].mask, NODULE == 1)
    half = write_seg(tmp_path / "h.dcm", [shares[0] / 2], ["nodule"], kind="FRACTIONAL")
    with pytest.raises(ImageError, match="^mask h.dcm: holds probabilities between 0 and 1. Thr"):
        one(tmp_path, image, half)[0]


def test_the_grid_has_to_be_that_of_the_image(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    write_image(other, GREY[:, :18], **PLACE)
    write_image(tmp_path, **PLACE)
    smaller = write_seg(tmp_path / "s.dcm", [NODULE[:, :18]], ["nodule"], image=other / "a.dcm")
    case = one(tmp_path, "a.dcm", smaller)[0]  # a part of it, by the header
    assert np.array_equal(case.mask, NODULE == 1) and "0 rows down" in case.notes[0]
    write_image(other, GREY[:, :18])
    unplaced = write_seg(tmp_path / "u.dcm", [NODULE[:, :18]], ["nodule"], image=other / "a.dcm")
    write_image(other, **(PLACE | {"PixelSpacing": [0.2, 0.2]}))
    wide = write_seg(tmp_path / "w.dcm", [NODULE], ["nodule"], image=other / "a.dcm")
    write_image(other, **(PLACE | {"ImagePositionPatient": [1, 2.4, 3]}))
    moved = write_seg(tmp_path / "v.dcm", [NODULE], ["nodule"], image=other / "a.dcm")
    on_grid = "Export the mask on the grid of the image."
    for mask, problem in [
        (unplaced, f"12 x 18 pixels, but its image has 12 x 20. {on_grid}"),
        (wide, f"pixels of 0.2 x 0.2 mm, but its image has 0.2 x 0.1 mm. {on_grid}"),
        (moved, f"by its header it lies (0, 0.4, 0) mm beside its image. {on_grid}"),
    ]:
        with pytest.raises(ImageError) as error:
            one(tmp_path, "a.dcm", mask)[0]
        assert error.value.problems == [f"mask {mask}: {problem}"]


CLIP = "1.2.840.10008.5.1.4.1.1.3.1"  # Ultrasound Multi-frame Image Storage


def test_of_a_clip_the_slice_of_the_frame_is_taken(tmp_path):
    stack = np.stack([GREY, GREY // 2, GREY // 3])
    # highdicom writes none of a clip without a place, as other programs do: two frames of one
    # segment, which say whose slices they are.
    write_image(tmp_path)
    mask = write_seg(tmp_path / "m.dcm", [NODULE, GLAND], ["nodule", "other"])
    file = pydicom.dcmread(tmp_path / mask)
    del file.SegmentSequence[1]
    for i, item in enumerate(file.PerFrameFunctionalGroupsSequence):
        item.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
        item.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber = i + 2
    file.save_as(tmp_path / mask)
    image = write_image(tmp_path, stack, frames=3, SOPClassUID=CLIP)
    for frame, shown in ((1, NODULE), (2, GLAND)):
        case = one(tmp_path, image, mask, frame=str(frame))[0]
        assert np.array_equal(case.mask, shown == 1)
    with pytest.raises(ImageError, match="its segment nodule is empty"):
        one(tmp_path, image, mask, frame="0")[0]
    write_picture(tmp_path / "a.png", GREY)
    message = (
        "mask m.dcm: 2 slices, and nothing tells which is that of the image. Save the one slice."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, "a.png", mask)[0]


@pytest.mark.parametrize("pixels", [True, False], ids=["with pixels", "as planning systems write"])
@pytest.mark.parametrize("what", ["mask", "second mask"])
def test_contours_are_refused_by_name(tmp_path, pixels, what):
    image = write_image(tmp_path)
    write_dicom(tmp_path / "r.dcm", NODULE, SOPClassUID=RTStructureSetStorage)
    if not pixels:
        file = pydicom.dcmread(tmp_path / "r.dcm")
        for tag in ("PixelData", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated"):
            delattr(file, tag)
        file.ROIContourSequence = pydicom.Sequence([pydicom.Dataset()])
        file.save_as(tmp_path / "r.dcm")
    write_picture(tmp_path / "m.png", NODULE)
    files = ("r.dcm", "") if what == "mask" else ("m.png", "r.dcm")
    message = (
        f"{what} r.dcm: a DICOM structure set (RTSTRUCT), which holds contours and no pixels. "
        "Export it as DICOM SEG or NIfTI."
    )
    with pytest.raises(ImageError) as error:
        one(tmp_path, image, files[0], second_mask=files[1])[0]
    assert error.value.problems == [message]


@pytest.mark.parametrize("uid", [CLIP, "1.2.840.10008.5.1.4.1.1.11.1", "1.2.3"])
def test_other_kinds_are_refused_as_before(tmp_path, uid):
    image = write_image(tmp_path)
    write_dicom(tmp_path / "o.dcm", NODULE, SOPClassUID=uid)
    with pytest.raises(ImageError) as error:
        one(tmp_path, image, "o.dcm")[0]
    assert error.value.problems == [
        "mask o.dcm: a DICOM file; save masks as NIfTI, NRRD, MHA or PNG."
    ]


@pytest.mark.parametrize("share", [0.5, 0.8, 0.98])
def test_a_file_that_is_cut_short_is_refused_without_its_header(tmp_path, share):
    image = write_image(tmp_path)
    write_seg(tmp_path / "m.dcm", [GLAND, NODULE])
    content = (tmp_path / "m.dcm").read_bytes()
    (tmp_path / "m.dcm").write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ImageError) as error:
        one(tmp_path, image, "m.dcm", mask_label=2)[0]
    message = (
        "mask m.dcm: a DICOM segmentation that is cut short or damaged. Copy or export it again."
    )
    assert error.value.problems == [message] and "Planted" not in str(error.value)


def test_layers_segments_and_grid(tmp_path):
    write_image(tmp_path, **PLACE)
    write_seg(tmp_path / "m.dcm", [GLAND, NODULE])
    layers, segments, grid = dicom_seg.read(tmp_path / "m.dcm", "m", frame=None, frames=1)
    assert np.array_equal(layers, [GLAND, NODULE * 2])
    assert segments == (Segment("gland", 1, 0), Segment("nodule", 2, 1))
    assert grid == Grid((0.2, 0.1), (1, 2, 3), (1, 0, 0, 0, 1, 0))


def test_too_many_numbers_of_a_place_are_damage(tmp_path):
    image = write_image(tmp_path, **PLACE)
    mask = write_seg(tmp_path / "m.dcm", [NODULE], ["nodule"])
    data = pydicom.dcmread(tmp_path / mask)
    shared = data.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].PixelSpacing = [0.2, 0.1, 1]
    data.save_as(tmp_path / mask)
    message = (
        "mask m.dcm: a DICOM segmentation that is cut short or damaged. Copy or export it again."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, image, mask)[0]
