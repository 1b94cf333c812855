"""Parts of an XLSX, which is a zip of XML, counted before openpyxl makes objects of them.

A file of a few kB can unpack to gigabytes, by accident too: formats and merged cells of whole
columns reach to row 1048576.
"""

import re
import zipfile

from openpyxl.utils import range_boundaries

LARGEST_PART = 100_000_000  # bytes, unpacked
MOST_TAGS = 2_000_000  # of all parts: some 500 000 filled cells
MOST_SPANNED = 1_000_000  # cells of ranges, each of which openpyxl makes
DEEPEST = 100  # tags within each other; a cell is at 6
SPANNING = re.compile(rb"<(?:\w+:)?(?:mergeCell|hyperlink)\b[^>]*?\bref\s*=\s*[\"']([^\"']*)")
TAG = re.compile(rb"<(/?)[\w:.-][^<>]*?(/?)>")
LAST = 16_384, 1_048_576  # column and row of a sheet


def too_large(data: zipfile.ZipFile) -> str:
    """The name of the part with which an XLSX is larger than a table of patients, or ""."""
    tags = spanned = 0
    for part in data.infolist():
        if part.file_size > LARGEST_PART:
            return part.filename
        if not part.filename.endswith((".xml", ".rels")):
            continue
        text = data.read(part)
        tags += text.count(b"<") - text.count(b"</")
        spanned += sum(_cells(match.decode("latin-1")) for match in SPANNING.findall(text))
        if tags > MOST_TAGS or spanned > MOST_SPANNED or _is_deep(text):
            return part.filename
    return ""


def _cells(span: str) -> int:
    """How many cells a range such as A1:C7 has; what is no range has none."""
    try:
        left, top, right, bottom = range_boundaries(span)
    except (ValueError, TypeError):
        return 0
    columns = (right or LAST[0]) - (left or 1) + 1
    return columns * ((bottom or LAST[1]) - (top or 1) + 1)


def _is_deep(text: bytes) -> bool:
    """Whether tags stand in each other as in no sheet; only looked at where few are closed."""
    if text.count(b"<") - 2 * text.count(b"</") - text.count(b"/>") < DEEPEST:
        return False
    depth = 0
    for closing, empty in TAG.findall(text):
        depth += -1 if closing else not empty
        if depth > DEEPEST:
            return True
    return False
