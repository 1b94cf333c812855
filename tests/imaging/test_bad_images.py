"""Bad images of a user's folder: every case with the exact words the user reads."""

import re

import numpy as np
import pandas as pd
import pydicom
import pytest
from joblib import Parallel, delayed

from tests.imaging.bad_files import (
    EXPORT,
    KNOWN,
    NODULE,
    SKEWED,
    TURNS,
    cut,
    followed,
    linked,
    nifti_with,
    not_numbers,
    of_frames,
    of_syntax,
    pages,
    png_header,
    put,
    put_bytes,
    put_dicom,
    put_volume,
    skewed,
    turned_picture,
    without_pixels,
)
from tests.imaging.test_dicom import GREY, palette, region, write_dicom
from thyro.imaging import pixels, reading

# Each: what is written and named in the cell, the frame, and what the user reads.
IMAGES = {
    "no file named": (lambda f: " ", "", "image: no file named; fill the cell."),
    "outside the folder": (
        lambda f: "../secret.png",
        "",
        "image '../secret.png' lies outside the data folder; copy it there.",
    ),
    "absolute path": (
        lambda f: "/etc/hostname",
        "",
        "image '/etc/hostname' lies outside the data folder; copy it there.",
    ),
    "link that leads out": (
        linked,
        "",
        "image 'link.png' lies outside the data folder; copy it there.",
    ),
    "not there": (lambda f: "b.png", "", "image 'b.png' is not in the data folder {folder}."),
    "folders of Windows": (
        lambda f: "images\\b.png",
        "",
        "image 'images\\\\b.png' is not in the data folder {folder}. "
        "Write / between folder and file.",
    ),
    "a name too long": (
        lambda f: "b" * 300,
        "",
        f"image '{'b' * 300}' is not in the data folder {{folder}}.",
    ),
    "a character that no name holds": (
        lambda f: "b\0.png",
        "",
        "image 'b\\x00.png' is not in the data folder {folder}.",
    ),
    "a folder": (lambda f: ".", "", "image '.' is a folder; name one file in it."),
    "empty file": (lambda f: put_bytes(f, "b.dcm", b""), "", f"b.dcm: an empty file. {EXPORT}"),
    "text named DICOM": (
        lambda f: put_bytes(f, "b.dcm", b"see the other folder\n"),
        "",
        f"b.dcm: not a file of a known kind; expected {KNOWN}.",
    ),
    "truncated DICOM": (
        lambda f: cut(f, put_dicom(f), 0.9),
        "",
        "cut_b.dcm: its pixels cannot be decoded (Explicit VR Little Endian): the file is cut "
        f"short or damaged. {EXPORT}",
    ),
    "truncated PNG": (
        lambda f: cut(f, put(f, "b.png", GREY)),
        "",
        f"cut_b.png: its pixels cannot be decoded: the file is cut short or damaged. {EXPORT}",
    ),
    "truncated NIfTI": (  # ITK would fill the rest with zeros
        lambda f: cut(f, put_volume(f, "b.nii", GREY[None]), 0.9),
        "",
        f"cut_b.nii: cannot be read as .nii: the file is cut short or damaged. {EXPORT}",
    ),
    "truncated compressed NIfTI": (
        lambda f: cut(f, put_volume(f, "b.nii.gz", GREY[None]), 0.9),
        "",
        f"cut_b.nii.gz: cannot be read as .nii.gz: the file is cut short or damaged. {EXPORT}",
    ),
    "truncated NRRD": (
        lambda f: cut(f, put_volume(f, "b.nrrd", GREY[None]), 0.9),
        "",
        f"cut_b.nrrd: cannot be read as .nrrd: the file is cut short or damaged. {EXPORT}",
    ),
    "truncated MHA": (
        lambda f: cut(f, put_volume(f, "b.mha", GREY[None]), 0.9),
        "",
        f"cut_b.mha: cannot be read as .mha: the file is cut short or damaged. {EXPORT}",
    ),
    "pixels in another file": (
        lambda f: put_bytes(
            f,
            "b.nrrd",
            b"NRRD0004\ntype: uint8\ndimension: 2\nsizes: 20 12\nencoding: raw\n"
            b"data file: ../secret.raw\n\n",
        ),
        "",
        "b.nrrd: its pixels lie in another file; save both as one file.",
    ),
    "pixels in another file, MHA": (
        lambda f: put_bytes(
            f,
            "b.mha",
            b"ObjectType = Image\nNDims = 2\nDimSize = 20 12\nElementType = MET_UCHAR\n"
            b"ElementDataFile = ../secret.raw\n",
        ),
        "",
        "b.mha: its pixels lie in another file; save both as one file.",
    ),
    "DICOM without pixels": (
        without_pixels,
        "",
        "b.dcm: a DICOM file without pixels, or cut short before them. Export the image again.",
    ),
    "unknown transfer syntax": (
        lambda f: of_syntax(f, "1.2.3.4.5"),
        "",
        "b.dcm: the transfer syntax 1.2.3.4.5 cannot be decoded, or is encrypted. "
        "Export the image uncompressed (Explicit VR Little Endian).",
    ),
    "a film": (
        lambda f: of_syntax(f, pydicom.uid.MPEG4HP41),
        "",
        "b.dcm: the transfer syntax MPEG-4 AVC/H.264 High Profile / Level 4.1 cannot be decoded, "
        "or is encrypted. Export the image uncompressed (Explicit VR Little Endian).",
    ),
    "compressed in name only": (
        lambda f: of_syntax(f, pydicom.uid.JPEG2000),
        "",
        "b.dcm: its pixels cannot be decoded (JPEG 2000 Image Compression): the file is cut short "
        f"or damaged. {EXPORT}",
    ),
    "palette of 12 bits": (
        lambda f: put_dicom(
            f,
            **palette(np.zeros((256, 3), int))
            | {"RedPaletteColorLookupTableDescriptor": [256, 0, 12]},
        ),
        "",
        "b.dcm: its palette has 12 bits, expected 8 or 16. Export the image in grey or RGB.",
    ),
    "30 frames, none declared": (
        lambda f: put_dicom(f, np.stack([GREY] * 30), frames=30),
        "",
        "b.dcm: 30 frames; name the one to analyse with cohort.frame, from 0.",
    ),
    "frame beyond the last": (
        lambda f: put_dicom(f, np.stack([GREY] * 30), frames=30),
        "30",
        "b.dcm: frame 30 does not exist; expected 0 to 29. Frames are counted from 0.",
    ),
    "frame of a single image": (
        lambda f: put(f, "b.png", GREY),
        "1",
        "b.png: frame 1 does not exist; expected 0 to 0. Frames are counted from 0.",
    ),
    "frame that is no number": (
        lambda f: put(f, "b.png", GREY),
        "third",
        "frame 'third': expected a whole number from 0, or an empty cell.",
    ),
    "frame below 0": (
        lambda f: put(f, "b.png", GREY),
        "-1",
        "frame '-1': expected a whole number from 0, or an empty cell.",
    ),
    "volume of several slices": (
        lambda f: put_volume(f, "b.nii.gz", np.stack([GREY] * 5)),
        "",
        "b.nii.gz: 5 frames; name the one to analyse with cohort.frame, from 0.",
    ),
    "four dimensions": (
        lambda f: nifti_with(f, "b.nii.gz", 40, ("<5h", 4, 4, 6, 5, 2)),
        "",
        "b.nii.gz: 4 dimensions, expected 2 or 3. Export one frame.",
    ),
    "all black": (
        lambda f: put(f, "b.png", GREY * 0),
        "",
        "b.png: every pixel is 0; there is nothing to see.",
    ),
    "the mask named as image": (
        lambda f: put(f, "b.png", NODULE * np.uint8(255)),
        "",
        "b.png: holds the grey values 0 and 255 only. Is it a mask?",
    ),
    "pixels that are not numbers": (
        lambda f: put_volume(f, "b.nii.gz", not_numbers()),
        "",
        "b.nii.gz: holds pixels that are not numbers. Export it again.",
    ),
    "pixels that are not numbers, MHA": (
        lambda f: put_volume(f, "b.mha", not_numbers()),
        "",
        "b.mha: holds pixels that are not numbers. Export it again.",
    ),
    "grey beyond 255": (
        lambda f: put_volume(f, "b.nii.gz", GREY.astype(np.int16) * 3 - 20),
        "",
        "b.nii.gz: grey values -20 to 697, expected 0 to 255; export the image with 8 bits.",
    ),
    "grey as shares": (
        lambda f: put_volume(f, "b.nii.gz", (GREY / 239).astype(np.float32)),
        "",
        "b.nii.gz: grey values 0 to 1, expected 0 to 255. Export the image with 8 bits.",
    ),
    "PNG of 16 bits": (
        lambda f: put(f, "b.png", GREY.astype(np.uint16)),
        "",
        "b.png: more than 8 bits per pixel, expected 8. Export it with 8 bits.",
    ),
    "DICOM of 16 bits that uses 8": (
        lambda f: put_dicom(f, GREY.astype(np.uint16)),
        "",
        "b.dcm: stored values 0 to 239, but its 16 bits hold 0 to 65535: hardly any levels of "
        "grey would be left. Export the image with 8 bits.",
    ),
    "one grey after rounding": (
        lambda f: put_volume(f, "b.mha", (GREY / 600).astype(np.float32) + 6.6),
        "",
        "b.mha: every pixel is 7; there is nothing to see.",
    ),
    "a photograph held upright": (
        lambda f: turned_picture(f, "b.jpg", 6),
        "",
        TURNS.format("b.jpg", 6),
    ),
    "a turned PNG": (lambda f: turned_picture(f, "b.png", 3), "", TURNS.format("b.png", 3)),
    "a turned TIFF": (lambda f: turned_picture(f, "b.tif", 8), "", TURNS.format("b.tif", 8)),
    "a skewed NIfTI": (
        lambda f: skewed(f, (0.1, 0.05, 0, 0, 0, 0.2, 0, 0, 0, 0, 1, 0)),
        "",
        f"b.nii.gz: {SKEWED}",
    ),
    "a NIfTI without directions": (
        lambda f: skewed(f, [0] * 12),
        "",
        f"b.nii.gz: {SKEWED}",
    ),
    "a NIfTI of no numbers": (  # its dimensions overflow
        lambda f: nifti_with(f, "b.nii.gz", 40, ("<8h", 7, 20, 12, 1, -9, -9, -9, -9)),
        "",
        f"b.nii.gz: cannot be read as .nii.gz: the file is cut short or damaged. {EXPORT}",
    ),
    "PNG of 100 million pixels": (
        lambda f: put_bytes(f, "b.png", png_header(10_000, 10_000)),
        "",
        "b.png: 10000 x 10000 pixels by its header, expected an ultrasound frame of at most "
        "12 million. Export it again.",
    ),
    "PNG of 4 thousand million pixels": (
        lambda f: put_bytes(f, "b.png", png_header(65_000, 65_000)),
        "",
        "b.png: far too many pixels by its header, expected an ultrasound frame. Export it again.",
    ),
    "DICOM of 4 thousand million pixels": (
        lambda f: put_dicom(f, Rows=65_000, Columns=65_000),
        "",
        "b.dcm: 65000 x 65000 pixels by its header, expected an ultrasound frame of at most "
        "12 million. Export it again.",
    ),
    "stack of 160 million bytes": (
        lambda f: nifti_with(f, "b.nii.gz", 42, ("<3h", 2000, 2000, 40)),
        "",
        "b.nii.gz: 40 frames of 2000 x 2000 pixels, 160 MB, by its header; at most 1000 frames and "
        "64 MB are read. Export the frame that is analysed.",
    ),
    "picture that claims 2 thousand million frames": (
        lambda f: put_bytes(f, "b.png", of_frames(2**31 - 1)),
        "",
        "b.png: 2147483648 frames of 12 x 20 pixels, 515396 MB, by its header; at most 1000 frames "
        "and 64 MB are read. Export the frame that is analysed.",
    ),
    "second page far larger than the first": (
        lambda f: pages(f, "b.tif", (12, 20), (5000, 5000)),
        "",
        "b.tif: 5000 x 5000 pixels by its header, expected an ultrasound frame of at most "
        "12 million. Export it again.",
    ),
    "zeros without end behind the pixels": (
        lambda f: put_bytes(f, "b.nii.gz", followed(f, pixels.MAX_BYTES + 2**21)),
        "",
        f"b.nii.gz: cannot be read as .nii.gz: the file is cut short or damaged. {EXPORT}",
    ),
    "pixels that begin far away": (
        lambda f: nifti_with(f, "b.nii.gz", 108, ("<f", 2e9)),
        "",
        f"b.nii.gz: cannot be read as .nii.gz: the file is cut short or damaged. {EXPORT}",
    ),
    "complex numbers": (
        lambda f: put_volume(f, "b.nii.gz", GREY[None].astype(np.complex64)),
        "",
        "b.nii.gz: holds complex numbers, not levels of grey. Export it again.",
    ),
    "a type of 5000 letters": (  # ITK would write beyond its memory
        lambda f: put_bytes(
            f,
            "b.nrrd",
            b"NRRD0004\ntype: " + b"9" * 5000 + b"\ndimension: 2\nsizes: 20 12\n"
            b"encoding: raw\n\n" + GREY.tobytes(),
        ),
        "",
        f"b.nrrd: cannot be read as .nrrd: the file is cut short or damaged. {EXPORT}",
    ),
    "a link that leads to itself": (
        lambda f: (f / "b.png").symlink_to("b.png") or "b.png",
        "",
        "image 'b.png' is not in the data folder {folder}.",
    ),
    "NIfTI of 900 million pixels": (
        lambda f: nifti_with(f, "b.nii.gz", 42, ("<2h", 30_000, 30_000)),
        "",
        "b.nii.gz: 30000 x 30000 pixels by its header, expected an ultrasound frame of at most "
        "12 million. Export it again.",
    ),
}


