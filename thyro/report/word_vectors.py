"""The vectors of figures in a Word document, beside the pixels that pandoc and Quarto put there.

Word has drawn SVG since 2016; an older one, and whatever else reads the file, shows the pixels.
"""

import hashlib
from pathlib import Path

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

# [MS-ODRAWXML] 2.3.1.4: the extension of a picture that names its SVG
EXTENSION = """
<a:extLst {ns}>
  <a:ext uri="{{96DAC541-7B7A-43D3-8B79-37D633B846F1}}">
    <asvg:svgBlip xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main"
      r:embed="{relation}"/>
  </a:ext>
</a:extLst>"""


def add_vectors(path: Path, figures: Path) -> int:
    """Give every picture of a document its vectors, where a folder holds them; returns how many.

    Parameters
    ----------
    path : Path
        Of the DOCX, which is rewritten.
    figures : Path
        Folder with `x.svg` beside `x.png` or `x.jpg`; a picture is known by its bytes.
    """
    vectors = {
        _digest(pixels.read_bytes()): pixels.with_suffix(".svg")
        for pixels in figures.iterdir()
        if pixels.suffix in {".png", ".jpg"} and pixels.with_suffix(".svg").is_file()
    }
    document = docx.Document(path)
    main, added = document.part, 0
    relations: dict[Path, str] = {}  # a figure may be shown twice, and is kept once
    for picture in document.element.iter(qn("a:blip")):
        pixels = main.related_parts[picture.get(qn("r:embed"))]
        file = vectors.get(_digest(pixels.blob))
        if file is None:
            continue
        if file not in relations:
            name = PackURI(f"/word/media/{file.name}")
            vector = Part(name, "image/svg+xml", file.read_bytes(), main.package)
            relations[file] = main.relate_to(vector, RELATIONSHIP_TYPE.IMAGE)
        picture.append(parse_xml(EXTENSION.format(ns=nsdecls("a", "r"), relation=relations[file])))
        added += 1
    document.save(path)
    return added


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
