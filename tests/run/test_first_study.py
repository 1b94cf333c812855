"""The first study file: every line with its evidence, and nothing of any patient."""

import io

import pandas as pd
import pytest
import yaml

from tests.cohort.test_guessed_roles import OF_FEATURES, TRUE, chinese, table_of
from thyro import cohort
from thyro.run.first_study import FirstStudy, as_yaml
from thyro.study import OPEN, load_study, open_keys

PRIVATE = ("住院号", "姓名", "出生日期", "备注")


def first(table: pd.DataFrame, name: str = "t.csv", **keys) -> FirstStudy:
    opened = cohort.open_table(table.to_csv(index=False).encode(), name)
    roles = cohort.guess_roles(opened.frame, comma=opened.comma)
    return FirstStudy("mine", name, "data", opened, roles, **keys)


def german(n: int = 40) -> pd.DataFrame:
    """An invented table with two columns that could be the outcome, and an empty one."""
    return pd.DataFrame(
        {
            "Fallnummer": [f"F{i:03}" for i in range(n)],
            "Tumorgröße (mm)": [f"{5 + i / 3:.1f}".replace(".", ",") for i in range(n)],
            "Malignität": ["ja", "nein"] * (n // 2),
            "Rezidiv": ["nein", "nein", "ja", "nein"] * (n // 4),
            "Frei": [""] * n,
            "Bild": [f"bilder/{i}.png" for i in range(n)],
            "Maske": [f"masken/{i}.png" for i in range(n)],
        }
    )


def test_no_name_birth_date_id_or_free_text_is_written():
    table, _ = chinese()
    text = first(table).text()
    for column in PRIVATE:
        cells = {cell for cell in table[column] if len(cell) > 1}
        assert cells and not [cell for cell in cells if cell in text]


def test_a_remark_among_answers_is_not_written():
    table = german().assign(Notiz=["keine"] * 39 + ["Brief an Frau Meier"])
    assert "Meier" not in first(table).text()


def test_the_head_says_in_six_lines_what_to_do(here):
    lines = first(german()).text().splitlines()
    assert all(line.startswith("# ") for line in lines[:6]) and lines[6] == "extends: demo"
    assert "thyro check mine --data data --page" in lines[4]


def test_two_outcomes_are_a_gap_that_names_both():
    study = first(german())
    text = study.text()
    (line,) = [line for line in open_keys(text) if "`cohort.outcome_column`" in line]
    assert "'Malignität', 'Rezidiv'" in line and "--outcome" in line
    known = yaml.safe_load(text)["cohort"]
    assert known["decimal"] == "comma" and known["id_column"] == "Fallnummer"
    assert [variable["column"] for variable in known["variables"]] == ["Tumorgröße (mm)"]
    assert "#   'Frei': empty in all 40 rows" in text


def test_a_named_outcome_fills_the_gap_and_its_words_are_declared(here):
    study = first(german(), readable=lambda text: True)
    told = cohort.guess_roles(study.opened.frame, comma=True, told={"outcome": "Malignität"})
    study.roles = told
    text = study.text()
    assert open_keys(text) == []
    (here / "params/mine.yml").write_text(text)
    read = load_study("mine", here / "params").cohort
    assert read.recode == {"Malignität": {"ja": "1", "nein": "0"}}
    assert (read.image_column, read.mask_column) == ("Bild", "Maske")
    assert [variable.column for variable in read.variables] == ["Tumorgröße (mm)", "Rezidiv"]


def test_rows_of_one_patient_ask_which_counts():
    table = german()
    table["Fallnummer"] = [f"F{i // 2:03}" for i in range(len(table))]
    (line,) = [line for line in open_keys(first(table).text()) if "one_per_patient" in line]
    assert "20 patients have several rows" in line


def test_letters_without_a_font_are_a_gap():
    table, _ = chinese()
    table["侵犯"] = ["甲", "乙"] * 30
    named = [line.split("`")[1] for line in open_keys(first(table).text())]
    assert "outcome" in named and any(key.endswith(".levels") for key in named)
    drawn = first(table, readable=lambda text: True).text()
    assert not [line for line in open_keys(drawn) if "levels" in line or "`outcome`" in line]


@pytest.mark.parametrize("name", [*TRUE, *OF_FEATURES])
def test_studies_of_real_tables_are_valid_once_nothing_is_open(here, name):
    text = first(table_of(name), name.split("/")[-1].removesuffix(".gz")).text()
    answers = {
        "one_per_patient": "mask_area_px",
        "cohorts": "{internal_test: train, external_test: test}",
        "signatures": "[dl_score_fold1]",
    }
    for line in open_keys(text):
        key = line.split("`")[1].split(".")[-1]
        text = text.replace(f"{key}: {OPEN}", f"{key}: {answers[key]}")
    (here / "params/mine.yml").write_text(text)
    study = load_study("mine", here / "params")
    doors = {"ddti": (True, False), "clnm_ptc": (False, True), "llnm_net": (False, True)}
    expected = doors.get(name.split("/")[0], (False, False))
    assert (study.cohort.has_images, bool(study.cohort.scores)) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (OPEN, "???"),
        ("No", "'No'"),
        (None, "null"),
        (["1", "b"], "['1', b]"),
        ({"ja": "1"}, "{ja: '1'}"),
        ("a: b #c", "'a: b #c'"),
    ],
)
def test_values_are_quoted_where_yaml_would_read_another_kind(value, text):
    assert as_yaml(value) == text
    assert yaml.safe_load(io.StringIO(text)) == value
