"""What the figures of fitting and performance draw: data of the lines, labels, colours."""

from itertools import combinations
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from thyro.figures import performance
from thyro.statistics import calibration, classification, decision, delong

pytestmark = pytest.mark.usefixtures("style")

MODELS = list(performance.MODEL_COLOURS)
PANELS = (
    ["SR_SVM", "OR_SVM", "SR_KNN", "OR_KNN"],
    ["SR_ResNet101", "OR_ResNet101", "SR_DenseNet121", "OR_DenseNet121"],
    ["Nomogram_A", "Nomogram_B", "Nomogram_C", "Radiologist"],
)
# Machado, Oliveira, Fernandes (2009), IEEE TVCG 15:1291-1298: severity 1.0, linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.fixture
def cohort():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 80)
    p = 1 / (1 + np.exp(-(2 * y - 1 + rng.normal(size=80))))
    return y, p


def lab(colour, matrix):
    """CIE L*a*b* of a colour as seen with a colour-vision deficiency."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(matrix) @ linear, 0, 1)
    xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]] @ linear
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("matrix", [np.eye(3), *BLINDNESS.values()], ids=["all", *BLINDNESS])
@pytest.mark.parametrize("models", PANELS, ids=["radiomics", "deep", "nomograms"])
def test_models_of_one_panel_stay_apart_for_colour_blind_readers(models, matrix):
    for a, b in combinations(models, 2):
        colours = [lab(performance.MODEL_COLOURS[name], matrix) for name in (a, b)]
        distance = np.linalg.norm(colours[0] - colours[1])
        unlike = performance.MODEL_LINES[a] != performance.MODEL_LINES[b]
        # 20 in CIE76 is plain to see; two lines of one style must reach it by colour alone.
        assert distance > (12 if unlike else 20), (a, b, distance)


def test_every_model_has_one_colour_and_one_line():
    assert len(set(performance.MODEL_COLOURS.values())) == len(MODELS) == 12
    assert set(performance.MODEL_LINES) == set(MODELS)
    for name in MODELS:
        assert (performance.MODEL_LINES[name] == "--") == name.startswith("OR_")


@pytest.mark.parametrize("matrix", [np.eye(3), *BLINDNESS.values()], ids=["all", *BLINDNESS])
def test_models_of_other_names_stay_apart_too(matrix):
    names = [f"score {i}" for i in range(6)]
    styles = performance.model_styles([*names, *PANELS[2]])
    assert styles["Nomogram_B"] == (
        performance.MODEL_COLOURS["Nomogram_B"],
        performance.MODEL_LINES["Nomogram_B"],
    )
    for a, b in combinations(names, 2):
        colours = [lab(styles[name][0], matrix) for name in (a, b)]
        assert np.linalg.norm(colours[0] - colours[1]) > 20, (a, b)


def test_no_two_of_24_models_look_alike_and_order_alone_decides():
    names = [f"score {i}" for i in range(24)]
    styles = performance.model_styles(names)
    assert len(set(styles.values())) == 24
    known = set(performance.MODEL_COLOURS.values())
    assert not known & {colour for colour, _ in styles.values()}
    assert performance.model_styles(["SR_SVM", *names])["score 3"] == styles["score 3"]


def test_roc_keeps_the_style_of_a_model_in_every_panel(ax, cohort):
    y, p = cohort
    styles = performance.model_styles(["first", "second"])
    performance.draw_roc({"second": classification.roc_curve(y, p)}, ax, styles=styles)
    assert (ax.lines[1].get_color(), ax.lines[1].get_linestyle()) == styles["second"]


def test_style_prints_no_text_below_six_points():
    names = ("font", "axes.title", "axes.label", "xtick.label", "ytick.label")
    sizes = [mpl.rcParams[f"{name}.size" if name == "font" else f"{name}size"] for name in names]
    assert min(*sizes, mpl.rcParams["legend.fontsize"]) >= 6
    assert mpl.rcParams["savefig.dpi"] == 300 and not mpl.rcParams["axes.spines.top"]


def test_origin_stands_above_the_axes():
    fig, axes = plt.subplots(2, 2)
    for ax in axes.flat:
        ax.set_title("A title")
    performance.label_origin(fig, "Simulated data")
    fig.draw_without_rendering()
    (text,) = fig.texts
    assert text.get_text() == "Simulated data"
    low = text.get_window_extent().y0
    assert all(ax.title.get_window_extent().y1 <= low for ax in axes.flat)


def test_no_origin_leaves_the_figure_alone():
    fig, _ = plt.subplots()
    performance.label_origin(fig, "")
    assert not fig.texts


def test_letters_follow_the_order_of_the_panels():
    _, axes = plt.subplots(2, 2)
    performance.panel_letters(axes)
    assert [ax.texts[0].get_text() for ax in axes.flat] == ["A", "B", "C", "D"]


def test_coefficients_put_the_largest_on_top(ax):
    performance.draw_coefficients(pd.Series({"a": 0.1, "b": -2.0, "c": 1.0}), ax)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "c", "b"]
    assert [patch.get_width() for patch in ax.patches] == [0.1, 1.0, -2.0]
    assert ax.patches[0].get_facecolor() == ax.patches[1].get_facecolor()
    assert ax.patches[0].get_facecolor() != ax.patches[2].get_facecolor()


def test_lasso_path_marks_the_chosen_penalty():
    lambdas = np.array([1.0, 0.1, 0.01])
    result = SimpleNamespace(
        lambdas=lambdas,
        cv_mean=np.array([1.2, 1.0, 1.1]),
        cv_se=np.array([0.1, 0.1, 0.1]),
        path=pd.DataFrame({"a": [0, 0.5, 0.6], "never": 0.0, "b": [0, 0, -0.2]}, index=lambdas),
        lambda_min=0.1,
        lambda_1se=1.0,
    )
    _, axes = plt.subplots(1, 2)
    assert performance.draw_lasso_path(result, axes) is axes
    a, b, chosen = axes[0].lines  # the feature that never entered has no line
    assert a.get_ydata().tolist() == [0, 0.5, 0.6] and b.get_ydata().tolist() == [0, 0, -0.2]
    assert a.get_xdata() == pytest.approx(np.log(lambdas))
    assert chosen.get_xdata()[0] == pytest.approx(np.log(0.1))
    marked = {line.get_label(): line.get_xdata()[0] for line in axes[1].lines[1:]}
    assert marked == pytest.approx({"λ min": np.log(0.1), "λ 1 SE": 0.0})


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
    assert nomogram.get_color() == performance.MODEL_COLOURS["Nomogram_A"]
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


def test_calibration_draws_curve_groups_and_spread(ax, cohort):
    y, p = cohort
    curve = calibration.calibration_curve(y, p)
    performance.draw_calibration(curve, ax, model="Nomogram_B", text="slope 0.91", predictions=p)
    ideal, smooth = ax.lines
    assert ideal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert smooth.get_ydata().tolist() == curve.observed.tolist()
    assert ax.collections[1].get_offsets().data[:, 0] == pytest.approx(curve.bin_predicted)
    assert ax.get_title() == "Nomogram_B" and ax.texts[0].get_text() == "slope 0.91"
    (strip,) = ax.child_axes
    assert sum(bar.get_height() for bar in strip.patches) == len(y)
