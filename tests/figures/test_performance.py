"""What the figures of discrimination and net benefit draw: data of the lines, labels, colours."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from thyro.figures import performance, style
from thyro.figures.style import model_styles
from thyro.statistics import classification, decision, delong
from thyro.study import COHORTS, PAPER, Declared, radiomic_classifiers
from thyro.tables import auc_labels

pytestmark = pytest.mark.usefixtures("style")


@pytest.fixture
def cohort():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 80)
    p = 1 / (1 + np.exp(-(2 * y - 1 + rng.normal(size=80))))
    return y, p


def test_roc_keeps_the_style_of_a_model_in_every_panel(ax, cohort):
    y, p = cohort
    styles = model_styles(["first", "second"])
    performance.draw_roc({"second": classification.roc_curve(y, p)}, ax, styles=styles)
    assert (ax.lines[1].get_color(), ax.lines[1].get_linestyle()) == styles["second"]


def test_roc_draws_the_curves_in_their_colours(ax, cohort):
    y, p = cohort
    reading = (p > 0.5).astype(float)
    curves = {
        "Nomogram_A": classification.roc_curve(y, p),
        "Radiologist": classification.roc_curve(y, reading),
    }
    performance.draw_roc(
        curves, ax, labels={"Nomogram_A": "Nomogram_A 0.9 (0.8–1.0)"}, title="Test"
    )
    _, nomogram, radiologist = ax.lines
    assert nomogram.get_xdata() == pytest.approx(1 - curves["Nomogram_A"].specificity)
    assert nomogram.get_color() == model_styles(["Nomogram_A"])["Nomogram_A"][0]
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["Nomogram_A 0.9 (0.8–1.0)", "Radiologist"]
    assert ax.get_title() == "Test" and ax.get_xlabel() == "1 − specificity"
    # A yes/no reading is one point; its marker stands there and not in the corners.
    assert radiologist.get_marker() == "o" and radiologist.get_markevery() == [1]
    assert nomogram.get_marker() == "None"


def test_delong_matrix_is_symmetric_with_an_empty_diagonal(ax, cohort):
    y, p = cohort
    rng = np.random.default_rng(2)
    models = ["Nomogram_A", "Nomogram_B", "Radiologist"]
    scores = pd.DataFrame({name: p + k * rng.normal(size=80) for k, name in enumerate(models)})
    table = delong.delong_matrix(y, scores)
    performance.draw_delong_matrix(table, models, ax, title="Train")
    values = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert np.isnan(np.diag(values)).all()
    assert values[0, 2] == values[2, 0] == table.loc[1, "p_value"]
    assert len(ax.texts) == 6
    shown = next(t.get_text() for t in ax.texts if t.get_position() == (2, 1))
    assert shown == ("<0.001" if values[1, 2] < 0.001 else f"{values[1, 2]:.3f}")
    with pytest.raises(ValueError, match="row for Nomogram_A and Nomogram_C"):
        performance.draw_delong_matrix(table, ["Nomogram_A", "Nomogram_C"], ax)


def test_a_wide_delong_matrix_drops_the_leading_zero(ax):
    models = [f"M{i}" for i in range(8)]
    pairs = [(a, b) for k, a in enumerate(models) for b in models[k + 1 :]]
    table = pd.DataFrame(pairs, columns=["model_a", "model_b"]).assign(p_value=0.0191)
    table.loc[0, "p_value"] = 0.0001
    performance.draw_delong_matrix(table, models, ax)
    assert {t.get_text() for t in ax.texts} == {".019", "<.001"}


def test_delong_matrix_draws_adjusted_values_on_request(ax, cohort):
    y, p = cohort
    scores = pd.DataFrame({"A": p, "B": p**2, "C": np.roll(p, 1)})
    table = delong.delong_matrix(y, scores)
    performance.draw_delong_matrix(table, ["A", "B", "C"], ax, column="p_holm")
    values = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert values[0, 2] == table.loc[1, "p_holm"]


def test_decision_curve_shows_the_references_once(ax, cohort):
    y, p = cohort
    grid = np.arange(1, 100) / 100
    for k, model in enumerate(["Nomogram_A", "Nomogram_C"]):
        curve = decision.decision_curve(y, p, grid, model=model)
        performance.draw_decision_curve(curve, ax, references=k == 0)
    labels = [line.get_label() for line in ax.lines]
    assert labels == ["Treat all", "Treat none", "Nomogram_A", "Nomogram_C"]
    assert ax.lines[2].get_ydata().tolist() == curve.net_benefit.tolist()
    assert ax.lines[0].get_ydata().tolist() == curve.treat_all.tolist()
    low, high = ax.get_ylim()
    assert low < 0 < y.mean() < high


def test_decision_curves_of_other_names_take_the_styles_of_all(ax, cohort):
    y, p = cohort
    styles = model_styles(["first", "second"])
    curve = decision.decision_curve(y, p, [0.2, 0.5, 0.8], model="second", draws=20, seed=1)
    performance.draw_decision_curve(curve, ax, styles=styles, references=False)
    (line,) = ax.lines
    assert (line.get_color(), line.get_linestyle()) == styles["second"]
    assert len(ax.collections) == 1  # the band
    other = plt.subplots()[1]
    performance.draw_decision_curve(curve, other, references=False)  # alone it is the first
    assert other.lines[0].get_color() == styles["first"][0]


def test_a_decision_curve_is_drawn_over_its_range_alone(ax, cohort):
    y, p = cohort
    grid = [k / 20 for k in range(1, 20)]
    curve = decision.decision_curve(y, p, grid, model="Nomogram_A", draws=20)
    performance.draw_decision_curve(curve, ax, shown=(0.1, 0.6))
    assert ax.get_xlim() == (0.1, 0.6)
    for line in (ax.lines[0], ax.lines[2]):
        assert (line.get_xdata().min(), line.get_xdata().max()) == (0.1, 0.6)
    inside = curve.treat_all[(curve.threshold >= 0.1) & (curve.threshold <= 0.6)]
    assert ax.get_ylim()[1] == pytest.approx(1.5 * max(inside.max(), ax.lines[2].get_ydata().max()))


# --- whole figures -----------------------------------------------------------------------------

FAMILIES = [
    ["SR_SVM", "OR_SVM", "SR_KNN", "OR_KNN"],
    ["SR_ResNet101", "OR_ResNet101", "SR_DenseNet121", "OR_DenseNet121"],
]


def drawn_models(ax):
    return [line.get_label() for line in ax.lines if line.get_label() != "_chance"]


def curves_of(models, cohort, cohorts=("train", "test")):
    y, p = cohort
    rng = np.random.default_rng(1)
    return {
        name: {model: classification.roc_curve(y, p + rng.normal(size=len(p))) for model in models}
        for name in cohorts
    }


def test_figure_4_has_a_row_per_family_and_a_column_per_cohort(cohort):
    models = sum(FAMILIES, [])
    rows = [
        {"model": model, "cohort": name, "auc": 0.8, "ci_low": 0.7, "ci_high": 0.9}
        for name in ("train", "test", "external")
        for model in models
    ]
    labels = auc_labels(pd.DataFrame(rows))
    curves = curves_of(models, cohort)
    fig = performance.roc_figure(curves, labels=labels, level=0.9)
    assert fig.get_size_inches().tolist() == [7.2, 7.4]
    panels = np.reshape(fig.axes, (2, 2))
    for row, family in zip(panels, FAMILIES, strict=True):
        for ax in row:
            assert drawn_models(ax) == [f"{model} 0.800 (0.700–0.900)" for model in family]
            assert ax.get_legend().get_title().get_text() == "AUC (90% CI)"
    assert [ax.get_title() for ax in panels[0]] == ["Training cohort", "Test cohort"]
    assert [ax.texts[0].get_text() for ax in fig.axes] == list("ABCD")
    line = panels[1, 1].lines[3]
    assert line.get_ydata().tolist() == curves["test"]["SR_DenseNet121"].sensitivity.tolist()
    assert line.get_color() == model_styles(["SR_DenseNet121"])["SR_DenseNet121"][0]


def test_figure_4_of_scores_of_a_table_has_four_curves_in_a_panel_at_most(cohort):
    models = [f"score {i}" for i in range(6)]
    fig = performance.roc_figure(curves_of(models, cohort))
    assert [drawn_models(ax) for ax in fig.axes] == [models[:3]] * 2 + [models[3:]] * 2
    assert fig.axes[2].lines[1].get_color() == model_styles(models)["score 3"][0]


def test_all_models_together_are_one_row_without_letters(cohort):
    models = sum(FAMILIES, [])
    fig = performance.roc_figure(curves_of(models, cohort), together=True)
    assert [drawn_models(ax) for ax in fig.axes] == [models] * 2
    assert fig.get_size_inches().tolist() == [7.2, 3.7]
    assert not any(ax.texts for ax in fig.axes)
    assert fig.axes[0].get_legend().get_title().get_text() == ""


def test_more_classifiers_make_longer_legends_and_no_more_panels(cohort, monkeypatch):
    known = Declared().kinds()
    more = known | {"Forest": replace(known["SVM"], name="Forest", colours=("#111111", "#999999"))}
    monkeypatch.setattr(style, "kind_of", more.get)
    shown = [kind for kind, entry in more.items() if entry.recipe == PAPER]
    models = [f"{images}_{kind}" for kind in shown for images in ("SR", "OR")]
    fig = performance.roc_figure(curves_of(models, cohort))
    above, below = drawn_models(fig.axes[0]), drawn_models(fig.axes[2])
    assert len(fig.axes) == 4 and len(above) == 6 and below == FAMILIES[1]
    assert fig.axes[0].lines[-1].get_color() == "#999999"
    fig.draw_without_rendering()
    legend, axes = (part.get_window_extent() for part in (fig.axes[0].get_legend(), fig.axes[0]))
    assert axes.x0 <= legend.x0 and legend.y1 <= axes.y1


def test_the_legend_of_many_models_stands_below_its_panel(cohort):
    models = [f"{images}_{kind}" for kind in radiomic_classifiers() for images in ("SR", "OR")]
    labels = {
        name: dict.fromkeys(models, "SR_RandomForest 0.878 (0.820–0.936)") for name in COHORTS
    }
    fig = performance.roc_figure(curves_of(models, cohort), labels=labels)
    fig.draw_without_rendering()
    for ax in fig.axes:
        legend, panel = ax.get_legend().get_window_extent(), ax.get_window_extent()
        assert len(ax.get_legend().get_texts()) == len(models) == 10
        assert legend.y1 < panel.y0 and fig.bbox.y0 <= legend.y0
        assert panel.width > 200  # the curves keep their room


def delong_of(models, cohort, cohorts):
    y, p = cohort
    rng = np.random.default_rng(3)
    scores = pd.DataFrame({model: p + rng.normal(size=len(p)) for model in models})
    return pd.concat(delong.delong_matrix(y, scores).assign(cohort=name) for name in cohorts)


def test_delong_matrices_stand_side_by_side(cohort):
    models = ["SR_SVM", "OR_SVM", "SR_KNN"]
    table = delong_of([*models, "OR_KNN"], cohort, ("train", "test", "external"))
    fig = performance.delong_figure(table, models, ["train", "test"])
    panels = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title() for ax in panels] == ["Training cohort", "Test cohort"]
    assert fig.get_size_inches().tolist() == [7.2, 3.9]
    for ax, name in zip(panels, ("train", "test"), strict=True):
        rows = table[table["cohort"].eq(name)].set_index(["model_a", "model_b"])
        assert ax.images[0].get_array()[0, 2] == rows.loc[("SR_SVM", "SR_KNN"), "p_value"]
        assert ax.texts[-1].get_text() in "AB"


def test_large_delong_matrices_stand_below_each_other(cohort):
    models = [f"score {i}" for i in range(12)]
    fig = performance.delong_figure(
        delong_of(models, cohort, ("train", "test")), models, ["train", "test"]
    )
    fig.draw_without_rendering()
    first, second = (ax for ax in fig.axes if ax.images)
    assert second.get_window_extent().y1 < first.get_window_extent().y0
    numbers = [text.get_window_extent() for text in first.texts if text.get_text() != "A"]
    row = sorted((box for box in numbers if box.y0 == numbers[0].y0), key=lambda box: box.x0)
    assert all(a.x1 < b.x0 for a, b in zip(row, row[1:], strict=False))


@pytest.mark.parametrize("cohorts", [("train", "test"), ("train", "test", "external")])
def test_figure_6_has_a_column_per_cohort(cohort, cohorts):
    y, p = cohort
    models = ["Nomogram_A", "Nomogram_C", "Radiologist"]
    curves = curves_of(models, cohort, cohorts)
    decisions = {
        name: [decision.decision_curve(y, p, [0.1, 0.4], model=model) for model in models]
        for name in cohorts
    }
    labels = {name: {model: f"{model} in {name}" for model in models} for name in cohorts}
    table = delong_of(models, cohort, cohorts)
    fig = performance.performance_figure(curves, table, decisions, labels=labels, level=0.8)
    narrow = len(cohorts) == 3
    assert fig.get_size_inches().tolist() == [7.2, 8.4 if narrow else 9.4]
    panels = np.reshape(fig.axes[: 3 * len(cohorts)], (3, len(cohorts)))
    for (roc, matrix, benefit), name in zip(panels.T, cohorts, strict=True):
        assert drawn_models(roc) == [f"{model} in {name}" for model in models]
        assert roc.get_legend().get_title().get_text() == "AUC (80% CI)"
        assert matrix.images[0].get_array().shape == (3, 3) and matrix.get_title() == ""
        assert [line.get_label() for line in benefit.lines] == ["Treat all", "Treat none", *models]
        assert (benefit.get_legend() is None) == narrow
    assert len(fig.legends) == narrow
    if narrow:
        texts = [text.get_text() for text in fig.legends[0].get_texts()]
        assert texts == ["Treat all", "Treat none", *models]
