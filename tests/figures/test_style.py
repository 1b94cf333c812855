"""The look of every figure: colours of models by one rule, origin, letters, text sizes."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from thyro.figures import style
from thyro.study import OR, SOUND, SR, Declared, kind_of

pytestmark = pytest.mark.usefixtures("style")

PANELS = (
    ["SR_SVM", "OR_SVM", "SR_KNN", "OR_KNN"],
    [
        *("SR_ResNet101", "OR_ResNet101", "SR_DenseNet121", "OR_DenseNet121"),
        *("SR_EfficientNetLite0", "OR_EfficientNetLite0"),
    ],
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

PAPER = {  # models of the reference study and their readers, as in every version of its report
    "SR_SVM": ("#08519C", "-"),
    "OR_SVM": ("#6BAED6", "--"),
    "SR_KNN": ("#A63603", "-"),
    "OR_KNN": ("#FD8D3C", "--"),
    "SR_ResNet101": ("#00513B", "-"),
    "OR_ResNet101": ("#41AE86", "--"),
    "SR_DenseNet121": ("#5B2A86", "-"),
    "OR_DenseNet121": ("#BC80BD", "--"),
    "Radiologist": ("#525252", ":"),
    "Nomogram_A": ("#D55E00", "-"),
    "Nomogram_B": ("#332288", (0, (6, 1.5))),
    "Nomogram_C": ("#44AA99", (0, (6, 1.5, 1, 1.5))),
}


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
    styles = style.model_styles(models)
    for a, b in combinations(models, 2):
        colours = [lab(styles[name][0], matrix) for name in (a, b)]
        distance = np.linalg.norm(colours[0] - colours[1])
        unlike = styles[a][1] != styles[b][1]
        # 20 in CIE76 is plain to see; two lines of one style must reach it by colour alone.
        assert distance > (12 if unlike else 20), (a, b, distance)


def test_models_of_the_paper_look_as_they_always_did():
    assert style.model_styles(PAPER) == PAPER
    assert style.model_styles(reversed(PAPER)) == PAPER  # whatever else is drawn, and in what order


def test_every_model_of_the_registries_has_one_colour_and_one_line():
    named = [name for name in Declared().models_of(SOUND) if not name.variant]
    styles = style.model_styles([*map(str, named), *PANELS[2]])
    assert len(named) == 10
    assert len({colour for colour, _ in styles.values()}) == len(styles)
    for name in named:
        assert styles[str(name)][1] == (OR if name.image_set == OR.name else SR).line


def test_controls_and_variants_have_the_colour_of_their_kind_and_a_line_of_their_own():
    names = ["SR_SVM", "BC_SVM", "SR_SVM_tuned", "OR_SVM", "OR_SVM_tuned"]
    styles = style.model_styles(names)
    dark, light = styles["SR_SVM"][0], styles["OR_SVM"][0]
    assert styles["BC_SVM"] == (dark, "-.")
    assert styles["SR_SVM_tuned"] == (dark, ":") and styles["OR_SVM_tuned"] == (light, ":")
    assert len(set(styles.values())) == len(names)


def test_a_name_that_only_looks_like_a_model_of_images_is_another():
    styles = style.model_styles(["SR_mine", "XX_SVM", "SR"])
    first = [(colour, "-") for colour in style.OTHER_COLOURS[:3]]
    assert list(styles.values()) == first


@pytest.mark.parametrize("matrix", [np.eye(3), *BLINDNESS.values()], ids=["all", *BLINDNESS])
def test_models_of_other_names_stay_apart_too(matrix):
    names = [f"score {i}" for i in range(6)]
    styles = style.model_styles([*names, *PANELS[2]])
    assert styles["Nomogram_B"] == PAPER["Nomogram_B"]
    for a, b in combinations(names, 2):
        colours = [lab(styles[name][0], matrix) for name in (a, b)]
        assert np.linalg.norm(colours[0] - colours[1]) > 20, (a, b)


def test_no_two_of_24_models_look_alike_and_order_alone_decides():
    names = [f"score {i}" for i in range(24)]
    styles = style.model_styles(names)
    assert len(set(styles.values())) == 24
    known = {colour for colour, _ in PAPER.values()}
    assert not known & {colour for colour, _ in styles.values()}
    assert style.model_styles(["SR_SVM", *names])["score 3"] == styles["score 3"]


def test_panels_group_by_the_family_of_the_registry():
    names = [str(name) for name in Declared().model_names()]
    radiomics, deep = style.by_family(reversed(names))
    assert radiomics == [name for name in reversed(names) if name in PANELS[0]]
    assert set(deep) == set(PANELS[1][:4])
    assert style.by_family(["OR_ResNet101", "SR_SVM_tuned", "BC_KNN"]) == [
        ["SR_SVM_tuned", "BC_KNN"],
        ["OR_ResNet101"],
    ]


def test_a_family_has_one_group_however_many_classifiers_it_has(monkeypatch):
    more = Declared().kinds() | {f"K{i}": kind_of("SVM") for i in range(5)}
    monkeypatch.setattr(style, "kind_of", more.get)
    names = [f"{images}_{kind}" for kind in more for images in ("SR", "OR")]
    radiomics, deep = style.by_family(names)
    assert len(radiomics) == 14 and len(deep) == 6


@pytest.mark.parametrize(("n", "sizes"), [(1, [1]), (4, [4]), (5, [3, 2]), (9, [3, 3, 3])])
def test_scores_of_a_table_share_panels_by_four_at_most(n, sizes):
    names = [f"score {i}" for i in range(n)]
    groups = style.by_family(names)
    assert [len(group) for group in groups] == sizes and sum(groups, []) == names
    assert style.by_family(["SR_SVM", *names])[0] == ["SR_SVM"]


def test_points_of_a_strip_keep_apart_without_chance():
    places = style.spread(50)
    assert places.tolist() == style.spread(50).tolist()
    assert places.min() >= -0.5 and places.max() < 0.5
    assert np.diff(np.sort(places)).min() > 0.005  # of 0.02, were they even
    assert len(style.spread(0)) == 0


def test_feature_names_break_where_a_reader_would():
    name = "exponential_gldm_LargeDependenceHighGrayLevelEmphasis"
    lines = style.wrap_feature(name, 24).split("\n")
    assert "".join(lines) == name
    assert max(map(len, lines)) <= 24
    assert lines[0] == "exponential_gldm_Large"


def test_style_prints_no_text_below_six_points():
    names = ("font", "axes.title", "axes.label", "xtick.label", "ytick.label")
    sizes = [mpl.rcParams[f"{name}.size" if name == "font" else f"{name}size"] for name in names]
    assert min(*sizes, mpl.rcParams["legend.fontsize"]) >= 6
    assert mpl.rcParams["savefig.dpi"] == 300 and not mpl.rcParams["axes.spines.top"]


def test_origin_stands_above_the_axes():
    fig, axes = plt.subplots(2, 2)
    for ax in axes.flat:
        ax.set_title("A title")
    style.label_origin(fig, "Simulated data")
    fig.draw_without_rendering()
    (text,) = fig.texts
    assert text.get_text() == "Simulated data"
    low = text.get_window_extent().y0
    assert all(ax.title.get_window_extent().y1 <= low for ax in axes.flat)


def test_no_origin_leaves_the_figure_alone():
    fig, _ = plt.subplots()
    style.label_origin(fig, "")
    assert not fig.texts


def test_letters_follow_the_order_of_the_panels():
    _, axes = plt.subplots(2, 2)
    style.panel_letters(axes)
    assert [ax.texts[0].get_text() for ax in axes.flat] == ["A", "B", "C", "D"]
