"""Nodule masks: labels, pictures, flips, parts, and geometry against their image."""

import re

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image

from tests.imaging.test_dicom import region, write_dicom
from tests.imaging.test_reading import GREY, NODULE, one, write_picture, write_volume
from thyro.imaging import pixels, reading


@pytest.mark.parametrize("white", [1, 255])
def test_masks_of_labels_and_of_pictures(tmp_path, white):
    write_picture(tmp_path / "m.png", NODULE * np.uint8(white))
    mask = reading.read_mask(tmp_path / "m.png", GREY)
    assert np.array_equal(mask, NODULE == 1) and mask.dtype == bool


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGB", "I;16"])
def test_masks_in_other_modes_of_a_picture(tmp_path, mode):
    white = Image.fromarray(NODULE * np.uint8(255))
    if mode == "P":  # the numbers count, not their colours
        picture = Image.fromarray(NODULE).convert("P")
        picture.putpalette([0, 0, 0, 200, 10, 10])
    elif mode == "I;16":
        picture = Image.fromarray(NODULE.astype(np.uint16))
    else:
        picture = white.convert(mode)
    picture.save(tmp_path / "m.png")
    assert np.array_equal(reading.read_mask(tmp_path / "m.png", GREY), NODULE == 1)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "nrrd", "mha"])
def test_masks_of_one_slice_as_itk_snap_saves_them(tmp_path, suffix):
    write_volume(tmp_path / f"m.{suffix}", NODULE[None])
    mask = reading.read_mask(tmp_path / f"m.{suffix}", GREY)
    assert np.array_equal(mask, NODULE == 1)


def test_a_label_is_chosen(tmp_path):
    write_volume(tmp_path / "m.nii.gz", NODULE + 2 * (GREY > 200).astype(np.uint8))
    first = reading.read_mask(tmp_path / "m.nii.gz", GREY)
    second = reading.read_mask(tmp_path / "m.nii.gz", GREY, label=2)
    assert np.array_equal(first, NODULE == 1) and np.array_equal(second, GREY > 200)


def test_grey_edges_of_a_mask_are_cut_at_half_and_noted(tmp_path):
    write_picture(tmp_path / "a.png", GREY)
    soft = NODULE * np.uint8(255)
    soft[8, 4:12], soft[2, 4:12] = 128, 127
    write_picture(tmp_path / "m.png", soft)
    case = one(tmp_path, "a.png", "m.png", spacing_mm=0.1)[0]
    assert case.mask.sum() == NODULE.sum() + 8
    assert case.notes == ("a mask has grey edges: pixels above 127 are taken",)


def test_a_mask_of_a_jpeg_is_cut_at_half(tmp_path):
    large = np.kron(NODULE, np.full((9, 9), 255, np.uint8))
    Image.fromarray(large).save(tmp_path / "m.jpg", quality=60)
    mask = reading.read_mask(tmp_path / "m.jpg", large)
    assert np.array_equal(mask, large > 0)


def test_white_among_labels_is_a_label_when_it_is_asked_for(tmp_path):
    write_picture(tmp_path / "m.png", NODULE + np.where(GREY > 200, 255, 0).astype(np.uint8))
    mask = reading.read_mask(tmp_path / "m.png", GREY, label=255)
    assert np.array_equal(mask, GREY > 200)


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        ("none", NODULE),
        ("horizontal", NODULE[:, ::-1]),
        ("vertical", NODULE[::-1]),
        ("both", NODULE[::-1, ::-1]),
    ],
)
def test_flips(tmp_path, flip, expected):
    write_picture(tmp_path / "a.png", GREY)
    write_picture(tmp_path / "m.png", NODULE)
    case = one(tmp_path, "a.png", "m.png", mask_flip=flip)[0]
    assert np.array_equal(case.mask, expected == 1)


@pytest.mark.parametrize(
    ("direction", "flip"),
    [
        ((-1, 0, 0, 0, 1, 0, 0, 0, 1), "horizontal"),
        ((1, 0, 0, 0, -1, 0, 0, 0, 1), "vertical"),
        ((-1, 0, 0, 0, -1, 0, 0, 0, 1), "both"),  # what nibabel writes for an identity matrix
    ],
)
def test_a_mirrored_header_is_named_with_the_flip_that_mends_it(tmp_path, direction, flip):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    write_volume(tmp_path / "m.nii.gz", NODULE[None], direction=direction)
    with pytest.raises(pixels.ImageError, match=f"set cohort.mask_flip to {flip}, or export"):
        one(tmp_path, "a.nii.gz", "m.nii.gz")[0]
    down, right = {"horizontal": (1, -1), "vertical": (-1, 1), "both": (-1, -1)}[flip]
    case = one(tmp_path, "a.nii.gz", "m.nii.gz", mask_flip=flip)[0]
    assert np.array_equal(case.mask, NODULE[::down, ::right] == 1)


