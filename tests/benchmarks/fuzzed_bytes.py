"""Damage that any file can suffer, and numbers that no header should hold."""

import struct

from hypothesis import strategies as st

NUMBERS = (0, 1, 2, 3, 7, 8, 12, 16, 255, 256, 1023, 4096, 32767, 32768, 65535, 65536)
EXTREME = (*NUMBERS, 2**31 - 1, 2**31, 2**32 - 1, -1, -2, -(2**31))
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.1, 1e-30, 1e30, 3e38, float("inf"), float("-inf"), float("nan"))
HEADER = 400  # bytes in which most headers stand
DAMAGE = ("flip", "cut", "splice", "repeat", "drop", "number", "zeros")
ENDINGS = ("png", "jpg", "tif", "bmp", "nii", "nii.gz", "nrrd", "seg.nrrd", "mha", "dcm", "txt", "")

seeds = st.integers(0, 2**32 - 1)
extreme = st.sampled_from(EXTREME)
floats = st.one_of(st.sampled_from(FLOATS), st.floats(width=32))


def one_in(draw, n: int) -> bool:
    """True about once in `n` times; hypothesis prefers the ends of a range, so none of them."""
    return draw(st.integers(0, 10 * n - 1)) % n == 1


def packed(kind: str, value: float) -> bytes:
    """A number as `struct` packs it; an integer that does not fit keeps its lowest bits."""
    letter = kind[-1]
    if letter in "bBhHiIqQ":
        bits = 8 * struct.calcsize(kind)
        whole = int(value) % 2**bits
        value = whole - 2**bits if letter.islower() and whole >= 2 ** (bits - 1) else whole
    elif letter == "f" and abs(value) > 3.4e38:
        value = float("inf")
    return struct.pack(kind, value)


def put(data: bytes, offset: int, kind: str, value: float) -> bytes:
    """`data` with a number written over what stands at an offset."""
    new = packed(kind, value)
    return data[:offset] + new + data[offset + len(new) :]


@st.composite
def damaged(draw, data: bytes, other: bytes = b"") -> bytes:
    """`data`, as it is in one of three cases, else damaged in one to three places.

    Parameters
    ----------
    draw
        Of hypothesis.
    data
        A file.
    other
        Another one, for its parts.
    """
    if one_in(draw, 3):
        return data
    for kind in draw(st.lists(st.sampled_from(DAMAGE), min_size=1, max_size=3)):
        end = len(data) if draw(st.booleans()) else min(len(data), HEADER)
        at = draw(st.integers(0, max(0, end - 1)))
        n = draw(st.integers(1, 64))
        if kind == "flip":
            data = data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + 1 :]
        elif kind == "cut":
            data = data[:at]
        elif kind == "splice":
            data = data[:at] + (other or data)[draw(st.integers(0, len(other or data))) :]
        elif kind == "repeat":
            data = data[:at] + data[at : at + n] * draw(st.integers(2, 40)) + data[at + n :]
        elif kind == "drop":
            data = data[:at] + data[at + n :]
        elif kind == "number":
            data = put(data, at, draw(st.sampled_from(["<H", ">H", "<I", ">I"])), draw(extreme))
        else:
            data = data[:at] + b"\0" * n + data[at + n :]
    return data


@st.composite
def called(draw, ending: str) -> str:
    """The name of a file; its ending is another one in one of six cases."""
    wrong = one_in(draw, 6)
    return f"a.{draw(st.sampled_from(ENDINGS)) if wrong else ending}"
