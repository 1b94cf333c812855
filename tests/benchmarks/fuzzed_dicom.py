"""DICOM images and segmentations; elements are written as bytes, so that they can hold anything."""

import io
import struct
import tempfile
import warnings
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid

from tests.benchmarks.fuzzed_bytes import (
    NUMBERS,
    damaged,
    extreme,
    floats,
    one_in,
    packed,
    put,
    seeds,
)
from tests.benchmarks.fuzzed_pictures import PIXELS, arrays
from tests.imaging.test_dicom_seg import PLACE, write_image, write_seg

LONG = ("OB", "OW", "SQ", "UN", "UT")  # representations with a length of four bytes
JPEGS = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLSLossless)
PLAIN = (uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian)
SYNTAXES = (*PLAIN, uid.RLELossless, uid.JPEG2000Lossless, *JPEGS)
OTHERS = (uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian, uid.JPEG2000, uid.MPEG4HP41)
PHOTOMETRIC = ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR")
NUMBER_TEXTS = ("0", "-1", "1", "0.1", "0.2", "1e308", "1e-300", "nan", "inf", "1\\1", "x", "", "2")
COUNTS = ("1", "0", "-1", "2", "2147483647", "99999999999", "1.5", "x", "")

ROWS, COLUMNS, BITS, STORED = 0x00280010, 0x00280011, 0x00280100, 0x00280101
SAMPLES, PHOTO, FRAMES, PLANAR = 0x00280002, 0x00280004, 0x00280008, 0x00280006
DATA, REGIONS = 0x7FE00010, 0x00186011
NUMERIC = (ROWS, COLUMNS, BITS, STORED, SAMPLES, PLANAR, 0x00280102, 0x00280103)  # high bit, signed
DECIMAL = {0x00280030: 2, 0x00281052: 1, 0x00281053: 1, 0x00200032: 3, 0x00200037: 6}
PALETTES = (0x00281101, 0x00281102, 0x00281103)


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """One element, Explicit VR Little Endian."""
    value += (b"\0" if vr in ("OB", "UI") else b" ") * (len(value) % 2)
    size = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return (
        head
        + (packed("<HxxI"[:2], 0) if vr in LONG else b"")
        + (struct.pack("<I", size) if vr in LONG else packed("<H", size))
        + value
    )


def item(content: bytes) -> bytes:
    """One item of a sequence, or a fragment of pixels."""
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def file_of(elements: dict[int, tuple[str, bytes]], syntax: str) -> bytes:
    """A DICOM file; compressed pixels are one fragment."""
    body = b""
    for tag, (vr, value) in sorted(elements.items()):
        if tag == DATA and syntax not in (*PLAIN, *OTHERS[:2]):
            whole = item(b"") + item(value + b"\0" * (len(value) % 2))
            body += element(tag, vr, whole + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), 2**32 - 1)
        else:
            body += element(tag, vr, value)
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        packer = zlib.compressobj(wbits=-15)
        body = packer.compress(body) + packer.flush()
    meta = element(0x00020010, "UI", syntax.encode())
    return bytes(128) + b"DICM" + element(0x00020000, "UL", packed("<I", len(meta))) + meta + body


def rle(planes: list[bytes]) -> bytes:
    """Planes of bytes as RLE that saves nothing: runs of up to 128 bytes as they are."""
    packed_planes = [
        b"".join(bytes([len(p[i : i + 128]) - 1]) + p[i : i + 128] for i in range(0, len(p), 128))
        for p in planes
    ]
    packed_planes = [p + b"\0" * (len(p) % 2) for p in packed_planes]
    starts = np.cumsum([64, *map(len, packed_planes)])[: len(planes)].tolist()
    starts += [0] * (15 - len(starts))
    return struct.pack("<16I", len(planes), *starts) + b"".join(packed_planes)


def encoded(stored: np.ndarray, syntax: str, quality: int = 90) -> bytes:
    """Pixels (rows, columns) or (rows, columns, 3) as their syntax wants them."""
    if syntax in (*PLAIN, *OTHERS[:2]):
        return stored.tobytes()
    if syntax == uid.RLELossless:
        planes = np.moveaxis(stored, -1, 0) if stored.ndim == 3 else stored[None]
        split = [
            p.view(np.uint8).reshape(*p.shape, -1)[..., ::-1]
            for p in map(np.ascontiguousarray, planes)
        ]
        return rle(
            [np.ascontiguousarray(p[..., b]).tobytes() for p in split for b in range(p.shape[-1])]
        )
    data = io.BytesIO()
    form = "JPEG2000" if syntax in (uid.JPEG2000Lossless, uid.JPEG2000) else "JPEG"
    how = {"no_jp2": True} if form == "JPEG2000" else {"quality": quality}
    Image.fromarray(stored if stored.dtype == np.uint8 else (stored >> 8).astype(np.uint8)).save(
        data, form, **how
    )
    return data.getvalue()


