"""Image files: grey values, pixel sizes, masks against their images, and a user's folder."""

import copy
import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from PIL import Image

from tests.imaging.test_dicom import of, region, write_dicom
from thyro.imaging import pixels, reading

REAL = Path("../shared/data")
needs_real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="real images are not on this machine"
)

GREY = np.arange(0, 240, dtype=np.uint8).reshape(12, 20)
NODULE = np.zeros(GREY.shape, np.uint8)
NODULE[3:8, 4:12] = 1
NODULE[4, 12] = 1  # unlike itself when mirrored or turned
IDENTITY = (1, 0, 0, 0, 1, 0, 0, 0, 1)


def write_picture(path, array):
    Image.fromarray(array).save(path)
    return path.name


def write_volume(path, array, *, spacing=(0.1, 0.2, 1), origin=(0, 0, 0), direction=IDENTITY):
    """A volume of (slices, rows, columns); geometry in ITK's order, x first."""
    volume = sitk.GetImageFromArray(array)
    n = volume.GetDimension()
    volume.SetSpacing(spacing[:n])
    volume.SetOrigin(origin[:n])
    if n == 3:
        volume.SetDirection(direction)
    sitk.WriteImage(volume, str(path))
    return path.name


def one(folder, image, mask, *, frame="", second_mask="", **options):
    """The folder of one row."""
    files = {"image": [image], "mask": [mask], "second_mask": [second_mask], "frame": [frame]}
    return reading.Folder(folder, pd.DataFrame(files), **options)


def test_a_size_of_1_mm_is_what_programs_write_for_unknown(tmp_path):
    write_volume(tmp_path / "a.nrrd", GREY, spacing=(1, 1, 1))
    assert reading.read_image(tmp_path / "a.nrrd")[1] is None


def test_colour_is_weighed_to_grey_and_grey_in_rgb_is_exact(tmp_path):
    write_picture(tmp_path / "grey.png", np.stack([GREY] * 3, axis=-1))
    assert np.array_equal(reading.read_image(tmp_path / "grey.png")[0], GREY)
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 100
    write_picture(tmp_path / "red.png", red)
    assert reading.read_image(tmp_path / "red.png")[0] == pytest.approx(29.9)


@pytest.mark.parametrize("kind", ["png", "palette", "dcm", "dcm of luma", "jpg"])
def test_pixels_in_colour_are_told_whatever_the_file(tmp_path, kind):
    grey = np.kron(GREY, np.ones((8, 8), np.uint8))
    flow = np.zeros(grey.shape, bool)
    flow[24:64, 32:64] = True  # five of the eight columns of the nodule
    painted = np.stack([grey] * 3, axis=-1)
    painted[flow] = (200, 40, 30)
    name = "a.dcm" if kind.startswith("dcm") else "a.jpg" if kind == "jpg" else "a.png"
    picture = Image.fromarray(painted)
    if kind == "palette":
        picture.quantize(256).save(tmp_path / name)
    elif kind == "dcm":
        write_dicom(tmp_path / name, painted)
    elif kind == "dcm of luma":
        luma = np.asarray(picture.convert("YCbCr"))
        write_dicom(tmp_path / name, luma, PhotometricInterpretation="YBR_FULL")
    else:
        picture.save(tmp_path / name, quality=95, subsampling=0)
    write_picture(tmp_path / "m.png", np.kron(NODULE, np.ones((8, 8), np.uint8)))
    case = one(tmp_path, name, "m.png", spacing_mm=0.1)[0]
    wrong = (case.coloured != flow).sum()
    assert wrong <= (60 if kind == "jpg" else 0)  # along the edge of the colour
    share = case.coloured[case.mask].mean()
    assert share == pytest.approx(40 * 32 / (41 * 64), abs=0.02)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_grey_file_has_no_colour(tmp_path, suffix):
    Image.fromarray(np.stack([GREY] * 3, axis=-1)).save(tmp_path / f"a.{suffix}")
    write_picture(tmp_path / "m.png", NODULE)
    assert one(tmp_path, f"a.{suffix}", "m.png", spacing_mm=0.1)[0].coloured is None


