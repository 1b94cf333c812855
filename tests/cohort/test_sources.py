"""Tables of patients: the user's, as text; and the simulation's."""

import openpyxl
import pandas as pd
import pytest

from thyro.cohort import sources
from thyro.study import Cohort


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_the_users_table_is_read_as_text(project, name):
    frame = pd.DataFrame({"id": ["007", "8"], "age": ["", "41.5"], "note": ["NA", "ü"]})
    file = project / "data" / name
    if name.endswith("csv"):
        file.write_text(frame.to_csv(index=False), encoding="utf-8-sig")  # with byte-order mark
    else:
        frame.to_excel(file, index=False)
    back = sources.read_source_table("data", name)
    assert back.to_dict("list") == frame.to_dict("list")


@pytest.mark.parametrize(
    ("folder", "name", "message"),
    [
        ("absent", "t.csv", "absent: no such folder. Say DATA="),
        ("", "t.csv", "DATA: no such folder"),
        ("data", "t.csv", "table 't.csv' is not in the data folder"),
        ("data", "../t.csv", "outside the data folder"),
    ],
)
def test_a_table_that_is_not_there_is_named(project, folder, name, message):
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        sources.read_source_table(folder, name)


def test_a_table_in_another_spelling_is_found(project):
    (project / "data" / "Mu\u0308ller.CSV").write_text("id,y\na,0\n")
    assert sources.read_source_table("data", "müller.csv").to_dict("list") == {
        "id": ["a"],
        "y": ["0"],
    }


def test_an_encoding_that_the_study_declares(project):
    (project / "data" / "t.csv").write_bytes("编号,性别\n一,男\n".encode("gb18030"))
    back = sources.read_source_table("data", "t.csv", encoding="gb18030")
    assert back.to_dict("list") == {"编号": ["一"], "性别": ["男"]}


def declared(**changes):
    """A folder whose table has all kinds of columns."""
    return Cohort(
        **{
            "source": "folder",
            "table": "t.csv",
            "id_column": ["centre", "number"],
            "image_column": "image",
            "mask_column": "mask",
            "second_mask_column": "mask_2",
            "outcome_column": "y",
            "radiologist_column": "reading",
            "frame": "frame",
            "view_column": "section",
            "view": "long",
            "one_per_patient": "size",
            "quality_column": "quality",
            "split": "column",
            "split_column": "part",
            "criteria": [
                {"column": "first", "label": "not first", "kind": "inclusion"},
                {
                    **{"column": "us", "until": "surgery", "at_most": 31},
                    **{"label": "late", "kind": "inclusion"},
                },
            ],
            "variables": [
                {"name": "age", "label": "Age", "kind": "continuous"},
                {"name": "nodes", "column": "ln", "label": "Nodes", "kind": "continuous"},
            ],
        }
        | changes
    )


def test_the_columns_that_a_study_uses():
    assert sources.used_columns(declared()) == {
        *("centre", "number", "image", "mask", "mask_2", "y", "reading", "frame", "section"),
        *("size", "quality", "part", "first", "us", "surgery", "age", "ln"),
    }
    scores = declared(
        id_column="number", image_column="", mask_column="", second_mask_column="", frame=None,
        scores={"CNN": "cnn"}, criteria=[], split="random", split_column="",
    )  # fmt: skip
    assert sources.used_columns(scores) == {
        *("number", "y", "reading", "section", "size", "quality", "age", "ln", "cnn"),
    }


def test_a_remark_in_another_column_refuses_no_table(project):
    made = openpyxl.Workbook()
    names = [*sorted(sources.used_columns(declared())), "remark"]
    for row in (names, ["1"] * (len(names) - 1) + ["=NOW()"]):
        made.active.append(row)
    made.save(project / "data" / "t.xlsx")
    given = {"cohort": declared(table="t.xlsx")}
    (opened,) = sources.open_all(given, data_dir="data", seed=1)
    assert opened.table["remark"].tolist() == [""]
    with pytest.raises(ValueError, match="row 2: cell R2 holds a formula without its value"):
        sources.read_source_table("data", "t.xlsx")


def test_ids_of_a_workbook_that_lost_digits_are_named(project):
    made = openpyxl.Workbook()
    for row in (["number", "y"], [1.10101e17, 0], [1.10102e17, 1]):
        made.active.append(row)
    made.save(project / "data" / "t.xlsx")
    given = {"cohort": declared(table="t.xlsx", id_column="number")}
    with pytest.raises(ValueError, match="row 2, 3: number: numbers of more than 15 digits"):
        sources.open_all(given, data_dir="data", seed=1)


def test_what_a_row_names_of_its_image_tells_images_apart():
    clinical = pd.DataFrame(
        {
            "image": ["a.dcm", "a.dcm", "a.dcm", "Mu\u0308.dcm"],
            "mask": ["m.nii", "m.nii", "n.nii", "m.nii"],
            "mask_2": ["", "later.nii", "", ""],
            "frame": ["1", "1", "1", "2"],
        }
    )
    named = sources.Opened("cohort", declared(), clinical).named(clinical)
    assert named == ["a.dcm\0m.nii\0001\0", "a.dcm\0m.nii\0001\0", "a.dcm\0n.nii\0001\0",
                     "Mü.dcm\0m.nii\0002\0"]  # fmt: skip
    frames = [sources.Opened("cohort", declared(frame=n), clinical).named(clinical) for n in (0, 7)]
    assert frames[0][0] == "a.dcm\0m.nii\0000" and not set(frames[0]) & set(frames[1])
