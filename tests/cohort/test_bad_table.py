"""Everything a table can be wrong in, from the bytes of the file to the split: the exact message.

A good table of 40 invented patients is broken in one place at a time.
"""

import io
import re

import openpyxl
import pandas as pd
import pytest

from thyro.cohort import clinical_table, inclusion, spreadsheet
from thyro.cohort import split as split_module

VARIABLES = [
    {"name": "age", "label": "Age", "kind": "continuous", "unit": "years", "maximum": 120},
    {"name": "diameter", "label": "Diameter", "kind": "continuous", "unit": "mm"},
    {
        "name": "margin",
        "label": "Margin",
        "kind": "categorical",
        "levels": ["Smooth", "Irregular"],
    },
    {
        "name": "place",
        "label": "Location of metastasis",
        "kind": "categorical",
        "levels": ["None", "Central", "Lateral"],
        "tells_outcome": {"None": 0, "Central": 1, "Lateral": 1},
        "preoperative": False,
    },
]
CRITERIA = [
    {"column": "first", "label": "Not the first operation", "kind": "inclusion"},
    {
        "column": "us",
        "until": "operation",
        "label": "More than 31 days from ultrasound to surgery",
        "kind": "inclusion",
        "at_least": 0,
        "at_most": 31,
    },
]
OTHERS = ["section", "set", "centre"]
UTF8 = 'Save it as "CSV UTF-8" (Excel: Save as; LibreOffice: character set Unicode (UTF-8)).'
COLUMNS = (
    "id, clnm, age, diameter, margin, place, first, us, operation, quality, svm, section, set, "
    "centre"
)


def good():
    """40 patients, every second with metastasis."""
    n = 40
    return pd.DataFrame(
        {
            "id": [f"p{i:02d}" for i in range(n)],
            "clnm": ["0", "1"] * 20,
            "age": [str(30 + i) for i in range(n)],
            "diameter": [f"{5 + i / 4}" for i in range(n)],
            "margin": ["Smooth", "Smooth", "Irregular", ""] * 10,
            "place": ["None", "Central", "None", "Lateral"] * 10,
            "first": ["1"] * n,
            "us": ["2024-03-01"] * n,
            "operation": ["2024-03-21"] * n,
            "quality": ["", "keep"] * 20,
            "svm": [f"0.{i:02d}" for i in range(n)],
            "section": ["long"] * n,
            "set": ["train", "train", "test", "test"] * 10,
            "centre": ["Aachen", "Aachen", "Bonn", "Bonn"] * 10,
        }
    )


def with_cells(**changes):
    """The good table with other cells: column="text" in row 5, or column={row: text}."""
    table = good()
    for column, cells in changes.items():
        for row, text in cells.items() if isinstance(cells, dict) else [(5, cells)]:
            table.loc[row - 2, column] = text
    return table


def csv(table):
    return table.to_csv(index=False).encode()


def xlsx(change=lambda sheet: None, table=None):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Patients"
    table = good() if table is None else table
    for row in [list(table), *table.to_numpy().tolist()]:
        sheet.append(row)
    change(sheet)
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


def put(address, value):
    return lambda sheet: sheet.__setitem__(address, value)


def split_of(data, name="patients.csv", sheet="", split=None, **options):
    """From the file to train and test, as a study does it."""
    table = spreadsheet.read(data, name, sheet=sheet)
    clinical, problems = clinical_table.read_clinical(
        table,
        VARIABLES[:2] + [VARIABLES[2] | {"missing": "Smooth"}, VARIABLES[3]],
        id_column="id",
        outcome_column="clnm",
        scores={"SVM": "svm"},
        criteria=CRITERIA,
        quality_column="quality",
        other_columns=OTHERS,
    )
    clinical_table.stop_at(problems)
    flow = inclusion.include(clinical, VARIABLES, criteria=CRITERIA, scores=["SVM"], **options)
    split = dict(split or {})
    if "column" in split:
        split["column"] = flow.frame[split["column"]]
    return split_module.split_by_patient(flow.frame["y"], seed=1, **split)


def text(change):
    """The good table as text, with one change."""
    return change(csv(good()).decode()).encode()


