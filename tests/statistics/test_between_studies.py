"""One model in two studies: paired where the patients are the same, unpaired where nobody is."""

import numpy as np
import pandas as pd
import pytest

from thyro.statistics import between_studies as compared
from thyro.statistics.delong import auc_ci, delong_test, unpaired_test


def study(seed, ids, *, same=True, split=None):
    """Scores of two models; outcome and age follow from the id, or from the seed, too."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"P{i}" for i in ids], name="patient_id")
    of_id = np.random.default_rng(7 if same else seed)
    y = pd.Series(of_id.integers(0, 2, 200), dtype=int).iloc[list(ids)].set_axis(index)
    age = pd.Series(of_id.normal(45, 10, 200).round(1)).iloc[list(ids)].set_axis(index)
    scores = pd.DataFrame({m: y + rng.normal(size=len(y)) for m in ("A", "B")}, index=index)
    cohort = pd.Series(split or ["train"] * 20 + ["test"] * (len(y) - 20), index=index)
    frame = pd.DataFrame({"age": age, "gender": "Male"})
    return compared.StudyScores(y, cohort, {"paper": scores}, frame)


def row(frame, model="A", cohort="test"):
    (one,) = frame[frame["model"].eq(model) & frame["cohort"].eq(cohort)].to_dict("records")
    return one


def test_the_same_patients_are_compared_in_pairs():
    a, b = study(1, range(60)), study(2, range(60))
    frame = compared.compare_studies(a, b)
    assert list(frame.columns) == [
        *compared.KEYS,
        *("n_a", "events_a", "auc_a", "ci_low_a", "ci_high_a"),
        *("n_b", "events_b", "auc_b", "ci_low_b", "ci_high_b"),
        *compared.TESTED,
    ]
    assert len(frame) == 4 and set(frame["design"]) == {compared.PAIRED}
    who = a.y.index[20:]
    expected = delong_test(a.y[who], a.scores["paper"]["A"][who], b.scores["paper"]["A"][who])
    found = row(frame)
    assert found["difference"] == pytest.approx(expected.difference)
    assert found["p_value"] == pytest.approx(expected.p_value) and found["common"] == 40
    alone = auc_ci(b.y[who], b.scores["paper"]["A"][who], level=0.95)
    assert (found["auc_b"], found["ci_low_b"]) == pytest.approx((alone.auc, alone.ci_low))


def test_a_study_does_not_differ_from_itself_and_the_other_way_round_is_the_opposite():
    a, b = study(1, range(60)), study(2, range(60))
    assert compared.compare_studies(a, a)["difference"].eq(0).all()
    forth, back = compared.compare_studies(a, b), compared.compare_studies(b, a)
    np.testing.assert_allclose(forth["difference"], -back["difference"])
    np.testing.assert_allclose(forth["p_value"], back["p_value"])


def test_other_patients_are_compared_without_pairs():
    a, b = study(1, range(60)), study(2, range(60, 130))
    frame = compared.compare_studies(a, b)
    assert set(frame["design"]) == {compared.UNPAIRED} and frame["common"].eq(0).all()
    here, there = a.y.index[20:], b.y.index[20:]
    expected = unpaired_test(
        a.y[here], a.scores["paper"]["A"][here], b.y[there], b.scores["paper"]["A"][there]
    )
    assert row(frame)["p_value"] == pytest.approx(expected.p_value)


def test_those_in_common_are_compared_where_cohorts_overlap():
    frame = compared.compare_studies(study(1, range(60)), study(2, range(30, 100)))
    found = row(frame)
    assert (found["design"], found["common"]) == (compared.COMMON, 10)  # 50 to 59 test in both
    assert (found["n_a"], found["n_b"]) == (40, 50)
    few = compared.compare_studies(study(1, range(60)), study(2, range(39, 100)))
    assert row(few)["design"] == compared.UNTESTED and np.isnan(row(few)["p_value"])


def test_the_same_pseudonym_is_another_patient_where_all_else_differs():
    """Simulated patients are counted from 1 in every cohort."""
    a, b = study(1, range(60)), study(2, range(60), same=False)
    assert len(compared.same_patients(a, b)) == 0
    assert set(compared.compare_studies(a, b)["design"]) == {compared.UNPAIRED}


def test_a_patient_whose_outcome_was_corrected_is_left_out_of_the_pairs():
    a, b = study(1, range(60)), study(2, range(60))
    b.y.iloc[30] = 1 - b.y.iloc[30]
    assert list(a.y.index.difference(compared.same_patients(a, b))) == ["P30"]
    assert row(compared.compare_studies(a, b))["design"] == compared.COMMON


def test_only_what_both_studies_have_is_compared():
    a, b = study(1, range(60)), study(2, range(60), split=["train"] * 60)
    del b.scores["paper"]["B"]
    frame = compared.compare_studies(a, b)
    assert frame[["model", "cohort"]].to_numpy().tolist() == [["A", "train"]]
    nothing = compared.StudyScores(b.y, b.split, {"sound": b.scores["paper"]}, b.variables)
    assert compared.compare_studies(a, nothing).empty
