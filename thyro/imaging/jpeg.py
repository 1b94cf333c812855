"""What a JPEG stream says of its own colours, which the DICOM header around it may belie."""

import struct

RGB, YBR = "RGB", "YBR"
START = b"\xff\xd8"
FRAMES = {0xC0, 0xC1, 0xC2}  # headers of lossy frames
SIZED = FRAMES | {0xC3, 0xF7}  # and of lossless ones: JPEG, JPEG-LS
JPEG2000 = b"\xff\x4f\xff\x51"  # begins a stream whose size follows
SCAN = 0xDA  # pixels follow
JFIF, ADOBE = 0xE0, 0xEE
BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length


def colour_space(stream: bytes) -> str:
    """RGB, YBR (luma and two differences of colour), or "" where the stream does not tell.

    A JFIF segment means YBR (ITU-T T.871), an Adobe segment says it. Without either the
    components may be called R, G and B; and where the first one has more samples than the others it
    is luma, since nobody thins green and blue. What remains, three components alike and numbered,
    is read as YBR by most programs and as RGB by the standard of DICOM.
    """
    adobe = jfif = None
    for marker, content in _segments(stream):
        if marker == ADOBE and content.startswith(b"Adobe") and len(content) > 11:
            adobe = YBR if content[11] else RGB
        elif marker == JFIF and content.startswith(b"JFIF"):
            jfif = YBR
        elif marker in FRAMES and len(content) >= 15 and content[5] == 3:
            names, samples = content[6:15:3], content[7:15:3]
            if jfif or adobe:
                return jfif or adobe
            if names == b"RGB":
                return RGB
            return YBR if samples[0] != samples[1] else ""
    return ""


def size(stream: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a JPEG, JPEG-LS or JPEG 2000 stream, None where it does not tell."""
    if stream.startswith(JPEG2000) and len(stream) >= 24:
        right, bottom, left, top = struct.unpack_from(">4I", stream, 8)
        return bottom - top, right - left
    for marker, content in _segments(stream):
        if marker in SIZED and len(content) >= 5:
            return struct.unpack_from(">2H", content, 1)
    return None


def _segments(stream: bytes):
    """Marker and content of every segment before the pixels."""
    at = 2 if stream.startswith(START) else len(stream)
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF or marker in BARE:  # filled up, or without a length
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", stream, at + 2)
        yield marker, stream[at + 4 : at + 2 + length]
        if marker == SCAN:
            return
        at += 2 + length