@pytest.mark.parametrize("case", IMAGES)
def test_bad_images(tmp_path, case):
    write, frame, message = IMAGES[case]
    folder = tmp_path / "data"
    folder.mkdir()
    name = write(folder)
    files = {"image": [name], "mask": [put(folder, "m.png", NODULE)], "frame": [frame]}
    with pytest.raises(pixels.ImageError) as error:
        reading.Folder(folder, pd.DataFrame(files))[0]
    assert error.value.problems == [message.format(folder=folder)]


# 20 of 12 rows would count from the other end, and leave rows 0 to 3.
@pytest.mark.parametrize(
    "border", [(6, 6, 0, 0), (0, 20, 0, 0), (0, 0, 0, 24), (100, 0, 0, 0), (0, 100, 0, 100)]
)
def test_a_border_that_leaves_nothing(tmp_path, border):
    put(tmp_path, "a.png", GREY)
    put(tmp_path, "m.png", NODULE)
    files = pd.DataFrame({"image": ["a.png"], "mask": ["m.png"]})
    with pytest.raises(pixels.ImageError) as error:
        reading.Folder(tmp_path, files, border_px=border)[0]
    assert error.value.problems == ["a.png: cohort.border_px leaves nothing but black."]


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_path_is_printed_by_itk(tmp_path, capfd, jobs):
    skewed(tmp_path, (0.3, 0, 0, 0, 0, 0.3, 0, 0, 0, 0, 0.3, 0))  # not its pixel size
    (tmp_path / "b.nii.gz").rename(tmp_path / "scaled.nii.gz")
    nifti_with(tmp_path, "analyze.nii.gz", 344, ("4s", b"\0" * 4))
    Parallel(n_jobs=jobs)(
        delayed(reading.read_image)(tmp_path / name) for name in ("scaled.nii.gz", "analyze.nii.gz")
    )
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"PixelSpacing": [0, 0.1]}, "its PixelSpacing is not positive"),
        ({"PixelSpacing": [0.2, -0.1]}, "its PixelSpacing is not positive"),
        (
            [region(RegionLocationMaxY1=24)],
            "its tissue region (0-19 x 0-24) does not fit its 20 x 12 pixels, "
            "so its scale is that of another image",
        ),
        (
            [region(PhysicalUnitsXDirection=4)],
            "its tissue region is measured in seconds, not in centimetres",
        ),
    ],
)
def test_sizes_that_cannot_be_trusted_are_left_out_and_noted(tmp_path, tags, reason):
    if isinstance(tags, list):
        tags = {"SequenceOfUltrasoundRegions": pydicom.Sequence(tags)}
    files = {"image": [put_dicom(tmp_path, **tags)], "mask": [put(tmp_path, "m.png", NODULE)]}
    case = reading.Folder(tmp_path, pd.DataFrame(files))[0]
    assert case.spacing_mm is None
    assert case.notes == (f"no pixel size ({reason}): sizes are in pixels",)


