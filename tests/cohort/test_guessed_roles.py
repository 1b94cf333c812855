"""Roles of columns, counted against those that people wrote down for real and invented tables."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thyro.cohort.guessed_roles import ROLES, guess_roles

DATA = Path(__file__).parents[2] / "../shared/data"
SURE = ("id", "outcome", "date")  # in these a guess may not be wrong at all

# What the columns are, written down from the sources' own descriptions before any guess was made.
TRUE = {
    "clnm_ptc/clnm_tidy.csv": {
        **{"cohort": "split", "row": "id", "Label": "outcome", "Gender": "binary"},
        **{"Age": "continuous", "T_stage": "ordinal", "Size_of_US": "continuous"},
        **{f"dl_score_fold{i}": "score" for i in range(1, 6)},
        **{"lbp2D_glszm_SmallAreaEmphasis": "feature", "square_glcm_Correlation": "feature"},
    },
    "clnm_ptc/rival_scores.csv": {
        **{"cohort": "split", "row": "id", "Label": "outcome"},
        **dict.fromkeys(
            [
                *("Clinical_pred", "IPN_pred", "Adipose_pred", "Clinical_adipose_pred"),
                *("Clinical_IPN_pred", "Nomogram_pred"),
            ],
            "score",
        ),
    },
    "llnm_net/predictions.csv": {
        **{"patient": "id", "cohort": "split", "prediction": "score", "metastasis": "outcome"},
    },
    "ddti/labels.csv": {
        **{"image_id": "unused", "case_id": "id", "image": "image", "mask": "mask"},
        **dict.fromkeys(("n_polygons", "polygon_areas_px", "mask_area_px", "grayscale"), "unused"),
        **{"age": "continuous", "sex": "categorical", "composition": "categorical"},
        **{"echogenicity": "categorical", "margins": "categorical"},
        **{"calcifications": "categorical", "tirads": "ordinal", "label_tirads_ge4a": "outcome"},
    },
}
OF_FEATURES = ("radmlbench/WORC-GIST.csv.gz", "radmlbench/HCC-TACE-Seg.csv.gz")


def chinese(n: int = 60) -> tuple[pd.DataFrame, dict[str, str]]:
    """An invented table as a hospital could export it, and what its columns are."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "序号": np.arange(1, n + 1),
            "住院号": [f"Z{100000 + 7 * i}" for i in range(n)],
            "姓名": [f"某{chr(0x4E00 + i)}" for i in range(n)],
            "性别": rng.choice(["男", "女"], n),
            "年龄": rng.integers(19, 80, n),
            "出生日期": [f"19{i % 60 + 30}-01-1{i % 9}" for i in range(n)],
            "检查日期": [f"2023年{i % 12 + 1}月{i % 28 + 1}日" for i in range(n)],
            "手术日期": [f"2023-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(n)],
            "医院": rng.choice(["东院", "西院"], n),
            "分组": rng.choice(["训练集", "验证集"], n),
            "最大径（mm）": rng.uniform(3, 40, n).round(1),
            "边界": rng.choice(["清晰", "模糊"], n),
            "形态": rng.choice(["规则", "不规则"], n),
            "回声": rng.choice(["低回声", "等回声", "高回声"], n),
            "TI-RADS分级": rng.choice(["3", "4a", "4b", "5"], n),
            "TSH (mIU/L)": rng.uniform(0.1, 9, n).round(2),
            "超声医师判断": rng.choice(["0", "1"], n),
            "淋巴结转移": rng.choice(["0", "1"], n),
            "备注": ["" if i % 3 else f"随访{i}" for i in range(n)],
        }
    ).astype(str)
    roles = {
        **{"序号": "unused", "住院号": "id", "姓名": "unused", "性别": "binary"},
        **{"年龄": "continuous", "出生日期": "unused", "检查日期": "date", "手术日期": "date"},
        **{"医院": "centre", "分组": "split", "最大径（mm）": "continuous", "边界": "binary"},
        **{"形态": "binary", "回声": "categorical", "TI-RADS分级": "ordinal"},
        **{"TSH (mIU/L)": "continuous", "超声医师判断": "reading", "淋巴结转移": "outcome"},
        **{"备注": "unused"},
    }
    return table, roles


