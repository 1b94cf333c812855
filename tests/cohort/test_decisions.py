"""The file of a reader's decisions: read, refused with row and remedy, and saved whole or not."""

import os

import pytest

from thyro.cohort.clinical_table import CohortError
from thyro.cohort.decisions import DecisionFile
from thyro.cohort.workbook import TableError
from thyro.imaging import ImageError

KNOWN = {"PA-1": "", "PA-2": "", "PB-1": "keep", "PC-1": "exclude", "PD-1": ""}


@pytest.fixture
def write(project):
    """Write the file, and read it."""

    def written(text, name="decisions.csv"):
        (project / "data" / name).write_bytes(text.encode())
        return DecisionFile("data", "decisions.csv")

    return written


def test_a_file_that_is_not_there_decides_nothing_and_saving_makes_it(project):
    file = DecisionFile("data", "read/decisions.csv")
    assert not file.there and file.decided() == {} and file.problems(KNOWN) == []
    file.save({"PA-2": "exclude", "PA-1": "keep"})
    made = project / "data/read/decisions.csv"
    assert made.read_text() == "image_id,decision\nPA-2,exclude\nPA-1,keep\n"
    assert file.there and [f.name for f in made.parent.iterdir()] == ["decisions.csv"]
    again = DecisionFile("data", "read/decisions.csv")
    assert again.decided() == file.decided() == {"PA-2": "exclude", "PA-1": "keep"}


@pytest.mark.parametrize(
    "text",
    [
        "image_id,decision\nPA-1,keep\nPA-2,exclude\n",
        "\ufeffimage_id;decision\r\n PA-1 ;Keep\r\nPA-2;EXCLUDE\r\n",  # as Excel saves it
        "decision\tremark\timage_id\nkeep\t\tPA-1\nexclude\tü\tPA-2\n\t\tPD-1\n",
    ],
)
def test_decisions_are_read_however_the_file_was_saved(write, text):
    file = write(text)
    assert file.there and file.problems(KNOWN) == []
    assert file.decided() == {"PA-1": "keep", "PA-2": "exclude"}