def test_a_picture_is_known_by_its_content(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.jpg", format="PNG")
    assert np.array_equal(reading.read_image(tmp_path / "a.jpg")[0], GREY)
    write_dicom(tmp_path / "IM0001", GREY)
    assert np.array_equal(reading.read_image(tmp_path / "IM0001")[0], GREY)


@pytest.mark.parametrize("name", ["a.nrrd", "a.tif", "a.dcm"])
def test_a_frame_is_chosen(tmp_path, name):
    path, stack = tmp_path / name, np.stack([GREY, GREY // 2])
    if name == "a.nrrd":
        write_volume(path, stack)
    elif name == "a.tif":
        pages = [Image.fromarray(page) for page in stack]
        pages[0].save(path, save_all=True, append_images=pages[1:])
    else:
        write_dicom(path, stack, frames=2)
    message = f"{name}: 2 frames; name the one to analyse with cohort.frame, from 0."
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(message)}$"):
        reading.read_image(path)
    assert np.array_equal(reading.read_image(path, frame=1)[0], GREY // 2)
    write_picture(tmp_path / "m.png", NODULE)
    for cell in ("1", "1.0", 1.0, np.float64(1)):  # as spreadsheets write it, or typed
        case = one(tmp_path, name, "m.png", frame=cell)[0]
        assert np.array_equal(case.image, GREY // 2)


def test_a_typed_frame_may_be_missing_and_must_be_whole(tmp_path):
    write_picture(tmp_path / "a.png", GREY)
    write_picture(tmp_path / "m.png", NODULE)
    for cell in (np.nan, None, pd.NA, ""):
        assert np.array_equal(one(tmp_path, "a.png", "m.png", frame=cell)[0].image, GREY)
    message = "frame '0.5': expected a whole number from 0, or an empty cell."
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, "a.png", "m.png", frame=0.5)[0]


# The user's folder.


def test_a_case_holds_both_masks_size_and_notes(tmp_path):
    write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.2, 0.1])
    write_volume(tmp_path / "m.nii.gz", NODULE[None])
    write_picture(tmp_path / "n.png", NODULE[::-1].copy())
    files = pd.DataFrame(
        {"image": ["a.dcm"] * 2, "mask": ["m.nii.gz"] * 2, "second_mask": ["n.png", ""]},
        index=[4, 9],
    )
    folder = reading.Folder(tmp_path, files)
    assert len(folder) == 2 and len(list(folder)) == 2
    both, single = folder[0], folder[1]
    assert np.array_equal(both.image, GREY) and both.image.dtype == float
    assert np.array_equal(both.mask, NODULE == 1)
    assert np.array_equal(both.second_mask, NODULE[::-1] == 1)
    assert both.spacing_mm == (0.2, 0.1) and both.notes == ()
    assert single.second_mask is None


def test_a_missing_size_is_noted_or_taken_from_the_study(tmp_path):
    write_picture(tmp_path / "a.png", GREY)
    write_dicom(tmp_path / "b.dcm", GREY, PixelSpacing=[0, 0])
    write_picture(tmp_path / "m.png", NODULE)
    plain = one(tmp_path, "a.png", "m.png")[0]
    assert plain.spacing_mm is None
    assert plain.notes == ("no pixel size (the file tells none): sizes are in pixels",)
    given = one(tmp_path, "a.png", "m.png", spacing_mm=0.08)[0]
    assert given.spacing_mm == (0.08, 0.08) and given.notes == ()
    wrong = one(tmp_path, "b.dcm", "m.png", spacing_mm=0.08)[0]
    assert wrong.notes == (
        "pixel size taken from cohort.spacing_mm (its PixelSpacing is not positive)",
    )


@pytest.mark.parametrize(
    ("columns", "tags", "spacing"),
    [
        ((2, 8), {}, (0.2, 0.1)),
        ((12, 18), {}, (0.4, 0.3)),
        ((12, 18), {"PixelSpacing": [1, 1]}, (0.4, 0.3)),
        ((5, 15), {}, None),
    ],
    ids=["left", "right", "beside 1 x 1 mm", "straddles"],
)
def test_a_nodule_of_a_split_screen_has_the_scale_of_its_half(tmp_path, columns, tags, spacing):
    right = {"PhysicalDeltaX": 0.03, "PhysicalDeltaY": 0.04, "RegionLocationMinX0": 10}
    halves = of(region(RegionLocationMaxX1=9), region(**right))
    write_dicom(tmp_path / "a.dcm", GREY, **tags, **halves)
    mask = np.zeros(GREY.shape, np.uint8)
    mask[3:9, slice(*columns)] = 1
    write_picture(tmp_path / "m.png", mask)
    case = one(tmp_path, "a.dcm", "m.png")[0]
    assert case.spacing_mm == (None if spacing is None else pytest.approx(spacing))
    reason = "its tissue regions differ in scale"
    assert case.notes == (() if spacing else (f"no pixel size ({reason}): sizes are in pixels",))
    given = one(tmp_path, "a.dcm", "m.png", spacing_mm=0.5)[0]
    assert given.spacing_mm == (pytest.approx(spacing) if spacing else (0.5, 0.5))


def test_the_hash_is_that_of_shape_and_8_bit_pixels_before_anything_is_black(tmp_path):
    expected = hashlib.sha256(b"(12, 20)" + GREY.tobytes()).hexdigest()
    assert pixels.pixel_hash(GREY) == pixels.pixel_hash(GREY + 0.3) == expected
    changed = GREY.copy()
    changed[0, 0] += 1
    assert pixels.pixel_hash(changed) != expected
    assert pixels.pixel_hash(GREY.reshape(20, 12)) != expected  # the same bytes
    write_picture(tmp_path / "a.png", GREY)
    write_picture(tmp_path / "m.png", NODULE)
    for options in ({}, {"border_px": (1, 2, 3, 4)}, {"blank_outside_scan": True}):
        assert one(tmp_path, "a.png", "m.png", **options)[0].pixel_hash == expected


@pytest.mark.parametrize("second", ["m.png", "copy.nii.gz"])
def test_the_second_mask_is_not_the_first(tmp_path, second):
    write_picture(tmp_path / "a.png", GREY)
    write_picture(tmp_path / "m.png", NODULE)
    write_volume(tmp_path / "copy.nii.gz", NODULE[None])
    message = (
        f"second mask {second}: the same pixels as the first mask. "
        "Name the outline of the second reader, or empty the cell."
    )
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, "a.png", "m.png", second_mask=second)[0]


