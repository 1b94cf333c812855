import zipfile

import docx
from docx.oxml.ns import qn
from PIL import Image

from thyro.report.word_vectors import add_vectors

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5"/>'


def test_a_picture_gets_the_vectors_that_lie_beside_it(tmp_path):
    figures = tmp_path / "figures"
    figures.mkdir()
    for name, colour in (("a", "red"), ("b", "blue")):
        Image.new("RGB", (10, 5), colour).save(figures / f"{name}.png")
    (figures / "a.svg").write_bytes(SVG)
    document = docx.Document()
    for name in ("a", "b", "a"):
        document.add_picture(str(figures / f"{name}.png"))
    document.save(tmp_path / "x.docx")

    assert add_vectors(tmp_path / "x.docx", figures) == 2

    written = docx.Document(tmp_path / "x.docx")
    first, second, third = written.element.iter(qn("a:blip"))
    (vector,) = [node for node in first.iter() if node.tag.endswith("}svgBlip")]
    part = written.part.related_parts[vector.get(qn("r:embed"))]
    assert (part.content_type, part.blob) == ("image/svg+xml", SVG)
    assert written.part.related_parts[first.get(qn("r:embed"))].content_type == "image/png"
    assert not len(second)
    assert third.xml == first.xml
    assert [name for name in zipfile.ZipFile(tmp_path / "x.docx").namelist() if "svg" in name] == [
        "word/media/a.svg"
    ]
