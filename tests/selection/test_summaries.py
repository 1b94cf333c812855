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
