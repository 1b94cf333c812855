"""Image panels: the pixels, the outline, the scale bar."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from thyro import pictures

ROWS, COLUMNS = np.mgrid[:60, :80]
MASK = ((ROWS - 30) / 10) ** 2 + ((COLUMNS - 50) / 15) ** 2 < 1
IMAGE = (ROWS + COLUMNS).astype(float)


@pytest.fixture
def ax():
    yield plt.subplots()[1]
    plt.close("all")


def test_image_keeps_its_grey_values_and_shape(ax):
    assert pictures.draw_image(IMAGE, ax, title="Patient", spacing_mm=(0.2, 0.1)) is ax
    (image,) = ax.images
    assert image.get_array().tolist() == IMAGE.tolist()
    assert image.get_clim() == (0, 255)
    assert ax.get_aspect() == 2.0  # a row is twice as high as a column is wide


def test_outline_runs_along_the_edge_of_the_mask(ax):
    pictures.draw_image(IMAGE, ax, mask=MASK)
    (outline,) = ax.collections
    corners = outline.get_paths()[0].vertices
    inside = np.argwhere(MASK)[:, ::-1]
    assert corners.min(axis=0) == pytest.approx(inside.min(axis=0) - 0.5)
    assert corners.max(axis=0) == pytest.approx(inside.max(axis=0) + 0.5)
    assert not ax.texts  # no spacing, no scale bar


@pytest.mark.parametrize("mask", [np.zeros_like(MASK), np.ones_like(MASK)])
def test_a_mask_without_an_edge_is_refused(ax, mask):
    with pytest.raises(ValueError, match="mask: expected some pixels"):
        pictures.draw_image(IMAGE, ax, mask=mask)


@pytest.mark.parametrize(("column_mm", "bar"), [(0.5, 10), (0.2, 5), (0.05, 1)])
def test_scale_bar_has_the_length_it_names(ax, column_mm, bar):
    pictures.draw_image(IMAGE, ax, spacing_mm=(column_mm, column_mm))
    (line,) = ax.lines
    assert np.ptp(line.get_xdata()) * column_mm == pytest.approx(bar)
    assert ax.texts[0].get_text() == f"{bar} mm"


def test_pair_shows_both_images_and_enlarges_the_nodule():
    _, axes = plt.subplots(2, 2)
    enhanced = np.kron(IMAGE, np.ones((2, 2)))  # more pixels, same field of view
    assert pictures.draw_pair(IMAGE, enhanced, MASK, axes) is axes
    assert [ax.get_title() for ax in axes[0]] == ["Original (OR)", "Super-resolution (SR)"]
    assert axes[0, 1].images[0].get_array().shape == (120, 160)
    assert axes[0, 0].get_xlim() == axes[0, 1].get_xlim() == (-0.5, 79.5)
    for ax in axes[1]:
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
        rows, columns = np.nonzero(MASK)
        assert left < columns.min() and columns.max() < right <= 79.5
        assert top < rows.min() and rows.max() < bottom
        assert not ax.collections  # texture without the outline
    plt.close("all")


def test_profile_cuts_the_row(ax):
    images = {"OR": IMAGE, "SR": IMAGE + 1}
    pictures.draw_profile(images, 7, ax, columns=(10, 20), spacing_mm=(0.3, 0.1))
    original, enhanced = ax.lines
    assert original.get_ydata().tolist() == IMAGE[7, 10:20].tolist()
    assert original.get_xdata() == pytest.approx(np.arange(10, 20) * 0.1)
    assert enhanced.get_label() == "SR" and ax.get_xlabel() == "Position (mm)"
    assert original.get_color() != enhanced.get_color()


def test_heat_is_scaled_to_its_maximum_and_lets_the_crop_through(ax):
    heat = np.zeros_like(IMAGE)
    heat[30, 50] = 4.0
    pictures.draw_heatmap_overlay(IMAGE, heat, ax, title="SR_ResNet101", mask=MASK)
    crop, overlay = ax.images
    assert crop.get_array()[3, 4] == IMAGE[3, 4]
    assert overlay.get_array()[30, 50] == 1 and overlay.get_alpha()[0, 0] == 0
    assert ax.get_title() == "SR_ResNet101"
    with pytest.raises(ValueError, match="expected the shape of the crop"):
        pictures.draw_heatmap_overlay(IMAGE, heat[1:], ax)


def test_a_flat_heat_map_leaves_the_crop_visible(ax):
    pictures.draw_heatmap_overlay(IMAGE, np.zeros_like(IMAGE), ax)
    assert np.all(ax.images[1].get_alpha() == 0)