FILES = {
    "empty file": (b"", "the file is empty."),
    "empty table": (b"\n\n,,\n", "the table is empty."),
    "header only": (b"id,clnm,age\n", "there is no row below the header."),
    "duplicate header": (
        text(lambda t: t.replace("diameter", " age", 1)),
        "row 1: columns 3, 4 are all called 'age'; give each its own name.",
    ),
    "header without a name": (
        text(lambda t: t.replace("diameter", " ", 1)),
        "row 1: column 4 has no name.",
    ),
    "title above the header": (
        b"Study of Aachen and Bonn\n" + csv(good()),
        "row 1: one cell is filled, as in a title; the first row must hold the names of the "
        "columns: remove what stands above them.",
    ),
    "ragged row": (
        text(lambda t: t.replace("p03,1,33", "p03,1,33,5")),
        "row 5: 15 cells, the header has 14; a cell that contains the separator needs quotation "
        "marks.",
    ),
    "decimal comma that splits its cell": (
        text(lambda t: t.replace("p03,1,33", "p03,1,33,5").replace("p06,0,36", "p06,0,36,5")),
        "row 5: 15 cells, the header has 14; a cell that contains the separator needs quotation "
        "marks.\n  "
        "row 8: 15 cells, the header has 14; a cell that contains the separator needs quotation "
        "marks.",
    ),
    "empty row in the middle": (
        text(lambda t: t.replace("p03,", "\np03,")),
        "row 5: empty, in the middle of the table; remove it.",
    ),
    "quotation mark that is not closed": (
        text(lambda t: t.replace("p03,", '"p03,')),
        "row 5: a quotation mark is not closed, or more text follows the closing one.",
    ),
    "cell of 10,000 characters": (
        csv(with_cells(section="x" * 10_000)),
        "row 5: section: 10000 characters, at most 1000 are accepted.",
    ),
    "encoding of an old Windows": (
        csv(with_cells(centre="Köln")).decode().encode("cp1252"),
        f"line 5: byte 0xF6 is not UTF-8, so letters would be lost. {UTF8}",
    ),
    "damaged UTF-16": (
        csv(good()).decode().encode("utf-16")[:-1],
        f"line 41: not UTF-16, so letters would be lost. {UTF8}",
    ),
    "UTF-16 without byte-order mark": (
        csv(good()).decode().encode("utf-16-le"),
        f"it holds zero bytes, so it is no text in UTF-8. {UTF8}",
    ),
    "workbook called CSV": (
        xlsx(),
        "this is a spreadsheet, not text; save it as XLSX, named .xlsx.",
    ),
    "separator that may be either": (
        b"id;age,y\na;1,0\n",
        "the separator may be comma or semicolon; put cells that hold either in quotation marks.",
    ),
}
WORKBOOKS = {
    "merged cells": (
        xlsx(lambda sheet: sheet.merge_cells("C2:C5")),
        "sheet 'Patients': cells C2:C5 are merged; a table has one value in each cell.",
    ),
    "formula without value": (
        xlsx(put("C5", "=C4+1")),
        "row 5: cell C5 holds a formula without its value; open the file in a spreadsheet program "
        "and save it again.",
    ),
    "error value": (
        xlsx(put("C5", "#N/A")),
        "row 5: cell C5 holds the error #N/A; correct or empty it.",
    ),
    "several sheets": (
        xlsx(lambda sheet: sheet.parent.create_sheet("Codes").append(["x"])),
        "several sheets hold something: 'Patients', 'Codes'. Say which: `sheet`.",
    ),
    "value beside the table": (xlsx(put("O5", "ask again")), "row 1: column 15 has no name."),
    "CSV called workbook": (
        csv(good()),
        "it cannot be opened as XLSX (damaged, protected by a password, or another format); save "
        "it as XLSX without password, or as CSV.",
    ),
}
SCIENTIFIC = (
    "in scientific notation, such as 1.10101E+17, so that digits of the id are lost; format the "
    "column as text in the spreadsheet program, and export it again"
)
CUT = (
    "every id of more than 15 digits ends in zeros after the 15th, as a spreadsheet program leaves "
    "them: these ids have lost digits; format the column as text before the ids are written into "
    "it, and export it again; if they are whole, put a letter before each"
)
CELLS = {
    "id empty": ({"id": " "}, "row 5: id: empty, expected an id"),
    "outcome with three values": (
        {"clnm": {5: "2", 7: "2"}},
        "row 5, 7: clnm: '2', expected 1, 0 or empty",
    ),
    "outcome in words": ({"clnm": "yes"}, "row 5: clnm: 'yes', expected 1, 0 or empty"),
    "unknown level": (
        {"margin": "Iregular"},
        "row 5: margin: 'Iregular', expected one of: Irregular, Smooth; did you mean 'Irregular'?",
    ),
    "negative diameter": (
        {"diameter": "-7.5"},
        "row 5: diameter: '-7.5', expected a number of at least 0; where less than 0 is right, "
        "declare `minimum: null`",
    ),
    "age above the maximum": ({"age": "430"}, "row 5: age: '430', expected a number from 0 to 120"),
    "date in a number column": (
        {"diameter": "05.03.2024"},
        "row 5: diameter: '05.03.2024', expected a number, found a date; was it changed by a "
        "spreadsheet program?",
    ),
    "decimal comma": (
        {"age": "51,5"},
        "row 5: age: '51,5', expected a number with a decimal point: write 51.5",
    ),
    "thousands separator": (
        {"diameter": "1,234.5"},
        "row 5: diameter: '1,234.5', expected a number without separators of thousands: "
        "write 1234.5",
    ),
    "non-breaking space in a number": (
        {"diameter": "1\u00a0234"},
        r"row 5: diameter: '1\xa0234', expected a number without separators of thousands: "
        "write 1234",
    ),
    "full-width digits": (
        {"age": "５１"},
        "row 5: age: '５１', expected a number in the digits 0-9: write 51",
    ),
    "a word for missing": (
        {"age": "NaN"},
        "row 5: age: 'NaN', expected a number; leave the cell empty where it is not known",
    ),
    "unit in the cell": ({"age": "51 y"}, "row 5: age: '51 y', expected a number without its unit"),
    "formula-like text": (
        {"age": "=1+1"},
        "row 5: age: '=1+1', expected a number with a decimal point",
    ),
    "location contradicts outcome": (
        {"place": "None", "clnm": {6: "1"}},
        "row 5, 6: place: 'None' means 0, but clnm is 1",
    ),
    "criterion neither 1 nor 0": (
        {"first": "maybe"},
        "row 5: first: 'maybe', expected 1, 0 or empty",
    ),
    "criterion with an ambiguous date": (
        {"us": "03/04/2024"},
        "row 5: us: '03/04/2024', expected a date as year-month-day, such as 2024-03-31; a time of "
        "day may follow and is left out",
    ),
    "decision that is none": (
        {"quality": "remove"},
        "row 5: quality: 'remove', expected one of: exclude, keep",
    ),
    "score that is no number": (
        {"svm": "high"},
        "row 5: svm: 'high', expected a number with a decimal point",
    ),
    "infinite score": (
        {"svm": "inf"},
        "row 5: svm: 'inf', expected a number; leave the cell empty where it is not known",
    ),
    "two problems": (
        {"age": {3: "x"}, "svm": {2: "y"}},
        "row 3: age: 'x', expected a number with a decimal point\n  "
        "row 2: svm: 'y', expected a number with a decimal point",
    ),
    "criterion that nobody filled": (
        {"first": dict.fromkeys(range(2, 42), " ")},
        "first: empty in every row, expected 1 or 0",
    ),
    "id of invisible characters": ({"id": "\u200b"}, "row 5: id: empty, expected an id"),
    "ids that differ in capitals only": (
        {"id": {5: "P07"}},  # row 9 is p07
        "row 5, 9: id: ids that differ only in how they are written (capitals, spaces, zeros, "
        "invisible characters); write those of one patient alike, and of others differently",
    ),
    "ids in scientific notation": (
        {"id": {5: "1.10101E+17", 6: "1.10101E+17", 8: "1,1E+05", 9: "2E+10"}},
        f"row 5, 6, 8, 9: id: {SCIENTIFIC}",
    ),
    "ids in scientific notation, small letters": (
        {"id": {5: "1.10101e+17", 6: "1.1e17"}},
        f"row 5, 6: id: {SCIENTIFIC}",
    ),
    "ids in scientific notation, other programs": (
        {"id": {5: "1.10101E+017", 6: " 1E+05\u00a0", 7: "1e+05"}},
        f"row 5, 6, 7: id: {SCIENTIFIC}",
    ),
    "ids whose last digits became zeros": (
        {"id": dict.fromkeys(range(2, 8), "110101200001011000")},
        f"row 2, 3, 4, 5, 6, 7: id: {CUT}",
    ),
    "different ids whose last digits became zeros": (
        {"id": {5: "1234567890123450", 7: "32010119850203400000"}},
        f"row 5, 7: id: {CUT}",
    ),
    "level that became a date": (
        {"margin": {5: "2024-06-15", 8: "2024-06-15", 9: "15-Jun"}},
        "row 5, 8: margin: '2024-06-15', expected one of: Irregular, Smooth, found a date: a "
        "spreadsheet program makes one of a level such as 6-15; format the column as text and "
        "write the level again, or say in `recode` which it is\n  "
        "row 9: margin: '15-Jun', expected one of: Irregular, Smooth, found a date: a spreadsheet "
        "program makes one of a level such as 6-15; format the column as text and write the level "
        "again, or say in `recode` which it is",
    ),
    "outcome of a patient that changes": (
        {"id": {5: "x", 8: "x"}},
        "row 5, 8: clnm: both 1 and 0 for the same patient; correct it, or give each patient an id "
        "of their own",
    ),
    "outcome missing for all": (
        {"clnm": dict.fromkeys(range(2, 42), "")},
        "clnm: empty in every row, expected the outcome as 1 or 0",
    ),
}
TOO_FEW = "the outcome; at least 10 of each are needed. Add patients, or look at the exclusions."
COHORTS = {
    "missing column": (
        good().rename(columns={"margin": "rand", "svm": "cnn"}),
        {},
        "The table has no column 'margin', 'svm'. It has: "
        + COLUMNS.replace("margin", "rand").replace("svm", "cnn")
        + ".",
    ),
    "duplicate id": (
        with_cells(id={5: "x", 9: "x "}),
        {},
        "The table repeats patients:\n  "
        "row 5, 9: the same patient; `one_per_patient` says which row to take",
    ),
    "header missing": (
        good().set_axis([f"p{i}" for i in range(8)] + ["51", "2024-03-01", *"uvwx"], axis=1),
        {},
        "The table has no column 'id', 'clnm', 'quality', 'age', 'diameter', 'margin', 'place', "
        "'svm', 'first', 'us', 'operation', 'section', 'set', 'centre'. Its first row holds "
        "numbers or dates, as that of a patient does; it must hold the names of the columns.",
    ),
    "view without rows": (
        good(),
        {"view_column": "section", "view": "transverse"},
        "section: no row has the view 'transverse'. There: 'long' (40).",
    ),
    "criteria that nobody meets": (
        with_cells(first=dict.fromkeys(range(2, 42), "0")),
        {},
        "No patient is left. Assessed (patients): 40; Excluded: Not the first operation: 40.",
    ),
    "one class only": (
        with_cells(
            clnm=dict.fromkeys(range(2, 42), "0"), place=dict.fromkeys(range(2, 42), "None")
        ),
        {},
        f"The cohort has 0 patients with and 40 without {TOO_FEW}",
    ),
    "fewer than 10 events": (
        with_cells(first=dict.fromkeys(range(3, 27, 2), "")),
        {},
        f"The cohort has 8 patients with and 20 without {TOO_FEW}",
    ),
    "unknown centre": (
        good(),
        {"split": {"how": "centre", "column": "centre", "test_centres": ["Köln"]}},
        "`test_centres`: no patient of 'Köln' in the column 'centre'. "
        "There: 'Aachen' (20), 'Bonn' (20).",
    ),
    "given split with a third value": (
        with_cells(set={5: "validation", 6: "validation"}),
        {"split": {"how": "column", "column": "set"}},
        "The cohort cannot be used:\n  row 5, 6: set: 'validation', expected train or test",
    ),
    "size that picks none of a patient's rows": (
        with_cells(id={5: "x", 9: "x"}, section=dict.fromkeys(range(2, 42), "12") | {5: ""}),
        {"one_per_patient": "section"},
        "The cohort cannot be used:\n"
        "  row 5: section: empty, expected a number that picks the row of the patient",
    ),
}