def elements_of(stored: np.ndarray, syntax: str, **changes: bytes) -> dict[int, tuple[str, bytes]]:
    """What an ultrasound image needs."""
    bits = 8 * stored.itemsize
    short = lambda value: ("US", packed("<H", value))  # noqa: E731
    return {
        0x00080016: ("UI", b"1.2.840.10008.5.1.4.1.1.6.1"),
        SAMPLES: short(3 if stored.ndim == 3 else 1),
        PHOTO: ("CS", b"RGB" if stored.ndim == 3 else b"MONOCHROME2"),
        PLANAR: short(0),
        ROWS: short(stored.shape[0]),
        COLUMNS: short(stored.shape[1]),
        BITS: short(bits),
        STORED: short(bits),
        0x00280102: short(bits - 1),
        0x00280103: short(0),
        DATA: ("OB" if bits == 8 else "OW", encoded(stored, syntax)),
    }


def region(draw, shape) -> bytes:
    """An item that measures a part of an ultrasound frame."""
    rows, columns = shape
    corners = [0, 0, columns - 1, rows - 1]
    deltas = [0.01, 0.02]
    if one_in(draw, 3):
        corners[draw(st.integers(0, 3))] = draw(extreme)
    if one_in(draw, 3):
        deltas[draw(st.integers(0, 1))] = draw(floats)
    unit = draw(st.sampled_from([3, 3, 3, 4, 99]))
    parts = [(0x00186014, "US", packed("<H", draw(st.sampled_from([1, 1, 2, 3]))))]
    parts += [(0x00186018 + 2 * i, "UL", packed("<I", c)) for i, c in enumerate(corners)]
    parts += [(tag, "US", packed("<H", unit)) for tag in (0x00186024, 0x00186026)]
    parts += [(0x0018602C + 2 * i, "FD", packed("<d", d)) for i, d in enumerate(deltas)]
    return item(b"".join(element(*part) for part in parts))


@st.composite
def images(draw, array: np.ndarray | None = None) -> bytes:
    """An image of any syntax, with extreme elements and damage."""
    array = draw(arrays(24)) if array is None else array
    syntax = draw(st.sampled_from(SYNTAXES))
    stored = array
    kind = draw(st.sampled_from(["grey", "grey", "colour", "wide"]))
    if kind == "colour":
        stored = np.stack([array, array[::-1], array], axis=-1)
    elif kind == "wide":
        stored = array.astype(np.uint16) * 257
    elements = elements_of(stored, syntax)
    if one_in(draw, 3):
        listed = [region(draw, array.shape) for _ in range(draw(st.integers(1, 3)))]
        elements[REGIONS] = ("SQ", b"".join(listed))
    if one_in(draw, 8):
        elements[PHOTO] = ("CS", b"PALETTE COLOR")
        size, first = draw(st.sampled_from([0, 2, 255, 256])), draw(st.sampled_from([0, 1, 65535]))
        bits = draw(st.sampled_from([8, 16, 16, 12]))
        table = np.random.default_rng(draw(seeds)).bytes(draw(st.sampled_from([256, 512, 3, 0])))
        for tag in PALETTES:
            elements[tag] = ("US", struct.pack("<3H", size, first, bits))
            elements[tag + 0x100] = ("OW", table)
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        elements |= draw(odd_element(list(elements)))
    if one_in(draw, 12):
        del elements[draw(st.sampled_from(list(elements)))]
    if one_in(draw, 4) and DATA in elements:
        vr, content = elements[DATA]
        elements[DATA] = vr, draw(damaged(content))
    claimed = draw(st.sampled_from([*SYNTAXES, *OTHERS])) if one_in(draw, 6) else syntax
    data = file_of(elements, claimed)
    return draw(damaged(data)) if one_in(draw, 3) else data


@st.composite
def odd_element(draw, there: list[int]) -> dict[int, tuple[str, bytes]]:
    """One element with a value that nobody expects."""
    what = draw(st.sampled_from(["number", "number", "photometric", "frames", "decimal", "bytes"]))
    if what == "number":
        value = packed("<H", draw(st.sampled_from(NUMBERS)))
        return {
            draw(st.sampled_from(NUMERIC)): ("US", value * draw(st.sampled_from([1, 1, 1, 0, 2])))
        }
    if what == "photometric":
        return {PHOTO: ("CS", draw(st.sampled_from(PHOTOMETRIC)).encode())}
    if what == "frames":
        return {FRAMES: ("IS", draw(st.sampled_from(COUNTS)).encode())}
    if what == "decimal":
        tag = draw(st.sampled_from(list(DECIMAL)))
        texts = [draw(st.sampled_from(NUMBER_TEXTS)) for _ in range(DECIMAL[tag])]
        return {tag: ("DS", "\\".join(texts).encode())}
    vr = draw(st.sampled_from(["US", "CS", "DS", "OB", "SQ", "UN", "FD"]))
    return {draw(st.sampled_from(there)): (vr, draw(st.binary(max_size=16)))}


