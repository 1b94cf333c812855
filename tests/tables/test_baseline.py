"""Table 1: against the printed one, against other implementations, and for odd variables."""

import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thyro.report import published
from thyro.statistics import group_tests
from thyro.statistics.group_tests import standardised_difference
from thyro.tables import baseline, rounding

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "smd.json").read_text())
each_table = pytest.mark.parametrize("case", GOLDEN["table_cases"], ids=lambda case: case["name"])
DICTIONARY = {
    "age": {"label": "Age", "unit": "years", "kind": "continuous"},
    "margin": {
        "label": "Margin",
        "kind": "categorical",
        "levels": ["Smooth", "Irregular", "Extension"],
    },
    "y": {"label": "Metastasis", "kind": "categorical"},
}
OUTCOME = {"Metastasis": 1, "No metastasis": 0}
DASHES = {"P": "–", "Test used": "–", "SMD": "–"}


@pytest.fixture
def patients():
    rng = np.random.default_rng(3)
    n = 120
    margin = pd.Categorical.from_codes(rng.integers(0, 3, n), DICTIONARY["margin"]["levels"])
    return pd.DataFrame(
        {
            "y": rng.integers(0, 2, n),
            "split": np.where(np.arange(n) < 84, "train", "test"),
            "age": rng.normal(43, 11, n),
            "margin": margin,
        }
    )


def level(name):
    return f"\N{EM SPACE}{name}"


def rows_of(table):
    return table.set_index("Characteristic")


# --- the published table


@pytest.fixture(scope="module")
def printed():
    return published.published_table_1("report/published").query("kind == 'categorical'")


@pytest.fixture(scope="module")
def regenerated(printed):
    """Table 1 of patients who have the printed counts."""
    levels = {
        name: list(dict.fromkeys(part["level"])) for name, part in printed.groupby("variable")
    }
    sizes = {"train": 380, "test": 164}
    cohort = np.repeat(list(sizes), list(sizes.values()))
    patients = pd.DataFrame({"split": cohort})
    for name in dict.fromkeys(printed["variable"]):
        rows = printed[printed["variable"] == name].set_index(["cohort", "level"])["n"].astype(int)
        held = [np.repeat(levels[name], rows[part][levels[name]]) for part in sizes]
        patients[name] = pd.Categorical(np.concatenate(held), levels[name])
    return baseline.baseline_table(patients, list(patients.columns[1:]), {})


def test_the_printed_counts_give_the_15_printed_p_values(printed, regenerated):
    # Li et al. 2024, Table 1, every digit: Yates for 2 x 2 tables, Pearson for larger (audit A2).
    want = printed.groupby("variable", sort=False)["p_value"].first()
    got = rows_of(regenerated).loc[want.index, "P"]
    assert len(want) == 15
    assert list(got) == [f"{p:.3f}" for p in want]


def test_every_cell_of_the_regenerated_table_is_as_printed(printed, regenerated):
    headings = {"all": "All (n = 544)", "test": "Test (n = 164)", "train": "Train (n = 380)"}
    places = iter(regenerated.index[regenerated["Characteristic"].str.startswith(level(""))])
    for (_, name), cells in printed.groupby(["variable", "level"], sort=False):
        row = regenerated.loc[next(places)]
        assert row["Characteristic"] == level(name)
        for cell in cells.itertuples():
            share = f" ({cell.percent:.2f})" if cell.n else ""
            assert row[headings[cell.cohort]] == f"{int(cell.n)}{share}", name
    assert next(places, None) is None


def test_fisher_stands_beside_the_four_doubtful_p_values(regenerated):
    # Audit A3: these four have an expected count below 5; Fisher by 200 000 resampled tables there.
    fisher = rows_of(regenerated)["Fisher P"]
    fisher = fisher[fisher != ""].astype(float)
    audit = {"Location": 0.215, "Composition": 0.545, "Calcify": 0.916, "ACR_TIRADS": 0.782}
    assert list(fisher.index) == list(audit)
    assert list(fisher) == pytest.approx(list(audit.values()), abs=0.004)


