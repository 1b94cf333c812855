"""The page and the picture of the rooms are those of this tree."""

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from thyro import tables

ROOT = Path(__file__).resolve().parents[1]
AGAIN = "run `python docs/architecture.py`"


@pytest.fixture(scope="module")
def architecture():
    where = ROOT / "docs/architecture.py"
    spec = importlib.util.spec_from_file_location("architecture", where)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def test_the_picture_is_what_the_script_draws(architecture):
    drawn = architecture.draw()
    assert drawn == architecture.draw()
    assert (ROOT / "docs/architecture.svg").read_text(encoding="utf-8") == drawn, AGAIN


def test_every_room_has_its_place_and_its_sentence(architecture, page):
    rooms = [room for floor in architecture.floors() for room in floor]
    folders = {face.parent.name for face in ROOT.glob("thyro/*/__init__.py")}
    assert sorted(rooms) == sorted(folders | {"cli"})
    assert page == architecture.with_rooms(page), AGAIN
    for room in rooms:
        sentence = architecture.sentence(room)
        assert sentence.endswith(".") and f"| `{room}` | {sentence} |" in page


def test_the_picture_shows_every_way_between_stages(architecture):
    ways = architecture.ways()
    svg = ET.fromstring(architecture.draw())
    arrows = [e for e in svg.findall(".//{*}line") if e.get("marker-end") == "url(#way)"]
    assert len(arrows) == len(set(ways)) == 5
    placed = {box.name: box for box in architecture.boxes()[0]}
    # whoever imports stands above what it imports
    assert all(placed[above].bottom < placed[below].y for above, below in ways)


def test_floors_stand_in_the_order_of_the_contract(architecture):
    placed = {box.name: box for box in architecture.boxes()[0]}
    tops = [[placed[room].y for room in floor] for floor in architecture.floors()]
    assert all(max(upper) < min(lower) for upper, lower in zip(tops, tops[1:], strict=False))


def test_nothing_in_the_picture_overlaps_or_sticks_out(architecture):
    boxes, bands, height = architecture.boxes()
    for i, one in enumerate(boxes):
        assert 0 <= one.x and one.x + one.width <= architecture.WIDTH and one.bottom <= height
        assert any(top <= one.y and one.bottom <= top + tall for top, tall, _ in bands)
        wide = 0.63 * architecture.NAME  # of a bold letter of DejaVu Sans, the widest we ask for
        assert wide * len(one.name) < one.width
        assert all(architecture.LETTER * architecture.TEXT * len(s) < one.width for s in one.lines)
        for other in boxes[:i]:
            beside = one.x >= other.x + other.width or other.x >= one.x + one.width
            assert beside or one.y >= other.bottom or other.y >= one.bottom


def test_a_room_below_another_of_the_same_column_is_refused(architecture, monkeypatch):
    monkeypatch.setattr(architecture, "ways", lambda: [("models", "selection"), ("models", "deep")])
    with pytest.raises(ValueError, match="deep: selection stands below models"):
        architecture.stage_rows(["models", "selection", "deep"])


def test_the_way_to_table_2_is_as_the_page_says(page):
    assert "`performance` in `thyro/tables/results.py`" in page
    assert "performance" in tables.__all__
    assert tables.performance.__module__ == "thyro.tables.results"
    assert "Table 2" in tables.performance.__doc__.splitlines()[0]


def test_every_file_that_the_page_names_is_there(page):
    words = page.replace("(", " ").replace(")", " ").split("`")[1::2]
    named = [word for word in words if word.endswith((".py", ".bib")) and " " not in word]
    named = [word for word in named if "/" in word and not word.startswith("tests/")]
    assert len(named) >= 8
    for name in named:
        assert (ROOT / name).exists() or (ROOT / "thyro" / name).exists(), name
