"""Where masks lie against their images: parts of an image, and what no header tells."""

import numpy as np
import pytest

from tests.imaging.test_dicom import write_dicom
from tests.imaging.test_reading import GREY, NODULE, one, write_picture, write_volume
from tests.imaging.test_segments import BOTH, GLAND, write_segments
from thyro.imaging import geometry
from thyro.imaging.pixels import Grid, ImageError, Picture

PART = NODULE[3:8, 4:13]  # cropped to its content: 5 x 9 pixels of 0.2 x 0.1 mm
CORNER = (0.4, 0.6, 0)  # of the part, x and y in mm
PLACED = "a mask of a part of its image is placed by its header, 3 rows down and 4 columns right"
SIZES = "5 x 9 pixels, but its image has 12 x 20. Export the mask on the grid of the image."
PLAIN = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SWAPPED = "rows and columns of a square mask may be swapped: no header tells"


@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "nrrd", "mha"])
@pytest.mark.parametrize("shape", ["volume", "flat"])
def test_a_mask_cropped_to_its_content_is_placed_by_its_header(tmp_path, suffix, shape):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    part = PART[None] if shape == "volume" else PART
    write_volume(tmp_path / f"m.{suffix}", part, origin=CORNER)
    case = one(tmp_path, "a.nii.gz", f"m.{suffix}")[0]
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == (PLACED,)


def test_a_part_is_placed_from_where_its_image_begins(tmp_path):
    turned = (-1, 0, 0, 0, -1, 0, 0, 0, 1)  # both files count to the left and upwards
    write_volume(tmp_path / "a.nrrd", GREY[None], origin=(10, 20, 5), direction=turned)
    origin = (10 - 0.4, 20 - 0.6, 5)
    write_volume(tmp_path / "m.nrrd", PART[None], origin=origin, direction=turned)
    assert np.array_equal(one(tmp_path, "a.nrrd", "m.nrrd")[0].mask, NODULE == 1)


def test_a_part_of_a_dicom_image_in_its_place(tmp_path):
    place = {"ImagePositionPatient": [7, 8, 9], "ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}
    write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.2, 0.1], **place)
    direction = (0, 0, -1, 1, 0, 0, 0, -1, 0)  # columns of the matrix are the axes
    origin = (7, 8 + 0.4, 9 - 0.6)
    write_volume(tmp_path / "m.nii.gz", PART[None], origin=origin, direction=direction)
    case = one(tmp_path, "a.dcm", "m.nii.gz")[0]
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == (PLACED,)


def test_a_cropped_segment_of_slicer_is_chosen_and_placed(tmp_path):
    write_volume(tmp_path / "a.nrrd", GREY[None])
    layers = [GLAND[1:11, 2:18], NODULE[1:11, 2:18]]
    write_segments(tmp_path / "m.seg.nrrd", layers, BOTH)
    path = tmp_path / "m.seg.nrrd"
    path.write_bytes(path.read_bytes().replace(b"origin: (0,0,0)", b"origin: (0.2,0.2,0)"))
    case = one(tmp_path, "a.nrrd", "m.seg.nrrd", mask_label="nodule")[0]
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == (PLACED.replace("3 rows", "1 rows").replace("4 columns", "2 columns"),)


def test_a_full_part_is_no_mask_of_the_whole_image(tmp_path):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    full = np.ones((4, 5), np.uint8)
    write_volume(tmp_path / "m.nii.gz", full[None], origin=CORNER)
    mask = one(tmp_path, "a.nii.gz", "m.nii.gz")[0].mask
    assert mask.sum() == 20 and mask[3:7, 4:9].all()


@pytest.mark.parametrize(
    ("origin", "beside"),
    [
        ((0.45, 0.6, 0), "(0.45, 0.6, 0)"),  # half a column
        ((0.4, 0.66, 0), "(0.4, 0.66, 0)"),  # a third of a row
        ((-0.4, 0.6, 0), "(-0.4, 0.6, 0)"),  # before the first column
        ((1.2, 0.6, 0), "(1.2, 0.6, 0)"),  # the last column of 20 would be the 21st
        ((0.4, 1.6, 0), "(0.4, 1.6, 0)"),
        ((0.4, 0.6, 5), "(0.4, 0.6, 5)"),  # another plane
    ],
)
def test_a_part_that_lies_elsewhere_is_refused(tmp_path, origin, beside):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    write_volume(tmp_path / "m.nrrd", PART[None], origin=origin)
    with pytest.raises(ImageError) as error:
        one(tmp_path, "a.nii.gz", "m.nrrd")[0]
    assert error.value.problems == [
        f"mask m.nrrd: {SIZES}",
        f"mask m.nrrd: by its header it lies {beside} mm beside its image. "
        "Export the mask on the grid of the image.",
    ]