# --- standardised mean difference


def as_patients(case):
    table = np.array(case["input"]["table"])
    rows, columns = np.indices(table.shape)
    x = np.repeat([f"level {r}" for r in rows.ravel()], table.ravel())
    return x, np.repeat(np.array(["train", "test"])[columns.ravel()], table.ravel())


@each_table
def test_difference_of_shares_matches_tableone(case):
    got = standardised_difference(*as_patients(case))
    assert got == pytest.approx(case["output"]["smd"], rel=1e-10)


@pytest.mark.parametrize("case", GOLDEN["number_cases"], ids=lambda case: case["name"])
def test_difference_of_means_matches_tableone(case):
    train, test = case["input"]["train"], case["input"]["test"]
    group = ["train"] * len(train) + ["test"] * len(test)
    # In sorted order test comes first, so the difference is test minus train.
    assert standardised_difference(train + test, group) == pytest.approx(
        -case["output"]["train_minus_test"], rel=1e-10
    )


def test_difference_of_three_levels_by_hand():
    # Shares 1/2, 1/4, 1/4 against 1/4, 1/4, 1/2. Without the last level d = (1/4, 0) and the mean
    # covariance is [[7/32, -3/32], [-3/32, 3/16]], whose inverse begins with 64/11:
    # D2 = (1/4)^2 * 64/11 = 4/11.
    x = ["a", "a", "b", "c", "a", "b", "c", "c"]
    got = standardised_difference(x, [0] * 4 + [1] * 4)
    assert got**2 == pytest.approx(float(Fraction(4, 11)))


def test_difference_of_two_levels_is_the_textbook_formula():
    # Austin 2009: |p1 - p2| / sqrt((p1 q1 + p2 q2) / 2) with p = 0.3 and 0.5.
    x = [True] * 3 + [False] * 7 + [True] * 5 + [False] * 5
    got = standardised_difference(x, ["a"] * 10 + ["b"] * 10)
    assert got == pytest.approx(0.2 / np.sqrt((0.21 + 0.25) / 2))


def test_difference_is_first_minus_second_and_free_of_units():
    x, group = np.array([1.0, 2, 3, 5, 4, 6]), ["a", "a", "a", "b", "b", "b"]
    got = standardised_difference(x, group)
    assert got == pytest.approx(-3.0)  # means 2 and 5, both variances 1
    assert standardised_difference(10 * x + 7, group) == pytest.approx(got)
    turned = pd.Categorical(group, ["b", "a"])
    assert standardised_difference(x, turned) == pytest.approx(-got)


def test_difference_does_not_depend_on_the_level_left_out():
    rng = np.random.default_rng(8)
    x, group = rng.integers(0, 4, 200), rng.integers(0, 2, 200)
    ways = [pd.Categorical.from_codes(x, list(names)) for names in ("abcd", "dcba", "bdac")]
    got = [standardised_difference(way.astype(str), group) for way in ways]
    assert got == pytest.approx([got[0]] * 3)


def test_difference_where_the_groups_share_nothing_or_everything():
    group = ["a"] * 3 + ["b"] * 3
    assert standardised_difference(list("uuvwww"), group) == np.inf
    assert standardised_difference([1.0, 1, 1, 2, 2, 2], group) == -np.inf
    assert np.isnan(standardised_difference([4.0] * 6, group))
    assert np.isnan(standardised_difference(["u"] * 6, group))
    assert np.isnan(standardised_difference([1.0, 2.0, 3.0], ["a", "b", "b"]))
    unused = pd.Categorical(list("uuvuvv"), ["none", "u", "v", "neither"])
    assert standardised_difference(unused, group) == standardised_difference(list("uuvuvv"), group)


