"""Letters that figures can draw: those of the style's own font, and what stands in for it.

DejaVu Sans, which comes with matplotlib, has Latin, Greek and Cyrillic letters. Chinese, Japanese
and Korean need a font of the machine; which one decides nothing but the look of those letters.
"""

from functools import cache

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
    there = set(font_manager.get_font_names())
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