def test_the_last_whole_place_is_within(tmp_path):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    write_volume(tmp_path / "m.nrrd", PART[None], origin=(1.1, 1.4, 0))
    mask = one(tmp_path, "a.nii.gz", "m.nrrd")[0].mask
    assert np.array_equal(mask[7:, 11:], PART == 1) and mask.sum() == PART.sum()


@pytest.mark.parametrize("image", ["a.png", "a.dcm"])
def test_a_part_of_an_image_without_a_place_is_refused(tmp_path, image):
    write_picture(tmp_path / "a.png", GREY)
    write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.2, 0.1])
    write_volume(tmp_path / "m.nii.gz", np.ones((1, 5, 9), np.uint8), origin=CORNER)
    with pytest.raises(ImageError) as error:
        one(tmp_path, image, "m.nii.gz")[0]
    assert error.value.problems == [f"mask m.nii.gz: {SIZES}"]


@pytest.mark.parametrize(
    ("changes", "further"),
    [
        (  # rounded, which the place would suffer from
            {"spacing": (0.1, 0.201, 1)},
            "by its header it lies (0.4, 0.6, 0) mm beside its image. "
            "Export the mask on the grid of the image.",
        ),
        (
            {"spacing": (0.2, 0.2, 1)},
            "pixels of 0.2 x 0.2 mm, but its image has 0.2 x 0.1 mm. "
            "Export the mask on the grid of the image.",
        ),
        (
            {"direction": (-1, 0, 0, 0, 1, 0, 0, 0, 1)},
            "by its header it lies mirrored left to right against its image; set cohort.mask_flip "
            "to horizontal, or export the mask on the grid of the image.",
        ),
        (
            {"direction": (0, 1, 0, 1, 0, 0, 0, 0, 1)},
            "by its header it lies with rows and columns swapped against its image; transpose it "
            "before saving.",
        ),
    ],
    ids=["rounded", "other pixels", "mirrored", "swapped"],
)
def test_a_part_of_other_pixels_or_directions_is_refused(tmp_path, changes, further):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    write_volume(tmp_path / "m.nrrd", PART[None], origin=CORNER, **changes)
    with pytest.raises(ImageError) as error:
        one(tmp_path, "a.nii.gz", "m.nrrd")[0]
    assert error.value.problems[:2] == [f"mask m.nrrd: {SIZES}", f"mask m.nrrd: {further}"]


def test_a_mask_that_reaches_beyond_its_image_is_refused(tmp_path):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    write_volume(tmp_path / "m.nrrd", np.pad(NODULE, 1)[None], origin=(-0.1, -0.2, 0))
    with pytest.raises(ImageError) as error:
        one(tmp_path, "a.nii.gz", "m.nrrd")[0]
    assert error.value.problems == [
        "mask m.nrrd: 14 x 22 pixels, but its image has 12 x 20. Export the mask on the grid of "
        "the image.",
        "mask m.nrrd: by its header it lies (-0.1, -0.2, 0) mm beside its image. "
        "Export the mask on the grid of the image.",
    ]


@pytest.mark.parametrize(
    ("part", "origin", "place"),
    [
        (NODULE[:, 4:13], (0.4, 0, 0), "0 rows down and 4 columns right"),  # cut at the sides alone
        (PART, (0.4000003, 0.5999998, 0), "3 rows down and 4 columns right"),  # rounded in float32
    ],
)
def test_other_parts_are_placed_too(tmp_path, part, origin, place):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    write_volume(tmp_path / "m.nrrd", part[None].copy(), origin=origin)
    case = one(tmp_path, "a.nii.gz", "m.nrrd")[0]
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == (f"a mask of a part of its image is placed by its header, {place}",)