@pytest.mark.parametrize(
    ("x", "group", "message"),
    [
        ([1.0, 2.0], [0, 0], "group: expected two groups, found [0]."),
        ([1.0, 2.0, 3.0], [0, 1, 2], "group: expected two groups, found [0, 1, 2]."),
        ([1.0], [0, 1], "x, group: expected one length, got 1 and 2."),
        ([1.0, None], [0, 1], "x: 1 values are missing, the first at position 1."),
    ],
)
def test_difference_refuses_what_it_cannot_answer(x, group, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        standardised_difference(x, group)


# --- the table


def test_every_variable_is_counted_and_tested(patients):
    table = rows_of(baseline.baseline_table(patients, ["age", "margin", "y"], DICTIONARY))
    assert list(table.columns) == [
        *("All (n = 120)", "Test (n = 36)", "Train (n = 84)", "P", "Test used", "SMD")
    ]
    assert list(table.index) == [
        "Age, years",
        "Margin",
        *map(level, ("Smooth", "Irregular", "Extension")),
        "Metastasis",
        level("No"),
        level("Yes"),
    ]
    train = patients[patients["split"] == "train"]
    age = train["age"]
    assert table.loc["Age, years", "Train (n = 84)"] == f"{age.mean():.2f} ± {age.std():.2f}"
    k = (train["margin"] == "Irregular").sum()
    assert table.loc[level("Irregular"), "Train (n = 84)"] == f"{k} ({100 * k / 84:.2f})"
    want = group_tests.group_test(patients["margin"], patients["split"])
    assert table.loc["Margin", "P"] == rounding.p_value(want.p_value)
    assert table.loc["Margin", "Test used"] == "Chi-square"
    assert table.loc["Age, years", "Test used"] == "Student t"


def test_a_skewed_variable_is_tested_by_rank(patients):
    patients["age"] = np.exp(patients["age"] / 5)
    table = baseline.baseline_table(patients, ["age"], DICTIONARY)
    assert table.loc[0, "Test used"] == "Mann–Whitney U"
    want = group_tests.group_test(patients["age"], patients["split"], test="mann-whitney").p_value
    assert table.loc[0, "P"] == rounding.p_value(want)


def test_table_by_outcome_has_the_size_of_the_difference(patients):
    patients["age"] -= 4.0 * patients["y"]
    table = baseline.baseline_table(
        patients, ["age", "margin"], DICTIONARY, by="y", columns=OUTCOME
    )
    assert list(table.columns[2:4]) == [
        f"{heading} (n = {(patients['y'] == value).sum()})" for heading, value in OUTCOME.items()
    ]
    want = standardised_difference(patients["age"], patients["y"])
    assert want > 0  # 0 minus 1: those with metastasis are younger
    assert table.loc[0, "SMD"] == f"{want:.3f}"
    swapped = dict(reversed(OUTCOME.items()))
    other = baseline.baseline_table(
        patients, ["age", "margin"], DICTIONARY, by="y", columns=swapped
    )
    assert list(other["SMD"]) == list(table["SMD"]) and list(other["P"]) == list(table["P"])


def test_missing_values_are_shown_and_left_out(patients):
    margin = ["Smooth"] * 60 + ["Irregular"] * 55 + [None] * 5
    patients["margin"] = pd.Categorical(margin, DICTIONARY["margin"]["levels"])
    patients.loc[0, "margin"] = "Extension"
    table = baseline.baseline_table(patients, ["margin"], DICTIONARY, by="y", columns=OUTCOME)
    last = table.iloc[-1]
    assert last["Characteristic"] == level("Missing") and last["All (n = 120)"] == "5"
    assert int(last.iloc[2]) + int(last.iloc[3]) == 5
    whole = patients.dropna(subset="margin")
    fisher = group_tests.group_test(whole["margin"], whole["y"], test="fisher").p_value
    assert table.loc[0, "Fisher P"] == rounding.p_value(fisher)
    assert table.loc[0, "SMD"] == f"{standardised_difference(whole['margin'], whole['y']):.3f}"
    # Percent of the patients with a value, not of all.
    assert table.loc[1, "All (n = 120)"] == "59 (51.30)"


def test_external_patients_are_shown_and_compared_with_nobody(patients):
    alone = baseline.baseline_table(patients, ["age", "margin"], DICTIONARY)
    external = patients.head(30).assign(split="external", age=90.0, margin="Smooth")
    both = pd.concat([patients, external])  # indices repeat, as they do where frames are joined
    table = baseline.baseline_table(both, ["age", "margin"], DICTIONARY)
    assert list(table.columns) == [
        *("Characteristic", "All (n = 120)", "Test (n = 36)", "Train (n = 84)"),
        *("External (n = 30)", "P (Test vs Train)", "Test used", "SMD"),
    ]
    assert table.loc[0, "External (n = 30)"] == "90.00 ± 0.00"
    assert table.loc[2, "External (n = 30)"] == "30 (100.00)"
    unchanged = table.drop(columns="External (n = 30)").rename(columns={"P (Test vs Train)": "P"})
    pd.testing.assert_frame_equal(unchanged, alone)
    named = {"Test": "test", "Train": "train", "External": "external"}
    again = baseline.baseline_table(both, ["age", "margin"], DICTIONARY, columns=named)
    pd.testing.assert_frame_equal(again, table)


ODD = {
    "a level that nobody in the test cohort has": (
        lambda split: ["Smooth" if part == "test" else "Irregular" for part in split],
        {"kind": "categorical", "levels": ["Smooth", "Irregular", "Extension"]},
        [level("Smooth"), level("Irregular"), level("Extension")],
        ["36 (100.00)", "0", "0"],
    ),
    "true and false": (
        lambda split: [i % 3 == 0 for i in range(len(split))],
        {},
        [level("No"), level("Yes")],
        ["24 (66.67)", "12 (33.33)"],
    ),
    "true, false and missing": (
        lambda split: [None if i > 110 else i % 3 == 0 for i in range(len(split))],
        {},
        [level("No"), level("Yes"), level("Missing")],
        ["18 (66.67)", "9 (33.33)", "9"],
    ),
    "nullable booleans": (
        lambda split: pd.array([None] * 9 + [i % 3 == 0 for i in range(111)], dtype="boolean"),
        {},
        [level("No"), level("Yes"), level("Missing")],
        ["24 (66.67)", "12 (33.33)", "0"],
    ),
    "nullable numbers": (
        lambda split: pd.array([None] * 9 + list(range(111)), dtype="Int64"),
        {},
        [level("Missing")],
        ["0"],
    ),
    "numbers that are called categorical": (
        lambda split: [1 + i % 3 for i in range(len(split))],
        {"kind": "categorical"},
        [level("1"), level("2"), level("3")],
        ["12 (33.33)", "12 (33.33)", "12 (33.33)"],
    ),
    "zeros and ones of three declared levels": (
        lambda split: [i % 2 for i in range(len(split))],
        {"kind": "categorical", "levels": [0, 1, 2]},
        [level("0"), level("1"), level("2")],
        ["18 (50.00)", "18 (50.00)", "0"],
    ),
    "text without declared levels": (
        lambda split: ["$a$" if i % 2 else "b|" for i in range(len(split))],
        {},
        [level("$a$"), level("b|")],
        ["18 (50.00)", "18 (50.00)"],
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_variables_have_their_rows(patients, kind):
    make, entry, names, cells = ODD[kind]
    patients["x"] = make(patients["split"])
    table = baseline.baseline_table(patients, ["x"], {"x": {"label": "X"} | entry})
    assert list(table["Characteristic"]) == ["X", *names]
    assert list(table["Test (n = 36)"])[1:] == cells
    assert table.loc[0, "P"] not in ("", "–")


NOTHING_TO_COMPARE = {
    "one number": (3.0, {}, "3.00 ± 0.00"),
    "one level": ("Smooth", DICTIONARY["margin"], ""),
    "one truth": (True, {}, ""),
    "no number": (np.nan, {}, "–"),
    "no level": (None, DICTIONARY["margin"], ""),
}


@pytest.mark.parametrize("kind", NOTHING_TO_COMPARE)
def test_what_cannot_be_compared_has_dashes(patients, kind):
    value, entry, first = NOTHING_TO_COMPARE[kind]
    patients["x"] = pd.Series([value] * len(patients))
    table = baseline.baseline_table(patients, ["x"], {"x": {"label": "X"} | entry})
    assert table.loc[0, "Test (n = 36)"] == first
    assert table.loc[0, list(DASHES)].to_dict() == DASHES
    if pd.isna(value):
        assert list(table.iloc[-1, :4]) == [level("Missing"), "120", "36", "84"]


def test_a_variable_known_in_one_cohort_only_is_not_tested(patients):
    patients.loc[patients["split"] == "test", "age"] = np.nan
    table = baseline.baseline_table(patients, ["age"], DICTIONARY)
    assert table.loc[0, "Test (n = 36)"] == "–" and table.loc[0, "Train (n = 84)"] != "–"
    assert table.loc[0, list(DASHES)].to_dict() == DASHES


def test_fisher_of_too_many_levels_is_a_dash_and_no_wait():
    rng = np.random.default_rng(1)
    patients = pd.DataFrame({"split": np.where(np.arange(3000) < 2000, "train", "test")})
    patients["place"] = [f"place {k:02d}" for k in rng.poisson(9, 3000)]
    table = baseline.baseline_table(patients, ["place"], {})
    assert table.loc[0, "Fisher P"] == "–" and table.loc[0, "Test used"] == "Chi-square"
    with pytest.raises(group_tests.TableTooLarge, match="too large; use 'chi2'"):
        group_tests.group_test(patients["place"], patients["split"], test="fisher")


def test_declared_levels_win_over_those_of_a_categorical(patients):
    own = patients["margin"].cat.remove_categories("Extension")  # its patients have no value now
    patients["margin"] = own.cat.set_categories(["Irregular", "unused", "Smooth"])
    table = baseline.baseline_table(patients, ["margin"], DICTIONARY)
    rows = [level(name) for name in [*DICTIONARY["margin"]["levels"], "Missing"]]
    assert list(table["Characteristic"][1:]) == rows
    assert table.loc[3, "All (n = 120)"] == "0"
    undeclared = baseline.baseline_table(patients, ["margin"], {})
    rows = [level(name) for name in ("Irregular", "unused", "Smooth", "Missing")]
    assert list(undeclared["Characteristic"][1:]) == rows


def test_a_categorical_of_zero_and_one_reads_no_and_yes(patients):
    as_numbers = baseline.baseline_table(patients, ["y"], DICTIONARY)
    patients["y"] = pd.Categorical(patients["y"])
    pd.testing.assert_frame_equal(baseline.baseline_table(patients, ["y"], DICTIONARY), as_numbers)


@pytest.mark.parametrize("dtype", [str, "category"])
def test_an_undeclared_level_stops_whatever_its_dtype(patients, dtype):
    patients["margin"] = patients["margin"].astype(str)
    patients.loc[0, "margin"] = "smooth"
    patients["margin"] = patients["margin"].astype(dtype)
    message = (
        "patients: 'margin' holds ['smooth'], expected its declared levels "
        "['Smooth', 'Irregular', 'Extension']."
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        baseline.baseline_table(patients, ["margin"], DICTIONARY)


def test_unknown_variables_and_groups_are_named(patients):
    def refuses(message, variables=("age",), **kwargs):
        with pytest.raises(ValueError, match=re.escape(message)):
            baseline.baseline_table(patients, list(variables), DICTIONARY, **kwargs)

    refuses("variables: expected columns of patients, found no ['size'].", ["size"])
    refuses("columns: expected two groups to compare, got ['A'].", by="y", columns={"A": 0})
    patients.loc[0, "split"] = "validation"
    refuses("columns: split also holds ['validation']; give every group its heading.")
