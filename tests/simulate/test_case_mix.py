"""The case mix: Table 1 of the paper, larger nodules, TI-RADS, criteria and empty cells."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, chisquare

from thyro.simulate import case_mix

# Li et al. 2024, Table 1, column ALL, n of 544.
TABLE_1 = {
    "gender": {"Female": 420, "Male": 124},
    "bilaterality": {"No": 443, "Yes": 101},
    "multifocality": {"No": 408, "Yes": 136},
    "location": {"Full": 6, "Upper": 123, "Middle": 270, "Lower": 114, "Isthmus": 31},
    "ht": {"No": 409, "Yes": 135},
    "composition": {"Cystic and solid": 13, "Solid": 531},
    "calcification": {
        "No": 228,
        "Stubby": 58,
        "Peripheral": 6,
        "Micro": 222,
        "Stubby and micro": 27,
        "Peripheral and micro": 3,
    },
    "margin": {
        "Smooth or ill defined": 319,
        "Irregular or lobulated": 158,
        "Extrathyroidal extension": 67,
    },
    "echo": {"Hyper- or Isoechoic": 42, "Hypoechoic": 249, "Very hypoechoic": 253},
    "shape": {"No taller-than-wide": 297, "Taller-than-wide": 247},
    "acr_tirads": {"TR2": 4, "TR3": 8, "TR4": 102, "TR5": 430},
    "surgical_method": {
        "Unilateral leaf + isthmus + CDN": 208,
        "TT + CND": 256,
        "TT + CND + LND": 80,
    },
    "lnm_location": {"No": 379, "Central": 114, "Central + Lateral": 51},
}
SEEDS = range(20)


def patients(n, seed, **options):
    """Table of `n` patients with outcome and operation."""
    rng = np.random.default_rng(seed)
    table = case_mix.preoperative(n, rng, **options)
    y = case_mix.outcome(np.full(n, case_mix.PREVALENCE), rng)
    return table.assign(y=y, **case_mix.surgery(y, table["bilaterality"], rng))


@pytest.fixture(scope="module")
def cohorts():
    return [patients(544, seed) for seed in SEEDS]


@pytest.mark.parametrize("name", TABLE_1)
def test_margins_are_those_of_table_1(cohorts, name):
    printed = TABLE_1[name]
    found = [table[name].value_counts().reindex(list(printed)) for table in cohorts]
    fits = [chisquare(counts, list(printed.values())).pvalue > 0.01 for counts in found]
    assert sum(fits) >= 19
    assert chisquare(sum(found), 20 * np.array(list(printed.values()))).pvalue > 0.01


@pytest.mark.parametrize("name", case_mix.COUNTS)
@pytest.mark.parametrize("n", [1, 60, 150, 544])
def test_quotas_are_met_to_within_one_patient(name, n):
    counts = case_mix.preoperative(n, np.random.default_rng(3))[name].value_counts()
    for level, printed in case_mix.COUNTS[name].items():
        assert abs(counts[level] - n * printed / 544) < 2  # one at each edge of the level


@pytest.mark.parametrize("name, mean, sd", [("age", 43.03, 11.33), ("diameter", 12.22, 8.56)])
def test_continuous_variables_have_the_printed_mean_and_sd_in_every_cohort(cohorts, name, mean, sd):
    for table in cohorts:
        assert table[name].mean() == pytest.approx(mean, rel=0.03)
        assert table[name].std() == pytest.approx(sd, rel=0.03)
    pooled = pd.concat(cohorts)[name]
    assert pooled.mean() == pytest.approx(mean, rel=0.005)
    assert pooled.std() == pytest.approx(sd, rel=0.005)


def test_diameter_is_right_skewed_within_its_range(cohorts):
    for table in cohorts:
        assert table["diameter"].between(3, 45).all() and table["diameter"].skew() > 1
        assert table["age"].between(18, 80).all()


def test_what_varies_between_cohorts_is_how_variables_fall_together(cohorts):
    together = {((t["gender"] == "Male") & (t["ht"] == "Yes")).sum() for t in cohorts}
    assert len(together) > 5


def test_copula_gives_the_stated_directions(cohorts):
    table = pd.concat(cohorts, ignore_index=True)
    together = pd.crosstab(table["bilaterality"], table["multifocality"], normalize="index")
    assert together.loc["Yes", "Yes"] > 2 * together.loc["No", "Yes"]
    assert table.groupby("margin", observed=True)["diameter"].mean().is_monotonic_increasing
    men = table["gender"] == "Male"
    assert (table["ht"][men] == "Yes").mean() < 0.6 * (table["ht"][~men] == "Yes").mean()


def test_larger_nodules_keep_what_belongs_to_their_size():
    plain, larger = patients(20_000, 4), patients(20_000, 4, size_shift=0.7)
    assert larger["diameter"].mean() > 1.3 * plain["diameter"].mean()
    extends = [(t["margin"] == "Extrathyroidal extension").mean() for t in (plain, larger)]
    assert extends[1] > 1.2 * extends[0]
    # What does not depend on the size keeps its share, and what does keeps it at a given size.
    for name in ("gender", "ht", "location"):
        shares = [t[name].value_counts(normalize=True) for t in (plain, larger)]
        assert shares[1].to_dict() == pytest.approx(shares[0].to_dict(), abs=2e-4)
    of_size = [t[t["diameter"].between(10, 16)] for t in (plain, larger)]
    found = [pd.Series([*t["margin"]]).value_counts() for t in of_size]
    assert chi2_contingency(pd.concat(found, axis=1)).pvalue > 0.001


def test_acr_tirads_counts_the_points_of_the_signs():
    def level(*codes):
        names = ["composition", "echo", "shape", "margin", "calcification"]
        signs = {
            name: pd.Categorical.from_codes([code], list(TABLE_1[name]))
            for name, code in zip(names, codes, strict=True)
        }
        return case_mix.acr_tirads(pd.DataFrame(signs))[0]

    assert level(0, 0, 0, 0, 0) == "TR2"  # mixed 1, isoechoic 1
    assert level(1, 0, 0, 0, 0) == "TR3"  # solid 2, isoechoic 1
    assert level(1, 1, 0, 0, 0) == "TR4"  # solid 2, hypoechoic 2
    assert level(1, 1, 0, 1, 0) == "TR4"  # 6 with a lobulated margin
    assert level(1, 1, 1, 0, 0) == "TR5"  # 7 with taller-than-wide
    assert level(0, 0, 0, 0, 5) == "TR5"  # 7 with rim and punctate foci


@pytest.mark.parametrize("total", [0.4, 3.0, 13.6])
def test_outcomes_keep_their_probabilities_and_their_number(total):
    risk = np.linspace(0.01, 1, 30)
    risk *= total / risk.sum()
    rng = np.random.default_rng(5)
    drawn = np.array([case_mix.outcome(risk, rng) for _ in range(6000)])
    assert set(drawn.ravel()) <= {0, 1}
    assert set(drawn.sum(axis=1)) <= {int(total), int(np.ceil(total))}
    assert np.abs(drawn.mean(axis=0) - risk).max() < 4.5 * np.sqrt(0.25 / 6000)


def test_what_surgery_finds_agrees_with_the_outcome():
    table = patients(2000, 3)
    assert ((table["lnm_location"] == "No") == (table["y"] == 0)).all()
    lateral = table[table["lnm_location"] == "Central + Lateral"]
    assert (lateral["surgical_method"] == "TT + CND + LND").all()
    bilateral = table[table["bilaterality"] == "Yes"]
    assert bilateral["surgical_method"].str.startswith("TT").all()


def test_location_of_metastasis_tells_the_outcome():
    told = {
        v["name"]: v["tells_outcome"] for v in case_mix.clinical_variables() if "tells_outcome" in v
    }
    assert told == {"lnm_location": {"No": 0, "Central": 1, "Central + Lateral": 1}}


def test_ti_rads_is_declared_as_a_score_of_its_signs():
    declared = {v["name"]: v for v in case_mix.clinical_variables()}
    composed = {name: v["composed_of"] for name, v in declared.items() if "composed_of" in v}
    assert composed == {"acr_tirads": ["composition", "echo", "shape", "margin", "calcification"]}
    table = case_mix.preoperative(600, np.random.default_rng(5))
    assert table.groupby(composed["acr_tirads"], observed=True)["acr_tirads"].nunique().max() == 1
    assert [name for name, v in declared.items() if v.get("ordered")] == ["echo", "acr_tirads"]


def test_criteria_stand_in_the_order_of_the_paper():
    described = case_mix.recorded_criteria()
    assert [c["column"] for c in described] == [
        "first_surgery",
        "ultrasound_date",
        "pathology",
        "complete_records",
        "metastatic_tumour",
        "poor_ultrasound",
        "node_disease",
        "treated_before",
    ]
    assert [c["kind"] for c in described] == 4 * ["inclusion"] + 4 * ["exclusion"]
    month = {"at_least": 0.0, "at_most": 31.0, "until": "surgery_date"}
    assert described[1].items() >= month.items()
    others = [(c["at_least"], c["at_most"], c["until"]) for c in described if c != described[1]]
    assert set(others) == {(None, None, None)}


def failures(cells):
    """Which criterion each patient fails, by the words of `criteria` alone."""
    fails = {}
    for c in case_mix.recorded_criteria():
        cell = cells[c["column"]]
        if c["until"]:
            days = (pd.to_datetime(cells[c["until"]]) - pd.to_datetime(cell)).dt.days
            fails[c["column"]] = ~days.between(c["at_least"], c["at_most"])
        else:
            fails[c["column"]] = cell == (0 if c["kind"] == "inclusion" else 1)
    return pd.DataFrame(fails)


def test_who_passes_passes_all_and_who_fails_fails_one_at_least():
    rng = np.random.default_rng(6)
    assert not failures(case_mix.criteria_cells(500, rng, failing=False)).to_numpy().any()
    fails = failures(case_mix.criteria_cells(500, rng, failing=True))
    assert fails.any(axis=1).all()
    assert fails.sum(axis=1).max() == 2
    assert fails.any(axis=0).all()  # every criterion excludes somebody
    first = fails.to_numpy().argmax(axis=1)
    shares = [share for *_, share in case_mix.CRITERIA.values()]
    assert np.bincount(first, minlength=8) / 500 == pytest.approx(shares, abs=0.06)


def test_dates_are_iso_and_within_the_enrolment():
    cells = case_mix.criteria_cells(300, np.random.default_rng(7), failing=False)
    assert cells["ultrasound_date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert cells["ultrasound_date"].between("2018-12-01", "2021-01-31").all()
    assert list(cells)[1:3] == ["ultrasound_date", "surgery_date"]


def test_cells_go_missing_at_random_and_nothing_else_does():
    table = patients(2000, 8).join(
        case_mix.criteria_cells(2000, np.random.default_rng(8), failing=False)
    )
    thinned = case_mix.empty_cells(table, 0.1, np.random.default_rng(9))
    names = [v["name"] for v in case_mix.clinical_variables()]
    assert thinned[names].isna().mean().to_numpy() == pytest.approx(0.1, abs=0.03)
    rest = [column for column in table if column not in names]
    pd.testing.assert_frame_equal(thinned[rest], table[rest])
    assert (thinned[names].dtypes == table[names].dtypes).all()
    gone = thinned["age"].isna()
    assert chi2_contingency(pd.crosstab(gone, table["y"])).pvalue > 0.001
    pd.testing.assert_frame_equal(case_mix.empty_cells(table, 0.0, np.random.default_rng(9)), table)


def test_incomplete_records_lack_a_cell():
    table = patients(200, 10).join(
        case_mix.criteria_cells(200, np.random.default_rng(10), failing=True)
    )
    empty = case_mix.empty_cells(table, 0.0, np.random.default_rng(11)).isna().any(axis=1)
    assert empty.equals(table["complete_records"] == 0)


def test_cells_go_missing_the_more_often_the_older_and_with_the_outcome():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.normal(45, 11, 20000), "y": rng.binomial(1, 0.3, 20000)})
    for name in case_mix.AT_RANDOM:
        table[name] = "No"
    found = case_mix.empty_at_random(table, 0.1, np.random.default_rng(1))
    empty = found[[*case_mix.AT_RANDOM]].isna()
    assert empty.mean().between(0.09, 0.13).all() and found[["age", "y"]].equals(
        table[["age", "y"]]
    )
    by_outcome = empty.groupby(table["y"]).mean()
    assert (by_outcome.loc[1] > 1.8 * by_outcome.loc[0]).all()
    older = table["age"] > 45
    assert (empty[older].mean() > 1.3 * empty[~older].mean()).all()
    assert case_mix.empty_at_random(table, 0.0, rng) is table
