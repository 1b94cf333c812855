"""Letters that figures can draw: those of the style's own font, and what stands in for it.

DejaVu Sans, which comes with matplotlib, has Latin, Greek and Cyrillic letters. Chinese, Japanese
and Korean need a font of the machine; which one decides nothing but the look of those letters.
"""

from contextlib import suppress
from functools import cache
from pathlib import Path

from matplotlib import font_manager, ft2font

OWN = "DejaVu Sans"
STAND_INS = (  # of Linux, Windows and macOS, in the order in which they are tried
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    *("WenQuanYi Zen Hei", "Droid Sans Fallback", "Microsoft YaHei", "SimHei", "PingFang SC"),
    *("Hiragino Sans GB", "Noto Sans CJK JP", "Noto Sans CJK KR", "Arial Unicode MS"),
)


@cache
def families() -> tuple[str, ...]:
    """Fonts that draw a text, in the order in which a letter is looked for."""
    _list_again()
    there = {font.name for font in font_manager.fontManager.ttflist if Path(font.fname).is_file()}
    return (OWN, *(name for name in STAND_INS if name in there))


def without_glyph(text: str) -> str:
    """The letters of `text`, each once, that none of the fonts has; "" where all can be drawn."""
    known = [_letters(name) for name in families()]
    strange = dict.fromkeys(letter for letter in text if not letter.isspace())
    return "".join(c for c in strange if not any(ord(c) in letters for letters in known))


@cache
def _letters(family: str) -> frozenset[int]:
    """Code points of a font."""
    file = font_manager.findfont(family, fallback_to_default=False)
    return frozenset(ft2font.FT2Font(file).get_charmap())


def _list_again() -> None:
    """Add what was installed since matplotlib listed the fonts, which it does but once a machine.

    Else whoever installs the font that a message asks for is told the same again.
    """
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for file in font_manager.findSystemFonts():
        if file not in known:
            with suppress(Exception):  # matplotlib cannot use every file, and passes over it too
                font_manager.fontManager.addfont(file)