def test_images_are_judged_as_they_will_be_stored(tmp_path):
    write_picture(tmp_path / "m.png", NODULE)
    for values, message in [
        (GREY / 1000 + 2, "every pixel is 2; there is nothing to see."),
        (GREY / 300 + 2, "holds the grey values 2 and 3 only. Is it a mask?"),
    ]:
        write_volume(tmp_path / "a.mha", values.astype(np.float32))
        with pytest.raises(pixels.ImageError, match=f"^{re.escape(f'a.mha: {message}')}$"):
            one(tmp_path, "a.mha", "m.png")[0]
    even = np.where(NODULE == 1, 100 + GREY / 1000, GREY).astype(np.float32)
    write_volume(tmp_path / "a.mha", even)
    message = "every pixel of the image inside it is 100. Is it the mask of this image?"
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(f'mask m.png: {message}')}$"):
        one(tmp_path, "a.mha", "m.png")[0]


def test_notes_and_cases_never_name_a_file(tmp_path):
    write_dicom(tmp_path / "Smith_Jane.dcm", GREY)
    write_picture(tmp_path / "Smith_Jane.png", NODULE * np.uint8(255))
    assert "Smith" not in repr(one(tmp_path, "Smith_Jane.dcm", "Smith_Jane.png")[0])


def test_a_border_is_set_to_black(tmp_path):
    write_picture(tmp_path / "a.png", GREY + np.uint8(1))
    write_picture(tmp_path / "m.png", NODULE)
    image = one(tmp_path, "a.png", "m.png", border_px=(1, 2, 3, 4))[0].image
    expected = np.zeros(GREY.shape)
    expected[1:10, 3:16] = GREY[1:10, 3:16] + 1.0
    assert np.array_equal(image, expected)


