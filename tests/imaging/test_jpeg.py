"""The colours of a JPEG stream are told by its segments and components."""

import io

import numpy as np
import pytest
from PIL import Image

from thyro.imaging import jpeg


def stream(mode="RGB", **options):
    picture = Image.fromarray(np.zeros((16, 16, 3), np.uint8), mode=mode)
    data = io.BytesIO()
    picture.save(data, "JPEG", **options)
    return data.getvalue()


def without_first_segment(content):
    return content[:2] + content[4 + int.from_bytes(content[4:6], "big") :]


def adobe(transform):
    return b"\xff\xee\x00\x0eAdobe\x00\x65\x00\x00\x00\x00" + bytes([transform])


def named(content, names):
    """The same stream, its three components called otherwise."""
    at = content.index(b"\xff\xc0") + 10
    changed = bytearray(content)
    changed[at : at + 9 : 3] = names
    return bytes(changed)


BARE = without_first_segment(stream(subsampling=0))
THINNED = without_first_segment(stream(subsampling=2))


@pytest.mark.parametrize(
    ("content", "space"),
    [
        (stream(), "YBR"),
        (THINNED, "YBR"),
        (BARE, ""),
        (BARE[:2] + adobe(0) + BARE[2:], "RGB"),
        (BARE[:2] + adobe(1) + BARE[2:], "YBR"),
        (named(BARE, b"RGB"), "RGB"),
        (BARE[:2] + b"\xff\xff" + BARE[2:], ""),  # filled up
        (BARE[:30], ""),
        (b"", ""),
        (b"\xff\xd8\xff\xe0\x00\x00" * 3, ""),
    ],
)
def test_the_space_is_told_or_not(content, space):
    assert jpeg.colour_space(content) == space


def test_a_grey_stream_has_no_colours():
    data = io.BytesIO()
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(data, "JPEG")
    assert jpeg.colour_space(data.getvalue()) == ""


@pytest.mark.parametrize("form", ["JPEG", "JPEG2000"])
def test_the_size_of_a_stream_is_rows_and_columns(form):
    data = io.BytesIO()
    how = {"no_jp2": True} if form == "JPEG2000" else {}
    Image.fromarray(np.zeros((12, 20), np.uint8)).save(data, form, **how)
    assert jpeg.size(data.getvalue()) == (12, 20)
    assert jpeg.size(data.getvalue()[:20]) is None


@pytest.mark.parametrize("content", [b"", b"\1\2\3\4", b"\xff\xd8\xff\xc0\x00\x04\x08\x00"])
def test_a_stream_that_is_cut_short_tells_no_size(content):
    assert jpeg.size(content) is None
