"""DICOM files: every photometric interpretation, compressed syntaxes, pixel sizes, real files."""

import io
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_color_lut
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    RLELossless,
)

from thyro.imaging import dicom, reading
from thyro.imaging.pixels import ImageError

REAL = Path("../shared/data/us_dicom")
needs_real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="real images are not on this machine"
)

GREY = np.arange(0, 240, dtype=np.uint8).reshape(12, 20)
COLOUR = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)
LUMA = COLOUR @ [0.299, 0.587, 0.114]


def write_dicom(path, pixels, *, syntax=ExplicitVRLittleEndian, frames=1, **tags):
    """A minimal ultrasound file: (rows, columns), (rows, columns, 3), or a stack of frames."""
    frame = pixels[0] if frames > 1 else pixels
    data = pydicom.Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    data.SOPInstanceUID = "1.2.3"
    data.PatientName = "Planted^Name"
    data.Rows, data.Columns = frame.shape[:2]
    data.SamplesPerPixel = 3 if frame.ndim == 3 else 1
    if frame.ndim == 3:
        data.PlanarConfiguration = 0
    if frames > 1:
        data.NumberOfFrames = frames
    data.PhotometricInterpretation = "RGB" if frame.ndim == 3 else "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = pixels.itemsize * 8
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = 0
    data.PixelData = pixels.tobytes()
    data["PixelData"].VR = "OB" if pixels.itemsize == 1 else "OW"
    for name, value in tags.items():
        if value is None:
            delattr(data, name)
        else:
            setattr(data, name, value)
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if syntax in (RLELossless, JPEG2000Lossless):
        data.compress(syntax)
    data.file_meta.TransferSyntaxUID = syntax
    data.save_as(path, enforce_file_format=True)
    return path


def region(**changes):
    """One region of an ultrasound image: tissue in centimetres over the whole of GREY."""
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
    return item


def of(*regions):
    return {"SequenceOfUltrasoundRegions": pydicom.Sequence(regions)}


def palette(table, *, bits=16, first=0, data=None):
    """Tags of a palette: `table` is (entries, 3); `data` overrides what is stored."""
    kind = "<u2" if bits == 16 else "u1"
    tags = {"PhotometricInterpretation": "PALETTE COLOR"}
    for i, colour in enumerate(("Red", "Green", "Blue")):
        name = f"{colour}PaletteColorLookupTable"
        tags[f"{name}Descriptor"] = [len(table) % 2**16, first, bits]
        tags[f"{name}Data"] = data[i] if data else table[:, i].astype(kind).tobytes()
    return tags


def test_white_may_be_the_highest_or_the_lowest_value(tmp_path):
    plain = dicom.read(write_dicom(tmp_path / "a.dcm", GREY))
    turned = dicom.read(
        write_dicom(tmp_path / "b.dcm", GREY, PhotometricInterpretation="MONOCHROME1")
    )
    assert np.array_equal(plain.grey, GREY) and np.array_equal(turned.grey, 255.0 - GREY)


def test_colour_is_weighed_and_grey_in_colour_is_exact(tmp_path):
    assert dicom.read(write_dicom(tmp_path / "a.dcm", COLOUR)).grey == pytest.approx(LUMA)
    mixed = np.stack([GREY] * 3, axis=-1)
    mixed[0, 0] = (255, 0, 0)
    grey = dicom.read(write_dicom(tmp_path / "b.dcm", mixed)).grey
    assert grey[0, 0] == pytest.approx(0.299 * 255)
    assert np.array_equal(grey[1:], GREY[1:])


def test_colours_may_lie_in_planes(tmp_path):
    planes = np.ascontiguousarray(np.moveaxis(COLOUR, -1, 0))
    path = write_dicom(
        tmp_path / "a.dcm", COLOUR, PlanarConfiguration=1, PixelData=planes.tobytes()
    )
    assert dicom.read(path).grey == pytest.approx(LUMA)