def test_a_header_alone_decides_nothing(write):
    file = write("image_id,decision\n")
    assert file.there and file.decided() == {} and file.problems(KNOWN) == []
    file.save({})
    assert DecisionFile("data", "decisions.csv").decided() == {}


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        (
            "PA-1,maybe\nPA-2,exclud\n",
            [
                "row 2: decision: 'maybe', expected one of: exclude, keep",
                "row 3: decision: 'exclud', expected one of: exclude, keep; did you mean "
                "'exclude'?",
            ],
        ),
        (
            "PA-1,keep\nPX-1,keep\nHX-7731904,exclude\n",
            [
                "row 3, 4: image_id: no row of the table has this id: that of its patient or the "
                "name of its file was changed, or the key of the pseudonyms; remove the line, and "
                "decide again in notebook 00"
            ],
        ),
        (
            "PA-1,keep\nPA-2,keep\n PA-1,exclude\n",
            ["row 2, 4: image_id: PA-1 twice; leave one of the lines"],
        ),
        (",keep\n", ["row 2: image_id: empty, expected the id of an image; remove the line"]),
        (
            "PB-1,exclude\nPC-1,keep\n",
            [
                "row 2: decision: exclude, but `quality_column` says keep of this image; change "
                "one of them",
                "row 3: decision: keep, but `quality_column` says exclude of this image; change "
                "one of them",
            ],
        ),
        (
            "PB-1,keep\nPC-1,exclude\nPC-1,\n",
            ["row 3, 4: image_id: PC-1 twice; leave one of the lines"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_row_and_remedy(write, rows, problems):
    file = write(f"image_id,decision\n{rows}")
    assert file.problems(KNOWN) == [f"decisions.csv {line}" for line in problems]


def test_ids_are_not_compared_where_a_table_could_not_be_read(write):
    file = write("image_id,decision\nPX-1,keep\nPA-1,no\n")
    assert file.problems() == [
        "decisions.csv row 3: decision: 'no', expected one of: exclude, keep"
    ]


def test_what_the_table_says_too_is_no_contradiction(write):
    file = write("image_id,decision\nPB-1,keep\nPC-1,\nPA-1,exclude\n")
    assert file.problems(KNOWN) == []


@pytest.mark.parametrize(
    ("header", "absent"),
    [
        ("image,decision", "has no column image_id. A file"),
        ("patient,verdict", "has no column image_id and no column decision. A file"),
    ],
)
def test_another_table_is_no_file_of_decisions(write, header, absent):
    with pytest.raises(CohortError, match=f"^decisions.csv {absent} of decisions has the columns"):
        write(f"{header}\na,keep\n")


def test_what_is_no_table_is_refused(write):
    with pytest.raises(TableError, match="decisions.csv: not usable as a table"):
        write("image_id,decision\nPA-1\n")


def test_a_file_outside_the_folder_is_refused(project):
    for name in ("../decisions.csv", str(project / "decisions.csv")):
        with pytest.raises(ImageError, match="lies outside the data folder"):
            DecisionFile("data", name)
    (project / "data/linked").symlink_to(project / "params")
    with pytest.raises(ImageError, match="'linked/decisions.csv' lies outside the data folder"):
        DecisionFile("data", "linked/decisions.csv")
    (project / "data/decisions.csv").mkdir()
    with pytest.raises(ImageError, match="is a folder; name one file in it"):
        DecisionFile("data", "decisions.csv")


def test_a_file_in_another_spelling_is_not_taken_for_absent(write, project):
    file = write("image_id,decision\nPA-1,keep\n", name="Decisions.CSV")
    assert file.decided() == {"PA-1": "keep"}
    file.save({"PA-1": "exclude"})
    assert [f.name for f in (project / "data").iterdir()] == ["Decisions.CSV"]
    assert DecisionFile("data", "decisions.csv").decided() == {"PA-1": "exclude"}
    with pytest.raises(ImageError, match="in another spelling: 'DECISIONS.csv', 'Decisions.CSV'"):
        write("image_id,decision\n", name="DECISIONS.csv")


def test_saving_keeps_columns_order_and_mark_of_the_reader(write, project):
    file = write("\ufeffimage_id,remark,decision\nPD-1,später,keep\nPA-1,,keep\nPA-2,ja,\n")
    file.save({"PA-2": "exclude", "PB-1": "keep", "PD-1": "exclude"})
    assert (project / "data/decisions.csv").read_bytes().decode() == (
        "\ufeffimage_id,remark,decision\nPD-1,später,exclude\nPA-2,ja,exclude\nPB-1,,keep\n"
    )
    file.save({})  # remarks are not lost with the decision
    assert (project / "data/decisions.csv").read_bytes().decode() == (
        "\ufeffimage_id,remark,decision\nPD-1,später,\nPA-2,ja,\n"
    )
    assert file.decided() == {}


@pytest.mark.parametrize("now", [None, "image_id,decision\nPA-1,exclude\n"])
def test_a_file_that_somebody_else_changed_is_left_as_it_is(write, project, now):
    file, place = write("image_id,decision\nPA-1,keep\n"), project / "data/decisions.csv"
    place.unlink()
    if now:
        place.write_text(now)
    with pytest.raises(CohortError, match="decisions.csv was changed since this notebook read it"):
        file.save({"PA-2": "keep"})
    assert (place.read_text() if place.exists() else None) == now


def test_a_failed_save_leaves_what_was_there(write, project, monkeypatch):
    text = "image_id,decision\nPA-1,keep\n"
    file = write(text)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        file.save({"PA-2": "keep"})
    assert [f.name for f in (project / "data").iterdir()] == ["decisions.csv"]
    assert (project / "data/decisions.csv").read_text() == text
    assert file.decided() == {"PA-1": "keep"}
