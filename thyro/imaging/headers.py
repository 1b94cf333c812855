"""Headers of NRRD and MHA files, read before ITK does: it crashes on some that are damaged.

Only what decides how much ITK reads, and of which kind, is looked at; the rest is left to it.
"""

import re
from pathlib import Path

HEAD = 2**20  # bytes, more than any header takes
LONGEST = 400  # bytes of a line that is no text of the user
COUNT = r"[1-9]\d{0,8}"
NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?"
WORD = r"[\w .:/+-]{1,40}"
VECTOR = rf"(none|\( *{NUMBER}( *, *{NUMBER})* *\))"
NRRD = {  # what the value of a field may be
    "type": WORD,
    "dimension": r"\d{1,2}",
    "space": WORD,
    "space dimension": r"\d{1,2}",
    "sizes": rf"{COUNT}( +{COUNT}){{0,15}}",
    "space directions": rf"{VECTOR}( +{VECTOR})*",
    "space origin": VECTOR,
    "spacings": rf"({NUMBER}|nan)( +({NUMBER}|nan))*",
    "encoding": WORD,
    "endian": "little|big",
}
MHA = {
    "NDims": r"\d{1,2}",
    "DimSize": rf"{COUNT}( +{COUNT})*",
    "ElementSpacing": rf"{NUMBER}( +{NUMBER})*",
    "ElementSize": rf"{NUMBER}( +{NUMBER})*",
    "Offset": rf"{NUMBER}( +{NUMBER})*",
    "Position": rf"{NUMBER}( +{NUMBER})*",
    "Origin": rf"{NUMBER}( +{NUMBER})*",
    "TransformMatrix": rf"{NUMBER}( +{NUMBER})*",
    "ElementNumberOfChannels": r"\d{1,3}",
    "ElementType": WORD,
    "CompressedDataSize": r"\d{1,18}",
}


def is_plain(path: Path, ending: str) -> bool:
    """Whether the fields of a header are written as ITK can bear them; true of other files.

    Parameters
    ----------
    path
        The file.
    ending
        ".nrrd", ".mha", or that of another kind.
    """
    if ending not in (".nrrd", ".mha"):
        return True
    with path.open("rb") as file:
        head = file.read(HEAD).replace(b"\r\n", b"\n")
    if ending == ".nrrd":
        lines = head.partition(b"\n\n")[0].split(b"\n")[1:]
        fields = [line.partition(b": ") for line in lines if not line.startswith(b"#")]
        fields = [field for field in fields if b":=" not in field[0]]
        return all(_fits(key, value, NRRD) for key, mark, value in fields)
    header = head.partition(b"ElementDataFile")[0]
    fields = [line.partition(b"=") for line in header.split(b"\n") if line.strip()]
    return all(_fits(key, value, MHA) for key, mark, value in fields)


def _fits(key: bytes, value: bytes, kinds: dict[str, str]) -> bool:
    if len(key) + len(value) > LONGEST:
        return False
    kind = kinds.get(key.decode("latin-1").strip())
    text = value.decode("latin-1").strip()
    return kind is None or re.fullmatch(kind, text, re.IGNORECASE) is not None
