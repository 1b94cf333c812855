"""Table 1: against the printed one, against other implementations, and for odd variables."""

import re

import numpy as np
import pandas as pd
import pytest

from thyro.report import published
from thyro.statistics import fisher, group_tests
from thyro.statistics.baseline import baseline_comparison
from thyro.statistics.group_tests import standardised_difference
from thyro.tables import baseline, rounding

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


def table_of(patients, variables, dictionary, *, by="split", columns=None):
    """Table 1 of these patients, compared and formatted."""
    rows = [{"name": name} | dictionary.get(name, {}) for name in variables]
    compared = baseline_comparison(patients, rows, by=by, groups=columns)
    return baseline.baseline_table(compared, dictionary)


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
    return table_of(patients, list(patients.columns[1:]), {})


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


def test_every_variable_is_counted_and_tested(patients):
    table = rows_of(table_of(patients, ["age", "margin", "y"], DICTIONARY))
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
    table = table_of(patients, ["age"], DICTIONARY)
    assert table.loc[0, "Test used"] == "Mann–Whitney U"
    want = group_tests.group_test(patients["age"], patients["split"], test="mann-whitney").p_value
    assert table.loc[0, "P"] == rounding.p_value(want)


def test_table_by_outcome_has_the_size_of_the_difference(patients):
    patients["age"] -= 4.0 * patients["y"]
    table = table_of(patients, ["age", "margin"], DICTIONARY, by="y", columns=OUTCOME)
    assert list(table.columns[2:4]) == [
        f"{heading} (n = {(patients['y'] == value).sum()})" for heading, value in OUTCOME.items()
    ]
    want = standardised_difference(patients["age"], patients["y"])
    assert want > 0  # 0 minus 1: those with metastasis are younger
    assert table.loc[0, "SMD"] == f"{want:.3f}"
    swapped = dict(reversed(OUTCOME.items()))
    other = table_of(patients, ["age", "margin"], DICTIONARY, by="y", columns=swapped)
    assert list(other["SMD"]) == list(table["SMD"]) and list(other["P"]) == list(table["P"])


def test_what_only_tells_the_outcome_again_has_no_distance(patients):
    levels = ["No", "Central", "Lateral"]
    patients["place"] = pd.Categorical(np.where(patients["y"], "Central", "No"), levels)
    dictionary = {"place": {"label": "Place", "levels": levels}}
    table = table_of(patients, ["place"], dictionary, by="y", columns=OUTCOME)
    assert table.loc[0, "SMD"] == "–" and table.loc[0, "P"] == "<0.001"


def test_missing_values_are_shown_and_left_out(patients):
    margin = ["Smooth"] * 60 + ["Irregular"] * 55 + [None] * 5
    patients["margin"] = pd.Categorical(margin, DICTIONARY["margin"]["levels"])
    patients.loc[0, "margin"] = "Extension"
    table = table_of(patients, ["margin"], DICTIONARY, by="y", columns=OUTCOME)
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
    alone = table_of(patients, ["age", "margin"], DICTIONARY)
    external = patients.head(30).assign(split="external", age=90.0, margin="Smooth")
    both = pd.concat([patients, external])  # indices repeat, as they do where frames are joined
    table = table_of(both, ["age", "margin"], DICTIONARY)
    assert list(table.columns) == [
        *("Characteristic", "All (n = 120)", "Test (n = 36)", "Train (n = 84)"),
        *("External (n = 30)", "P (Test vs Train)", "Test used", "SMD"),
    ]
    assert table.loc[0, "External (n = 30)"] == "90.00 ± 0.00"
    assert table.loc[2, "External (n = 30)"] == "30 (100.00)"
    unchanged = table.drop(columns="External (n = 30)").rename(columns={"P (Test vs Train)": "P"})
    pd.testing.assert_frame_equal(unchanged, alone)
    named = {"Test": "test", "Train": "train", "External": "external"}
    again = table_of(both, ["age", "margin"], DICTIONARY, columns=named)
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
    table = table_of(patients, ["x"], {"x": {"label": "X"} | entry})
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
    table = table_of(patients, ["x"], {"x": {"label": "X"} | entry})
    assert table.loc[0, "Test (n = 36)"] == first
    assert table.loc[0, list(DASHES)].to_dict() == DASHES
    if pd.isna(value):
        assert list(table.iloc[-1, :4]) == [level("Missing"), "120", "36", "84"]


def test_a_variable_known_in_one_cohort_only_is_not_tested(patients):
    patients.loc[patients["split"] == "test", "age"] = np.nan
    table = table_of(patients, ["age"], DICTIONARY)
    assert table.loc[0, "Test (n = 36)"] == "–" and table.loc[0, "Train (n = 84)"] != "–"
    assert table.loc[0, list(DASHES)].to_dict() == DASHES


def test_fisher_of_too_many_levels_is_a_dash_and_no_wait():
    rng = np.random.default_rng(1)
    patients = pd.DataFrame({"split": np.where(np.arange(3000) < 2000, "train", "test")})
    patients["place"] = [f"place {k:02d}" for k in rng.poisson(9, 3000)]
    table = table_of(patients, ["place"], {})
    assert table.loc[0, "Fisher P"] == "–" and table.loc[0, "Test used"] == "Chi-square"
    with pytest.raises(fisher.TableTooLarge, match="too large; use 'chi2'"):
        group_tests.group_test(patients["place"], patients["split"], test="fisher")


def test_declared_levels_win_over_those_of_a_categorical(patients):
    own = patients["margin"].cat.remove_categories("Extension")  # its patients have no value now
    patients["margin"] = own.cat.set_categories(["Irregular", "unused", "Smooth"])
    table = table_of(patients, ["margin"], DICTIONARY)
    rows = [level(name) for name in [*DICTIONARY["margin"]["levels"], "Missing"]]
    assert list(table["Characteristic"][1:]) == rows
    assert table.loc[3, "All (n = 120)"] == "0"
    undeclared = table_of(patients, ["margin"], {})
    rows = [level(name) for name in ("Irregular", "unused", "Smooth", "Missing")]
    assert list(undeclared["Characteristic"][1:]) == rows


def test_a_categorical_of_zero_and_one_reads_no_and_yes(patients):
    as_numbers = table_of(patients, ["y"], DICTIONARY)
    patients["y"] = pd.Categorical(patients["y"])
    pd.testing.assert_frame_equal(table_of(patients, ["y"], DICTIONARY), as_numbers)


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
        table_of(patients, ["margin"], DICTIONARY)


def test_unknown_variables_and_groups_are_named(patients):
    def refuses(message, variables=("age",), **kwargs):
        with pytest.raises(ValueError, match=re.escape(message)):
            table_of(patients, list(variables), DICTIONARY, **kwargs)

    refuses("variables: expected columns of patients, found no ['size'].", ["size"])
    refuses("columns: expected two groups to compare, got ['A'].", by="y", columns={"A": 0})
    patients.loc[0, "split"] = "validation"
    refuses("columns: split also holds ['validation']; give every group its heading.")
