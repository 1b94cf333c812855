"""The files behind a notebook or module, and their checksum, follow what is used."""

import nbformat
import pytest

from thyro.core import code_version

FILES = {
    "__init__.py": "",
    "a.py": "from thyro import room\nroom.first()",
    "b.py": "from thyro.room import second as other",
    "room/__init__.py": "from thyro.room.one import first\nfrom thyro.room.two import second",
    "room/one.py": "from thyro.room import deep\nfrom thyro.ground import x\ndeep.y",
    "room/two.py": "names = 'names.json'",
    "room/deep.py": "y = 1",
    "room/names.json": "[]",
    "ground.py": "x = 1",
    "alone.py": "z = 1",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A room with a face and two files behind it, and modules that enter it."""
    folder = tmp_path / "thyro"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setattr(code_version, "PACKAGE", folder)
    forget()
    yield folder
    forget()


def forget():
    for known in (code_version.code_checksum, code_version._tree, code_version._uses):
        known.cache_clear()


def behind(package, source):
    files = code_version.files_behind(source, package=package)
    return {str(file.relative_to(package)) for file in files}


@pytest.mark.parametrize(
    ("module", "files"),
    [
        ("a.py", {"a.py", "room/one.py", "room/deep.py", "ground.py"}),
        ("b.py", {"b.py", "room/two.py", "room/names.json"}),
        ("ground.py", {"ground.py"}),
    ],
)
def test_only_what_is_behind_the_names_counts(package, module, files):
    assert behind(package, package / module) == files


def test_a_room_that_is_passed_on_counts_whole(package):
    (package / "a.py").write_text("from thyro import room\nprint(room)")
    assert {"room/one.py", "room/two.py"} <= behind(package, package / "a.py")


def test_a_notebook_with_magic_lines_can_be_read(package, tmp_path):
    code = "%matplotlib inline\n!ls\nfrom thyro import room\nroom.second()"
    cells = [nbformat.v4.new_code_cell(code), nbformat.v4.new_code_cell("%%bash\nls | wc")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "x.ipynb")
    assert behind(package, tmp_path / "x.ipynb") == {"room/two.py", "room/names.json"}


def test_a_name_that_a_face_does_not_have_is_an_error(package):
    (package / "a.py").write_text("from thyro import room\nroom.third()")
    with pytest.raises(ImportError, match="room has no third"):
        behind(package, package / "a.py")


@pytest.mark.parametrize(
    ("name", "text", "same"),
    [
        ("ground.py", "x = 2", False),
        ("room/one.py", "from thyro.room import deep", False),
        ("room/two.py", "names = ''", True),
        ("alone.py", "z = 2", True),
        ("ground.py", "# why\nx  =  1\n", True),
    ],
    ids=["imported by an import", "behind the face", "another of the room", "alone", "layout"],
)
def test_what_changes_the_checksum(package, name, text, same):
    before = code_version.code_checksum("a")
    (package / name).write_text(text)
    forget()
    assert (code_version.code_checksum("a") == before) is same


def test_data_that_a_module_reads_change_the_checksum(package):
    before = code_version.code_checksum("b")
    (package / "room/names.json").write_text("[1]")
    forget()
    assert code_version.code_checksum("b") != before


def test_the_measuring_modules_and_their_data_are_among_those_of_radiomics():
    files = code_version.files_behind(code_version.PACKAGE / "radiomics/__init__.py")
    names = {str(file.relative_to(code_version.PACKAGE)) for file in files}
    assert {"radiomics/extractor.py", "radiomics/feature_names.json"} <= names


@pytest.mark.parametrize("room", ["imaging", "radiomics", "models.cross_fitting"])
def test_whoever_keeps_numbers_can_ask_for_its_own_code(room):
    assert len(code_version.code_checksum(room)) == 64