@pytest.mark.parametrize("side", [0.0, -0.1])
def test_a_nifti_size_that_is_none_is_not_taken_for_1_mm(tmp_path, side):
    nifti_with(tmp_path, "a.nii.gz", 80, ("<f", side))
    files = {"image": ["a.nii.gz"], "mask": [put(tmp_path, "m.png", NODULE)]}
    case = reading.Folder(tmp_path, pd.DataFrame(files))[0]
    assert case.spacing_mm is None
    assert case.notes == ("no pixel size (its header says none, or 1 x 1 mm): sizes are in pixels",)


def test_a_file_that_is_not_there_is_told_by_name(tmp_path):
    message = "b.dcm: cannot be opened: No such file or directory."
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(message)}$"):
        reading.read_image(tmp_path / "b.dcm")


@pytest.mark.parametrize("name", ["Schilddrüse 1", "甲状腺", "щитовидная", "a'b\"c"])
def test_names_in_every_script_work(tmp_path, name):
    write_dicom(tmp_path / f"{name}.dcm", GREY, PixelSpacing=[0.2, 0.1])
    put(tmp_path, f"{name}.png", NODULE)
    put_volume(tmp_path, f"{name}.nii.gz", NODULE[None])
    put_volume(tmp_path, f"{name}.mha", GREY[None])
    for image in (f"{name}.dcm", f"{name}.mha"):
        for mask in (f"{name}.png", f"{name}.nii.gz"):
            files = pd.DataFrame({"image": [image], "mask": [mask]})
            case = reading.Folder(tmp_path, files)[0]
            assert np.array_equal(case.image, GREY) and np.array_equal(case.mask, NODULE == 1)
            assert case.spacing_mm == pytest.approx((0.2, 0.1))
