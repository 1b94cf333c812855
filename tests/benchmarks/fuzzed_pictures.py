"""PNG, JPEG, MPO, TIFF and BMP: valid ones with drawn content, then with drawn headers."""

import io
import struct
import zlib
from functools import cache

import numpy as np
from hypothesis import strategies as st
from PIL import ExifTags, Image

from tests.benchmarks.fuzzed_bytes import EXTREME, damaged, extreme, one_in, packed, put, seeds
from tests.imaging.bad_files import png_header

MODES = {  # that Pillow writes
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "MPO": ("L", "RGB"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK", "LAB", "YCbCr"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "GIF": ("L", "P"),  # of no known kind
    "WEBP": ("RGB", "RGBA"),
}
ENDING = {"PNG": "png", "JPEG": "jpg", "MPO": "jpg", "TIFF": "tif", "BMP": "bmp"}
COMPRESSION = {
    "1": (None, "group3", "group4", "packbits"),
    "L": (None, "jpeg", "tiff_lzw", "tiff_adobe_deflate", "packbits"),
}
USUAL = (12, 20)  # rows and columns of most files, so that images and masks fit
CONTENT = ("noise", "ramp", "labels", "white", "edges", "even")
PIXELS = 3549  # squared: as many as a frame may have that is accepted


def pixels(shape: tuple[int, int], kind: str, seed: int) -> np.ndarray:
    """Grey values, labels or a mask: uint8, (rows, columns)."""
    rng = np.random.default_rng(seed)
    rows, columns = shape
    if kind == "noise":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    if kind == "ramp":
        return np.linspace(0, 255, rows * columns).astype(np.uint8).reshape(shape)
    if kind == "even":
        return np.full(shape, rng.integers(256), np.uint8)
    y, x = np.mgrid[:rows, :columns]
    away = np.hypot((y - rows / 2) / max(rows, 1), (x - columns / 2) / max(columns, 1))
    inside = away < rng.uniform(0.1, 0.5)
    if kind == "labels":
        return np.where(inside, rng.integers(1, 4), (away < 0.3) * rng.integers(5)).astype(np.uint8)
    if kind == "white":
        return np.where(inside, rng.choice([255, 200, 90]), 0).astype(np.uint8)
    return (255 * np.clip(1.5 - 4 * away, 0, 1)).astype(np.uint8)


@st.composite
def arrays(draw, largest: int = 48) -> np.ndarray:
    """Grey values, labels or a mask: uint8, (rows, columns)."""
    shape = USUAL
    if one_in(draw, 6):
        shape = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    return pixels(shape, draw(st.sampled_from(CONTENT)), draw(seeds))


def in_mode(draw, array: np.ndarray, mode: str) -> Image.Image:
    """A picture of a mode, coloured or transparent where that is drawn."""
    if mode in ("I;16", "I", "F"):
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        return Image.fromarray(array.astype(kind) * kind(draw(st.sampled_from([1, 100]))))
    grey = Image.fromarray(array)
    if mode == "P":
        picture = Image.frombytes("P", grey.size, array.tobytes())
        levels = draw(st.sampled_from([2, 16, 255, 256]))
        picture.putpalette(np.random.default_rng(draw(seeds)).bytes(3 * levels))
        if draw(st.booleans()):  # black and white
            shown = np.zeros((256, 3), np.uint8)
            shown[draw(st.sampled_from([1, 15, 255]))] = 255
            picture.putpalette(shown.tobytes())
        return picture
    if mode in ("LA", "RGBA") and draw(st.booleans()):  # its shape is in its transparency
        picture = Image.new(mode, grey.size)
        picture.putalpha(grey)
        return picture
    if mode in ("RGB", "RGBA", "YCbCr", "CMYK") and draw(st.booleans()):
        planes = [array, array[::-1], 255 - array]
        return Image.fromarray(np.stack(planes, axis=-1)).convert(mode)
    return grey.convert("RGB").convert("LAB" if mode == "LAB" else mode)


@st.composite
def valid(draw, form: str) -> bytes:
    """A picture that Pillow wrote, of one or several frames."""
    mode = draw(st.sampled_from(MODES[form]))
    picture = in_mode(draw, draw(arrays()), mode)
    how = {}
    if form in ("PNG", "JPEG", "TIFF", "MPO") and one_in(draw, 6):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = draw(st.sampled_from([1, 3, 6, 8, 0, 99]))
        how["exif"] = exif
    if form in ("TIFF", "PNG", "MPO") and (form == "MPO" or one_in(draw, 4)):
        more = draw(st.lists(arrays(), min_size=1, max_size=3))
        how |= {"save_all": True, "append_images": [in_mode(draw, a, mode) for a in more]}
    if form == "TIFF" and "save_all" not in how:
        how["compression"] = draw(st.sampled_from(COMPRESSION.get(mode, (None, "packbits"))))
    if form == "JPEG":
        how |= {"progressive": draw(st.booleans()), "quality": draw(st.sampled_from([1, 50, 95]))}
    if form == "PNG" and mode == "P" and "save_all" not in how and one_in(draw, 3):
        how["transparency"] = draw(st.sampled_from([0, 1, b"\0\xff\x80"]))
    data = io.BytesIO()
    try:
        picture.save(data, form, **how)
    except (OSError, RuntimeError):  # not every choice goes with every other
        data = io.BytesIO()
        Image.new("L", picture.size, 9).save(data, "PNG")
    return data.getvalue()


@st.composite
def with_drawn_header(draw, data: bytes) -> bytes:
    """A picture some entries of whose header hold what they never should."""
    if data.startswith(b"\x89PNG"):
        return _png(draw, data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg(draw, data)
    if data.startswith(b"BM"):
        fields = st.sampled_from([(10, "<I"), (14, "<I"), (18, "<i"), (22, "<i"), (26, "<H")])
        more = st.sampled_from([(28, "<H"), (30, "<I"), (34, "<I"), (46, "<I")])
        return put(data, *draw(fields | more), draw(extreme))
    return _tiff(draw, data) if data.startswith(b"II*\0") else data


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each chunk of a PNG."""
    at, found = 8, []
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of chunks, each with its right sum."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + packed(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _png(draw, data: bytes) -> bytes:
    chunks = chunks_of(data)
    for _ in range(draw(st.integers(1, 3))):
        i = draw(st.integers(0, len(chunks) - 1))
        what = draw(st.sampled_from(["header", "drop", "twice", "move", "new", "short"]))
        if what == "header":
            at, kind = draw(
                st.sampled_from(
                    [(0, ">I"), (4, ">I"), (8, "B"), (9, "B"), (10, "B"), (11, "B"), (12, "B")]
                )
            )
            value = draw(extreme | st.integers(0, 16))
            chunks[0] = chunks[0][0], put(chunks[0][1], at, kind, value)
        elif what == "drop" and len(chunks) > 1:
            del chunks[i]
        elif what == "twice":
            chunks.insert(i, chunks[i])
        elif what == "move":
            chunks.insert(draw(st.integers(0, len(chunks) - 1)), chunks.pop(i))
        elif what == "short":
            chunks[i] = chunks[i][0], chunks[i][1][: draw(st.integers(0, 8))]
        else:
            kinds = [
                b"PLTE",
                b"tRNS",
                b"acTL",
                b"fcTL",
                b"fdAT",
                b"iCCP",
                b"zTXt",
                b"eXIf",
                b"pHYs",
            ]
            content = draw(st.binary(max_size=30))
            if draw(st.booleans()):
                content = b"".join(packed(">I", draw(extreme)) for _ in range(4)) + content
            chunks.insert(max(1, i), (draw(st.sampled_from(kinds)), content))
    return png_of(chunks)


def _jpeg(draw, data: bytes) -> bytes:
    """Another size, count of components or sampling in the frame; other segments before it."""
    frames = [data.find(bytes([0xFF, kind])) for kind in (0xC0, 0xC2)]
    at = next((place for place in frames if place > 0), 0)
    if at and draw(st.booleans()):
        offset, kind = draw(
            st.sampled_from([(2, ">H"), (4, "B"), (5, ">H"), (7, ">H"), (9, "B"), (11, "B")])
        )
        return put(data, at + offset, kind, draw(extreme | st.integers(0, 255)))
    marker = draw(st.sampled_from([0xE0, 0xE1, 0xE2, 0xEE, 0xDB, 0xC4, 0xDD, 0xC0, 0xDA, 0xFE]))
    content = draw(
        st.sampled_from(
            [b"JFIF\0", b"Adobe\0d\0\0\0\0\0", b"Exif\0\0II*\0\x08\0\0\0", b"MPF\0", b""]
        )
    ) + draw(st.binary(max_size=20))
    length = draw(st.sampled_from([len(content) + 2, 0, 1, 2, 65535]))
    return data[:2] + bytes([0xFF, marker]) + packed(">H", length) + content + data[2:]


def _tiff(draw, data: bytes) -> bytes:
    """Entries of the first directory with another tag, type, count or value."""
    (at,) = struct.unpack_from("<I", data, 4)
    (n,) = struct.unpack_from("<H", data, at)
    for _ in range(draw(st.integers(1, 2))):
        entry = at + 2 + 12 * draw(st.integers(0, n))  # the last is the place of the next directory
        offset, kind = draw(
            st.sampled_from([(0, "<H"), (2, "<H"), (4, "<I"), (8, "<I"), (8, "<H")])
        )
        value = draw(extreme | st.integers(0, 400) | st.just(at))
        data = put(data, entry + offset, kind, value)
    return data


@st.composite
def pictures(draw) -> tuple[str, bytes]:
    """The ending that its kind has, and the content of a picture."""
    form = draw(st.sampled_from([*ENDING, *ENDING, *MODES]))
    data = draw(valid(form))
    if draw(st.booleans()):
        data = draw(with_drawn_header(data))
    return ENDING.get(form, "png"), draw(damaged(data, draw(valid("PNG"))))


@cache
def even_png(rows: int, columns: int, channels: int = 1) -> bytes:
    """A small file of as many pixels of one colour as wanted."""
    colour = {1: 0, 3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", columns, rows, 8, colour, 0, 0, 0)
    packer = zlib.compressobj()
    body = b"".join(
        packer.compress(b"\0" + b"\x07\x09\x0b\xff"[:channels] * columns) for _ in range(rows)
    )
    return png_of([(b"IHDR", head), (b"IDAT", body + packer.flush()), (b"IEND", b"")])


def tiff_of_pages(*shapes: tuple[int, int]) -> bytes:
    """Pages of one grey, deflated, of any sizes."""
    pages = [Image.new("L", shape[::-1], 5) for shape in shapes]
    data = io.BytesIO()
    pages[0].save(data, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate")
    return data.getvalue()


def progressive_jpeg(side: int, scans: int) -> bytes:
    """A picture whose last scan comes again and again, so that each pixel is gone through often."""
    data = io.BytesIO()
    Image.new("L", (side, side), 9).save(data, "JPEG", progressive=True)
    body = data.getvalue()
    last = body.rfind(b"\xff\xda")
    return body[:-2] + body[last:-2] * scans + b"\xff\xd9"


def bombs() -> list[tuple[str, bytes]]:
    """Small files that claim, or really hold, far more than an ultrasound frame."""
    wide = 100_000
    text = (b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 10**8))
    profile = (b"iCCP", b"a\0\0" + zlib.compress(b"\0" * 10**8))
    small = chunks_of(even_png(8, 8))
    frames = (b"acTL", struct.pack(">II", 2**31 - 1, 0))
    return [
        ("png", even_png(PIXELS, PIXELS)),
        ("png", even_png(PIXELS, PIXELS, 3)),
        ("png", even_png(PIXELS, PIXELS, 4)),
        ("png", even_png(12_000, 12_000, 3)),
        ("png", even_png(wide, 150)),
        *(("png", png_header(rows, rows)) for rows in EXTREME if rows > 0 and rows < 2**32),
        *(("png", png_of([small[0], more, *small[1:]])) for more in (text, profile, frames)),
        ("tif", tiff_of_pages((PIXELS, PIXELS))),
        ("tif", tiff_of_pages((8, 8), (12_000, 12_000))),
        ("tif", tiff_of_pages(*[(2, 2)] * 3000)),
        ("tif", tiff_of_pages(*[(1000, 1000)] * 40)),
        ("jpg", progressive_jpeg(PIXELS, 0)),
        ("jpg", progressive_jpeg(PIXELS, 200)),
    ]


@cache
def noisy_png(side: int) -> bytes:
    """A frame of one small scan on black, as large as wanted."""
    array = np.zeros((side, side), np.uint8)
    array[100:900, 100:1200] = np.random.default_rng(0).integers(1, 255, (800, 1100))
    return png_bytes(array)


@cache
def block_png(side: int) -> bytes:
    """A mask within the scan of `noisy_png`."""
    array = np.zeros((side, side), np.uint8)
    array[200:600, 300:700] = 255
    return png_bytes(array)


def png_bytes(array: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG", compress_level=1)
    return data.getvalue()
