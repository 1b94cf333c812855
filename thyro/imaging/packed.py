"""Small files that unpack to gigabytes: refused before they fill the memory."""

import zlib
from pathlib import Path
from typing import BinaryIO

from pydicom.filereader import read_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian

from thyro.imaging.pixels import MAX_BYTES, ImageError

PIECE = 2**20  # bytes
HEAD = 2**12  # in which a DICOM file names its transfer syntax
BEGIN = 132 + 12  # where the group begins whose length the file tells, behind the preamble


def read_to_end(file: BinaryIO) -> None:
    """Read what follows the pixels of a file.

    Raises
    ------
    ValueError
        If that is more than any image has.
    """
    left = MAX_BYTES
    while piece := file.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise ValueError("no end of it")


def check_deflated(path: Path, name: str) -> None:
    """Refuse a deflated DICOM file that unpacks to more than any image has.

    Parameters
    ----------
    path
        Any DICOM file.
    name
        What messages call it.

    Raises
    ------
    ImageError
        If it is one.
    """
    with path.open("rb") as file:
        if DeflatedExplicitVRLittleEndian.encode() not in file.read(HEAD):
            return
        meta = read_file_meta_info(path)
        if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            return
        file.seek(BEGIN + int(meta.FileMetaInformationGroupLength))
        unpacker, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        piece = file.read(PIECE)
        while piece and not unpacker.eof:
            size += len(unpacker.decompress(piece, PIECE))
            piece = unpacker.unconsumed_tail or file.read(PIECE)
            if size > 2 * MAX_BYTES:
                raise ImageError(
                    f"{name}: unpacks to more than {2 * MAX_BYTES // 10**6} MB. "
                    "Export the image uncompressed (Explicit VR Little Endian)."
                )