@pytest.mark.parametrize(
    ("direction", "flip", "words"),
    [
        ((-1, 0, 0, 0, 1, 0, 0, 0, 1), "horizontal", "mirrored left to right"),
        ((1, 0, 0, 0, -1, 0, 0, 0, 1), "vertical", "mirrored top to bottom"),
        ((-1, 0, 0, 0, -1, 0, 0, 0, 1), "both", "mirrored both ways"),
        ((0, 1, 0, 1, 0, 0, 0, 0, 1), "", "turned"),
    ],
)
@pytest.mark.parametrize("image", ["a.dcm", "a.png"])
def test_a_mirrored_header_needs_a_word_where_the_image_says_nothing(
    tmp_path, image, direction, flip, words
):
    write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.2, 0.1])
    write_picture(tmp_path / "a.png", GREY)
    write_volume(tmp_path / "m.nii.gz", NODULE[None], direction=direction)
    remedy = f"set cohort.mask_flip to {flip}" if flip else "export it as the image lies"
    message = (
        f"mask m.nii.gz: by its header it is {words}, while its image says nothing of its "
        f"direction. If the drawing tool turned it, {remedy}; else save it with a plain header."
    )
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, image, "m.nii.gz")[0]
    if flip:
        down, right = {"horizontal": (1, -1), "vertical": (-1, 1), "both": (-1, -1)}[flip]
        case = one(tmp_path, image, "m.nii.gz", mask_flip=flip)[0]
        assert np.array_equal(case.mask, NODULE[::down, ::right] == 1)


def test_a_plain_header_passes_where_the_image_says_nothing(tmp_path):
    # As ITK-SNAP saves a mask drawn on an ultrasound image, which has no position.
    write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.2, 0.1])
    drawn = sitk.ReadImage(str(tmp_path / "a.dcm"))
    mask = sitk.GetImageFromArray(NODULE[None])
    mask.CopyInformation(drawn)
    sitk.WriteImage(mask, str(tmp_path / "m.nii.gz"))
    case = one(tmp_path, "a.dcm", "m.nii.gz")[0]
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == ()


@pytest.mark.parametrize(
    ("spacing", "fits"),
    [((0.1, 0.2, 1), True), ((1, 1, 1), True), ((0.2, 0.2, 1), False), ((0.01, 0.02, 1), False)],
)
def test_the_scale_of_ultrasound_regions_holds_for_masks(tmp_path, spacing, fits):
    regions = pydicom.Sequence([region()])  # 0.2 x 0.1 mm, where ITK writes 1 mm
    write_dicom(tmp_path / "a.dcm", GREY, SequenceOfUltrasoundRegions=regions)
    write_volume(tmp_path / "m.nii.gz", NODULE[None], spacing=spacing)
    folder = one(tmp_path, "a.dcm", "m.nii.gz")
    if fits:
        assert folder[0].spacing_mm == (0.2, 0.1)
        assert np.array_equal(folder[0].mask, NODULE == 1)
        return
    message = (
        f"mask m.nii.gz: pixels of {spacing[1]} x {spacing[0]} mm, but its image has 0.2 x 0.1 mm. "
        "Export the mask on the grid of the image."
    )
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(message)}$"):
        folder[0]


@pytest.mark.parametrize(
    ("spacing", "origin", "fits"),
    [
        ((0.1, 0.2, 1), (0, 0, 0), True),
        ((0.1019, 0.2, 1), (0, 0, 0), True),
        ((0.1021, 0.2, 1), (0, 0, 0), False),
        ((0.1, 0.2, 1), (0.04, 0, 0), True),  # less than half a pixel
        ((0.1, 0.2, 1), (0.06, 0, 0), False),
        ((0.1, 0.2, 1), (0, 0, 5), False),
    ],
)
def test_tolerances_of_the_geometry(tmp_path, spacing, origin, fits):
    tags = {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.2, 0.1], **tags)
    write_volume(tmp_path / "m.mha", NODULE[None], spacing=spacing, origin=origin)
    folder = one(tmp_path, "a.dcm", "m.mha")
    if fits:
        assert np.array_equal(folder[0].mask, NODULE == 1)
    else:
        with pytest.raises(pixels.ImageError, match="^mask m.mha: "):
            folder[0]