def test_ybr_becomes_grey(tmp_path):
    # Neutral colour (Cb = Cr = 128) is the luminance itself.
    ybr = np.stack([GREY, np.full_like(GREY, 128), np.full_like(GREY, 128)], axis=-1)
    full = write_dicom(tmp_path / "a.dcm", ybr, PhotometricInterpretation="YBR_FULL")
    assert np.array_equal(dicom.read(full).grey, GREY)
    # 4:2:2 stores two luminances, then one pair of colours.
    pairs = np.stack([GREY[:, ::2], GREY[:, 1::2], ybr[:, ::2, 1], ybr[:, ::2, 2]], axis=-1)
    half = write_dicom(
        tmp_path / "b.dcm",
        ybr,
        PhotometricInterpretation="YBR_FULL_422",
        PixelData=pairs.tobytes(),
    )
    assert np.array_equal(dicom.read(half).grey, GREY)


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEG2000Lossless,
    ],
    ids=lambda syntax: syntax.keyword,
)
@pytest.mark.parametrize("kind", ["grey", "colour", "deep"])
def test_lossless_syntaxes_change_nothing(tmp_path, syntax, kind):
    grey = np.kron(GREY, np.ones((8, 4), np.uint8))  # JPEG 2000 has no tiles below 64 pixels
    pixels = {
        "grey": grey,
        "colour": np.kron(COLOUR, np.ones((8, 4, 1), np.uint8)),
        "deep": grey.astype(np.uint16) * 257,
    }[kind]
    expected = pixels @ [0.299, 0.587, 0.114] if kind == "colour" else grey
    path = write_dicom(tmp_path / "a.dcm", pixels, syntax=syntax)
    assert dicom.read(path).grey == pytest.approx(expected)


def test_big_endian(tmp_path):
    deep = (GREY.astype(np.uint16) * 257).astype(">u2")
    path = write_dicom(tmp_path / "a.dcm", deep, syntax=ExplicitVRBigEndian)
    assert dicom.read(path).grey == pytest.approx(GREY)


def test_jpeg_baseline_is_close(tmp_path):
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(np.stack([smooth] * 3, axis=-1)).save(data, "JPEG", quality=95)
    path = write_dicom(
        tmp_path / "a.dcm",
        np.stack([smooth] * 3, axis=-1),
        syntax=JPEGBaseline8Bit,
        PhotometricInterpretation="YBR_FULL_422",
        PixelData=encapsulate([data.getvalue()]),
    )
    assert np.abs(dicom.read(path).grey - smooth).max() <= 3


@pytest.mark.parametrize(
    ("file", "plain"),
    [
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),  # JPEG-LS
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),  # JPEG 2000
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("SC_rgb_jpeg_gdcm.dcm", "SC_rgb_rle.dcm"),  # JPEG lossless
    ],
)
def test_files_of_other_writers_agree(tmp_path, file, plain):
    read = []
    for name in (file, plain):
        data = pydicom.dcmread(get_testdata_file(name))
        if data.BitsStored == 16:  # of which the magnetic resonance fills 11
            data.BitsStored, data.HighBit = 13, 12
        data.save_as(tmp_path / name)
        read.append(dicom.read(tmp_path / name).grey)
    assert np.array_equal(*read) and np.ptp(read[0]) > 50


