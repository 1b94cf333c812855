"""Tables of predictions as people send them: each that cannot be used says where and what to do."""

import io

import openpyxl
import pytest

from thyro.cohort import CohortError, TableError, score_table

N = 40
LINES = ["patient,metastasis,prediction,gender"]
LINES += [f"p{i},{i % 2},0.{i + 10},{'MF'[i % 2]}" for i in range(N)]
GOOD = "\n".join(LINES)


def read(text, **options):
    return score_table.read_score_table(text.encode(), "scores.csv", **options)


def with_cell(row, column, cell, *, text=GOOD):
    """The table with another cell; `row` as a spreadsheet counts."""
    lines = [line.split(",") for line in text.split("\n")]
    lines[row - 1][column] = cell
    return "\n".join(",".join(line) for line in lines)


def test_a_table_keeps_the_columns_that_are_read():
    found = read(GOOD)
    assert list(found.frame) == ["patient", "prediction", "gender", "metastasis"]
    assert (found.ids, found.excluded, found.n_excluded) == (["patient"], [], 0)


MALFORMED = {
    "no outcome": (
        GOOD.replace("metastasis", "size").replace(",1,", ",5,"),
        "no column holds an outcome, 1 and 0; .*Say --outcome COLUMN",
    ),
    "an outcome of three values": (
        with_cell(7, 1, "2"),
        "row 7: metastasis: '2', expected 1, 0 or empty\n.*--exclude-invalid",
    ),
    "per cent": (
        "\n".join([LINES[0]] + [f"p{i},{i % 2},{i + 2}.5,M" for i in range(N)]),
        "row 2, 3, .*: prediction: numbers up to 41.5, as of per cent.*divide by 100.*"
        "--role prediction=score",
    ),
    "decimal commas": (
        GOOD.replace(",", ";").replace(";0.", ";0,"),
        "row 2: prediction: '0,10', expected a number with a decimal point: write 0.10",
    ),
    "a header twice": (
        GOOD.replace("gender", "prediction"),
        "row 1: columns 3, 4 are all called 'prediction'; give each its own name",
    ),
    "all of one class": (
        "\n".join([LINES[0]] + [f"p{i},1,0.{i + 10},M" for i in range(N)]),
        "metastasis: the same outcome, '1', in every row; patients with and without",
    ),
    "an empty column": (
        "\n".join([LINES[0]] + [f"p{i},{i % 2},,M" for i in range(N)]),
        "prediction: empty in every row; fill it in, or say --role prediction=ignore",
    ),
    "text in scores": (
        with_cell(9, 2, "high"),
        "row 9: prediction: 'high', expected a number with a decimal point\n.*--exclude-invalid",
    ),
    "no rows": (LINES[0], "there is no row below the header"),
    "two outcomes": (
        GOOD.replace("gender", "recurrence").replace(",M", ",1").replace(",F", ",0"),
        "metastasis and recurrence may each be the outcome; say which: --outcome metastasis",
    ),
    "an impossible probability": (
        with_cell(12, 2, "4971810103157930"),
        "row 12: prediction: '4971810103157930', expected a number from 0 to 1",
    ),
    "a patient twice": (with_cell(5, 0, "p0"), "row 2, 5: patient: .*keep one of each"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_table_names_the_place_and_the_remedy(case):
    text, message = MALFORMED[case]
    with pytest.raises((CohortError, TableError), match=f"(?s)^scores.csv.*{message}"):
        read(text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "is not UTF-8"),
        (b"Dear colleague,\nfind, as agreed, the table\nenclosed.\n", "row 1: one cell is filled"),
        (b"", "the file is empty"),
        (b"PK\x03\x04", "this is a spreadsheet, not text; save it as XLSX"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(data, message):
    with pytest.raises(TableError, match=message):
        score_table.read_score_table(data, "scores.csv")


def test_cells_that_cannot_be_used_leave_their_rows_out_where_that_is_asked():
    text = with_cell(12, 2, "4971810103157930", text=with_cell(7, 1, "2"))
    found = read(text, exclude_invalid=True)
    assert found.n_excluded == 2 and len(found.excluded) == 2
    assert found.excluded[1].startswith("row 12: prediction: '4971810103157930'")
    usable = found.frame[score_table.USABLE]
    assert list(usable.index[usable == "0"] + 2) == [7, 12] and len(found.frame) == N


def test_nothing_may_be_left_of_one_outcome():
    text = "\n".join([LINES[0], *(f"p{i},{int(i == 3)},0.{i + 10},M" for i in range(N))])
    with pytest.raises(CohortError, match="0 patients with|the table has 0"):
        read(with_cell(5, 2, "7", text=text), exclude_invalid=True)


def test_words_of_the_outcome_become_1_and_0():
    text = GOOD.replace(",1,", ",LNM,").replace(",0,", ",none,")
    frame = read(text, positive="LNM").frame
    assert frame["metastasis"].tolist() == ["0", "1"] * 20


def test_rows_are_patients_where_no_column_tells_them_apart():
    found = read(GOOD.replace("patient", "name"))
    assert found.ids == [score_table.ROW]
    assert found.frame[score_table.ROW].tolist()[:2] == ["2", "3"]  # as the spreadsheet counts


def test_a_workbook_is_read_as_well():
    book, data = openpyxl.Workbook(), io.BytesIO()
    for i, line in enumerate(LINES):
        cells = line.split(",")
        book.active.append([float(c) if i and j == 2 else c for j, c in enumerate(cells)])
    book.save(data)
    found = score_table.read_score_table(data.getvalue(), "scores.xlsx")
    assert found.roles.scores == {"prediction": "probability"}