def no_table(name, problems):
    message = f"{name}: not usable as a table:\n  {problems}"
    return pytest.raises(spreadsheet.TableError, match=f"^{re.escape(message)}$")


def no_cohort(message):
    return pytest.raises(clinical_table.CohortError, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize("case", FILES)
def test_files_that_are_no_table(case):
    data, problems = FILES[case]
    with no_table("patients.csv", problems):
        split_of(data)


@pytest.mark.parametrize("case", WORKBOOKS)
def test_workbooks_that_are_no_table(case):
    data, problems = WORKBOOKS[case]
    with no_table("patients.xlsx", problems):
        split_of(data, "patients.xlsx")


def test_sheets_that_are_not_there():
    with no_table("patients.xlsx", "there is no sheet 'Cohort'. Sheets: 'Patients'."):
        split_of(xlsx(), "patients.xlsx", sheet="Cohort")
    with no_table("patients.csv", "sheet 'A' is asked for; only an XLSX file has sheets."):
        split_of(csv(good()), sheet="A")


@pytest.mark.parametrize("case", CELLS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_cells_that_cannot_be_used(case, kind):
    changes, problems = CELLS[case]
    table = with_cells(**changes)
    data = csv(table) if kind == "csv" else xlsx(all_text, table)
    with no_cohort(f"The cohort cannot be used:\n  {problems}") as caught:
        split_of(data, f"patients.{kind}")
    assert caught.value.problems == problems.split("\n  ")


def all_text(sheet):
    """Cells typed as text, also those that begin with an equals sign."""
    for row in sheet.iter_rows():
        for cell in row:
            cell.data_type = "s"


@pytest.mark.parametrize("case", COHORTS)
def test_tables_that_make_no_cohort(case):
    table, options, message = COHORTS[case]
    with no_cohort(message):
        split_of(csv(table), **options)


def test_a_patient_in_both_cohorts():
    first, second = with_cells(id={5: "Mu\u0308ller"}), with_cells(id={7: "Müller "})
    second["id"] = ["other " + text if text != "Müller " else text for text in second["id"]]
    assert split_module.check_disjoint(first["id"], second["id"]) == [
        "row 5 of the cohort and row 7 of the external cohort: the same patient id; remove one, or "
        "make ids of centres differ"
    ]


WORKS = {
    "as it is": (csv(good()), "patients.csv"),
    "byte-order mark": (b"\xef\xbb\xbf" + csv(good()), "patients.csv"),
    "UTF-16": (csv(good()).decode().encode("utf-16"), "patients.csv"),
    "semicolons": (good().to_csv(index=False, sep=";").encode(), "patients.csv"),
    "separator that is declared": (
        b"sep=;\r\n" + good().to_csv(index=False, sep=";").encode(),
        "patients.csv",
    ),
    "tabs": (good().to_csv(index=False, sep="\t").encode(), "patients.tsv"),
    "lines of Windows": (csv(good()).replace(b"\n", b"\r\n"), "patients.csv"),
    "workbook": (xlsx(), "patients.XLSX"),
    "workbook of numbers": (
        xlsx(
            lambda sheet: [cell.__setattr__("value", float(cell.value)) for cell in sheet["C"][1:]]
        ),
        "patients.xlsx",
    ),
    "empty rows below": (csv(good()) + b",,,,,,,,,,,,,\n\n", "patients.csv"),
    "spaces round cells": (csv(with_cells(id=" p03 ", age=" 33\u00a0")), "patients.csv"),
}


@pytest.mark.parametrize("case", WORKS)
def test_the_same_patients_however_the_table_was_saved(case):
    data, name = WORKS[case]
    assert split_of(data, name).equals(split_of(csv(good())))


def test_ids_in_any_script_work():
    ids = dict(zip(range(2, 6), ["Müller-1", "李雷", "Ωμέγα", "بيانات"], strict=True))
    assert len(split_of(csv(with_cells(id=ids)))) == 40


@pytest.mark.parametrize(
    "ids",
    [
        {5: "110101200001011000", 6: "110101200001011234"},  # one may end so
        {5: "110101200001011000"},
        {5: "1e5", 6: "100000"},  # typed so, as a program would not write it
        {5: "123456789012000", 6: "123456789013000"},  # 15 digits are kept
        {5: "P110101200001011000", 6: "P110101200001012000"},
        {5: "0000000000000100", 6: "0000000000000200"},
    ],
)
def test_other_long_and_odd_ids_are_taken_as_they_are(ids):
    assert len(split_of(csv(with_cells(id=ids)))) == 40