def test_a_part_has_no_place_where_the_study_overrules_its_header(tmp_path):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    write_volume(tmp_path / "m.nrrd", PART[None], origin=CORNER)
    with pytest.raises(ImageError) as error:
        one(tmp_path, "a.nii.gz", "m.nrrd", mask_flip="horizontal")[0]
    assert error.value.problems == [f"mask m.nrrd: {SIZES}"]


def test_place_is_counted_in_rows_and_columns():
    picture = Picture(np.zeros((300, 400)), (0.07, 0.05), Grid((0.07, 0.05), (0, 0, 0), PLAIN), 1)
    grid = Grid((0.07, 0.05), (250 * 0.05, 120 * 0.07, np.nan), PLAIN)
    assert geometry.place_of_part((10, 20), grid, picture) == (120, 250)
    assert geometry.place_of_part((300, 400), grid, picture) is None
    assert geometry.place_of_part((181, 20), grid, picture) is None
    assert geometry.place_of_part((180, 150), grid, picture) == (120, 250)


# Square masks, of which no header tells whether rows and columns were swapped.

SQUARE = np.arange(256, dtype=np.uint8).reshape(16, 16)
SHAPE = np.zeros((16, 16), np.uint8)
SHAPE[3:8, 4:13] = 1


@pytest.mark.parametrize("suffix", ["nii.gz", "nrrd", "mha"])
@pytest.mark.parametrize("image", ["a.png", "a.dcm", "a.nii.gz"])
@pytest.mark.parametrize("order", ["as drawn", "swapped"])
def test_a_square_mask_saved_without_its_place_is_noted(tmp_path, suffix, image, order):
    write_picture(tmp_path / "a.png", SQUARE)
    write_dicom(tmp_path / "a.dcm", SQUARE)
    write_volume(tmp_path / "a.nii.gz", SQUARE[None], spacing=(1, 1, 1))
    mask = SHAPE if order == "as drawn" else SHAPE.T.copy()
    write_volume(tmp_path / f"m.{suffix}", mask[None], spacing=(1, 1, 1))
    case = one(tmp_path, image, f"m.{suffix}", spacing_mm=0.1)[0]
    assert np.array_equal(case.mask, mask == 1) and SWAPPED in case.notes


def test_a_square_mask_of_an_identity_matrix_that_the_study_flips_is_noted(tmp_path):
    write_picture(tmp_path / "a.png", SQUARE)
    mirrored = (-1, 0, 0, 0, -1, 0, 0, 0, 1)  # what nibabel writes for it
    write_volume(tmp_path / "m.nii.gz", SHAPE.T[None].copy(), direction=mirrored)
    case = one(tmp_path, "a.png", "m.nii.gz", mask_flip="both", spacing_mm=0.1)[0]
    assert case.notes == (SWAPPED,)


@pytest.mark.parametrize("kind", ["picture", "not square", "symmetric", "in its place"])
def test_other_masks_are_not_noted_as_swapped(tmp_path, kind):
    write_picture(tmp_path / "a.png", SQUARE[:12] if kind == "not square" else SQUARE)
    write_volume(tmp_path / "a.nrrd", SQUARE[None], origin=(1, 2, 3))
    mask, image = "m.nrrd", "a.nrrd" if kind == "in its place" else "a.png"
    values = SHAPE | SHAPE.T if kind == "symmetric" else SHAPE
    if kind == "picture":
        mask = write_picture(tmp_path / "m.png", values)
    elif kind == "in its place":
        write_volume(tmp_path / mask, values[None], origin=(1, 2, 3))
    else:
        values = values[:12] if kind == "not square" else values
        write_volume(tmp_path / mask, values[None], spacing=(1, 1, 1))
    assert one(tmp_path, image, mask, spacing_mm=0.1)[0].notes == ()


@pytest.mark.parametrize(
    ("spacing", "origin", "direction"),
    [
        ((0.2, 0.1), (1.0, 2.0, 3.0), (0.0,) * 6),
        ((1e-300, 1e-300), (1e308, 1.0, 0.0), PLAIN),
    ],
)
def test_a_header_of_odd_numbers_places_nothing(spacing, origin, direction):
    picture = Picture(GREY, spacing, Grid(spacing, (0.0, 0.0, 0.0), direction), 1)
    assert geometry.place_of_part((5, 9), Grid(spacing, origin, direction), picture) is None