def test_geometry_is_compared_only_where_both_files_tell_it(tmp_path):
    write_picture(tmp_path / "a.png", GREY)
    write_dicom(tmp_path / "b.dcm", GREY, PixelSpacing=[0.2, 0.1])  # without a position
    far = {"spacing": (0.1, 0.2, 1), "origin": (7, 8, 9)}
    write_volume(tmp_path / "m.nii.gz", NODULE[None], **far)
    for image in ("a.png", "b.dcm"):
        assert np.array_equal(one(tmp_path, image, "m.nii.gz")[0].mask, NODULE == 1)


def test_a_flat_mask_and_a_volume_of_one_slice_agree(tmp_path):
    write_volume(tmp_path / "a.nii.gz", GREY[None], origin=(1, 2, 3))
    write_volume(tmp_path / "m.nrrd", NODULE, origin=(1, 2))
    assert np.array_equal(one(tmp_path, "a.nii.gz", "m.nrrd")[0].mask, NODULE == 1)


def test_a_mask_of_a_clip_has_a_slice_for_each_frame(tmp_path):
    write_dicom(tmp_path / "a.dcm", np.stack([GREY, GREY // 2]), frames=2)
    write_volume(tmp_path / "m.nii.gz", np.stack([NODULE * 0, NODULE]))
    case = one(tmp_path, "a.dcm", "m.nii.gz", frame="1")[0]
    assert np.array_equal(case.image, GREY // 2) and np.array_equal(case.mask, NODULE == 1)
    with pytest.raises(pixels.ImageError, match="^mask m.nii.gz: empty. Outline the nodule"):
        one(tmp_path, "a.dcm", "m.nii.gz", frame="0")[0]


def test_components(tmp_path):
    write_picture(tmp_path / "a.png", GREY)
    two = NODULE.copy()
    two[10:, 15:] = 1
    write_picture(tmp_path / "m.png", two)
    with pytest.raises(pixels.ImageError, match="2 separate parts, the largest of 41 and 10 "):
        one(tmp_path, "a.png", "m.png")[0]
    largest = one(tmp_path, "a.png", "m.png", component="largest")[0].mask
    every = one(tmp_path, "a.png", "m.png", component="all")[0].mask
    assert np.array_equal(largest, NODULE == 1) and np.array_equal(every, two == 1)


def test_read_mask_keeps_every_part_of_what_results_hold(tmp_path):
    two = NODULE.copy()
    two[10:, 15:] = 1
    (tmp_path / "m.png").write_bytes(reading.png_bytes(two == 1))
    assert np.array_equal(reading.read_mask(tmp_path / "m.png", GREY), two == 1)


# Outlines instead of regions, and what `fill` makes of them.

FILLED = "what the outline of a mask encloses is taken for the nodule"
RADIUS = np.hypot(*np.mgrid[-30:30, -40:40])
DISC = RADIUS < 20
SHOWN = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint8)  # an image for it


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("suffix", ["png", "nii.gz"])
def test_a_ring_is_filled_where_the_study_says_so(tmp_path, width, suffix):
    ring = (DISC & (RADIUS >= 20 - width)).astype(np.uint8)
    write = write_picture if suffix == "png" else write_volume
    write_picture(tmp_path / "a.png", SHOWN)
    write(tmp_path / f"m.{suffix}", ring)
    as_drawn = one(tmp_path, "a.png", f"m.{suffix}", spacing_mm=0.1)[0]
    assert np.array_equal(as_drawn.mask, ring == 1) and as_drawn.notes == ()
    filled = one(tmp_path, "a.png", f"m.{suffix}", spacing_mm=0.1, fill=True)[0]
    assert np.array_equal(filled.mask, DISC) and filled.notes == (FILLED,)


def test_a_region_and_an_open_outline_stay_as_they_are(tmp_path):
    write_picture(tmp_path / "a.png", SHOWN)
    ring = DISC & (RADIUS >= 18)
    ring[30:34, 40:] = False  # not closed
    for mask in (DISC, ring):
        write_picture(tmp_path / "m.png", mask.astype(np.uint8))
        case = one(tmp_path, "a.png", "m.png", spacing_mm=0.1, fill=True)[0]
        assert np.array_equal(case.mask, mask) and case.notes == ()


def test_a_cropped_outline_is_placed_and_filled(tmp_path):
    rows, columns = (slice(10, 50), slice(20, 60))
    write_volume(tmp_path / "a.nii.gz", SHOWN[None])
    ring = (DISC & (RADIUS >= 18)).astype(np.uint8)[rows, columns]
    write_volume(tmp_path / "m.nrrd", ring[None].copy(), origin=(2, 2, 0))
    case = one(tmp_path, "a.nii.gz", "m.nrrd", fill=True)[0]
    assert np.array_equal(case.mask, DISC) and case.notes[-1] == FILLED
