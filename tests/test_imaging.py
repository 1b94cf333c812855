"""Image files: grey values, pixel sizes, masks, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from thyro import imaging

REAL = Path("../shared/data")
needs_real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="real images are not on this machine"
)

GREY = np.arange(0, 240, dtype=np.uint8).reshape(12, 20)


def write_dicom(path, pixels, **tags):
    """A minimal ultrasound file."""
    data = pydicom.Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    data.SOPInstanceUID = "1.2.3"
    data.PatientName = "Planted^Name"
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    data.PlanarConfiguration = 0
    data.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = pixels.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = 0
    data.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(data, name, value)
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.save_as(path, enforce_file_format=True)
    return path


def region(**changes):
    tags = {
        "RegionDataType": 1,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.01,
        "PhysicalDeltaY": 0.02,
        "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 0,
        "RegionLocationMaxX1": 19,
        "RegionLocationMaxY1": 11,
    }
    item = pydicom.Dataset()
    for name, value in (tags | changes).items():
        setattr(item, name, value)
    return pydicom.Sequence([item])


@pytest.mark.parametrize("suffix", ["png", "tif", "nii.gz", "nrrd", "mha"])
def test_grey_files_come_back_as_they_were(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix in ("png", "tif"):
        Image.fromarray(GREY).save(path)
    else:
        volume = sitk.GetImageFromArray(GREY)
        volume.SetSpacing((0.1, 0.2))
        sitk.WriteImage(volume, str(path))
    image, spacing = imaging.read_image(path)
    assert np.array_equal(image, GREY)
    assert spacing == (None if suffix in ("png", "tif") else pytest.approx((0.2, 0.1)))


def test_colour_is_weighed_to_grey_and_grey_in_rgb_is_exact(tmp_path):
    Image.fromarray(np.stack([GREY] * 3, axis=-1)).save(tmp_path / "grey.png")
    assert np.array_equal(imaging.read_image(tmp_path / "grey.png")[0], GREY)
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 100
    Image.fromarray(red).save(tmp_path / "red.png")
    assert imaging.read_image(tmp_path / "red.png")[0] == pytest.approx(29.9)


def test_dicom_photometry(tmp_path):
    plain, _ = imaging.read_image(write_dicom(tmp_path / "a.dcm", GREY))
    turned, _ = imaging.read_image(
        write_dicom(tmp_path / "b.dcm", GREY, PhotometricInterpretation="MONOCHROME1")
    )
    assert np.array_equal(plain, GREY) and np.array_equal(turned, 255.0 - GREY)


@pytest.mark.parametrize(
    ("tags", "spacing"),
    [
        ({"PixelSpacing": [0.3, 0.4]}, (0.3, 0.4)),
        ({"SequenceOfUltrasoundRegions": region()}, (0.2, 0.1)),
        ({"SequenceOfUltrasoundRegions": region(PhysicalUnitsXDirection=4)}, None),  # seconds
        ({"SequenceOfUltrasoundRegions": region(RegionLocationMaxX1=40)}, None),  # another size
        ({}, None),
    ],
)
def test_dicom_spacing(tmp_path, tags, spacing):
    _, found = imaging.read_image(write_dicom(tmp_path / "a.dcm", GREY, **tags))
    assert found == (None if spacing is None else pytest.approx(spacing))


def test_deep_dicom_is_scaled_by_its_depth_however_dark(tmp_path):
    deep = GREY.astype(np.uint16)  # at most 239 of 65535
    image, _ = imaging.read_image(write_dicom(tmp_path / "a.dcm", deep))
    assert image == pytest.approx(deep * (255 / 65535))


def test_other_files_beyond_8_bits_are_refused(tmp_path):
    Image.fromarray(GREY.astype(np.uint16) * 2).save(tmp_path / "a.png")
    with pytest.raises(imaging.ImageError, match="0 to 478, expected 0 to 255; export"):
        imaging.read_image(tmp_path / "a.png")


def test_pixel_sizes_known_for_some_only_stop(tmp_path):
    Image.fromarray((GREY > 99).astype(np.uint8)).save(tmp_path / "m.png")
    write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.3, 0.4])
    write_dicom(tmp_path / "b.dcm", GREY)
    folder = imaging.Folder(tmp_path, pd.Series(["a.dcm", "b.dcm"]), pd.Series(["m.png"] * 2))
    with pytest.raises(
        imaging.ImageError, match="1 of 2 images do not tell it, the first in row 3"
    ):
        folder.check()


def test_a_frame_must_be_chosen(tmp_path):
    volume = sitk.GetImageFromArray(np.stack([GREY, GREY // 2]))
    sitk.WriteImage(volume, str(tmp_path / "a.nrrd"))
    with pytest.raises(imaging.ImageError, match="2 frames; say which"):
        imaging.read_image(tmp_path / "a.nrrd")
    assert np.array_equal(imaging.read_image(tmp_path / "a.nrrd", frame=1)[0], GREY // 2)


def test_files_that_are_no_images_are_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(imaging.ImageError, match="broken.png: not readable as an image"):
        imaging.read_image(tmp_path / "broken.png")
    write_dicom(tmp_path / "a.dcm", GREY)
    data = pydicom.dcmread(tmp_path / "a.dcm")
    del data.PixelData
    data.save_as(tmp_path / "empty.dcm")
    with pytest.raises(imaging.ImageError, match="a DICOM file without pixels"):
        imaging.read_image(tmp_path / "empty.dcm")


@pytest.mark.parametrize("white", [1, 255])
def test_masks_of_labels_and_of_pictures(tmp_path, white):
    inside = GREY > 100
    Image.fromarray((inside * white).astype(np.uint8)).save(tmp_path / "m.png")
    assert np.array_equal(imaging.read_mask(tmp_path / "m.png", GREY), inside)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((12, 20), np.uint8), "m.png: empty"),
        (np.ones((20, 12), np.uint8), "20 x 12 pixels, but its image has 12 x 20"),
    ],
)
def test_masks_that_do_not_match_are_refused(tmp_path, mask, message):
    Image.fromarray(mask).save(tmp_path / "m.png")
    with pytest.raises(imaging.ImageError, match=message):
        imaging.read_mask(tmp_path / "m.png", GREY)


def test_the_largest_of_two_components_stays():
    mask = np.zeros((20, 20), bool)
    mask[2:5, 2:5] = mask[10:18, 10:18] = True
    assert imaging.largest_component(mask).sum() == 64


def test_paths_cannot_leave_the_folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(b"")
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    for name in ("../secret.png", str(tmp_path / "secret.png"), "link.png"):
        with pytest.raises(imaging.ImageError, match="outside the data folder"):
            imaging.inside(folder, name, "image")
    with pytest.raises(imaging.ImageError, match="is not in the data folder"):
        imaging.inside(folder, "absent.png", "image")
    with pytest.raises(imaging.ImageError, match="no file named"):
        imaging.inside(folder, " ", "image")


def test_a_folder_reads_rows_and_names_all_that_are_wrong(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.png")
    Image.fromarray((GREY > 99).astype(np.uint8)).save(tmp_path / "m.png")
    Image.fromarray(np.zeros_like(GREY)).save(tmp_path / "e.png")
    names = pd.Series(["a.png", "a.png", "b.png"], index=[0, 4, 7])
    folder = imaging.Folder(tmp_path, names, pd.Series(["m.png", "e.png", "m.png"]), spacing_mm=0.1)
    image, mask = folder[0]
    assert np.array_equal(image, GREY) and mask.sum() == (GREY > 99).sum()
    assert imaging.Folder(tmp_path, names[:1], pd.Series(["m.png"]), spacing_mm=0.1).check() == [
        (0.1, 0.1)
    ]
    with pytest.raises(
        imaging.ImageError, match=r"(?s)row 6: mask e.png: empty.*row 9: image 'b.png'"
    ):
        folder.check()


def test_the_scan_is_found_beside_text():
    rng = np.random.default_rng(0)
    frame = np.zeros((200, 300))
    frame[20:170, 60:260] = rng.uniform(30, 200, (150, 200))
    frame[185:190, 10:80:3] = 255  # a line of text
    rows, columns = imaging.scan_area(frame)
    assert abs(rows.start - 20) <= 5 and abs(rows.stop - 170) <= 5
    assert abs(columns.start - 60) <= 5 and abs(columns.stop - 260) <= 5


def test_a_png_holds_pixels_and_nothing_else(tmp_path):
    (tmp_path / "a.png").write_bytes(imaging.png_bytes(GREY))
    with Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(np.asarray(picture), GREY) and not picture.info


@needs_real_data
def test_a_palette_file_and_its_compressed_twin_agree():
    folder = REAL / "us_dicom"
    plain, spacing = imaging.read_image(folder / "OBXXXX1A.dcm")
    twin, _ = imaging.read_image(folder / "OBXXXX1A_rle.dcm")
    assert np.array_equal(plain, twin)
    assert spacing == pytest.approx((0.2623, 0.2623), rel=1e-3)


@needs_real_data
def test_a_region_box_of_another_image_size_gives_no_spacing():
    with pytest.raises(imaging.ImageError, match="30 frames"):
        imaging.read_image(REAL / "us_dicom" / "examples_ybr_color.dcm")
    image, spacing = imaging.read_image(REAL / "us_dicom" / "examples_ybr_color.dcm", frame=0)
    assert image.shape == (240, 320) and spacing is None
