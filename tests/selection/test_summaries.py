"""What is shown and kept of selections."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tests.selection.cohorts import cohort
from thyro.selection import select, summaries


@pytest.fixture(scope="module")
def patients():
    X, y = cohort()
    X["copy"] = X["f00"] * 2
    return X, pd.Series(y, X.index)


@pytest.fixture(scope="module")
def chosen(patients):
    return select.select_features(*patients, alpha=0.5)


def test_an_effect_is_the_share_of_pairs_won_less_those_lost(chosen, patients):
    X, y = patients
    effects = summaries.outcome_effects(chosen, X, y)
    pairs = np.subtract.outer(X.loc[y == 1, "f03"].to_numpy(), X.loc[y == 0, "f03"].to_numpy())
    assert effects.loc["f03", "effect"] == pytest.approx(np.sign(pairs).mean())
    assert effects["effect"].between(-1, 1).all()


def test_no_correlated_pair_is_left_after_the_second_step(chosen, patients):
    X, _ = patients
    found = summaries.correlations_around(chosen, X)
    assert list(found) == ["Before", "After"]
    assert {"f00", "copy"} <= set(found["Before"]) and not {"f00", "copy"} <= set(found["After"])
    rho = spearmanr(X["f00"], X["f01"]).statistic
    assert found["Before"].loc["f00", "f01"] == pytest.approx(rho)


def test_logs_and_notes_name_their_selection(chosen):
    logs = summaries.selection_logs({"a": chosen, "b": chosen})
    assert logs["signature"].value_counts().to_dict() == {"a": 13, "b": 13}
    assert list(logs.columns[:3]) == ["signature", "feature", "step"]
    assert set(logs["taken"]) == {"z-score, Mann-Whitney U, Spearman, LASSO"}
    only = select.select_features(
        *cohort(n=60), alpha=1, threshold=1, set_aside={"f00": ("ICC", "low")}
    )
    assert only.steps == ("ICC", "z-score", "LASSO")
    assert summaries.selection_notes({"a": chosen}) == ""
    few = select.select_features(*cohort(n=60), alpha=1e-12)
    assert summaries.selection_notes({"a": chosen, "few": few}) == f"few: {few.note}"


def test_the_penalties_and_what_each_keeps(chosen):
    row = summaries.penalty_table({"a": chosen}).loc["a"]
    assert row["kept there"] == len(chosen.kept) >= row["kept at one standard error"]
    assert row["lambda of the minimum"] <= row["lambda at one standard error"]
    summary = summaries.selection_summary(chosen)
    assert summary["kept"] == len(chosen.kept)
    assert summary["kept_1se"] == row["kept at one standard error"]


@pytest.fixture(scope="module")
def kept(chosen, patients):
    X, _ = patients
    icc = {"icc_mask": 0.9, "icc_noise": 0.95, "icc": 0.9}
    stability = pd.DataFrame(icc, index=list(X.columns))
    stability.loc[chosen.kept[0], ["icc_noise", "icc"]] = 0.25
    return summaries.kept_features(
        chosen, X, stability=stability, size=np.exp(X["f00"]), of_size=["f01", "f02"]
    )


def test_a_kept_feature_has_its_weight_its_icc_and_its_correlation_with_the_size(
    kept, chosen, patients
):
    X, _ = patients
    assert set(kept.index) == set(chosen.kept) and kept["coefficient"].abs().is_monotonic_decreasing
    pd.testing.assert_series_equal(
        kept["coefficient"], chosen.lasso.coefficients[kept.index], check_names=False
    )
    assert kept.at[chosen.kept[0], "icc_noise"] == 0.25 and kept["icc_reader"].isna().all()
    (own,) = {"f00", "copy"} & set(chosen.kept)
    assert kept.at[own, "rho"] == pytest.approx(1)
    want = spearmanr(X["f01"], X["f00"]).statistic
    row = kept.loc["f01"]
    assert row["rho"] == pytest.approx(want) and row["rho_low"] < want < row["rho_high"]
    assert row["of_size"] and not kept.at[own, "of_size"]


def test_kept_features_that_are_unstable_or_of_size_are_counted(kept, chosen):
    summary = summaries.kept_summary(kept)
    assert (summary["n"], summary["unstable"]) == (len(chosen.kept), 1)
    assert (summary["lowest"], summary["lowest_icc"]) == (chosen.kept[0], 0.25)
    assert summary["follow_size"] == (kept["rho"].abs() >= 0.5).sum() >= 1
    unknown = summaries.kept_summary(kept.assign(icc=np.nan))
    assert (unknown["unstable"], unknown["lowest"], unknown["lowest_icc"]) == (0, "", None)


def test_features_are_counted_by_the_step_at_which_they_left(chosen, patients):
    summary = summaries.selection_summary(chosen)
    assert summary["features"] == 13 == sum(summary["left"].values()) + summary["kept"]
    assert summary["left"]["Spearman"] == 1


def test_tables_hold_kept_values_with_the_training_median_for_missing_ones(chosen, patients):
    X = patients[0].copy()
    name = chosen.kept[0]
    X.loc["p3", name] = np.nan
    tables = summaries.selection_tables(chosen, X, "radiomics_or")
    assert list(tables) == ["fate_radiomics_or", "scaler_radiomics_or", "selected_radiomics_or"]
    selected = tables["selected_radiomics_or"]
    assert list(selected) == chosen.kept
    assert selected.loc["p3", name] == chosen.scaler.median[name]
    assert selected.loc["p4", name] == X.loc["p4", name]
