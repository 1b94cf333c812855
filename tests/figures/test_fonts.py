"""Letters are drawn by the style's font or by one that stands in, and missed by name."""

import warnings

import pytest
from matplotlib import font_manager
from matplotlib import pyplot as plt

from thyro.figures import fonts
from thyro.figures.style import use_style


@pytest.fixture(autouse=True)
def fresh():
    fonts.families.cache_clear()
    yield
    fonts.families.cache_clear()


@pytest.fixture
def none_installed(monkeypatch):
    """A machine that has matplotlib's own fonts alone."""
    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["DejaVu Sans", "DejaVu Serif"])


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Diameter, mm²", ""),
        ("Διάμετρος", ""),
        ("Диаметр узла", ""),
        ("甲状腺 大小 甲", "甲状腺大小"),
        ("Größe 大", "大"),
        ("결절", "결절"),
        ("", ""),
    ],
)
def test_letters_that_no_font_has_are_named_once(none_installed, text, missing):
    assert fonts.without_glyph(text) == missing


def test_a_font_of_the_machine_stands_in(monkeypatch):
    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["SimHei", "Noto Sans CJK SC"])
    assert fonts.families() == ("DejaVu Sans", "Noto Sans CJK SC", "SimHei")
    monkeypatch.setattr(
        fonts, "_letters", lambda family: frozenset(map(ord, {"SimHei": "大"}.get(family, "")))
    )
    assert fonts.without_glyph("大小") == "小"


def test_the_style_looks_for_a_letter_in_one_font_after_the_other(monkeypatch, style):
    """DejaVu Serif plays the font that has what the first one lacks."""
    monkeypatch.setattr(fonts, "STAND_INS", ("DejaVu Serif",))
    fonts.families.cache_clear()  # the fixture has asked already
    use_style()
    assert plt.rcParams["font.family"] == ["sans-serif", "DejaVu Serif"]


def test_what_is_not_missing_is_drawn_without_a_warning(style):
    use_style()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a glyph that it does not find
        fig = plt.figure()
        fig.text(0.1, 0.5, "Διάμετρος, Диаметр, µm²")
        fig.canvas.draw()
    assert plt.rcParams["font.sans-serif"] == ["DejaVu Sans"]