def table_of(name: str) -> pd.DataFrame:
    """A table of the shared data, every cell as text; skips where it is not there."""
    file = DATA / name
    if not file.exists():
        pytest.skip(f"{name} is not among the shared data here")
    with gzip.open(file) if name.endswith(".gz") else file.open("rb") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


def compared(name: str, table: pd.DataFrame, true: dict[str, str]) -> tuple[int, int, int]:
    """Print and count the roles that are right, asked for, and wrong."""
    assert set(true) == set(table.columns)
    assert set(true.values()) <= set(ROLES)
    guesses = guess_roles(table).guesses
    asked = [column for column in true if not guesses[column].role]
    wrong = [c for c in true if guesses[c].role and guesses[c].role != true[c]]
    right = len(true) - len(asked) - len(wrong)
    print(f"{name:30} right {right:5} asked {len(asked):3} wrong {len(wrong):3}")
    for column in [*asked, *wrong]:
        print(f"    {column}: {true[column]}, guessed {guesses[column]}")
    for column, role in true.items():
        found = guesses[column].role
        if role in SURE or found in SURE:
            assert found in (role, ""), guesses[column]
        if not found:
            assert role in guesses[column].could_be, guesses[column]
    return right, len(asked), len(wrong)


@pytest.mark.parametrize("name", TRUE)
def test_roles_of_real_tables(name):
    right, asked, wrong = compared(name, table_of(name), TRUE[name])
    assert right >= 0.9 * (right + asked + wrong)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_roles_of_tables_of_features(name):
    table = table_of(name)
    true = {c: "feature" for c in table} | {"ID": "id", "Target": "outcome"}
    right, asked, wrong = compared(name, table, true)
    assert right >= 0.9 * (right + asked + wrong)


def test_roles_of_a_table_in_chinese():
    right, asked, wrong = compared("Chinese headers", *chinese())
    assert right >= 0.9 * (right + asked + wrong)


def numbers(columns: int, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame({chr(0x4E00 + i): rng.normal(size=n) for i in range(columns)}).astype(str)


@pytest.mark.parametrize(("columns", "role"), [(40, "feature"), (20, "continuous")])
def test_numbers_without_a_name_are_features_where_they_are_many(columns, role):
    guesses = guess_roles(numbers(columns).assign(age=[f"{50 + i}" for i in range(40)])).guesses
    assert {guess.role for name, guess in guesses.items() if name != "age"} == {role}
    assert guesses["age"].role == "continuous"


def test_an_id_within_every_centre_is_made_of_both():
    table = pd.DataFrame(
        {"Centre": ["A"] * 10 + ["B"] * 10, "No": [*range(10)] * 2, "Outcome": [0, 1] * 10}
    ).astype(str)
    roles = guess_roles(table)
    assert roles.id_columns == ["Centre", "No"]
    assert roles.id_evidence == "10 distinct numbers in 20 rows, but each its own within 'Centre'"


def test_two_columns_that_could_be_the_id_are_both_named():
    table = pd.DataFrame({"MRN": range(20), "Case": range(20, 40), "y": [0, 1] * 10}).astype(str)
    roles = guess_roles(table)
    assert roles.id_columns == [] and roles.open_to("id") == ["MRN", "Case"]
    told = guess_roles(table, told={"id": "Case"})
    assert told.id_columns == ["Case"] and told.guesses["Case"].evidence == "named by you"


def test_binary_columns_without_a_word_are_asked_for_and_none_is_taken():
    table = pd.DataFrame({"id": range(20), "a": [0, 1] * 10, "b": [1, 1, 0, 0] * 5}).astype(str)
    roles = guess_roles(table)
    assert roles.of("outcome") == [] and roles.open_to("outcome") == ["a", "b"]


def test_dates_that_are_plain_numbers_are_asked_for():
    table = pd.DataFrame({"id": range(20), "US date": range(45000, 45020)}).astype(str)
    assert "date" in guess_roles(table).guesses["US date"].could_be


def test_a_group_that_does_not_say_who_trains_is_asked_for():
    table = pd.DataFrame({"id": range(20), "group": ["A", "B"] * 10}).astype(str)
    assert "split" in guess_roles(table).guesses["group"].could_be
