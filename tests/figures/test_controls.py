"""The controls of the notebooks: a move shows what it asks for."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from thyro import clinical, figures, nomogram, selection, statistics
from thyro.deep.grad_cam import Example
from thyro.figures import controls, live


@pytest.fixture(autouse=True)
def displayed(monkeypatch):
    outputs = []
    monkeypatch.setattr(live, "display", lambda output, **_: outputs.append(output))
    return outputs


def of(box):
    """Widgets by their label, the picture, and the words below it."""
    row, picture, below, _ = box.children
    return {one.description: one for one in row.children}, picture, below


@pytest.fixture(scope="module")
def chosen():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(80, 12)), columns=[f"original_f{k}" for k in range(12)])
    y = (X["original_f0"] - X["original_f1"] + rng.normal(size=80) > 0).astype(int)
    return X, y, selection.select_features(X, y, alpha=0.5)


def test_a_smaller_penalty_keeps_more_features(chosen):
    lasso = chosen[2].lasso
    moved, picture, below = of(figures.lasso_control({"OR": lasso}))
    slider, first = moved["Penalty, large to small"], picture.value
    at_minimum = int(np.flatnonzero(lasso.lambdas == lasso.lambda_min)[0])
    assert slider.value == at_minimum
    assert f"{(lasso.path.loc[lasso.lambda_min] != 0).sum()} features kept" in below.value
    slider.value = 0
    assert "0 features kept" in below.value and picture.value != first


def test_the_selection_log_is_sorted_filtered_and_searched(chosen):
    X, y, found = chosen
    moved, picture, below = of(
        figures.feature_control({"OR": found.log}, {"OR": X}, y, groups=["no", "yes"])
    )
    names = pd.read_html(live_table(below))[0]["Feature"].tolist()
    assert names == list(found.log["p"].sort_values(kind="stable").index)
    moved["Sort by"].value = "name"
    assert pd.read_html(live_table(below))[0]["Feature"].tolist() == sorted(found.log.index)
    moved["Name contains"].value = "F1"
    shown = pd.read_html(live_table(below))[0]["Feature"].tolist()
    assert shown == ["original_f1", "original_f10", "original_f11"]
    moved["Left at"].value = "kept"
    moved["Name contains"].value = "nothing"
    assert "No feature of OR" in below.value and picture.value == b""


def live_table(below):
    import io

    return io.StringIO(below.value[below.value.index("<table") :])


@pytest.fixture(scope="module")
def predicted():
    rng = np.random.default_rng(1)
    y = pd.Series(rng.integers(0, 2, 90))
    p = pd.DataFrame({"A": np.clip(0.4 * y + rng.uniform(0, 0.6, 90), 0.01, 0.99)})
    return y, p, pd.Series(["train"] * 50 + ["test"] * 40)


def test_the_threshold_moves_confusion_matrix_and_points(predicted):
    y, p, split = predicted
    grid = np.arange(0.01, 1, 0.01)
    moved, picture, below = of(
        figures.threshold_control(
            statistics.roc_curves(y, p, split),
            statistics.decision_curves(y, p, split, grid),
            partial(statistics.metrics_at, y, p, split),
        )
    )
    assert moved["Cohort"].value == "test"
    for threshold in (0.3, 0.7):
        before = picture.value
        moved["Threshold"].value = threshold
        found = statistics.threshold_metrics(y[50:], p["A"][50:], threshold)
        matrix = pd.read_html(live_table(below))[0]
        assert matrix["With the outcome"].tolist() == [found.tp, found.fn]
        assert matrix["Without"].tolist() == [found.fp, found.tn]
    assert picture.value != before
    moved["Cohort"].value = "train"
    assert "of 50 patients" in below.value


def test_a_heat_map_is_that_of_the_chosen_network_and_patient():
    rng = np.random.default_rng(2)
    mask = np.zeros((32, 32), bool)
    mask[8:20, 8:20] = True
    examples = {
        f"P{k}": Example(f"P{k}", k / 10, rng.uniform(0, 255, (32, 32)), rng.random((32, 32)), mask)
        for k in (1, 2)
    }
    moved, picture, below = of(
        figures.heat_map_control({"ResNet101": examples, "DenseNet121": {"P2": examples["P2"]}})
    )
    first = picture.value
    assert "ResNet101, P1: predicted 0.10" in below.value
    moved["Patient"].value = "P2"
    assert picture.value != first and "P2: predicted 0.20" in below.value
    moved["Network"].value = "DenseNet121"
    moved["Patient"].value = "P1"
    assert "DenseNet121 has no patient called P1" in below.value


def test_a_nodule_stands_beside_its_features():
    image, mask = np.full((40, 50), 90.0), np.zeros((40, 50), bool)
    mask[10:20, 10:30] = True
    features = pd.DataFrame(
        {"original_a": [1.0, 2, 3, 4], "wavelet_<b>": [4.0, 3, 2, 1]},
        index=["P1", "P2", "P3", "P4"],
    )
    moved, picture, below = of(
        figures.lesion_control(
            features.index, lambda _: (image, mask, (0.1, 0.1)), features, features.rank(pct=True)
        )
    )
    moved["Patient"].value = "P3"
    row = pd.read_html(live_table(below))[0].iloc[0]
    assert row.tolist() == ["original_a", 3, 75]
    moved["Feature contains"].value = "B"
    assert "wavelet_&lt;b&gt;" in below.value and "200 pixels" in below.value


def test_the_nomogram_reads_off_points_and_risk():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"age": rng.normal(50, 10, 200), "margin": rng.choice(["smooth", "rough"], 200)}
    )
    lp = 0.05 * (frame["age"] - 50) + (frame["margin"] == "rough")
    y = (rng.random(200) < 1 / (1 + np.exp(-lp))).astype(int)
    fit = clinical.fit_logistic(frame, y, ["age", "margin"])
    drawn = nomogram.Nomogram.from_fit(fit)
    moved, picture, below = of(
        figures.nomogram_control(drawn, fit.risk_of, start=frame.iloc[0], labels={"age": "Age (y)"})
    )
    first = picture.value
    moved["Age (y)"].value, moved["margin"].value = 60.0, "rough"
    p, low, high = fit.risk_of({"age": moved["Age (y)"].value, "margin": "rough"})
    assert f"{100 * p:.1f}% ({100 * low:.1f}% to {100 * high:.1f}%)" in below.value
    total = drawn.total_points({"age": moved["Age (y)"].value, "margin": "rough"})
    assert f"Total {total:.1f} points" in below.value and picture.value != first


def test_every_control_is_offered_by_the_room():
    offered = {name for name in figures.__all__ if name.endswith("_control")}
    assert offered == {
        name for name in vars(controls) if name.endswith("_control") and name[0] != "_"
    }
