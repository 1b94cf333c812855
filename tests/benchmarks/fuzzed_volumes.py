"""NIfTI, NRRD (with segments) and MHA, built number by number, so that each can be any other."""

import bz2
import gzip
import io
import struct
import zlib

import numpy as np
from hypothesis import strategies as st

from tests.benchmarks.fuzzed_bytes import damaged, extreme, floats, one_in, put
from tests.benchmarks.fuzzed_pictures import PIXELS, arrays

TYPES = {  # of NIfTI: code, and how numpy calls it; 128 and 2304 are RGB and RGBA
    **{2: "u1", 4: "i2", 8: "i4", 16: "f4", 32: "c8", 64: "f8", 256: "i1", 512: "u2", 768: "u4"},
    **{1024: "i8", 1280: "u8", 1792: "c16", 128: "u1", 2304: "u1"},
}
CHANNELS = {128: 3, 2304: 4}
FIELDS = (  # of a NIfTI header: offset and type of what is replaced
    *((40 + 2 * i, "<h") for i in range(8)),
    *((70, "<h"), (72, "<h"), (108, "<f"), (112, "<f"), (116, "<f"), (252, "<h"), (254, "<h")),
    *((76 + 4 * i, "<f") for i in range(8)),
    *((256 + 4 * i, "<f") for i in range(18)),
    *((0, "<i"), (123, "<b"), (344, "<i")),
)
ODD = (
    "0",
    "-1",
    "nan",
    "inf",
    "1e-300",
    "1e308",
    "1e30",
    "-0.5",
    "2147483648",
    "x",
    "",
    "1 1",
    "none",
)
MEASURE = st.sampled_from(["0.1", "0.2", "1", "0.05"])
ELEMENTS = {"u1": "MET_UCHAR", "i2": "MET_SHORT", "f4": "MET_FLOAT", "f8": "MET_DOUBLE"}
NRRD_TYPES = {"u1": "uint8", "i2": "short", "f4": "float", "f8": "double", "u8": "uint64"}


def nifti(values: np.ndarray, code: int = 2, *, sides=(0.1, 0.2, 1.0), start: float = 352) -> bytes:
    """An uncompressed file of (slices, rows, columns) or with channels behind."""
    kind = np.dtype(TYPES[code])
    slices, rows, columns = values.shape[:3]
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, columns, rows, slices, 1, 1, 1, 1)
    struct.pack_into("<2h", head, 70, code, 8 * kind.itemsize * CHANNELS.get(code, 1))
    struct.pack_into("<4f", head, 76, 1, *sides)
    struct.pack_into("<2f", head, 108, start, 1)
    struct.pack_into("<2h", head, 252, 1, 0)
    struct.pack_into("<4s", head, 344, b"n+1")
    return bytes(head) + values.astype(kind).tobytes()


@st.composite
def nifti_files(draw) -> tuple[str, bytes]:
    """Ending and content; some numbers of the header are extreme ones, and its type is any."""
    array = draw(arrays(24))
    code = draw(st.sampled_from([2, 2, 2, 2, *TYPES]))
    values = np.stack([array] * draw(st.sampled_from([1, 1, 1, 2, 3])))
    if code in CHANNELS:
        values = np.stack([values] * CHANNELS[code], axis=-1)
    data = nifti(values, code)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 4]))):
        offset, kind = draw(st.sampled_from(FIELDS))
        data = put(data, offset, kind, draw(floats if kind == "<f" else extreme))
    if one_in(draw, 3):
        return "nii", draw(damaged(data))
    if draw(st.booleans()):
        data = draw(damaged(data))
    whole = gzip.compress(data, 1)
    whole += draw(st.sampled_from([b"", b"", b"", whole, b"\0" * 9, b"more", whole[:30]]))
    return "nii.gz", draw(damaged(whole)) if one_in(draw, 3) else whole


@st.composite
def geometry(draw) -> list[str]:
    """Three numbers as text, among which one may be odd."""
    sides = [draw(MEASURE), draw(MEASURE), "1"]
    if one_in(draw, 3):
        sides[draw(st.integers(0, 2))] = draw(st.sampled_from(ODD))
    return sides


@st.composite
def lines_changed(draw, lines: list[str]) -> list[str]:
    """Lines of a text header; some are dropped, doubled, moved, or have another value."""
    lines = list(lines)
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        i = draw(st.integers(0, len(lines) - 1))
        what = draw(st.sampled_from(["drop", "twice", "move", "value", "value", "number"]))
        if what == "drop" and len(lines) > 1:
            del lines[i]
        elif what == "twice":
            lines.insert(i, lines[i])
        elif what == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(i))
        else:
            mark = next((mark for mark in (":=", ": ", " = ") if mark in lines[i]), " ")
            key, _, value = lines[i].partition(mark)
            if what == "number":
                parts = value.split(" ")
                odd = draw(st.sampled_from(ODD) | extreme.map(str))
                parts[draw(st.integers(0, len(parts) - 1))] = odd
                value = " ".join(parts)
            else:
                value = draw(st.sampled_from(ODD) | st.text(max_size=20) | st.just("9" * 5000))
            lines[i] = f"{key}{mark}{value}"
    return lines