@cache
def segmentations() -> tuple[tuple[bytes, bytes], ...]:
    """Images and what highdicom wrote for them: with and without a place, of every kind."""
    from highdicom import seg

    mask = np.zeros((12, 20), np.uint8)
    mask[3:8, 4:12] = 1
    kinds = [kind.value for kind in seg.SegmentationTypeValues]
    made = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place in ({}, PLACE):
            write_image(folder, **place)
            for kind in kinds:
                layers = [mask, mask[:, ::-1] * (kind == "BINARY")]
                write_seg(folder / "m.dcm", layers, kind=kind)
                made.append(tuple((folder / n).read_bytes() for n in ("a.dcm", "m.dcm")))
    return tuple(made)


@st.composite
def segmentation_files(draw, data: bytes | None = None) -> bytes:
    """A segmentation some elements of which are dropped, doubled or have other values."""
    if data is None:
        data = draw(st.sampled_from(segmentations()))[1]
    dataset = pydicom.dcmread(io.BytesIO(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the values are wrong, which is meant
        for _ in range(draw(st.sampled_from([0, 1, 1, 2, 4]))):
            places = [(holder, one.tag) for holder, one in _walked(dataset) if holder]
            holder, tag = places[draw(st.integers(0, len(places) - 1))]
            _change(draw, holder, tag)
        try:
            out = io.BytesIO()
            dataset.save_as(out)
            data = out.getvalue()
        except Exception:  # what pydicom does not write is damaged as bytes
            data = draw(damaged(data))
    return draw(damaged(data)) if one_in(draw, 4) else data


def _walked(dataset: pydicom.Dataset):
    """Every element and the data set that holds it."""
    for one in dataset:
        yield dataset, one
        for inner in one.value if one.VR == "SQ" else ():
            yield from _walked(inner)


def _change(draw, holder: pydicom.Dataset, tag) -> None:
    one = holder[tag]
    if one_in(draw, 3):
        del holder[tag]
        return
    if one.VR == "SQ":
        value = list(one.value) * draw(st.sampled_from([0, 2, 3]))
    elif one.VR in ("US", "UL", "SL", "SS"):
        value = draw(st.sampled_from([0, 1, 2, 3, 300, 65535]))
    elif one.VR in ("DS", "IS"):
        texts = ["0", "1", "-1", "2", "3e30", "1e308", "1e-300"] if one.VR == "DS" else COUNTS[:5]
        n = draw(st.sampled_from([one.VM, one.VM, 1, 2, 3, 6]))
        value = [draw(st.sampled_from(texts)) for _ in range(n)]
    elif isinstance(one.value, bytes):
        value = draw(damaged(one.value))
    else:
        value = draw(st.sampled_from(["", "1.2.3", "BINARY", "LABELMAP", "FRACTIONAL", "nodule"]))
    try:
        one.value = value
    except (ValueError, OverflowError):  # pydicom keeps it from being written
        one.value = None


def bombs() -> list[bytes]:
    """Small files that claim, or really hold, far more than an ultrasound frame."""
    small = np.full((8, 8), 7, np.uint8)
    small[2:5, 2:5] = 90
    syntax = uid.RLELossless
    run = struct.pack("<16I", 1, 64, *[0] * 14) + bytes([129, 5]) * 2_000_000  # 256 million bytes
    size = {tag: ("US", packed("<H", PIXELS)) for tag in (ROWS, COLUMNS)}
    exact = struct.pack("<16I", 1, 64, *[0] * 14) + bytes([129, 5]) * 98_500  # 12.6 million
    large = {}
    for form, kind in (("JPEG", uid.JPEGBaseline8Bit), ("JPEG2000", uid.JPEG2000Lossless)):
        stream = io.BytesIO()
        how = {"no_jp2": True} if form == "JPEG2000" else {}
        Image.new("RGB", (9000, 9000), (9, 7, 5)).save(stream, form, **how)
        large[kind] = stream.getvalue()
    three = np.stack([small] * 3, axis=-1)
    plain = elements_of(small, PLAIN[0])
    zeros = plain | {0x00091001: ("OB", bytes(2**28))}
    many = plain | {FRAMES: ("IS", b"2147483647")}
    return [
        file_of(elements_of(small, syntax) | {DATA: ("OB", run)}, syntax),
        file_of(elements_of(small, syntax) | size | {DATA: ("OB", exact)}, syntax),
        *(file_of(elements_of(three, k) | {DATA: ("OB", v)}, k) for k, v in large.items()),
        file_of(zeros, PLAIN[1]),
        file_of(plain | size | {DATA: ("OB", bytes(PIXELS**2))}, PLAIN[1]),
        file_of(many, PLAIN[0]),
        *(put(file_of(plain, s), 600, "<I", 2**32 - 2) for s in PLAIN),
    ]


def with_texts(data: bytes, changes: dict[bytes, bytes]) -> bytes:
    """A DICOM file in which texts of the header are others, whatever their length."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    for holder, one in list(_walked(dataset)):
        old = (
            b"\\".join(str(v).encode() for v in one.value) if one.VR == "DS" and one.VM > 1 else b""
        )
        if old in changes:
            setattr(holder, one.keyword, changes[old].decode().split("\\"))
    out = io.BytesIO()
    dataset.save_as(out)
    return out.getvalue()
