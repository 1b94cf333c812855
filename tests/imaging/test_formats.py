"""Pictures and volumes: values as stored, and where they lie, of every format."""

import gzip
import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.imaging.bad_files import nifti_with
from tests.imaging.test_dicom import write_dicom
from tests.imaging.test_reading import GREY, NODULE, one, write_picture, write_volume
from thyro.imaging import formats, pixels, reading


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "nii", "nii.gz", "nrrd", "mha"])
def test_grey_files_come_back_as_they_were(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    drawn = suffix in ("png", "tif", "bmp")
    write_picture(path, GREY) if drawn else write_volume(path, GREY)
    image, spacing = reading.read_image(path)
    assert np.array_equal(image, GREY) and image.dtype == float
    assert spacing == (None if drawn else pytest.approx((0.2, 0.1)))


def test_a_volume_of_one_slice_is_a_frame(tmp_path):
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    assert np.array_equal(reading.read_image(tmp_path / "a.nii.gz")[0], GREY)


def test_colours_of_a_palette_picture_are_shown(tmp_path):
    picture = Image.fromarray(255 - GREY).convert("P")
    picture.putpalette([level for grey in range(255, -1, -1) for level in [grey] * 3])
    picture.save(tmp_path / "a.png")
    assert np.array_equal(reading.read_image(tmp_path / "a.png")[0], GREY)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_a_picture_has_no_grid(tmp_path, suffix):
    write_picture(tmp_path / f"a.{suffix}", GREY)
    values, grid = formats.read(tmp_path / f"a.{suffix}", "a")
    assert np.array_equal(values, GREY[None]) and values.dtype == np.uint8
    assert grid == pixels.Grid()


@pytest.mark.parametrize("suffix", ["nii", "nii.gz", "nrrd", "mha"])
def test_a_volume_tells_size_place_and_direction(tmp_path, suffix):
    stack = np.stack([GREY, GREY // 2])
    mirrored = (-1, 0, 0, 0, 1, 0, 0, 0, 1)
    write_volume(tmp_path / f"a.{suffix}", stack, origin=(3, 4, 5), direction=mirrored)
    values, grid = formats.read(tmp_path / f"a.{suffix}", "a")
    assert np.array_equal(values, stack)
    assert grid.spacing_mm == pytest.approx((0.2, 0.1))  # row, column
    assert grid.origin_mm == pytest.approx((3, 4, 5))
    assert grid.direction == pytest.approx((-1, 0, 0, 0, 1, 0))  # along a row, along a column


def test_the_numbers_of_a_palette_are_labels_and_its_colours_an_image(tmp_path):
    labels = (GREY // 60).astype(np.uint8)
    picture = Image.fromarray(labels, mode=None).convert("P")
    picture.putdata(labels.ravel().tolist())
    picture.putpalette([0, 0, 0, 250, 250, 250, 9, 9, 9, 70, 70, 70])
    picture.save(tmp_path / "a.png")
    assert np.array_equal(formats.read(tmp_path / "a.png", "a", labels=True)[0][0], labels)
    shown = formats.read(tmp_path / "a.png", "a")[0][0]
    assert np.array_equal(shown[..., 0], np.array([0, 250, 9, 70])[labels])


def test_dicom_is_known_by_its_content(tmp_path):
    write_dicom(tmp_path / "IM0001", GREY)
    assert formats.is_dicom(tmp_path / "IM0001", "a")
    write_picture(tmp_path / "a.png", GREY)
    assert not formats.is_dicom(tmp_path / "a.png", "a")
    (tmp_path / "short").write_bytes(b"\x08\x00")
    assert not formats.is_dicom(tmp_path / "short", "a")
    with pytest.raises(pixels.ImageError, match="^a: cannot be opened: No such file"):
        formats.is_dicom(tmp_path / "none", "a")


def test_an_empty_and_a_short_file_are_refused(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(pixels.ImageError, match="^a: an empty file"):
        formats.read(tmp_path / "a.png", "a")
    write_volume(tmp_path / "a.nii.gz", GREY[None])
    content = gzip.decompress((tmp_path / "a.nii.gz").read_bytes())
    (tmp_path / "a.nii").write_bytes(content[:-1])  # ITK would fill it with a zero
    with pytest.raises(pixels.ImageError, match="cut short or damaged"):
        formats.read(tmp_path / "a.nii", "a")


@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("mode", ["L", "P", "RGB"])
def test_a_damaged_byte_of_a_small_picture_is_refused(tmp_path, mode, labels):
    # Pillow tells of it once, when the pixels are first looked at, be it for the EXIF entry.
    Image.fromarray(GREY).convert(mode).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[content.index(b"IDAT") + 8] ^= 0xFF
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(
        pixels.ImageError, match="^a: its pixels cannot be decoded: the file is cut"
    ):
        formats.read(tmp_path / "a.png", "a", labels=labels)


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
@pytest.mark.parametrize("offset", [80, 284, 316, 324])
def test_an_infinite_place_is_refused_at_once(tmp_path, suffix, offset):
    write_volume(tmp_path / "a.nii", GREY[None])  # with which ITK counts for ever
    content = bytearray((tmp_path / "a.nii").read_bytes())
    struct.pack_into("<f", content, offset, -np.inf)
    packed = gzip.compress(bytes(content)) if suffix == "nii.gz" else content
    (tmp_path / f"b.{suffix}").write_bytes(packed)
    with pytest.raises(pixels.ImageError, match="cut short or damaged"):
        formats.read(tmp_path / f"b.{suffix}", "b")


def test_importing_the_module_leaves_itk_as_it_is():
    code = (
        "import SimpleITK as sitk; sitk.ProcessObject.SetGlobalWarningDisplay(True); "
        "import thyro.imaging; print(sitk.ProcessObject.GetGlobalWarningDisplay())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True"


# A phone's JPEG with further pictures, and volumes under the name of another kind.

FIRST = "the first of 2 pictures in its file is taken"


def write_phone(path, first, *further):
    images = [Image.fromarray(array) for array in (first, *further)]
    images[0].save(path, format="MPO", save_all=True, append_images=images[1:], quality=95)
    return path.name


@pytest.mark.parametrize("second", [(120, 160), (30, 40), (200, 90)])
def test_the_first_picture_of_a_phone_is_read(tmp_path, second):
    smooth = np.add.outer(np.arange(120), np.arange(160)).astype(np.uint8) // 2
    write_phone(tmp_path / "a.jpg", smooth, np.zeros(second, np.uint8))
    image, spacing = reading.read_image(tmp_path / "a.jpg")
    assert np.abs(image - smooth).max() <= 3 and spacing is None
    mask = np.zeros(smooth.shape, np.uint8)
    mask[40:80, 60:120] = 1
    write_picture(tmp_path / "m.png", mask)
    assert one(tmp_path, "a.jpg", "m.png", spacing_mm=0.1)[0].notes == (FIRST,)


def test_the_first_picture_of_a_phone_is_a_mask_too(tmp_path):
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 64:120] = 255
    write_phone(tmp_path / "m.jpg", mask, mask[:60, :80])
    write_picture(tmp_path / "a.png", np.arange(120 * 160).reshape(120, 160).astype(np.uint8))
    case = one(tmp_path, "a.png", "m.jpg", spacing_mm=0.1)[0]
    assert np.array_equal(case.mask, mask > 0)
    assert FIRST in case.notes


def test_a_picture_says_what_it_is_and_a_volume_nothing(tmp_path):
    write_phone(tmp_path / "a.jpg", GREY, GREY, GREY)
    assert formats.about(tmp_path / "a.jpg") == ("MPO", None, 3)
    write_volume(tmp_path / "a.nii", GREY)
    assert formats.about(tmp_path / "a.nii") == ("", None, 1)
    picture = Image.fromarray(NODULE).convert("P")
    picture.putpalette([1, 2, 3, 40, 50, 60])
    picture.save(tmp_path / "a.png", transparency=0)
    kind, palette, pictures = formats.about(tmp_path / "a.png")
    assert (kind, pictures) == ("PNG", 1)
    assert palette[:2].tolist() == [[1, 2, 3, 0], [40, 50, 60, 255]]


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("a.nii.gz", "b.nii"),
        ("a.nii", "b.nii.gz"),
        ("a.nii", "b.nrrd"),
        ("a.nii.gz", "b.mha"),
        ("a.nii.gz", "b.gz"),
        ("a.nrrd", "b.nii"),
        ("a.nrrd", "b"),
        ("a.nii", "B.NII.GZ"),
    ],
)
def test_a_volume_is_known_by_its_content(tmp_path, written, named):
    write_volume(tmp_path / written, GREY[None], origin=(3, 4, 5))
    (tmp_path / written).rename(tmp_path / named)
    values, grid = formats.read(tmp_path / named, "b")
    assert np.array_equal(values, GREY[None])
    assert grid.spacing_mm == pytest.approx((0.2, 0.1))
    assert grid.origin_mm == pytest.approx((3, 4, 5))
    assert [file.name for file in tmp_path.iterdir()] == [named]


def test_an_image_and_its_mask_may_be_gzip_without_the_ending(tmp_path):
    for name, array in (("a", GREY), ("m", NODULE)):
        write_volume(tmp_path / f"{name}.nii.gz", array[None])
        (tmp_path / f"{name}.nii.gz").rename(tmp_path / f"{name}.nii")
    case = one(tmp_path, "a.nii", "m.nii")[0]
    assert np.array_equal(case.image, GREY) and np.array_equal(case.mask, NODULE == 1)
    assert case.notes == ()


@pytest.mark.parametrize(("written", "named"), [("a.nii.gz", "b.nii"), ("a.nii", "b.nii.gz")])
@pytest.mark.parametrize("cut", [1, 9, 400])
def test_a_short_volume_under_another_name_is_still_refused(tmp_path, written, named, cut):
    noise = np.random.default_rng(0).integers(0, 255, (1, 40, 50)).astype(np.uint8)
    write_volume(tmp_path / written, noise)
    content = (tmp_path / written).read_bytes()
    (tmp_path / named).write_bytes(content[:-cut])
    message = r"^b: cannot be read as \.nii(\.gz)?: the file is cut short or damaged"
    with pytest.raises(pixels.ImageError, match=message):
        formats.read(tmp_path / named, "b")


@pytest.mark.parametrize("bits", [0, 8, 32767, -64])
def test_the_bits_of_a_nifti_pixel_follow_from_its_type(tmp_path, bits):
    nifti_with(tmp_path, "a.nii.gz", 72, ("<h", bits), array=GREY[None].astype(np.float32))
    assert np.array_equal(reading.read_image(tmp_path / "a.nii.gz")[0], GREY)
