"""What the figures of features draw: images, cells, order, labels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from tests.radiomics.test_extractor import frame
from thyro.figures import radiomics
from thyro.radiomics import feature_sets, filters

pytestmark = pytest.mark.usefixtures("style")

PAPER = feature_sets.PAPER


# --- filtered images ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    return filters.filtered_images(*frame(), (0.1, 0.07))


def test_every_image_type_has_a_panel_with_its_own_greys(made):
    _, mask = frame()
    fig, axes = plt.subplots(3, 6, figsize=(7.2, 4))
    got = radiomics.draw_filtered(made, mask, axes, noise_types=PAPER.noise_types)
    assert got is axes
    fig.draw_without_rendering()
    flat = axes.ravel()
    assert [ax.get_title() for ax in flat[:17]] == list(made) and not flat[17].axison
    for ax, (image_type, image) in zip(flat, made.items(), strict=False):
        shown = ax.images[0]
        part = np.ma.filled(shown.get_array().astype(float), np.nan)
        assert shown.get_clim() == pytest.approx(tuple(np.nanpercentile(part, (1, 99))))
        # The box of the nodule, rows 11-43 and columns 12-42, with a margin of a fifth of 33.
        np.testing.assert_array_equal(part, image[4:51, 5:50])
        assert len(ax.collections) == 1  # the outline
        assert ("rounding noise" in ax.get_xlabel()) == (image_type in PAPER.noise_types)


def test_the_greys_that_are_black_and_white_stand_below():
    image = np.linspace(0, 200, 900).reshape(30, 30)
    mask = np.zeros(image.shape, bool)
    mask[2:28, 2:28] = True
    _, axes = plt.subplots(1, 2)
    noise = np.where(image > 100, 2.34e-15, -2.34e-15)
    radiomics.draw_filtered({"original": image, "band": noise}, mask, axes, noise_types=["band"])
    assert axes[0].get_xlabel() == "2 to 198"
    assert axes[1].get_xlabel() == "−2.3e−15 to 2.3e−15\nrounding noise"


def test_a_pixel_that_is_not_square_sets_the_aspect(made):
    _, mask = frame()
    _, axes = plt.subplots(1, 17)
    radiomics.draw_filtered(made, mask, axes, spacing_mm=(0.1, 0.05))
    assert {ax.get_aspect() for ax in axes} == {2}


def test_height_follows_the_nodule():
    mask = np.zeros((200, 300), bool)
    mask[60:100, 100:200] = True  # with the margin of a fifth of 100: 80 x 140
    height = radiomics.filtered_height(mask, 17)
    assert height == pytest.approx(3 * (1.2 * 80 / 140 + radiomics.WORDS))
    double = radiomics.filtered_height(mask, 17, spacing_mm=(0.2, 0.1))
    assert double - height == pytest.approx(3 * 1.2 * 80 / 140)


def test_a_mask_over_the_whole_frame_has_no_outline():
    fig, ax = plt.subplots()
    image = np.arange(100.0).reshape(10, 10)
    radiomics.draw_filtered({"original": image}, np.ones((10, 10), bool), ax)
    fig.draw_without_rendering()
    assert not ax.collections and ax.images[0].get_array().shape == (10, 10)


def test_filtered_images_need_axes_and_a_nodule(made):
    _, mask = frame()
    _, axes = plt.subplots(1, 3)
    with pytest.raises(ValueError, match="axes: expected 17 or more, one per image, got 3"):
        radiomics.draw_filtered(made, mask, axes)
    with pytest.raises(ValueError, match="mask: expected pixels inside"):
        radiomics.draw_filtered({"original": made["original"]}, mask & False, axes)


# --- stable families ---------------------------------------------------------------------------


def measured(described):
    """Every feature stable, but: half of GLCM of the square, all of the gradient's first order."""
    table = described.set_index("name").assign(icc=0.9)
    glcm = table.index[table["image_type"].eq("square") & table["feature_class"].eq("glcm")]
    table.loc[glcm[: len(glcm) // 2], "icc"] = 0.74
    gradient = table["image_type"].eq("gradient")
    table.loc[gradient & table["feature_class"].eq("firstorder"), "icc"] = -0.1
    table.loc[table["image_type"].eq("lbp-3D-m1"), "icc"] = np.nan
    return table[["icc"]]


def cells(ax):
    """(column, row) -> colour, text, of all squares."""
    words = {text.get_position(): text.get_text() for text in ax.texts}
    found = {}
    for patch in ax.patches:
        middle = (patch.get_x() + 0.5, patch.get_y() + 0.5)
        found[middle] = (to_hex(patch.get_facecolor()), words.get(middle, ""))
    return found


def test_stability_has_a_cell_per_family_with_its_share(ax):
    described = PAPER.describe()
    got = radiomics.draw_stability(
        measured(described), described, ax, degenerate=PAPER.degenerate()
    )
    assert got is ax
    ax.figure.draw_without_rendering()
    types = [label.get_text() for label in ax.get_yticklabels()]
    classes = [label.get_text() for label in ax.get_xticklabels()]
    assert classes == ["Shape", "First order", "GLCM", "GLRLM", "GLSZM", "GLDM", "NGTDM", "All"]
    assert len(types) == 17 and ax.yaxis_inverted()
    # Best on top; those without an ICC, or noise, at the bottom.
    assert types[10:12] == ["square", "gradient"]
    assert set(types[12:]) == {"lbp-3D-m1", *PAPER.noise_types}
    drawn = cells(ax)
    assert len(drawn) == 17 * 7 + 1  # shape of the original only
    square, gradient, original = (types.index(name) for name in ("square", "gradient", "original"))
    assert drawn[(2, square)][1] == "50" and drawn[(1, gradient)][1] == "0"
    assert drawn[(7.3, square)][1] == f"{100 * (91 - 11) / 91:.0f}"
    assert drawn[(0, original)][1] == "100" and (0, square) not in drawn
    for row in range(12, 17):
        assert {drawn[(column, row)] for column in (1, 2, 3, 4, 5, 6, 7.3)} == {
            (radiomics.UNKNOWN.lower(), "")
        }
    assert "0.75" in ax.get_xlabel() and "grey" in ax.get_xlabel()


def test_stability_without_unknown_cells_does_not_explain_grey(ax):
    described = PAPER.describe()
    table = pd.DataFrame({"icc_mask": 0.75}, index=pd.Index(described["name"], name="feature"))
    radiomics.draw_stability(table, described, ax, icc="icc_mask")
    assert "grey" not in ax.get_xlabel()
    assert {text for _, text in cells(ax).values()} == {"100"}  # 0.75 itself is good


def test_stability_finds_features_by_name(ax):
    described = PAPER.describe()
    table = measured(described)
    radiomics.draw_stability(table, described, ax)
    _, other = plt.subplots()
    radiomics.draw_stability(table.sample(frac=1, random_state=1), described, other)
    assert cells(ax) == cells(other)


# --- whole figures -----------------------------------------------------------------------------


def test_figure_of_filtered_images_is_as_high_as_its_rows(made):
    _, mask = frame()
    fig = radiomics.filtered_figure(
        made, mask, noise_types=PAPER.noise_types, spacing_mm=(0.1, 0.07)
    )
    titles = [ax.get_title() for ax in fig.axes]
    assert titles == [*made, ""] and len(titles) == 18
    height = radiomics.filtered_height(mask, 17, spacing_mm=(0.1, 0.07))
    assert fig.get_size_inches() == pytest.approx([7.2, height])
    assert fig.axes[0].get_aspect() == pytest.approx(0.1 / 0.07)


@pytest.mark.parametrize("n", [1, 2])
def test_figure_of_stability_has_a_panel_per_feature_set(n):
    sets = dict(list({"paper": PAPER, "planar": feature_sets.PLANAR}.items())[:n])
    described = {name: each.describe() for name, each in sets.items()}
    fig = radiomics.stability_figure(
        {name: table.set_index("name").assign(icc=0.9) for name, table in described.items()},
        described,
        degenerate={name: each.degenerate() for name, each in sets.items()},
    )
    assert [ax.get_title() for ax in fig.axes] == ["Classical feature set", "Planar feature set"][
        :n
    ]
    assert fig.get_size_inches() == pytest.approx([3.6 * n, 4.0])
    grey = [text.get_text() for text in fig.axes[0].texts]
    assert set(grey) == {"100"}
