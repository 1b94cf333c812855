"""Agreement of two versions of the same images."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thyro.statistics.agreement import (
    agreement_summary,
    agreement_table,
    icc,
    icc_of_features,
    rank_correlation,
)

# Shrout, Fleiss (1979), Table 2: six targets rated by four judges.
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]


def test_icc_of_shrout_and_fleiss():
    # Table 4 there prints .29; R psych::ICC gives 0.2897638 for ICC2.
    assert icc(SHROUT_FLEISS) == pytest.approx(0.2897638, abs=5e-8)


def test_icc_from_the_printed_mean_squares():
    # Table 3 there: between targets 11.24, judges 32.49, residual 1.02.
    by_hand = (11.24 - 1.02) / (11.24 + 3 * 1.02 + 4 * (32.49 - 1.02) / 6)
    assert icc(SHROUT_FLEISS) == pytest.approx(by_hand, abs=5e-4)


def test_icc_is_one_for_equal_ratings_and_falls_with_a_constant_offset():
    x = np.array([1.0, 4.0, 2.0, 8.0])
    assert icc(np.c_[x, x]) == 1
    assert 0 < icc(np.c_[x, x + 3]) < icc(np.c_[x, x + 1]) < 1
    assert icc(np.c_[x, -x]) < 0


def test_icc_does_not_depend_on_unit_or_order():
    ratings = np.array(SHROUT_FLEISS, dtype=float)
    assert icc(1e12 * ratings + 5e12) == pytest.approx(icc(ratings), rel=1e-9)
    assert icc(ratings[::-1, [2, 0, 3, 1]]) == pytest.approx(icc(ratings), rel=1e-12)


@pytest.mark.parametrize("ratings", [np.full((4, 2), 0.1), [[1, 2], [3, np.nan], [2, 2]]])
def test_icc_of_nothing_to_agree_on_is_nan(ratings):
    assert np.isnan(icc(ratings))


@pytest.mark.parametrize("ratings", [[1, 2, 3], [[1, 2]], [[1], [2]]])
def test_icc_needs_subjects_and_raters(ratings):
    with pytest.raises(ValueError, match=r"expected shape \(n_subjects, n_raters\)"):
        icc(ratings)


@pytest.fixture
def versions():
    """Features with ties, an offset, no relation, a constant, and a missing value."""
    rng = np.random.default_rng(3)
    first = pd.DataFrame(rng.normal(size=(40, 6)), index=[f"P{i}" for i in range(40)])
    first.columns = ["same", "tied", "offset", "unrelated", "constant", "missing"]
    second = first.copy()
    second["tied"] = np.round(first["tied"] + rng.normal(size=40), 0)
    second["offset"] = 3 * first["offset"] + 100
    second["unrelated"] = rng.normal(size=40)
    first["constant"] = 0.1
    second.loc["P7", "missing"] = np.nan
    return first, second


def test_table_is_icc_and_spearman_of_every_feature(versions):
    first, second = versions
    found = agreement_table(first, second)
    assert found.index.tolist() == first.columns.tolist() and found.index.name == "feature"
    for name in ("same", "tied", "offset", "unrelated"):
        pair = np.c_[first[name], second[name]]
        assert found.loc[name, "icc"] == pytest.approx(icc(pair), abs=1e-12)
        rho = stats.spearmanr(first[name], second[name]).statistic
        assert found.loc[name, "spearman"] == pytest.approx(rho, abs=1e-12)
    assert found.loc["same"].tolist() == pytest.approx([1, 1])
    assert found.loc["offset", "spearman"] == pytest.approx(1) and found.loc["offset", "icc"] < 0.1
    assert found.loc[["constant", "missing"]].isna().all(axis=None)


def test_table_finds_patients_and_features_by_name(versions):
    first, second = versions
    shuffled = second.sample(frac=1, random_state=1)[second.columns[::-1]]
    pd.testing.assert_frame_equal(agreement_table(first, shuffled), agreement_table(first, second))
    back = agreement_table(second, first)
    np.testing.assert_allclose(back, agreement_table(first, second), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda x: x.drop(index="P3"), r"same patients.*\['P3'\]"),
        (lambda x: pd.concat([x, x.loc[["P5"]]]), r"same patients.*\['P5'\]"),
        (lambda x: x.rename(columns={"tied": "other"}), r"same features.*'tied'"),
    ],
)
def test_other_patients_or_features_are_an_error(versions, change, what):
    first, second = versions
    with pytest.raises(ValueError, match=what):
        agreement_table(first, change(second))


def test_one_patient_is_too_few(versions):
    first, second = versions
    with pytest.raises(ValueError, match="two or more patients, got 1"):
        agreement_table(first[:1], second[:1])


def test_a_whole_study_takes_less_than_a_second():
    rng = np.random.default_rng(0)
    first = pd.DataFrame(rng.normal(size=(544, 1561)))
    started = time.process_time()
    found = agreement_table(first, first + rng.normal(size=first.shape))
    assert time.process_time() - started < 1
    # Half of the variance of each version is shared: 1 of 1 + 2 over 2, in expectation.
    assert found["icc"].median() == pytest.approx(1 / 1.5, abs=0.02)


def test_icc_of_many_features_is_that_of_each():
    several = np.stack([np.array(SHROUT_FLEISS, float), np.array(SHROUT_FLEISS)[::-1] * 2.0], -1)
    found, n = icc_of_features(several)
    assert found == pytest.approx([0.2897638] * 2, abs=5e-8) and n.tolist() == [6, 6]


def test_a_subject_without_a_rating_is_left_out_of_that_feature():
    ratings = np.random.default_rng(1).normal(size=(9, 3, 4)) + np.arange(9)[:, None, None]
    ratings[2, 1, 0] = ratings[4, :, 0] = ratings[4, 0, 3] = np.nan
    found, n = icc_of_features(ratings)
    assert n.tolist() == [7, 9, 9, 8]
    for feature, without in enumerate(([2, 4], [], [], [4])):
        whole = np.delete(ratings[:, :, feature], without, axis=0)
        assert found[feature] == pytest.approx(icc(whole), abs=1e-12)


def test_too_few_subjects_or_no_difference_have_no_icc():
    ratings = np.random.default_rng(1).normal(size=(6, 2, 3))
    ratings[:3, 0, 0] = np.nan
    ratings[:, :, 1] = 0.3
    found, n = icc_of_features(ratings, fewest=4)
    assert np.isnan(found).tolist() == [True, True, False] and n.tolist() == [3, 6, 6]
    assert np.isnan(icc_of_features(ratings[:1])[0]).all()
    with pytest.raises(ValueError, match=r"two or more raters, got \(6, 1, 3\)"):
        icc_of_features(ratings[:, :1])


def test_rank_correlation_is_that_of_pandas(versions):
    _, second = versions
    second["constant"] = 0.1
    found = rank_correlation(second)
    usable = ["same", "tied", "offset", "unrelated"]
    pd.testing.assert_frame_equal(
        found.loc[usable, usable], second[usable].corr(method="spearman"), check_exact=False
    )
    rest = ["constant", "missing"]
    assert found[rest].isna().all(axis=None) and found.loc[rest].isna().all(axis=None)


def test_rank_correlation_of_a_whole_study_takes_less_than_two_seconds():
    features = pd.DataFrame(np.random.default_rng(0).normal(size=(544, 1195)))
    started = time.process_time()
    assert rank_correlation(features).shape == (1195, 1195)
    assert time.process_time() - started < 2


def test_a_patient_without_features_is_left_out():
    rng = np.random.default_rng(4)
    first = pd.DataFrame(rng.normal(size=(12, 3)), columns=["a", "b", "c"])
    second = first + rng.normal(0, 0.1, size=first.shape)
    expected = agreement_table(first.iloc[:10], second.iloc[:10])
    first.iloc[10], second.iloc[11] = np.nan, np.nan
    pd.testing.assert_frame_equal(agreement_table(first, second), expected)
    with pytest.raises(ValueError, match="two or more patients with features, got 0"):
        agreement_table(first * np.nan, second)


def test_agreement_is_summed_up_by_medians_and_the_share_that_agrees_well():
    table = pd.DataFrame({"icc": [0.9, 0.75, 0.5], "icc_bc": [0.2, 0.8, 0.1]})
    table = table.assign(spearman=table["icc"] / 2, spearman_bc=table["icc_bc"] / 2)
    assert agreement_summary(table) == {"n": 3, "icc": 0.75, "spearman": 0.375, "good": 2 / 3}
    control = agreement_summary(table, suffix="_bc")
    assert control == {"n": 3, "icc": 0.2, "spearman": 0.1, "good": 1 / 3}
