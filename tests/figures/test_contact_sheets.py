"""Contact sheets: every case once, its pixels, outlined where the nodule is, its words legible."""

import io
import re
from itertools import combinations, islice

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_pdf import PdfPages

from thyro.figures import contact_sheets, style
from thyro.simulate import cohort as simulate

ROWS, COLUMNS = np.mgrid[:90, :120]
MASK = (abs(ROWS - 30) <= 15) & (abs(COLUMNS - 80) <= 20)
ROOM = (282, 201)  # pixels of a thumbnail at five columns and eight rows


def case(i, *, mask=MASK, note=""):
    return f"P{i:03d}", np.full(MASK.shape, 10 + i % 200, np.uint8), mask, note


def drawn(cases, **kwargs):
    made = list(contact_sheets.contact_sheet_pages(cases, **kwargs))
    for fig in made:
        fig.draw_without_rendering()
    return made


def words(fig):
    return [text.get_text() for text in fig.axes[0].texts if text.get_text()]


def mosaic(fig):
    return np.asarray(fig.axes[0].images[0].get_array())


def outlines(fig):
    return fig.axes[0].collections[0].get_segments()


def test_every_case_is_on_one_page_under_its_name():
    made = drawn((case(i) for i in range(83)), title="Included", origin="Simulated data")
    names = [word for fig in made for word in words(fig) if word.startswith("P0")]
    assert names == [f"P{i:03d}" for i in range(83)]
    assert [words(fig)[-3:] for fig in made] == [
        ["Included", place, "Simulated data"]
        for place in ("Page 1, 1–40", "Page 2, 41–80", "Page 3, 81–83")
    ]


def test_pages_are_a4_and_a_single_one_ends_below_its_last_row():
    sizes = [fig.get_size_inches() for fig in drawn(case(i) for i in range(41))]
    assert sizes == [pytest.approx((8.27, 11.69), abs=0.005)] * 2
    (full,) = drawn(case(i) for i in range(40))
    assert full.get_size_inches() == pytest.approx((8.27, 11.69), abs=0.005)
    (short,) = drawn(case(i) for i in range(7))
    width, height = short.get_size_inches()
    assert width == pytest.approx(8.27, abs=0.005)
    assert height == pytest.approx(0.62 + 2 * (11.69 - 0.62 - 0.3) / 8 + 0.3, abs=0.01)
    assert drawn([]) == []


def test_cases_are_read_page_by_page():
    read = []

    def cases():
        for i in range(200):
            read.append(i)
            yield case(i)

    made = contact_sheets.contact_sheet_pages(cases())
    next(made)
    assert len(read) == 41  # one ahead
    assert len(list(islice(made, 2))) == 2 and len(read) == 121


def test_pixels_are_those_of_the_images_in_their_order():
    (fig,) = drawn(case(10 * i, mask=None) for i in range(6))
    page = mosaic(fig)
    assert page.dtype == np.uint8 and page.min() == 10
    found = []
    for i in range(6):
        rows, columns = np.nonzero(page == 10 + 10 * i)
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert (np.ptp(columns) + 1) / (np.ptp(rows) + 1) == pytest.approx(4 / 3, rel=0.01)
        found.append((rows.min(), columns.min()))
    tops, lefts = zip(*found, strict=True)
    assert len(set(tops[:5])) == 1 and tops[5] > tops[0] + ROOM[1]
    assert list(lefts[:5]) == sorted(lefts[:5]) and lefts[5] == lefts[0]


@pytest.mark.parametrize("shape", [(90, 120), (900, 1200), (50, 400), (400, 50), (7, 9)])
def test_images_of_any_size_fill_the_room_and_keep_their_shape(shape):
    image = np.full(shape, 99.6)
    (fig,) = drawn([("P001", image, None, "")])
    rows, columns = np.nonzero(mosaic(fig) == 100)  # 99.6, rounded
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    scale = min(ROOM[0] / shape[1], ROOM[1] / shape[0])
    assert (height, width) == pytest.approx((scale * shape[0], scale * shape[1]), abs=1.5)


def test_the_outline_runs_around_the_nodule():
    image = np.where(MASK, 200, 40).astype(np.uint8)
    (fig,) = drawn([("P001", image, MASK, "")])
    (line,) = outlines(fig)
    rows, columns = np.nonzero(mosaic(fig) == 200)  # the nodule's pixels, as they were drawn
    assert line.min(axis=0) == pytest.approx([columns.min() - 0.5, rows.min() - 0.5], abs=1)
    assert line.max(axis=0) == pytest.approx([columns.max() + 0.5, rows.max() + 0.5], abs=1)
    assert (line[0] == line[-1]).all()