def test_everything_outside_the_scan_is_set_to_black(tmp_path):
    rng = np.random.default_rng(0)
    frame = np.zeros((200, 300), np.uint8)
    frame[20:170, 60:260] = rng.integers(30, 200, (150, 200))
    frame[185:190, 10:80:3] = 255  # a line of text
    write_picture(tmp_path / "a.png", frame)
    mask = np.zeros_like(frame)
    mask[80:100, 100:140] = 1
    write_picture(tmp_path / "m.png", mask)
    untouched = one(tmp_path, "a.png", "m.png")[0].image
    image = one(tmp_path, "a.png", "m.png", blank_outside_scan=True)[0].image
    assert np.array_equal(untouched, frame)
    assert not image[185:190].any() and image[100, 160] == frame[100, 160] > 0


def test_all_problems_of_a_row_are_told_and_survive_the_way_from_a_worker(tmp_path):
    write_picture(tmp_path / "a.png", GREY)
    write_picture(tmp_path / "e.png", NODULE * 0)
    write_picture(tmp_path / "l.png", np.kron(NODULE, np.full((2, 2), 3, np.uint8)))
    folder = copy.deepcopy(one(tmp_path, "b.png", "e.png", second_mask="l.png"))
    with pytest.raises(pixels.ImageError) as error:
        folder[0]
    expected = [
        f"image 'b.png' is not in the data folder {tmp_path}.",
        "mask e.png: empty. Outline the nodule, or exclude the patient.",
        "second mask l.png: holds only label 3, expected 1; set cohort.mask_label.",
    ]
    assert error.value.problems == expected
    assert copy.deepcopy(error.value).problems == expected
    with pytest.raises(pixels.ImageError) as error:
        one(tmp_path, "a.png", "l.png", frame="two")[0]
    assert error.value.problems == [
        "frame 'two': expected a whole number from 0, or an empty cell.",
        "mask l.png: holds only label 3, expected 1; set cohort.mask_label.",
    ]
    with pytest.raises(pixels.ImageError) as error:
        one(tmp_path, "a.png", "l.png")[0]
    assert error.value.problems == [
        "mask l.png: holds only label 3, expected 1; set cohort.mask_label.",
        "mask l.png: 24 x 40 pixels, but its image has 12 x 20. "
        "Export the mask on the grid of the image.",
    ]


def test_a_png_holds_pixels_and_nothing_else(tmp_path):
    (tmp_path / "a.png").write_bytes(reading.png_bytes(GREY))
    with Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(np.asarray(picture), GREY) and not picture.info


@needs_real_data
def test_real_frames_and_outlines(tmp_path):
    names = ["2_1", "3_1", "382_1"]
    files = pd.DataFrame(
        {
            "image": [f"images/{name}.jpg" for name in names],
            "mask": [f"masks/{name}.png" for name in names],
        }
    )
    cases = list(reading.Folder(REAL / "ddti", files, component="largest"))
    assert [case.image.shape for case in cases] == [(360, 560)] * 3
    assert [int(case.mask.sum()) for case in cases[:2]] == [31115, 7273]  # labels.csv
    # 17 pixels of this outline lie beside the scan.
    folder = reading.Folder(REAL / "ddti", files, component="largest", blank_outside_scan=True)
    with pytest.raises(pixels.ImageError, match="382_1.png: 17 of its 22775 pixels lie where"):
        folder[2]
