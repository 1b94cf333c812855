"""Image panels: the pixels, the outline, the scale bar."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from thyro.figures import ultrasound

ROWS, COLUMNS = np.mgrid[:60, :80]
MASK = ((ROWS - 30) / 10) ** 2 + ((COLUMNS - 50) / 15) ** 2 < 1
IMAGE = (ROWS + COLUMNS).astype(float)


@pytest.fixture
def ax():
    yield plt.subplots()[1]
    plt.close("all")


def test_image_keeps_its_grey_values_and_shape(ax):
    assert ultrasound.draw_image(IMAGE, ax, title="Patient", spacing_mm=(0.2, 0.1)) is ax
    (image,) = ax.images
    assert image.get_array().tolist() == IMAGE.tolist()
    assert image.get_clim() == (0, 255)
    assert ax.get_aspect() == 2.0  # a row is twice as high as a column is wide


def test_outline_runs_along_the_edge_of_the_mask(ax):
    ultrasound.draw_image(IMAGE, ax, mask=MASK)
    (outline,) = ax.collections
    corners = outline.get_paths()[0].vertices
    inside = np.argwhere(MASK)[:, ::-1]
    assert corners.min(axis=0) == pytest.approx(inside.min(axis=0) - 0.5)
    assert corners.max(axis=0) == pytest.approx(inside.max(axis=0) + 0.5)
    assert not ax.texts  # no spacing, no scale bar


@pytest.mark.parametrize("mask", [np.zeros_like(MASK), np.ones_like(MASK)])
def test_a_mask_without_an_edge_is_refused(ax, mask):
    with pytest.raises(ValueError, match="mask: expected some pixels"):
        ultrasound.draw_image(IMAGE, ax, mask=mask)


@pytest.mark.parametrize(("column_mm", "bar"), [(0.5, 10), (0.2, 5), (0.05, 1)])
def test_scale_bar_has_the_length_it_names(ax, column_mm, bar):
    ultrasound.draw_image(IMAGE, ax, spacing_mm=(column_mm, column_mm))
    (line,) = ax.lines
    assert np.ptp(line.get_xdata()) * column_mm == pytest.approx(bar)
    assert ax.texts[0].get_text() == f"{bar} mm"


@pytest.fixture
def pair():
    yield plt.subplots(2, 2)[1]
    plt.close("all")


def inside(artist, ax):
    """Whether a rectangle covers what an axes shows."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    corner, width, height = artist.get_xy(), artist.get_width(), artist.get_height()
    return (*corner, width, height) == pytest.approx((left, top, right - left, bottom - top))


def test_pair_shows_both_images_whole_and_the_same_detail(pair):
    assert ultrasound.draw_pair(IMAGE, IMAGE + 5, MASK, pair) is pair
    assert [ax.get_title() for ax in pair[0]] == ["Original (OR)", "Super-resolution (SR)"]
    for whole, part in pair.T:
        assert whole.get_xlim() == (-0.5, 79.5) and len(whole.collections) == 1
        assert inside(whole.patches[0], part)
        assert part.get_xlim() == pair[1, 0].get_xlim() and not part.collections
        assert np.ptp(part.get_xlim()) == np.ptp(part.get_ylim()) == ultrasound.DETAIL_PX
        assert whole.images[0].get_clim() == (0, 255)


def test_details_share_their_grey_window_and_name_it(pair):
    ultrasound.draw_pair(IMAGE, IMAGE + 5, MASK, pair, names=("OR", "BC"))
    (left, right), (bottom, top) = pair[1, 0].get_xlim(), pair[1, 0].get_ylim()
    shown = IMAGE[int(top + 0.5) : int(bottom + 0.5), int(left + 0.5) : int(right + 0.5)]
    window = (shown.min(), shown.max() + 5)
    assert [ax.images[0].get_clim() for ax in pair[1]] == [window] * 2
    words = f"detail (grey {window[0]:.0f}\N{EN DASH}{window[1]:.0f})"
    assert [ax.get_title() for ax in pair[1]] == [f"OR, {words}", f"BC, {words}"]


@pytest.mark.parametrize("times", [2, 4])
def test_an_enhanced_image_with_more_pixels_has_the_same_field_of_view(pair, times):
    enhanced = np.kron(IMAGE, np.ones((times, times)))
    ultrasound.draw_pair(IMAGE, enhanced, MASK, pair)
    assert pair[0, 1].images[0].get_array().shape == enhanced.shape
    assert pair[0, 0].get_xlim() == pair[0, 1].get_xlim()
    assert pair[1, 0].get_ylim() == pair[1, 1].get_ylim()
    assert pair[1, 0].images[0].get_clim() == pair[1, 1].images[0].get_clim()


def test_the_detail_is_where_the_edge_is_strong(pair):
    image = np.full(MASK.shape, 100.0)
    image[:, 65:] = 20  # at the right end of the nodule
    ultrasound.draw_pair(image, image, MASK, pair)
    assert np.mean(pair[1, 0].get_xlim()) > 50
    ultrasound.draw_pair(np.fliplr(image), image, np.fliplr(MASK), pair)
    assert np.mean(pair[1, 0].get_xlim()) < 30


