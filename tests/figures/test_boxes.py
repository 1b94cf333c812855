"""Measured text, boxes and arrows."""

import pytest
from matplotlib import pyplot as plt

from thyro.figures import boxes

pytestmark = pytest.mark.usefixtures("style")


def test_lines_keep_every_word_and_the_width():
    text = "Excluded: no ultrasound image of the primary nodule before surgery was available"
    lines = boxes.wrapped(text, 90)
    assert " ".join(lines) == text and len(lines) > 3
    assert all(boxes.text_width(line, boxes.SIZE) <= 90 for line in lines)
    # Greedy: the first word of a line would not have fitted on the line above.
    for above, below in zip(lines, lines[1:], strict=False):
        assert boxes.text_width(f"{above} {below.split()[0]}", boxes.SIZE) > 75


def test_a_word_that_is_too_wide_is_broken():
    lines = boxes.wrapped("Extrathyroidalextensionofthenodule", 40)
    assert "".join(lines) == "Extrathyroidalextensionofthenodule" and len(lines) > 2


def test_an_indent_begins_every_line_but_the_first():
    first, *others = boxes.wrapped("one two three four five six seven", 40, indent="   ")
    assert not first.startswith(" ") and others
    assert all(line.startswith("   ") for line in others)


def test_width_grows_with_text_and_size():
    assert boxes.text_width("", 7) == 0
    assert boxes.text_width("mm", 7) > boxes.text_width("ii", 7)
    assert boxes.text_width("nodule", 14) == pytest.approx(2 * boxes.text_width("nodule", 7))
    assert boxes.text_width("$x$ $y$", 7) > boxes.text_width("x y", 7)  # no formula


def test_width_of_axes_is_in_points():
    _, ax = plt.subplots(figsize=(5, 2))
    points = boxes.width_points(ax)
    assert not ax.axison and 0.9 * 360 < points <= 360


def test_edges_of_a_box():
    box = boxes.Box(10, 2, 20, 6, "text", "main")
    assert (box.middle, box.bottom) == (20, 8)


@pytest.mark.parametrize("kind", ["main", "excluded", "split", "header"])
def test_a_box_holds_its_text_as_it_is(ax, kind):
    boxes.draw_box(ax, boxes.Box(0, 0, 40, 6, "cost $1, $2", kind), module="thyro.cohort")
    text, module = ax.texts
    assert text.get_text() == "cost $1, $2" and not text.get_parse_math()
    assert module.get_text() == "thyro.cohort" and module.get_fontsize() >= 6
    assert text.get_horizontalalignment() == ("left" if kind == "excluded" else "center")
    assert len(ax.patches) == 1


def test_an_arrow_points_at_its_end(ax):
    boxes.draw_arrow(ax, (1, 2), (3, 4))
    (arrow,) = ax.texts
    assert arrow.xy == (3, 4) and arrow.get_position() == (1, 2)
