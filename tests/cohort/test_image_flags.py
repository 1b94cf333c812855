"""Measures and flags of image quality: each on an image made to show it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from scipy.spatial.distance import pdist
from skimage.measure import find_contours

from thyro.cohort import image_flags
from thyro.imaging import pixels, reading
from thyro.imaging.pixels import pixel_hash
from thyro.simulate import cohort

REAL = Path("../shared/data/ddti")
needs_real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="real images are not on this machine"
)


@pytest.fixture(scope="module")
def frames():
    """Simulated frames of 384 x 512, float."""
    made = cohort.simulate_cohort(4, rng=np.random.default_rng(7))
    return [np.asarray(made.images[i], dtype=float) for i in range(4)]


def box(shape, rows=slice(100, 160), columns=slice(200, 290)):
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def sharpness(image):
    return image_flags.measure(image, box(image.shape), None)["sharpness"]


def with_text(image, words, *, shape=(484, 672), size=10, grey=230):
    """The frame in a black screen, with words written above it."""
    rows, columns = image.shape
    picture = Image.new("L", shape[::-1])
    picture.paste(Image.fromarray(image.astype(np.uint8)), (80, 40))
    font = ImageFont.load_default(size)
    ImageDraw.Draw(picture).text((20, 8), words, fill=grey, font=font)
    return np.asarray(picture, dtype=float)


def test_measures_are_plain_and_complete(frames):
    measures = image_flags.measure(frames[0], box(frames[0].shape), (0.1, 0.2))
    assert measures["rows"] == 384 and measures["columns"] == 512
    assert measures["mask_area_px"] == 60 * 90 and measures["mask_parts"] == 1
    assert measures["touches_border"] is False and measures["text_edges"] == 0
    assert measures["grey_mean"] == pytest.approx(frames[0].mean(), rel=0.05)
    assert {type(value) for value in measures.values()} <= {int, float, bool}


def test_the_diameter_is_that_of_marching_squares():
    rng = np.random.default_rng(1)
    for _ in range(20):
        mask = ndimage.gaussian_filter(rng.normal(size=(40, 60)), 4) > 0.03
        mask[20, 30] = True
        outline = np.concatenate(find_contours(np.pad(mask, 1).astype(float), 0.5))
        measures = image_flags.measure(rng.uniform(0, 255, mask.shape), mask, (0.5, 0.5))
        assert measures["mask_diameter_px"] == pytest.approx(pdist(outline).max())
        assert measures["mask_diameter_mm"] == pytest.approx(pdist(outline).max() / 2)


@pytest.mark.parametrize(
    ("rows", "columns", "spacing", "diameter"),
    [
        (slice(5, 6), slice(3, 10), None, 7.0),  # a line of 7 pixels
        (slice(5, 6), slice(3, 4), None, 1.0),
        (slice(2, 9), slice(3, 4), (0.2, 0.1), 1.4),
    ],
)
def test_the_diameter_of_a_line_is_its_number_of_pixels(rows, columns, spacing, diameter):
    image = np.random.default_rng(0).uniform(0, 255, (12, 16))
    measures = image_flags.measure(image, box(image.shape, rows, columns), spacing)
    name = "mask_diameter_px" if spacing is None else "mask_diameter_mm"
    assert measures[name] == pytest.approx(diameter)
    assert np.isnan(measures["mask_diameter_mm"]) == (spacing is None)


def test_blur_lowers_sharpness(frames):
    for image in frames:
        blurred = [sharpness(ndimage.gaussian_filter(image, sigma)) for sigma in (0, 1, 2, 4)]
        assert blurred == sorted(blurred, reverse=True)
        assert blurred[0] > 0.15 and blurred[3] < 0.05


def test_sharpness_does_not_depend_on_gain_brightness_or_size(frames):
    for image in frames:
        plain = sharpness(image)
        assert sharpness(np.rint(image * 0.5)) == pytest.approx(plain, rel=0.05)
        assert sharpness(image * 0.7 + 60) == pytest.approx(plain, rel=0.01)
        assert sharpness(ndimage.zoom(image, 2, order=1)) == pytest.approx(plain, rel=0.2)
        half = image.reshape(192, 2, 256, 2).mean(axis=(1, 3))
        assert sharpness(half) == pytest.approx(plain, rel=0.05)


def test_sharpness_is_that_of_the_scan_and_not_of_what_is_beside_it(frames):
    rows, columns = pixels.scan_area(np.pad(frames[0], 60))
    assert (rows.stop - rows.start, columns.stop - columns.start) == pytest.approx(
        (384, 512), abs=8
    )
    noisy = np.pad(frames[0], 60)
    noisy[:10, ::3] = 255
    assert sharpness(noisy) == pytest.approx(sharpness(np.pad(frames[0], 60)), rel=1e-9)


def test_an_even_scan_has_no_sharpness():
    assert sharpness(np.full((300, 400), 90.0)) == 0.0


def test_text_is_found_beside_the_scan(frames):
    for image in frames:
        plain, named = with_text(image, ""), with_text(image, "DOE JANE 1970-01-01")
        edges = [image_flags.measure(x, box(x.shape), None)["text_edges"] for x in (plain, named)]
        assert edges[0] == 0 and edges[1] > image_flags.TEXT_EDGES


@pytest.mark.parametrize("shape", [(484, 672), (768, 1024), (1080, 1920)])
@pytest.mark.parametrize("words", ["1234", "DOE"])
@pytest.mark.parametrize(("size", "grey"), [(8, 60), (10, 60), (10, 230)])
def test_dark_and_short_text_is_found_on_a_screen_of_any_size(frames, shape, words, size, grey):
    image = with_text(frames[0], words, shape=shape, size=size, grey=grey)
    assert image_flags.measure(image, box(image.shape), None)["text_edges"] > image_flags.TEXT_EDGES


@pytest.mark.parametrize("device", ["A", "B"])
def test_a_sector_of_a_simulated_frame_holds_no_text(device):
    made = cohort.simulate_cohort(3, rng=np.random.default_rng(11), device=device)
    down, right = np.mgrid[:384, :512]
    angle = np.abs(np.arctan2(right - 256, down + 60))
    radius = np.hypot(right - 256, down + 60)
    for image in made.images:
        whole = image_flags.measure(image.astype(float), box(image.shape), None)
        sector = with_text(np.where((angle < 0.6) & (radius > 70) & (radius < 434), image, 0), "")
        cut = image_flags.measure(sector, box(sector.shape), None)
        assert whole["text_edges"] == 0 and cut["text_edges"] <= 4


def test_border_and_components_are_measured(frames):
    image = frames[0]
    for rows, columns in [(slice(0, 9), slice(9, 19)), (slice(9, 19), slice(500, 512))]:
        assert image_flags.measure(image, box(image.shape, rows, columns), None)["touches_border"]
    two = box(image.shape) | box(image.shape, slice(300, 310), slice(20, 30))
    assert image_flags.measure(image, two, None)["mask_parts"] == 2


def test_a_mask_of_another_shape_or_without_pixels_is_refused(frames):
    for mask, got in [(np.ones((2, 2), bool), "4 of shape (2, 2)"), (frames[0] < 0, "0 of shape")]:
        message = f"mask: expected pixels inside, shape (384, 512); got {got}"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
            image_flags.measure(frames[0], mask, None)


def test_flags(frames):
    image, mask = frames[0], box(frames[0].shape)
    text = with_text(image, "DOE JANE 1970-01-01")
    ring = mask & ~ndimage.binary_erosion(mask, iterations=2)
    painted = box(image.shape, slice(90, 110))  # a sixth of the nodule
    cases = {
        "good": (image, mask),
        "again": (image.copy(), box(image.shape, slice(90, 160))),
        "blurred": (ndimage.gaussian_filter(image, 5), mask),
        "large": (ndimage.zoom(image, 2, order=1), box((768, 1024))),
        "cut": (frames[1], box(image.shape, slice(0, 30))),
        "two": (frames[2], mask | box(image.shape, slice(300, 310), slice(20, 30))),
        "named": (text, box(text.shape)),
        "moved": (np.roll(image, 3, axis=1), mask),
        "ring": (frames[3], ring),
        "tiny": (frames[3] + 1, box(image.shape, slice(100, 106), slice(200, 206))),
        "painted": (frames[3] + 2, mask, painted),
    }
    measures = pd.DataFrame(
        [
            image_flags.measure(*case[:2], (0.1, 0.1), *case[2:])
            | {"pixel_hash": pixel_hash(case[0]), "frame_of_row": row}
            for row, case in enumerate(cases.values())
        ],
        index=list(cases),
    )
    measures.loc[["again", "moved"], "frame_of_row"] = 0
    flags = image_flags.flag(measures, min_sharpness=0.1, max_pixels=400_000)
    assert list(flags) == list(image_flags.FLAGS) and all(flags.dtypes == "bool")
    expected = {"again": "duplicate", "blurred": "blur", "large": "size", "cut": "border"}
    expected |= {"two": "components", "named": "text", "moved": "copy", "ring": "outline area"}
    expected |= {"tiny": "area", "painted": "colour"}
    found = {
        name: " ".join(flags.columns[row]) for name, row in zip(cases, flags.values, strict=True)
    }
    assert found == {"good": ""} | expected
    none = image_flags.flag(measures, min_sharpness=0, max_pixels=10**9)
    assert not none[["blur", "size"]].any(axis=None)


@pytest.mark.parametrize(
    ("kind", "share", "flagged"),
    [
        ("Doppler over a third", 1 / 3, True),
        ("calipers", 4 * 11 / 5400, False),  # two crosses of 11 pixels
        ("a dotted ellipse", 0.04, True),
        ("Doppler beside the nodule", 0.0, False),
    ],
)
def test_the_share_of_the_nodule_in_colour(frames, kind, share, flagged):
    mask = box(frames[0].shape)  # 60 x 90 pixels
    coloured = np.zeros_like(mask)
    if kind == "Doppler over a third":
        coloured[90:120, 150:300] = True  # 20 of its 60 rows
    elif kind == "calipers":
        for row, column in ((110, 210), (150, 280)):
            coloured[row - 5 : row + 6, column] = coloured[row, column - 5 : column + 6] = True
    elif kind == "a dotted ellipse":
        coloured[100:160:5, 200:290:5] = True
    else:
        coloured[200:260, 200:290] = True
    measured = image_flags.measure(frames[0], mask, None, coloured)
    assert measured["coloured_share"] == pytest.approx(share, abs=1e-3)
    row = pd.DataFrame([measured | {"pixel_hash": "", "frame_of_row": 2}])
    flags = image_flags.flag(row, min_sharpness=0, max_pixels=10**9)
    assert flags["colour"].item() == flagged


def line(shape):
    """An open curve of two pixels."""
    mask = np.zeros(shape, bool)
    rows = np.arange(60)
    mask[100 + rows, 200 + (rows**2) // 40] = mask[100 + rows, 201 + (rows**2) // 40] = True
    return mask


@pytest.mark.parametrize(
    ("shape", "thin"),
    [
        ("one pixel", True),
        ("three pixels", True),
        ("curve", True),
        ("disc", False),
        ("slit", False),
    ],
)
def test_an_outline_is_told_from_a_region(frames, shape, thin):
    rows, columns = np.indices(frames[0].shape)
    radius = np.hypot(rows - 200, columns - 250)
    masks = {
        "one pixel": (radius < 40) & (radius >= 39),
        "three pixels": (radius < 40) & (radius >= 37),
        "curve": line(frames[0].shape),
        "disc": (radius < 40) & (radius >= 8),  # with a cyst left out
        "slit": box(frames[0].shape, slice(100, 104), slice(200, 260)),
    }
    measured = image_flags.measure(frames[0], masks[shape], None) | {
        "pixel_hash": "",
        "frame_of_row": 2,
    }
    flags = image_flags.flag(pd.DataFrame([measured]), min_sharpness=0, max_pixels=10**9)
    assert flags["outline"].item() == thin


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("square", [False, True])
def test_rows_and_columns_swapped_show_in_a_square_picture(square, swapped):
    rng = np.random.default_rng(1)
    image = rng.normal(120, 20, (200, 200 if square else 260))
    mask = box(image.shape, slice(30, 70), slice(90, 170))
    image[mask] -= 70
    drawn = mask.T if square and swapped else mask
    measured = image_flags.measure(image, drawn, None)
    assert np.isnan(measured["turned_edge"]) != square
    assert (measured["turned_edge"] > image_flags.TURNED) == (square and swapped)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("kind", ["bright", "slanting", "beside a bright line", "at the border"])
def test_they_show_for_other_nodules_too(kind, swapped):
    rng = np.random.default_rng(2)
    down, right = np.mgrid[:240, :240]
    image = rng.normal(110, 20, (240, 240))
    mask = ((down - 70) / 25) ** 2 + ((right - 150) / 40) ** 2 < 1
    if kind == "slanting":
        mask = np.abs(down + 0.6 * right - 170) + np.abs(right - 140) < 45
    if kind == "at the border":
        mask = ((down - 60) / 25) ** 2 + ((right - 225) / 40) ** 2 < 1
    image[mask] += 60 if kind == "bright" else -50
    if kind == "beside a bright line":  # a fascia, where the swapped outline lies
        image[150:153] += 60
    measured = image_flags.measure(image, mask.T if swapped else mask, None)
    assert (measured["turned_edge"] > image_flags.TURNED) == swapped


def test_of_a_round_nodule_in_the_middle_nothing_can_be_told():
    rng = np.random.default_rng(3)
    down, right = np.mgrid[:200, :200]
    mask = np.hypot(down - 100, right - 100) < 30
    image = rng.normal(110, 20, mask.shape) - 60 * mask
    assert image_flags.measure(image, mask, None)["turned_edge"] == pytest.approx(1, abs=0.01)


@needs_real_data
def test_rows_and_columns_swapped_of_real_frames():
    """The middle square of every third frame of DDTI, as far as it holds the nodule."""
    drawn, swapped = [], []
    for file in sorted((REAL / "images").glob("*.jpg"))[::3]:
        image, _ = reading.read_image(file)
        mask = reading.read_mask(REAL / "masks" / f"{file.stem}.png", image, component="largest")
        side = min(image.shape)
        top, left = ((n - side) // 2 for n in image.shape)
        square = slice(top, top + side), slice(left, left + side)
        if mask[square].sum() == mask.sum():
            drawn.append(image_flags._turned_edge(image[square], mask[square]))
            swapped.append(image_flags._turned_edge(image[square], mask[square].T))
    assert len(drawn) == 66
    assert sum(edge > image_flags.TURNED for edge in drawn) == 2
    assert sum(edge > image_flags.TURNED for edge in swapped) == 46


def test_an_area_is_unusual_by_its_kind():
    areas = pd.Series([900, 1100, 1000, 1300, 800, 8800, 1200, 60])
    assert image_flags._unusual(areas).tolist() == [False] * 5 + [True, False, True]
    assert not image_flags._unusual(pd.Series([1000] * 9)).any()
    assert image_flags._unusual(pd.Series([1000] * 9 + [3999, 4001])).tolist() == [
        *[False] * 10,
        True,
    ]
    # Sizes of nodules from 5 to 30 mm spread widely, and none is another kind.
    spread = pd.Series(np.pi / 4 * np.linspace(5, 30, 26) ** 2)
    assert not image_flags._unusual(spread).any()


@pytest.mark.parametrize(
    ("chosen", "others", "flagged"),
    [
        ([600, 900, 8200, 700], [8800, 8000, 600, 9000], [2]),
        ([8200, 9000, 8000, 8800, 600], [600, 700, 500, 900, 8800], [4]),
        ([600, 900, 8200, 700], [0, 0, 0, 0], []),  # one label alone
        ([600, 8200, 700, 9000], [8800, 600, 9000, 500], []),  # nothing is usual
        ([600, 300, 900, 200], [700, 500, 950, 0], []),
    ],
)
def test_a_label_that_is_larger_than_the_others_in_some_files_alone(chosen, others, flagged):
    measures = pd.DataFrame({"mask_area_px": chosen, "other_labels_px": others})
    found = image_flags._swapped(measures)
    assert found.index[found].tolist() == flagged


def test_the_area_counts_in_millimetres_where_they_are_known():
    px = pd.DataFrame({"mask_area_px": [1000] * 7 + [9000], "mask_area_mm2": np.nan})
    mm = px.assign(mask_area_mm2=[10.0] * 8)  # the last frame is three times finer
    assert image_flags._unusual(image_flags._area(px)).tolist() == [False] * 7 + [True]
    assert not image_flags._unusual(image_flags._area(mm)).any()


def test_no_images_have_no_flags():
    flags = image_flags.flag(pd.DataFrame(), min_sharpness=0.1, max_pixels=1)
    assert list(flags) == list(image_flags.FLAGS) and len(flags) == 0


@needs_real_data
def test_real_frames():
    files = sorted((REAL / "images").glob("*.jpg"))[::9]
    rows = []
    for file in files:
        image, spacing = reading.read_image(file)
        mask = reading.read_mask(REAL / "masks" / f"{file.stem}.png", image, component="largest")
        rows.append(image_flags.measure(image, mask, spacing) | {"pixel_hash": pixel_hash(image)})
    measures = pd.DataFrame(rows).assign(frame_of_row=range(len(rows)))
    # Every frame of this collection has text burned in, and none is blurred.
    flags = image_flags.flag(measures, min_sharpness=0.1, max_pixels=4e6)
    assert flags["text"].all() and not flags[["blur", "size", "components"]].any(axis=None)
    assert measures["sharpness"].between(0.3, 3).all()
    table = pd.read_csv(REAL / "labels.csv").set_index("image_id")
    single = table.loc[[file.stem for file in files], "n_polygons"].to_numpy() == 1
    area = table.loc[[file.stem for file in files], "mask_area_px"].to_numpy()
    assert np.array_equal(measures["mask_area_px"][single], area[single])