def test_every_part_of_a_mask_has_its_outline():
    two = MASK | (abs(ROWS - 70) <= 5) & (abs(COLUMNS - 20) <= 5)
    at_border = COLUMNS < 30
    speck = np.zeros((1200, 1600), bool)
    speck[600, 800] = True  # a hundredth of a pixel of the thumbnail
    empty = np.zeros_like(MASK)
    masks = {"two": two, "border": at_border, "speck": speck, "empty": empty, "none": None}
    number = {}
    for name, mask in masks.items():
        image = np.zeros(MASK.shape if mask is None else mask.shape)
        (fig,) = drawn([(name, image, mask, "")])
        number[name] = len(outlines(fig))
        for line in outlines(fig):
            assert (line[0] == line[-1]).all(), name  # closed, along the border too
    assert number == {"two": 2, "border": 1, "speck": 1, "empty": 0, "none": 0}


@pytest.fixture
def style_of_the_notebooks():
    """It has another layout engine than the default."""
    with mpl.rc_context():
        style.use_style()
        yield


def test_words_are_no_formulas_and_stay_below_their_image(style_of_the_notebooks):
    note = "duplicate, blur, size, border, components, text"
    cases = [
        ("$P_1$", *case(1)[1:3], note),
        (r"\frac$", *case(2)[1:3], "$$"),
        ("an id that is much longer than the image is wide", *case(3)[1:3], note * 3),
        ("P004", *case(4)[1:3], ""),
    ]
    (fig,) = drawn(cases * 10, title="$a$", origin="$b$")
    shown = words(fig)
    assert shown[:4] == [
        "$P_1$",
        "duplicate, blur, size, border,\ncomponents, text",
        r"\frac$",
        "$$",
    ]
    assert shown[4].endswith("…") and shown[5].count("\n") == 1 and shown[5].endswith("…")
    texts = [text for text in fig.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)
    dark = mosaic(fig) < 255
    for text, box in zip(texts, boxes, strict=True):
        left, right = (round(2 * x) for x in (box.x0, box.x1))
        top, bottom = (round(dark.shape[0] - 2 * y) for y in (box.y1, box.y0))
        assert not dark[top:bottom, left:right].any(), text.get_text()
        assert text.get_fontsize() >= 6 and not text.get_parse_math()
    fig.savefig(io.BytesIO(), format="png")


def test_the_same_cases_give_the_same_pdf():
    cohort = simulate.simulate_cohort(6, rng=np.random.default_rng(2), image_shape=(160, 208))

    def written():
        cases = (
            (f"P{i:03d}", image, mask, "blur")
            for i, (image, mask) in enumerate(zip(cohort.images, cohort.masks, strict=True))
        )
        data = io.BytesIO()
        with PdfPages(data, metadata={"CreationDate": None}) as pdf:
            for fig in contact_sheets.contact_sheet_pages(cases, origin="Simulated data"):
                pdf.savefig(fig)
        return data.getvalue()

    once = written()
    assert once == written()
    # One byte a pixel at most, compressed; 544 images stay far below 40 MB.
    assert len(once) < 6 * ROOM[0] * ROOM[1] + 50_000


@pytest.mark.parametrize(
    ("cases", "kwargs", "message"),
    [
        (
            [("P001", np.zeros((4, 5)), np.zeros((5, 4), bool), "")],
            {},
            "cases: the mask of 'P001' has shape (5, 4), its image (4, 5).",
        ),
        (
            [("P001", np.zeros((4, 5, 3)), None, "")],
            {},
            "cases: 'P001' needs a grey image (rows, columns), got (4, 5, 3).",
        ),
        ([], {"columns": 0}, "per_page, columns: expected at least 1, got 40 and 0."),
        (
            [],
            {"per_page": 400},
            "per_page: 400 cases in 5 columns leave thumbnails of less than 0.3 inches; "
            "take fewer.",
        ),
    ],
)
def test_what_cannot_be_drawn_is_named(cases, kwargs, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        drawn(cases, **kwargs)


def test_a_page_can_be_saved_and_shown_under_the_style_of_the_notebooks(monkeypatch):
    """Saving as PDF first must not leave the page with a layout engine, which warns."""
    shown = []
    monkeypatch.setattr(contact_sheets, "display", shown.append)
    with mpl.rc_context():
        style.use_style()
        (page,) = contact_sheets.contact_sheet_pages(
            [("a", np.full((40, 50), 100, np.uint8), None, "")], title="x"
        )
        page.savefig(io.BytesIO(), format="pdf")
        contact_sheets.show_page(page)
    assert shown[0].data.startswith(b"\xff\xd8")  # JPEG