@st.composite
def nrrd_files(draw) -> tuple[str, bytes]:
    """Ending and content; half of them hold segments, as 3D Slicer writes them."""
    array = draw(arrays(24))
    kind = draw(st.sampled_from(["u1", "u1", *NRRD_TYPES]))
    layers = draw(st.sampled_from([1, 1, 2, 3]))
    segments = draw(st.booleans())
    coding = draw(st.sampled_from(["raw", "gzip", "ascii", "hex", "bzip2"]))
    x, y, z = draw(geometry())
    listed = "none " if layers > 1 else ""
    rows, columns = array.shape
    lines = [
        "NRRD0004",
        f"type: {NRRD_TYPES[kind]}",
        f"dimension: {3 + (layers > 1)}",
        "space: left-posterior-superior",
        f"sizes: {f'{layers} ' if layers > 1 else ''}{columns} {rows} 1",
        f"space directions: {listed}({x},0,0) (0,{y},0) (0,0,{z})",
        f"kinds: {'list ' if layers > 1 else ''}domain domain domain",
        "endian: little",
        f"encoding: {coding}",
        "space origin: (0,0,0)",
    ]
    for i in range(draw(st.integers(1, 3)) if segments else 0):
        lines += [
            f"Segment{i}_Name:={draw(st.sampled_from(['gland', 'nodule', '甲状腺', '']))}",
            f"Segment{i}_LabelValue:={draw(st.integers(0, 4))}",
            f"Segment{i}_Layer:={draw(st.integers(0, layers))}",
        ]
        if one_in(draw, 20):
            lines.append(f"Segment{'9' * draw(st.sampled_from([3, 30, 5000]))}_Name:=far")
    body = np.stack([array] * layers, axis=-1).astype(kind).tobytes()
    if coding == "ascii":
        body = " ".join(map(str, np.stack([array] * layers, axis=-1).ravel())).encode()
    body = {"gzip": gzip.compress, "bzip2": bz2.compress, "hex": lambda b: b.hex().encode()}.get(
        coding, bytes
    )(body)
    ends = draw(st.sampled_from(["\n", "\n", "\n", "\r\n"]))
    head = ends.join(draw(lines_changed(lines))).encode("utf-8", "replace")
    data = head + ends.encode() * 2 + body
    return ("seg.nrrd" if segments else "nrrd"), draw(damaged(data)) if one_in(draw, 3) else data


@st.composite
def mha_files(draw) -> tuple[str, bytes]:
    """Ending and content, compressed or not."""
    array = draw(arrays(24))
    kind = draw(st.sampled_from(["u1", *ELEMENTS]))
    channels = draw(st.sampled_from([1, 1, 1, 2, 3, 4, 5]))
    slices = draw(st.sampled_from([1, 1, 2]))
    body = np.stack([array] * slices * channels).astype(kind).tobytes()
    is_packed = draw(st.booleans())
    body = zlib.compress(body) if is_packed else body
    rows, columns = array.shape
    lines = [
        "ObjectType = Image",
        "NDims = 3",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        f"CompressedData = {is_packed}",
        *([f"CompressedDataSize = {len(body)}"] if is_packed else []),
        "TransformMatrix = 1 0 0 0 1 0 0 0 1",
        "Offset = 0 0 0",
        f"ElementSpacing = {' '.join(draw(geometry()))}",
        f"DimSize = {columns} {rows} {slices}",
        *([f"ElementNumberOfChannels = {channels}"] if channels > 1 else []),
        f"ElementType = {ELEMENTS[kind]}",
    ]
    head = "\n".join([*draw(lines_changed(lines)), "ElementDataFile = LOCAL", ""])
    data = head.encode("utf-8", "replace") + body
    return "mha", draw(damaged(data)) if one_in(draw, 3) else data


volumes = st.one_of(nifti_files(), nifti_files(), nrrd_files(), mha_files())


def zeros_packed(head: bytes, size: int) -> bytes:
    """gzip of a header and as many zero bytes as wanted, a thousandth in size."""
    out = io.BytesIO()
    with gzip.open(out, "wb", compresslevel=9) as file:
        file.write(head)
        for _ in range(size // 2**24):
            file.write(bytes(2**24))
    return out.getvalue()


def bombs() -> list[tuple[str, bytes]]:
    """Small files that claim, or really hold, far more than an ultrasound frame."""
    small = nifti(np.zeros((1, 8, 8), np.uint8))
    wide = put(put(small, 42, "<h", PIXELS), 44, "<h", PIXELS)  # as large as is accepted
    floats64 = put(put(wide, 70, "<h", 64), 72, "<h", 64)
    stack = put(wide, 46, "<h", 4)
    far = put(small, 108, "<f", 2e9)
    deep = nrrd_of(f"{PIXELS} {PIXELS} 1", gzip.compress(bytes(16_000_000)))
    claims = nrrd_of("100000 100000 100", gzip.compress(b"\0" * 100))
    mha = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nCompressedData = True\n"
        "CompressedDataSize = {}\nDimSize = {}\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
    )
    body = zlib.compress(bytes(64_000_000))
    return [
        ("nii.gz", zeros_packed(small, 2**32)),
        ("nii.gz", zeros_packed(far, 2**31 + 2**28)),
        ("nii.gz", zeros_packed(wide, 2**24)),
        ("nii.gz", zeros_packed(floats64, 2**27)),
        ("nii.gz", zeros_packed(stack, 2**26)),
        ("nii", far),
        ("nrrd", deep),
        ("nrrd", claims),
        ("nrrd", nrrd_of("8 8 1", zeros_packed(b"", 2**30))),
        ("mha", mha.format(len(body), "8 8 1").encode() + body),
        ("mha", mha.format(len(body), f"{PIXELS} {PIXELS} 4").encode() + body),
        ("mha", mha.format(2**40, "8 8 1").encode() + body[:99]),
    ]


def nrrd_of(sizes: str, body: bytes) -> bytes:
    """An NRRD file of three dimensions, packed."""
    lines = ["NRRD0004", "type: uint8", "dimension: 3", f"sizes: {sizes}", "encoding: gzip"]
    return "\n".join(lines).encode() + b"\n\n" + body
