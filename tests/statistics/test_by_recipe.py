"""Recipe by evaluation: which AUC stands for training patients, and what optimism is of."""

import numpy as np
import pandas as pd
import pytest

from thyro.statistics.by_recipe import (
    compared_recipes,
    cross_fitted_aucs,
    optimism_summary,
    recipe_table,
    two_by_two,
)
from thyro.statistics.cross_validated_auc import cross_validated_auc
from thyro.statistics.delong import delong_test
from thyro.statistics.performance import performance_table


def folded(models=("A", "B"), n=40, repeats=2):
    """Patients of whom 24 train, two protocols of one recipe, and predictions fold by fold."""
    rng = np.random.default_rng(1)
    ids = pd.Index([f"P{i:02d}" for i in range(n)], name="patient_id")
    y = pd.Series(np.arange(n) % 2, ids)
    split = pd.Series(np.where(np.arange(n) < 24, "train", "test"), ids)
    inside = pd.DataFrame({m: y + rng.normal(0, 0.5, n) for m in models}, ids)
    crossed = pd.DataFrame({m: y + rng.normal(0, 2.0, n) for m in models}, ids)
    rows = [
        (name, model, repeat, i // 2 % 3, y[name] + rng.normal(0, 2.0))
        for model in models
        for repeat in range(repeats)
        for i, name in enumerate(ids[:24])
    ]
    table = pd.DataFrame(rows, columns=["patient_id", "model", "repeat", "fold", "p"])
    return y, split, inside, crossed, table


def test_the_cross_fitted_auc_is_that_of_every_model_over_folds_and_repeats():
    y, split, *_, table = folded()
    train = y[split.eq("train")]
    found = cross_fitted_aucs(train, table.sample(frac=1, random_state=0), level=0.9)
    assert set(found["model"]) == {"A", "B"}
    of_b = table[table["model"].eq("B")]
    p, folds = (
        of_b.pivot(index="patient_id", columns="repeat", values=v).loc[train.index].to_numpy()
        for v in ("p", "fold")
    )
    alone = cross_validated_auc(train, p, folds, level=0.9)
    row = found.set_index("model").loc["B"]
    assert row.tolist() == [alone.auc, alone.se, alone.ci_low, alone.ci_high]


def measured_twice():
    y, split, inside, crossed, table = folded()
    measured = {
        "in": performance_table(y, inside.assign(Reader=y), split),
        "out": performance_table(y, crossed.assign(Reader=y), split),
    }
    return measured, cross_fitted_aucs(y[split.eq("train")], table)


def test_optimism_is_one_recipe_in_sample_less_cross_fitted_in_training():
    measured, in_training = measured_twice()
    compared = compared_recipes(measured, {"one": in_training}, {"one": ("in", "out")})
    assert set(compared["model"]) == {"A", "B"} and compared["recipe"].eq("one").all()
    rows = compared.set_index(["model", "cohort"])
    inside = measured["in"].set_index(["model", "cohort"])["auc"]
    outside = measured["out"].set_index(["model", "cohort"])["auc"]
    by_fold = in_training.set_index("model")["auc"]
    for model in "AB":
        train, test = rows.loc[(model, "train")], rows.loc[(model, "test")]
        assert train["auc_cross_fitted"] == by_fold[model] != outside[(model, "train")]
        assert train["optimism"] == inside[(model, "train")] - by_fold[model]
        assert test["auc_cross_fitted"] == outside[(model, "test")]
        assert np.isnan(test["optimism"])  # of patients who trained nothing both are honest


def test_both_evaluations_are_of_the_same_models():
    measured, in_training = measured_twice()
    with pytest.raises(ValueError, match="in one of them only"):
        two_by_two(measured["in"], measured["out"].iloc[:-1], in_training)


def test_the_optimism_of_a_recipe_in_four_numbers():
    compared = pd.DataFrame(
        {
            "model": ["A", "B", "C", "A"],
            "cohort": ["train"] * 3 + ["test"],
            "optimism": [0.1, 0.4, 0.2, np.nan],
        }
    )
    assert optimism_summary(compared) == {
        "n": 3,
        "median": 0.2,
        "largest": 0.4,
        "largest_of": "B",
        "smallest": 0.1,
        "smallest_of": "A",
    }


def test_steps_are_told_from_the_first_recipe_outside_training():
    y, split, inside, crossed, table = folded()
    scores = {"paper": inside, "sound": crossed}
    in_training = dict.fromkeys(scores, cross_fitted_aucs(y[split.eq("train")], table))
    found = recipe_table(y, scores, split, in_training, ["A"], base="paper", level=0.9)
    assert found[["recipe", "cohort"]].to_numpy().tolist() == [
        ["paper", "train"],
        ["paper", "test"],
        ["sound", "train"],
        ["sound", "test"],
    ]
    assert found["difference"].notna().tolist() == [False, False, False, True]
    test = split.eq("test")
    alone = delong_test(y[test], crossed.loc[test, "A"], inside.loc[test, "A"], level=0.9)
    last = found.iloc[-1]
    assert last["auc"] == alone.auc_a and last["difference"] == alone.difference
    assert [last["difference_low"], last["difference_high"]] == [alone.ci_low, alone.ci_high]
    assert last["p_value"] == alone.p_value
