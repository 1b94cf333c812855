"""Letters are drawn by the style's font or by one that stands in, and missed by name."""

import warnings
from dataclasses import replace
from pathlib import Path

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


def of_matplotlib(name="DejaVu Sans"):
    """A font that comes with matplotlib, under its own name or another."""
    listed = font_manager.fontManager.ttflist
    return replace(next(font for font in listed if font.name == "DejaVu Sans"), name=name)


@pytest.fixture
def machine(monkeypatch):
    """Makes a machine that has matplotlib's own font and those that are named."""

    def make(*names):
        entries = [of_matplotlib(), *map(of_matplotlib, names)]
        monkeypatch.setattr(font_manager.fontManager, "ttflist", entries)
        monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])

    return make


@pytest.fixture
def none_installed(machine):
    machine()


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("Diameter, mm²", ""),
        ("Διάμετρος", ""),
        ("Диаметр узла", ""),
        ("甲状腺 大小 甲", "甲状腺大小"),
        ("Größe 大", "大"),
        ("결절", "결절"),
        ("しこり", "しこり"),
        ("𠮷田 㐂", "𠮷田㐂"),  # names with rare characters
        ("≥ 10 ‰, ± 1 °C", ""),
        ("", ""),
    ],
)
def test_letters_that_no_font_has_are_named_once(none_installed, text, missing):
    assert fonts.without_glyph(text) == missing


def test_a_font_of_the_machine_stands_in(machine, monkeypatch):
    machine("SimHei", "Noto Sans CJK SC", "Comic Sans MS")
    assert fonts.families() == ("DejaVu Sans", "Noto Sans CJK SC", "SimHei")
    monkeypatch.setattr(
        fonts, "_letters", lambda family: frozenset(map(ord, {"SimHei": "大"}.get(family, "")))
    )
    assert fonts.without_glyph("大小") == "小"


def test_a_font_that_was_removed_stands_in_no_more(machine):
    machine("SimHei")
    gone = replace(of_matplotlib("Noto Sans CJK SC"), fname="/nowhere/NotoSansCJK-Regular.ttc")
    font_manager.fontManager.ttflist.append(gone)
    assert fonts.families() == ("DejaVu Sans", "SimHei")


def test_a_font_installed_after_matplotlib_listed_them_stands_in(machine, monkeypatch, tmp_path):
    """Its list is kept on disk for all programs, and made but once."""
    serif = font_manager.findfont("DejaVu Serif", fallback_to_default=False)
    machine()
    new, broken = tmp_path / "new.ttf", tmp_path / "broken.ttf"
    new.write_bytes(Path(serif).read_bytes())
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "STAND_INS", ("DejaVu Serif",))
    assert fonts.families() == ("DejaVu Sans",)
    fonts.families.cache_clear()
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(broken), str(new)])
    assert fonts.families() == ("DejaVu Sans", "DejaVu Serif")


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
