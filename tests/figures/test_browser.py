"""The browser, driven as a reader would: by the values and buttons of its widgets."""

import html
import io
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import PIL.Image
import pytest

from thyro.figures import browser

IDS = ["PA-1", "PB-1", "PB-2", "PC-1"]
OUTLINE = (255, 212, 0)


class Review:
    """What the cohort hands over, in the memory."""

    def __init__(self, images, *, decided=None, fixed=None, origin=""):
        self.images, self.decided, self.fixed = images, decided or {}, fixed or {}
        self.origin, self.status = origin, "decisions.csv: keep 0, exclude 0."
        self.saved, self.shown = [], []

    def read(self, image_id):
        self.shown.append(image_id)
        if image_id == "PC-1":
            raise OSError("images/<b>.dcm is gone")
        mask = np.zeros((100, 140), bool)
        mask[40:60, 50:90] = True
        return np.full((100, 140), 10.0 * IDS.index(image_id) + 20), mask

    def words(self, image_id):
        return [f"Row of {image_id}, note <i>"]

    def save(self, decided):
        self.saved.append(dict(decided))
        return f"d<.csv: {len(decided)}"


def images():
    columns = {
        "Row": [2, 3, 11, 12],
        "Area, mm²": [20.5, 3.25, np.nan, 100.0],
        "Flags": ["blur", "", "copy, blur and many other words", ""],
    }
    return pd.DataFrame(columns, index=IDS)


class Shown:
    """A browser by the parts that a reader sees."""

    def __init__(self, review=None, **options):
        self.review = review or Review(images(), **options)
        box = browser.browse_images(self.review)
        both, self.style = box.children
        left, right = both.children
        head, self.list, below = left.children
        buttons, self.picture, self.caption = right.children
        self.head = {button.tooltip.removeprefix("Sort by "): button for button in head.children}
        self.save, self.said = below.children
        *decisions, self.back, self.next, self.outline = buttons.children
        self.buttons = {button.description: button for button in decisions}

    @property
    def order(self):
        return [value for _, value in self.list.options]

    @property
    def rows(self):
        return [label for label, _ in self.list.options]

    @property
    def pixels(self):
        return np.asarray(PIL.Image.open(io.BytesIO(self.picture.value)))


@pytest.fixture(autouse=True)
def displayed(monkeypatch):
    """What goes to the notebook."""
    outputs = []
    monkeypatch.setattr(browser, "display", lambda output, **_: outputs.append(output))
    return outputs


def test_every_image_has_a_row_whose_cells_stand_below_their_names():
    shown = Shown()
    assert list(shown.head) == ["Image", "Row", "Area, mm²", "Flags", "Decision"]
    assert shown.rows == [
        "PA-1      2      20.50 blur                          ",
        "PB-1      3       3.25                               ",
        "PB-2     11          – copy, blur and many…          ",
        "PC-1     12     100.00                               ",
    ]
    widths = [int(button.layout.width.removesuffix("ch")) for button in shown.head.values()]
    assert widths == [6, 4, 10, 20, 9] and sum(widths) + 4 == len(shown.rows[0])
    assert shown.list.value == "PA-1" and shown.review.shown == ["PA-1"]


@pytest.mark.parametrize(
    ("column", "up", "down"),
    [
        ("Row", [0, 1, 2, 3], [3, 2, 1, 0]),  # as numbers: 11 after 3
        ("Area, mm²", [1, 0, 3, 2], [3, 0, 1, 2]),  # what was not measured stands last
        ("Flags", [0, 2, 1, 3], [2, 0, 1, 3]),  # flagged images first, either way
        ("Image", [0, 1, 2, 3], [3, 2, 1, 0]),
        ("Decision", [2, 0, 1, 3], [0, 2, 1, 3]),
    ],
)
def test_a_column_sorts_one_way_and_the_other(column, up, down):
    shown = Shown(decided={"PA-1": "keep", "PB-2": "exclude"})
    shown.list.value = "PB-1"
    shown.head[column].click()
    assert shown.order == [IDS[i] for i in up]
    assert shown.head[column].description == f"{column}▲"
    shown.head[column].click()
    assert shown.order == [IDS[i] for i in down]
    assert shown.head[column].description == f"{column}▼"
    assert shown.list.value == "PB-1"  # still chosen
    other = "Row" if column != "Row" else "Image"
    shown.head[other].click()
    assert shown.head[column].description == column and shown.order == IDS


def test_a_decision_is_listed_and_the_next_image_comes():
    shown = Shown()
    shown.head["Area, mm²"].click()
    assert (shown.order, shown.list.value) == (["PB-1", "PA-1", "PC-1", "PB-2"], "PA-1")
    shown.buttons["Exclude"].click()
    assert shown.list.value == "PC-1"
    shown.buttons["Keep"].click()
    shown.buttons["Exclude"].click()
    assert shown.list.value == "PB-2"  # the last one stays
    cells = {image: row.split()[-1] for row, image in shown.list.options}
    assert [cells[i] for i in IDS] == ["exclude", "3.25", "exclude", "keep"]
    assert "4 images: keep 1, exclude 2." in shown.said.value
    assert "Not saved: 3." in shown.said.value and not shown.save.disabled
    assert shown.review.saved == []
    shown.list.value = "PA-1"
    shown.buttons["Clear"].click()
    assert "keep 1, exclude 1." in shown.said.value and "Not saved: 2." in shown.said.value


def test_a_reader_goes_through_the_list_in_its_order_and_decides_nothing():
    shown = Shown()
    shown.head["Row"].click()
    shown.head["Row"].click()
    seen = []
    for button in [shown.next, shown.back, shown.back, shown.back, shown.back, shown.next]:
        button.click()
        seen.append(shown.list.value)
    assert seen == ["PA-1", "PB-1", "PB-2", "PC-1", "PC-1", "PB-2"]
    assert shown.save.disabled


