"""What is shown and kept of measured features."""

import numpy as np
import pandas as pd
import pytest

from thyro.radiomics import PAPER, PLANAR, summaries
from thyro.radiomics.cohort_extraction import Extraction
from thyro.radiomics.common_grid import CommonGrid
from thyro.study import BC, SR


def test_failures_name_their_feature_set():
    failed = pd.DataFrame({"patient_id": ["P2"], "reason": ["too small"]})
    found = {"paper": Extraction(None, None, failed, 0)}
    found["planar"] = Extraction(None, None, failed[:0], 0)
    table = summaries.failure_table(found)
    expected = {"profile": "paper", "patient_id": "P2", "reason": "too small"}
    assert table.to_dict("records") == [expected]


def test_features_are_counted_by_set():
    table = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": [3.0, 3.0, 3.0], "c": [np.nan] * 3})
    counted = summaries.feature_summary({"paper": table}, {"paper": {"c"}})["paper"]
    assert counted.to_dict() == {
        "features": 3, "degenerate": 1, "constant": 2, "missing values": 4
    }  # fmt: skip


def test_tables_are_named_by_features_and_images():
    frames = {name: {s: pd.DataFrame({name: [1.0]}) for s in ("paper", "planar")} for name in "abc"}
    tables = summaries.feature_set_tables(SR, frames["a"], frames["b"], frames["c"])
    assert list(tables) == [
        *("radiomics_sr", "robustness_radiomics_sr", "description_radiomics_sr"),
        *("planar_sr", "robustness_planar_sr", "description_planar_sr"),
    ]
    assert tables["robustness_planar_sr"] is frames["b"]["planar"]
    paper = [{"paper": of_set["paper"]} for of_set in frames.values()]
    control = summaries.feature_set_tables(BC, *paper)
    assert list(control)[0] == "radiomics_bc" and len(control) == 3


@pytest.fixture
def stability():
    icc = {"icc_mask": [0.9, 0.7, 0.1, np.nan], "icc": [0.8, 0.6, 0.1, np.nan]}
    return pd.DataFrame(icc, index=list("abcd"))


def test_degenerate_features_are_not_in_the_medians(stability):
    medians = summaries.stability_medians({"paper": stability}, {"paper": {"c"}})
    assert medians.loc["icc_mask", "paper"] == pytest.approx(0.8)
    summary = summaries.stability_summary(stability, {"c"})
    assert (summary["n"], summary["good"]) == (2, 1)
    assert summary["median"] == pytest.approx({"icc_mask": 0.8, "icc": 0.7})


@pytest.fixture(scope="module")
def agreement():
    rng = np.random.default_rng(0)
    shape = (8, len(PAPER.names))
    original = pd.DataFrame(rng.normal(size=shape), columns=list(PAPER.names))
    return summaries.image_set_agreement(original, original, original + 1)


def test_the_enhanced_images_stand_before_the_control(agreement):
    assert agreement["icc"].to_numpy() == pytest.approx(1)
    assert (agreement["icc_bc"] < 0.99).all()
    assert agreement["spearman_bc"].to_numpy() == pytest.approx(1)
    assert agreement["degenerate"].sum() == len(PAPER.degenerate())


def test_what_cannot_disagree_is_not_summarised(agreement):
    scalars = summaries.agreement_scalars(agreement)
    left_out = agreement["degenerate"] | agreement["feature_class"].eq("shape")
    assert scalars["sr"]["n"] == scalars["bc"]["n"] == (~left_out).sum()
    assert scalars["sr"]["good"] == 1.0 > scalars["bc"]["good"]
    assert (True, "shape") in summaries.agreement_medians(agreement).index


def test_only_the_planar_set_is_resampled_and_has_widths_of_its_own():
    grid = CommonGrid(0.1, frozenset({"P1"}))
    widths = dict.fromkeys(PLANAR.image_types, 2.0)
    how = {"bin_width": 25.0, "widths": widths, "grid": grid, "workers": 3}
    made = summaries.measuring({"paper": PAPER, "planar": PLANAR}, **how)
    paper = {"feature_set": PAPER, "settings": {"binWidth": 25.0}, "grid": None, "workers": 3}
    planar = {"feature_set": PLANAR, "settings": {"binWidth": widths}, "grid": grid, "workers": 3}
    assert made == {"paper": paper, "planar": planar}
    without = summaries.measuring({"planar": PLANAR}, **how | {"widths": {}})["planar"]
    assert without == planar | {"settings": {"binWidth": 25.0}}
    assert summaries.grid_summary(grid, ["P1", "P2", "P3"]) == {
        "pixel_mm": 0.1, "resampled": 1, "as_they_are": 2
    }  # fmt: skip


def test_grey_levels_are_the_median_of_the_patients_asked_for():
    levels = pd.DataFrame(
        {"original": [4.0, 6.0, 8.0, 99.0, np.nan], "lbp-2D": [1.0, 1.0, 2.0, 9.0, np.nan]},
        index=[f"P{i}" for i in range(5)],
    )
    found = {
        "paper": Extraction(None, levels, None, 0),
        "planar": Extraction(None, levels, None, 0),
    }
    bins = summaries.effective_bins(found, ["P0", "P1", "P2", "P4"])  # not P3, and P4 failed
    assert bins["profile"].tolist() == ["paper"] * 2 + ["planar"] * 2
    first = bins.iloc[0]
    assert first["image_type"] == "original" and first["n"] == 3
    assert first[["low", "median", "high"]].tolist() == [5, 6, 7]
    assert summaries.bins_summary(bins)["planar"] == {"original": 6, "fewest": 1, "most": 6}


def test_redundant_is_what_has_another_of_nearly_the_same_ranks():
    rho = pd.DataFrame(np.eye(4), list("abcd"), list("abcd"))
    rho.loc["a", "b"] = rho.loc["b", "a"] = -0.95
    rho.loc["a", "c"] = rho.loc["c", "a"] = 0.9
    rho.loc["d"] = rho["d"] = np.nan  # constant
    assert summaries.redundancy(rho) == {"n": 3, "redundant": 2, "threshold": 0.9}


def test_the_report_is_told_how_features_were_measured():
    grid = CommonGrid(0.1, frozenset({"P0"}))
    how = summaries.measuring({"planar": PLANAR}, bin_width=16.0, widths={}, grid=grid)
    levels = pd.DataFrame({"original": [4.0, 6.0]}, index=["P0", "P1"])
    bins = summaries.effective_bins({"planar": Extraction(None, levels, None, 0)}, ["P0", "P1"])
    rho = pd.DataFrame(np.eye(2), list("ab"), list("ab"))
    told = summaries.measured_as(how, grid, ["P0", "P1"], bins, rho)
    assert told == {
        "settings": {"planar": {"binWidth": 16.0}},
        "grid": {"pixel_mm": 0.1, "resampled": 1, "as_they_are": 1},
        "bins": {"planar": {"original": 5, "fewest": 5, "most": 5}},
        "redundancy": {"n": 2, "redundant": 0, "threshold": 0.9},
    }