def test_deep_files_are_scaled_by_their_depth_however_dark(tmp_path):
    deep = np.linspace(0, 8192, GREY.size).reshape(GREY.shape).astype(np.uint16)
    whole = dicom.read(write_dicom(tmp_path / "a.dcm", deep)).grey
    twelve = dicom.read(write_dicom(tmp_path / "b.dcm", deep // 8, BitsStored=12, HighBit=11)).grey
    assert whole == pytest.approx(deep * (255 / 65535))
    assert twelve == pytest.approx(deep // 8 * (255 / 4095))


@pytest.mark.parametrize(
    ("top", "tags", "words"),
    [
        (201, {}, "stored values 0 to 201, but its 16 bits hold 0 to 65535"),
        (4095, {}, "stored values 0 to 4095, but its 16 bits hold 0 to 65535"),
        (8190, {}, "stored values 0 to 8190, but its 16 bits hold 0 to 65535"),
        (
            511,
            {"BitsStored": 12, "HighBit": 11},
            "stored values 0 to 511, but its 12 bits hold 0 to 4095",
        ),
        (
            201,
            {"PixelRepresentation": 1},
            "stored values 0 to 201, but its 16 bits hold -32768 to 32767",
        ),
        (
            201,  # which the rescaling makes less than 1
            {"RescaleSlope": 0.0038910506, "RescaleIntercept": 0},
            "stored values 0 to 201, but its 16 bits hold 0 to 65535",
        ),
    ],
)
def test_deep_files_that_use_an_eighth_of_their_depth_at_most_are_refused(
    tmp_path, top, tags, words
):
    deep = np.linspace(0, top, GREY.size).reshape(GREY.shape).astype(np.uint16)
    message = (
        f"a.dcm: {words}: hardly any levels of grey would be left. Export the image with 8 bits."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        dicom.read(write_dicom(tmp_path / "a.dcm", deep, **tags))


def test_eight_bits_are_taken_however_dark_and_indices_of_a_palette_too(tmp_path):
    dark = GREY // 16
    assert np.array_equal(dicom.read(write_dicom(tmp_path / "a.dcm", dark)).grey, dark)
    path = write_dicom(tmp_path / "b.dcm", dark.astype(np.uint16), **palette(TABLE))
    assert dicom.read(path).grey == pytest.approx(TABLE[dark] @ [0.299, 0.587, 0.114])


@pytest.mark.parametrize("kept", ["meta information", "nothing"])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_files_without_a_preamble_are_read(tmp_path, kept, syntax):
    whole = write_dicom(tmp_path / "a.dcm", GREY, syntax=syntax, PixelSpacing=[0.3, 0.4])
    content = whole.read_bytes()[132:]
    if kept == "nothing":  # as devices wrote before 1993
        content = content[12 + int.from_bytes(content[8:12], "little") :]
    (tmp_path / "b").write_bytes(content)
    assert content[0] == (8 if kept == "nothing" else 2)  # the group of its first element
    image, spacing = reading.read_image(tmp_path / "b")
    assert np.array_equal(image, GREY) and spacing == (0.3, 0.4)


@pytest.mark.parametrize(
    ("slope", "intercept", "expected"),
    [
        (0.5, 20, GREY * 0.5 + 20),  # within 0-255 already
        (1 / 257, 0, GREY / 257),
        (2, -10, GREY),  # the range of the bits, -10 to 500, becomes 0-255
        (-1, 255, 255 - GREY),  # the writer turned white and black
    ],
)
def test_rescale(tmp_path, slope, intercept, expected):
    path = write_dicom(
        tmp_path / "a.dcm", GREY, RescaleSlope=round(slope, 12), RescaleIntercept=intercept
    )
    assert dicom.read(path).grey == pytest.approx(expected)


def test_signed_values_use_their_whole_range(tmp_path):
    signed = (GREY.astype(int) - 128).astype(np.int8)
    path = write_dicom(tmp_path / "a.dcm", signed, PixelRepresentation=1)
    assert dicom.read(path).grey == pytest.approx(GREY)


TABLE = np.stack([np.arange(256), np.arange(256)[::-1], np.arange(256) // 2], axis=-1)
SHOWN = TABLE[GREY] @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize("scale", [256, 257, 1])
def test_palettes_of_16_bits_hold_grey_in_their_high_byte(tmp_path, scale):
    path = write_dicom(tmp_path / "a.dcm", GREY, **palette(TABLE * scale))
    assert dicom.read(path).grey == pytest.approx(SHOWN)


def test_palettes_of_big_endian_files(tmp_path):
    data = [(TABLE[:, i] * 256).astype(">u2").tobytes() for i in range(3)]
    tags = palette(TABLE, data=data)
    path = write_dicom(tmp_path / "a.dcm", GREY, syntax=ExplicitVRBigEndian, **tags)
    assert dicom.read(path).grey == pytest.approx(SHOWN)


def test_palettes_of_8_bits_and_deep_indices(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", GREY, **palette(TABLE, bits=8))
    assert dicom.read(path).grey == pytest.approx(SHOWN)
    # 600 entries, the first for the value 100: indices beyond 8 bits, and beyond both ends.
    table = np.repeat(np.arange(600)[:, None] // 4, 3, axis=1)
    index = np.arange(0, 960, 4, dtype=np.uint16).reshape(12, 20)
    path = write_dicom(tmp_path / "b.dcm", index, **palette(table, bits=8, first=100))
    expected = np.clip(index.astype(int) - 100, 0, 599) // 4
    assert np.array_equal(dicom.read(path).grey, expected)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (palette(TABLE * 16) | {"RedPaletteColorLookupTableDescriptor": [256, 0, 12]}, "12 bits"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "0 bits"),
    ],
)
def test_odd_palettes_are_refused(tmp_path, tags, message):
    path = write_dicom(tmp_path / "a.dcm", GREY, **tags)
    with pytest.raises(ImageError, match=f"^a.dcm: its palette has {message}, expected 8 or 16. "):
        dicom.read(path)


def test_a_palette_cut_short_is_refused(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", GREY, **palette(TABLE, data=[b"\0" * 10] * 3))
    message = "a.dcm: its palette cannot be read. Export the image in grey or RGB."
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        dicom.read(path)


def test_one_frame_of_a_clip(tmp_path):
    clip = np.stack([GREY, GREY // 2, GREY // 3])
    path = write_dicom(tmp_path / "a.dcm", clip, frames=3)
    assert np.array_equal(dicom.read(path, frame=2).grey, GREY // 3)
    assert dicom.read(path, frame=0).frames == 3


SECONDS = {"PhysicalUnitsXDirection": 4}
MISFIT = (
    "its tissue region (0-40 x 0-11) does not fit its 20 x 12 pixels, "
    "so its scale is that of another image"
)


@pytest.mark.parametrize(
    ("tags", "spacing", "note"),
    [
        ({"PixelSpacing": [0.3, 0.4]}, (0.3, 0.4), ""),
        ({"PixelSpacing": [0, 0.4]}, None, "its PixelSpacing is not positive"),
        ({"PixelSpacing": [-0.3, 0.4]}, None, "its PixelSpacing is not positive"),
        ([region()], (0.2, 0.1), ""),
        ([region(PhysicalDeltaY=-0.02)], (0.2, 0.1), ""),  # upwards
        ([region(RegionLocationMaxX1=20, RegionLocationMaxY1=12)], (0.2, 0.1), ""),
        ([region(RegionLocationMaxX1=40)], None, MISFIT),
        ([region(**SECONDS)], None, "its tissue region is measured in seconds, not in centimetres"),
        ([region(**SECONDS), region()], (0.2, 0.1), ""),  # M-mode above the B-mode
        ([region(RegionDataType=10, **SECONDS), region()], (0.2, 0.1), ""),  # ECG
        ([region(RegionLocationMaxX1=9), region(RegionLocationMinX0=10)], (0.2, 0.1), ""),
        ([region(), region(PhysicalDeltaX=0.03)], None, "its tissue regions differ in scale"),
        ([region(PhysicalDeltaX=0.0)], None, "its tissue region has no scale"),
        ([region(RegionDataType=2)], (0.2, 0.1), ""),  # colour flow alone
        ([region(RegionDataType=2, PhysicalDeltaX=0.03), region()], (0.2, 0.1), ""),
        ([region(RegionDataType=3)], None, "the file tells none"),  # a pulsed wave spectrum
        ({"PixelSpacing": [1, 1]}, None, "its PixelSpacing is 1 x 1 mm"),
        ({"PixelSpacing": [1, 1]} | of(region()), (0.2, 0.1), ""),
        ({"PixelSpacing": [0, 0.4]} | of(region()), (0.2, 0.1), ""),
        ({"PixelSpacing": [0.2, 0.1005]} | of(region()), (0.2, 0.1005), ""),  # rounded
        ({"PixelSpacing": [0.3, 0.4]} | of(region(RegionLocationMaxX1=40)), (0.3, 0.4), ""),
        ({}, None, "the file tells none"),
    ],
)
def test_spacing_and_why_there_is_none(tmp_path, tags, spacing, note):
    tags = of(*tags) if isinstance(tags, list) else tags
    picture = dicom.read(write_dicom(tmp_path / "a.dcm", GREY, **tags))
    assert picture.spacing_mm == (None if spacing is None else pytest.approx(spacing))
    assert picture.note == note


@pytest.mark.parametrize("spacing", [[0.3, 0.4], [0.2, 0.11], [0.1, 0.2]])
def test_two_sizes_of_a_pixel_are_refused_with_both(tmp_path, spacing):
    path = write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=spacing, **of(region()))
    row, column = spacing
    with pytest.raises(ImageError) as caught:
        dicom.read(path)
    assert str(caught.value) == (
        f"a.dcm: its PixelSpacing says {row} x {column} mm, and its region of ultrasound 0.2 x "
        "0.1 mm. Find out which is right, and correct the header."
    )


@pytest.mark.parametrize(
    ("columns", "spacing"),
    [((2, 8), (0.2, 0.1)), ((12, 18), (0.4, 0.3)), ((5, 15), None)],
    ids=["left", "right", "straddles"],
)
def test_a_split_screen_has_the_scale_of_the_half_that_holds_the_nodule(tmp_path, columns, spacing):
    right = {"PhysicalDeltaX": 0.03, "PhysicalDeltaY": 0.04, "RegionLocationMinX0": 10}
    halves = of(region(RegionLocationMaxX1=9), region(**right))
    picture = dicom.read(write_dicom(tmp_path / "a.dcm", GREY, **halves))
    mask = np.zeros(GREY.shape, bool)
    mask[3:9, slice(*columns)] = True
    found = picture.spacing_of(mask)
    assert found == (None if spacing is None else pytest.approx(spacing))


def ramp_as_jpeg(**options):
    """A grey ramp in colour, its JPEG stream of YCbCr, and the same without the JFIF segment."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None], 32, axis=0)
    data = io.BytesIO()
    Image.fromarray(np.stack([ramp] * 3, axis=-1)).save(data, "JPEG", quality=90, **options)
    stream = data.getvalue()
    end = 4 + int.from_bytes(stream[4:6], "big")  # of APP0, which follows the start
    return ramp, stream, stream[:2] + stream[end:]


@pytest.mark.parametrize("options", [{}, {"subsampling": "4:2:2"}, {"subsampling": "4:4:4"}])
@pytest.mark.parametrize("bare", [True, False], ids=["bare", "JFIF"])
@pytest.mark.parametrize("called", ["RGB", "YBR_FULL_422"])
def test_a_jpeg_of_luma_is_read_as_such_whatever_the_header_calls_it(
    tmp_path, options, bare, called
):
    ramp, with_jfif, without = ramp_as_jpeg(**options)
    path = write_dicom(
        tmp_path / "a.dcm",
        np.stack([ramp] * 3, axis=-1),
        syntax=JPEGBaseline8Bit,
        PhotometricInterpretation=called,
        PixelData=encapsulate([without if bare else with_jfif]),
    )
    assert np.abs(dicom.read(path).grey - ramp).max() <= 2


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x65\x00\x00\x00\x00" + bytes([transform])


@pytest.mark.parametrize("called", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize("inside", ["luma", "RGB"])
def test_what_adobe_says_of_the_colours_counts(tmp_path, called, inside):
    """Which Pillow turns by itself, so that it must not be done twice."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None], 32, axis=0)
    coloured = np.stack([ramp, ramp // 2, np.full_like(ramp, 90)], axis=-1)
    data = io.BytesIO()
    mode = "RGB" if inside == "luma" else "YCbCr"  # the latter: the channels as they are
    Image.fromarray(coloured, mode=mode).save(data, "JPEG", quality=95, subsampling=0)
    content = data.getvalue()
    end = 4 + int.from_bytes(content[4:6], "big")
    stream = content[:2] + adobe(1 if inside == "luma" else 0) + content[end:]
    path = write_dicom(
        tmp_path / "a.dcm",
        coloured,
        syntax=JPEGBaseline8Bit,
        PhotometricInterpretation=called,
        PixelData=encapsulate([stream]),
    )
    assert np.abs(dicom.read(path).grey - coloured @ [0.299, 0.587, 0.114]).max() <= 4


def test_of_a_clip_the_stream_of_the_frame_counts(tmp_path):
    ramp, with_jfif, without = ramp_as_jpeg()
    path = write_dicom(
        tmp_path / "a.dcm",
        np.stack([np.stack([ramp] * 3, axis=-1)] * 2),
        syntax=JPEGBaseline8Bit,
        frames=2,
        PhotometricInterpretation="RGB",
        PixelData=encapsulate([with_jfif, without]),
    )
    for frame in (0, 1):
        assert np.abs(dicom.read(path, frame=frame).grey - ramp).max() <= 2


def bare_rgb(pixels):
    """A JPEG stream of the channels as they are, and nothing that says so."""
    data = io.BytesIO()
    Image.fromarray(pixels, mode="YCbCr").save(data, "JPEG", quality=95, subsampling=0)
    content = data.getvalue()
    return content[:2] + content[4 + int.from_bytes(content[4:6], "big") :]


def write_jpeg(path, pixels, stream, called, **tags):
    tags |= {"PhotometricInterpretation": called, "PixelData": encapsulate([stream])}
    return write_dicom(path, pixels, syntax=tags.pop("syntax", JPEGBaseline8Bit), **tags)


RAMP = np.repeat(np.arange(256, dtype=np.uint8)[None], 32, axis=0)


@pytest.mark.parametrize("painted", [0, 8], ids=["grey all over", "with a coloured bar"])
def test_a_jpeg_of_rgb_that_is_mostly_grey_stays_one(tmp_path, painted):
    pixels = np.stack([RAMP] * 3, axis=-1)
    pixels[:, :painted] = (200, 40, 30)
    path = write_jpeg(tmp_path / "a.dcm", pixels, bare_rgb(pixels), "RGB")
    far = np.abs(dicom.read(path).grey - pixels @ [0.299, 0.587, 0.114])
    assert far[:, painted + 8 :].max() <= 2 and far.mean() <= 1


@pytest.mark.parametrize(
    "channels",
    [
        (RAMP, RAMP[:, ::-1], np.full_like(RAMP, 70)),
        (RAMP, RAMP // 2, RAMP // 3),  # a sepia map, as some scanners colour the whole frame
        [np.full_like(RAMP, 128)] * 3,  # grey in RGB, and grey in YCbCr
    ],
    ids=["paint", "sepia", "middle grey"],
)
def test_a_jpeg_that_does_not_tell_its_colours_is_refused(tmp_path, channels):
    pixels = np.stack(channels, axis=-1)
    path = write_jpeg(tmp_path / "a.dcm", pixels, bare_rgb(pixels), "RGB")
    message = (
        "a.dcm: its PhotometricInterpretation is RGB, and nothing in its JPEG stream tells whether "
        "that holds RGB or YCbCr. Export the image uncompressed."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        dicom.read(path)


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_other_jpegs_of_luma_are_read_as_such(tmp_path, syntax, options):
    _, _, bare = ramp_as_jpeg(**options)
    comment = b"\xff\xfe\x00\x0aScanner\0"
    pixels = np.stack([RAMP] * 3, axis=-1)
    for stream in (bare, bare[:2] + comment + bare[2:]):
        path = write_jpeg(tmp_path / "a.dcm", pixels, stream, "RGB", syntax=syntax)
        assert np.abs(dicom.read(path).grey - RAMP).max() <= 2


@pytest.mark.parametrize("called", ["MONOCHROME2", "MONOCHROME1", "RGB", "YBR_FULL_422"])
@pytest.mark.parametrize("samples", [1, 3])
def test_a_jpeg_of_one_channel_is_grey_whatever_the_header_calls_it(tmp_path, called, samples):
    data = io.BytesIO()
    Image.fromarray(RAMP).save(data, "JPEG", quality=90)
    pixels = RAMP if samples == 1 else np.stack([RAMP] * 3, axis=-1)
    path = write_jpeg(tmp_path / "a.dcm", pixels, data.getvalue(), called)
    if samples == 3 and called.startswith("MONO"):
        with pytest.raises(ImageError, match="^a.dcm: its PhotometricInterpretation is 'MONO"):
            dicom.read(path)
        return
    expected = 255 - RAMP if called == "MONOCHROME1" else RAMP
    assert np.abs(dicom.read(path).grey - expected).max() <= 2


@pytest.mark.parametrize(
    "called", ["YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT", "MONOCHROME2", "HSV"]
)
@pytest.mark.parametrize("kind", ["plain", "JPEG"])
def test_colours_that_decoders_do_not_know_are_not_taken_for_rgb(tmp_path, called, kind):
    pixels = np.stack([RAMP] * 3, axis=-1)
    path = tmp_path / "a.dcm"
    if kind == "JPEG":
        write_jpeg(path, pixels, ramp_as_jpeg()[1], called)
    else:
        write_dicom(path, pixels, PhotometricInterpretation=called)
    message = (
        f"a.dcm: its PhotometricInterpretation is '{called}', expected one of RGB, YBR_FULL, "
        "YBR_FULL_422 for its 3 samples a pixel. Export the image as RGB."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        dicom.read(path)


@pytest.mark.parametrize("called", ["YBR_RCT", "YBR_ICT"])
def test_the_colours_of_jpeg_2000_are_made_rgb_by_its_decoder(tmp_path, called):
    pixels = np.kron(COLOUR, np.ones((8, 4, 1), np.uint8))
    path = write_dicom(tmp_path / "a.dcm", pixels, syntax=JPEG2000Lossless)
    file = pydicom.dcmread(path)
    file.PhotometricInterpretation = called
    file.save_as(path)
    assert dicom.read(path).grey == pytest.approx(pixels @ [0.299, 0.587, 0.114])


@pytest.mark.parametrize("frames", [1, 2])
def test_three_whole_samples_are_read_though_the_header_says_422(tmp_path, frames):
    pixels = COLOUR if frames == 1 else np.stack([COLOUR] * frames)
    luma = np.full((*GREY.shape, 3), 128, np.uint8)
    luma[..., 0] = GREY
    stored = luma if frames == 1 else np.stack([luma] * frames)
    path = write_dicom(
        tmp_path / "a.dcm",
        pixels,
        frames=frames,
        PhotometricInterpretation="YBR_FULL_422",
        PixelData=stored.tobytes(),
    )
    assert np.abs(dicom.read(path, frame=0 if frames > 1 else None).grey - GREY).max() <= 1


def test_three_whole_samples_of_an_odd_size_end_in_a_padding_byte(tmp_path):
    luma = np.full((11, 19, 3), 128, np.uint8)
    luma[..., 0] = GREY[:11, :19]
    path = write_dicom(
        tmp_path / "a.dcm",
        luma,
        PhotometricInterpretation="YBR_FULL_422",
        PixelData=luma.tobytes() + b"\0",
    )
    assert np.abs(dicom.read(path).grey - GREY[:11, :19]).max() <= 1


def test_coloured_samples_under_that_name_are_those_of_ybr(tmp_path):
    ybr = np.asarray(Image.fromarray(COLOUR).convert("YCbCr"))
    path = write_dicom(tmp_path / "a.dcm", ybr, PhotometricInterpretation="YBR_FULL_422")
    assert np.abs(dicom.read(path).grey - LUMA).max() <= 2


def test_two_samples_of_three_are_read_as_422(tmp_path):
    pairs = np.stack([GREY[:, ::2], GREY[:, 1::2]], axis=-1)
    middle = np.full_like(pairs, 128)  # Y1 Y2 Cb Cr
    path = write_dicom(
        tmp_path / "a.dcm",
        COLOUR,
        PhotometricInterpretation="YBR_FULL_422",
        PixelData=np.concatenate([pairs, middle], axis=-1).tobytes(),
    )
    assert np.abs(dicom.read(path).grey - GREY).max() <= 1


def test_position_and_direction_are_told_where_they_are_known(tmp_path):
    tags = {
        "PixelSpacing": [0.3, 0.4],
        "ImagePositionPatient": [1, 2, 3],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }
    grid = dicom.read(write_dicom(tmp_path / "a.dcm", GREY, **tags)).grid
    assert grid == ((0.3, 0.4), (1, 2, 3), (1, 0, 0, 0, 1, 0))
    regions = pydicom.Sequence([region()])
    grid = dicom.read(
        write_dicom(tmp_path / "b.dcm", GREY, SequenceOfUltrasoundRegions=regions)
    ).grid
    assert grid == (None, None, None)  # as ITK sees it


def test_nothing_of_a_person_is_parsed(tmp_path):
    named = {pydicom.datadict.tag_for_keyword(tag) for tag in dicom.TAGS}
    assert None not in named
    groups = {tag >> 16 for tag in named}
    assert groups == {0x0018, 0x0020, 0x0028, 0x7FE0}  # 0x0008 and 0x0010 name people and places
    picture = dicom.read(write_dicom(tmp_path / "a.dcm", GREY, PatientName="Planted^Name"))
    assert "Planted" not in repr(picture)


@pytest.mark.parametrize("seed", range(30))
def test_damaged_files_are_refused_and_never_crash(tmp_path, seed):
    rng = np.random.default_rng(seed)
    whole = write_dicom(
        tmp_path / "a.dcm",
        GREY,
        PixelSpacing=[0.3, 0.4],
        SequenceOfUltrasoundRegions=pydicom.Sequence([region()]),
    ).read_bytes()
    damaged = bytearray(whole if seed % 2 else whole[: rng.integers(140, len(whole))])
    for place in rng.integers(132, len(damaged), 6):
        damaged[place] = rng.integers(256)
    (tmp_path / "b.dcm").write_bytes(damaged)
    try:
        grey = dicom.read(tmp_path / "b.dcm").grey
    except ImageError as error:
        assert str(error).startswith("b.dcm: ") and "Planted" not in str(error)
    else:
        assert grey.min() >= 0 and grey.max() <= 255


# The six real files: what index.csv and the README beside them say of each.


@needs_real_data
def test_real_palette_file():
    picture = dicom.read(REAL / "OBXXXX1A.dcm")
    assert picture.grey.shape == (600, 800) and picture.frames == 1
    # 0.02623 cm/px of the tissue region; the ECG strip below is in seconds and does not count.
    assert picture.spacing_mm == pytest.approx((0.2622879, 0.2622879), rel=1e-6)
    header = pydicom.dcmread(REAL / "OBXXXX1A.dcm")
    red = np.frombuffer(header.RedPaletteColorLookupTableData, "<u2") // 256
    grey = header.pixel_array == 100  # an entry that is grey
    assert set(picture.grey[grey].tolist()) == {float(red[100])}


@needs_real_data
def test_real_palette_file_and_its_compressed_twin_agree_pixel_for_pixel():
    plain, twin = (dicom.read(REAL / f"OBXXXX1A{end}.dcm") for end in ("", "_rle"))
    assert np.array_equal(plain.grey, twin.grey)
    assert plain.spacing_mm == twin.spacing_mm


@needs_real_data
def test_real_jpeg_2000_file():
    picture = dicom.read(REAL / "US1_J2KI.dcm")
    assert picture.grey.shape == (480, 640) and picture.grey.max() == 255
    assert picture.spacing_mm is None and picture.note == "the file tells none"


@needs_real_data
def test_real_rgb_file():
    picture = dicom.read(REAL / "examples_rgb_color.dcm")
    rgb = pydicom.dcmread(REAL / "examples_rgb_color.dcm").pixel_array
    assert picture.grey == pytest.approx(rgb @ [0.299, 0.587, 0.114])
    assert picture.spacing_mm is None and picture.note == "the file tells none"


@needs_real_data
def test_real_clip_needs_its_frame_and_has_the_scale_of_another_size():
    clip = REAL / "examples_ybr_color.dcm"
    message = (
        "examples_ybr_color.dcm: 30 frames; name the one to analyse with cohort.frame, from 0."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        dicom.read(clip)
    first, last = dicom.read(clip, frame=0), dicom.read(clip, frame=29)
    assert first.grey.shape == (240, 320) and first.frames == 30
    assert not np.array_equal(first.grey, last.grey)
    assert first.spacing_mm is None  # 0.05105 cm/px is that of 480 x 640
    assert first.note == (
        "its tissue region (84-595 x 31-414) does not fit its 320 x 240 pixels, "
        "so its scale is that of another image"
    )
    assert reading.read_image(clip, frame=0)[1] is None


@needs_real_data
def test_real_file_of_16_bit_indices_and_two_regions_of_one_scale():
    picture = dicom.read(REAL / "gdcm-US-ALOKA-16.dcm")
    assert picture.grey.shape == (480, 640)
    assert picture.spacing_mm == pytest.approx((0.3826531, 0.3826531), rel=1e-6)
    # Its table is written in segments, with v * 257 for the grey v.
    header = pydicom.dcmread(REAL / "gdcm-US-ALOKA-16.dcm")
    rgb = apply_color_lut(header.pixel_array, header)
    assert set(np.unique(rgb % 257)) == {0}
    assert picture.grey == pytest.approx((rgb // 257) @ [0.299, 0.587, 0.114])


@pytest.mark.parametrize("form", [JPEGBaseline8Bit, JPEG2000Lossless])
@pytest.mark.parametrize("pixels", [GREY, COLOUR])
def test_a_stream_of_another_size_than_its_header_is_refused(tmp_path, form, pixels):
    stream = io.BytesIO()
    how = {"no_jp2": True} if form == JPEG2000Lossless else {}
    whole = np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1)
    Image.fromarray(whole).save(stream, "JPEG2000" if how else "JPEG", **how)
    data = pydicom.dcmread(write_dicom(tmp_path / "a.dcm", pixels))
    data.PixelData = encapsulate([stream.getvalue()])
    data["PixelData"].is_undefined_length = True
    data.file_meta.TransferSyntaxUID = form
    data.save_as(tmp_path / "a.dcm")
    message = (
        f"a.dcm: its pixels cannot be decoded ({form.name}): the file is cut short or damaged. "
        "Copy or export it again."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        dicom.read(tmp_path / "a.dcm")


@pytest.mark.parametrize("scale", [float("nan"), float("inf")])
def test_a_region_whose_scale_is_no_number_has_none(tmp_path, scale):
    path = write_dicom(tmp_path / "a.dcm", GREY, **of(region(PhysicalDeltaX=scale)))
    picture = dicom.read(path)
    assert picture.spacing_mm is None and picture.note == "its tissue region has no scale"