def test_what_is_saved_is_all_that_is_decided_and_then_nothing_waits():
    shown = Shown(decided={"PB-1": "keep", "PZ-9": "exclude"})  # the latter was not examined
    assert shown.save.disabled and "keep 1, exclude 0." in shown.said.value
    assert "decisions.csv: keep 0, exclude 0." in shown.said.value
    shown.buttons["Exclude"].click()
    shown.buttons["Clear"].click()  # of PB-1
    shown.save.click()
    assert shown.review.saved == [{"PZ-9": "exclude", "PA-1": "exclude"}]
    assert shown.save.disabled and "Not saved" not in shown.said.value
    assert "Saved. d&lt;.csv: 2<br>Run all cells again: the flow chart follows." in shown.said.value
    shown.list.value = "PA-1"
    shown.buttons["Keep"].click()
    assert "Not saved: 1." in shown.said.value and not shown.save.disabled


def test_another_decision_and_back_leaves_nothing_to_save():
    shown = Shown(decided={"PA-1": "keep"})
    shown.buttons["Exclude"].click()
    assert not shown.save.disabled
    shown.list.value = "PA-1"
    shown.buttons["Keep"].click()
    assert shown.save.disabled


@pytest.mark.parametrize("error", [OSError(30, "Read-only", "<x>"), ValueError("was <changed>")])
def test_what_cannot_be_saved_is_said_and_stays_decided(error):
    shown = Shown()

    def refuse(_):
        raise error

    shown.review.save = refuse
    shown.buttons["Keep"].click()
    shown.save.click()
    assert f"Not saved. {html.escape(str(error))}" in shown.said.value
    assert 'role="alert"' in shown.said.value and not shown.save.disabled
    del shown.review.save
    shown.save.click()
    assert shown.review.saved == [{"PA-1": "keep"}]


def test_an_image_that_the_table_decides_has_no_buttons():
    shown = Shown(decided={"PB-1": "keep"}, fixed={"PB-1": "told elsewhere"})
    assert not any(button.disabled for button in shown.buttons.values())
    shown.list.value = "PB-1"
    assert all(button.disabled for button in shown.buttons.values())
    shown.buttons["Exclude"].click()  # by a program
    assert shown.save.disabled and shown.rows[1].split()[-1] == "keep"
    shown.list.value = "PA-1"
    assert not any(button.disabled for button in shown.buttons.values())


def test_the_picture_has_the_outline_unless_it_is_turned_off():
    shown = Shown()
    assert shown.pixels.shape == (400, 560, 3)  # four times: repeated pixels
    marked = (shown.pixels == OUTLINE).all(axis=2)
    rows, columns = np.nonzero(marked)
    edges = [rows.min(), rows.max(), columns.min(), columns.max()]
    assert np.allclose(edges, [160, 240, 200, 360], atol=2)
    assert not marked[170:230, 210:350].any()
    shown.outline.value = False
    assert set(shown.pixels.ravel()) == {20}
    shown.list.value = "PB-1"
    assert set(shown.pixels.ravel()) == {30}


def test_a_large_image_is_shrunk_with_its_outline():
    mask = np.zeros((1120, 840), bool)
    mask[280:560, 210:420] = True
    png = browser._png(np.full(mask.shape, 100.0), mask)
    pixels = np.asarray(PIL.Image.open(io.BytesIO(png)))
    rows, columns = np.nonzero((pixels == OUTLINE).all(axis=2))
    assert pixels.shape == (560, 420, 3)
    edges = [rows.min(), rows.max(), columns.min(), columns.max()]
    assert np.allclose(edges, [140, 280, 105, 210], atol=2)


def test_an_image_that_cannot_be_shown_leaves_no_other_picture():
    shown = Shown()
    shown.list.value = "PC-1"
    assert shown.picture.value == b""
    assert "PC-1 cannot be shown. OSError: images/&lt;b&gt;.dcm is gone" in shown.caption.value
    shown.list.value = "PB-2"
    assert set(shown.pixels[:20].ravel()) == {40} and "PC-1" not in shown.caption.value


def test_words_are_text_and_no_markup_and_invented_images_say_so():
    shown = Shown(origin="Simulated <data>")
    assert "Row of PA-1, note &lt;i&gt;" in shown.caption.value
    assert "Simulated &lt;data&gt;" in shown.caption.value
    assert "Simulated" not in Shown().caption.value


def test_five_hundred_images_are_sorted_and_decided_without_waiting(displayed):
    n = 500
    many = pd.DataFrame(
        {"Row": range(n), "Area, mm²": np.random.default_rng(1).random(n), "Flags": ""},
        index=[f"P{i}" for i in range(n)],
    )
    review = Review(many)
    review.read = lambda image_id: (np.full((100, 140), 7.0), np.zeros((100, 140), bool))
    shown = Shown(review)
    start = time.perf_counter()
    shown.head["Area, mm²"].click()
    for _ in range(10):
        shown.buttons["Keep"].click()
    assert time.perf_counter() - start < 5  # 0.4 s where nothing else runs
    assert "keep 10, exclude 0." in shown.said.value
    assert len(displayed) == 1


def test_without_images_there_is_nothing_to_browse():
    with pytest.raises(ValueError, match="expected at least one image"):
        browser.browse_images(SimpleNamespace(images=pd.DataFrame()))


def test_where_no_notebook_runs_words_stand_for_the_browser(displayed):
    Shown()
    (bundle,) = displayed
    assert bundle["text/plain"] == "In a running notebook all images stand here."
    assert "application/vnd.jupyter.widget-view+json" in bundle