def test_the_detail_is_a_square_in_millimetres_inside_the_image(pair):
    mask = np.zeros_like(MASK)
    mask[:30, 60:] = True  # touches two borders
    ultrasound.draw_pair(IMAGE, IMAGE, mask, pair, spacing_mm=(0.3, 0.1))
    (left, right), (bottom, top) = pair[1, 0].get_xlim(), pair[1, 0].get_ylim()
    assert (right - left) * 0.1 == pytest.approx((bottom - top) * 0.3)
    assert left >= -0.5 and right <= 79.5 and top >= -0.5 and bottom <= 59.5


def test_profile_is_the_line_that_the_pair_marks(ax, pair):
    ultrasound.draw_pair(IMAGE, IMAGE, MASK, pair)
    ultrasound.draw_profile({"OR": IMAGE, "LR": IMAGE - 1, "SR": IMAGE + 1}, MASK, ax)
    marked = pair[0, 0].lines[0]
    (row, _), (start, stop) = marked.get_ydata(), marked.get_xdata() + 0.5
    original, low, enhanced = ax.lines
    assert original.get_ydata().tolist() == IMAGE[row, int(start) : int(stop)].tolist()
    assert original.get_xdata() == pytest.approx(np.arange(start, stop) + 0.5)
    assert ax.get_xlim() == (start, stop) and ax.get_xlabel() == "Position (pixels)"
    assert [line.get_label() for line in ax.lines] == ["OR", "LR", "SR"]
    assert len({line.get_color() for line in ax.lines}) == 3
    (nodule,) = ax.patches
    columns = np.flatnonzero(MASK[row])
    assert (nodule.get_x(), nodule.get_width()) == (columns[0], len(columns))
    assert start < columns[0] and columns[-1] < stop - 1
    for part in pair[1]:
        assert [line.get_ydata() for line in part.lines] == [[row]] * 2


@pytest.mark.parametrize("times", [2, 4])
def test_profile_of_more_pixels_lies_on_the_same_positions(ax, times):
    # A ramp along the columns: grey value = position, wherever the pixels lie.
    fine = np.tile((np.arange(80 * times) + 0.5) / times, (60 * times, 1))
    coarse = np.tile(np.arange(80) + 0.5, (60, 1))
    ultrasound.draw_profile({"OR": coarse, "SR": fine}, MASK, ax, spacing_mm=(0.3, 0.1))
    for line in ax.lines:
        assert line.get_xdata() == pytest.approx(line.get_ydata() * 0.1)
    assert len(ax.lines[1].get_xdata()) == times * len(ax.lines[0].get_xdata())
    assert ax.get_xlabel() == "Position (mm)"


def test_profile_crosses_the_middle_of_the_nodule_in_enlarged_rows(ax):
    tall = np.repeat(np.arange(60.0), 3)[:, None] * np.ones(240)  # grey value = row of the mask
    ultrasound.draw_profile({"SR": tall}, MASK, ax)
    rows = np.flatnonzero(MASK.any(axis=1))
    assert set(ax.lines[0].get_ydata()) == {np.median(rows)}


def test_a_line_that_leaves_the_nodule_and_returns_is_shaded_twice(ax):
    mask = MASK.copy()
    mask[:, 50] = False
    ultrasound.draw_profile({"OR": IMAGE}, mask, ax)
    first, second = ax.patches
    assert first.get_x() + first.get_width() == 50 and second.get_x() == 51


@pytest.mark.parametrize("shape", [(59, 80), (120, 80), (90, 120), (30, 40)])
def test_an_image_of_another_field_of_view_is_refused(ax, pair, shape):
    with pytest.raises(ValueError, match="expected 60 x 80 pixels or a whole number of times"):
        ultrasound.draw_pair(IMAGE, np.zeros(shape), MASK, pair)
    with pytest.raises(ValueError, match="expected 60 x 80"):
        ultrasound.draw_profile({"SR": np.zeros(shape)}, MASK, ax)


def test_heat_is_scaled_to_its_maximum_and_lets_the_crop_through(ax):
    heat = np.zeros_like(IMAGE)
    heat[30, 50] = 4.0
    ultrasound.draw_heatmap_overlay(IMAGE, heat, ax, title="SR_ResNet101", mask=MASK)
    crop, overlay = ax.images
    assert crop.get_array()[3, 4] == IMAGE[3, 4]
    assert overlay.get_array()[30, 50] == 1 and overlay.get_alpha()[0, 0] == 0
    assert ax.get_title() == "SR_ResNet101"
    with pytest.raises(ValueError, match="expected the shape of the crop"):
        ultrasound.draw_heatmap_overlay(IMAGE, heat[1:], ax)


def test_a_flat_heat_map_leaves_the_crop_visible(ax):
    ultrasound.draw_heatmap_overlay(IMAGE, np.zeros_like(IMAGE), ax)
    assert np.all(ax.images[1].get_alpha() == 0)


@pytest.mark.parametrize("n", [3, 6, 9])
def test_the_first_crops_of_every_network_stand_in_a_row(n):
    box = {f"P{i}": IMAGE + i for i in range(n)}
    square = {patient: crop + 10 for patient, crop in box.items()}
    fig = ultrasound.crops_figure({"A": box, "B": square})
    titles = [ax.get_title() for ax in fig.axes]
    assert titles == [f"P{i}" for i in range(min(n, 6))] + [""] * (12 - min(n, 6))
    assert [ax.get_ylabel() for ax in fig.axes[::6]] == ["A", "B"]
    shown = [fig.axes[k].images[0].get_array()[0, 0] for k in (2, 8)]
    assert shown == [2, 12]
    assert fig.get_size_inches().tolist() == [7.2, 2.8]
    plt.close(fig)
