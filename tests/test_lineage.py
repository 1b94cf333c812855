"""The checksum of code follows imports, and nothing else."""

import pytest

from thyro import lineage


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Modules a -> b -> c, and d that nobody imports."""
    texts = {"a": "from thyro import b", "b": "from thyro.c import x", "c": "x = 1", "d": "y = 1"}
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(lineage, "__file__", str(tmp_path / "lineage.py"))
    lineage.code.cache_clear()
    yield tmp_path
    lineage.code.cache_clear()


@pytest.mark.parametrize(
    ("name", "text", "same"),
    [
        ("c", "x = 2", False),
        ("a", "from thyro import b, d", False),
        ("d", "y = 2", True),
        ("c", "# why\nx  =  1\n", True),
    ],
    ids=["imported by an import", "itself", "not imported", "comment and layout"],
)
def test_what_changes_the_checksum(package, name, text, same):
    before = lineage.code("a")
    (package / f"{name}.py").write_text(text)
    lineage.code.cache_clear()
    assert (lineage.code("a") == before) is same


def test_the_measuring_modules_are_among_those_of_radiomics(monkeypatch):
    lineage.code.cache_clear()
    seen = []
    parse = lineage.ast.parse
    monkeypatch.setattr(lineage.ast, "parse", lambda text: seen.append(text) or parse(text))
    lineage.code("radiomics")
    assert any("class Profile" in text for text in seen)  # profiles, through an import
