"""Files that unpack to far more than an image are refused before they fill the memory."""

import io
import re
import zlib

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tests.imaging.test_dicom import GREY, write_dicom
from thyro.imaging import dicom, packed, pixels, reading


def deflated(folder, more=b""):
    """A deflated file, with more bytes packed behind its last element."""
    path = write_dicom(folder / "a.dcm", GREY, syntax=DeflatedExplicitVRLittleEndian)
    content = path.read_bytes()
    begin = packed.BEGIN + int.from_bytes(content[140:144], "little")
    body = zlib.decompress(content[begin:], -zlib.MAX_WBITS)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    path.write_bytes(content[:begin] + packer.compress(body + more) + packer.flush())
    return path


def test_a_deflated_file_is_read(tmp_path):
    assert (reading.read_image(deflated(tmp_path))[0] == GREY).all()


def test_a_deflated_file_without_end_is_refused(tmp_path):
    path = deflated(tmp_path, bytes(2 * pixels.MAX_BYTES + 2 * packed.PIECE))
    message = (
        "a.dcm: unpacks to more than 128 MB. "
        "Export the image uncompressed (Explicit VR Little Endian)."
    )
    with pytest.raises(pixels.ImageError, match=f"^{re.escape(message)}$"):
        dicom.read(path)
    with pytest.raises(pixels.ImageError, match="^mask a.dcm: unpacks to more than 128 MB"):
        packed.check_deflated(path, "mask a.dcm")


def test_other_files_are_not_unpacked(tmp_path):
    packed.check_deflated(write_dicom(tmp_path / "a.dcm", GREY), "a.dcm")


def test_what_follows_the_pixels_has_an_end():
    packed.read_to_end(io.BytesIO(bytes(packed.PIECE)))
    with pytest.raises(ValueError, match="no end"):
        packed.read_to_end(io.BytesIO(bytes(pixels.MAX_BYTES + 1)))
