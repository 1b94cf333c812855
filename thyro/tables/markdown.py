"""Frames as text: columns of strings, and a frame of strings as a Markdown table."""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from thyro.study import PAPER
from thyro.tables.rounding import ABSENT

NARROWEST, WIDEST = 3, 90  # of a column, in dashes: pandoc takes them as relative widths
NUMBER = re.compile(r"–|[−<>]?[\d∞][\d∞.,%()±–−to ]*")
SPECIAL = re.compile(r"([\\`*_\[\]{}|$@~^#!])")
BREAKS = re.compile(r"[\t-\r\x85\u2028\u2029]+")


def show(frame: pd.DataFrame, *, origin: str = "", note: str = "") -> Markdown:
    """Return `frame` as a Markdown pipe table.

    The first column is left-aligned, a column of numbers right-aligned. A named index becomes the
    first columns.

    Parameters
    ----------
    frame : DataFrame
        Of display strings, as the functions here make them. A float that is left gets four
        significant digits, a missing value a dash.
    origin : str
        Where the data come from ("Simulated data"); last line, in italics.
    note : str
        Explanation below the table.
    """
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    columns = [[_cell(value) for value in frame.iloc[:, j]] for j in range(frame.shape[1])]
    heads, rules = [], []
    for j, (name, cells) in enumerate(zip(frame.columns, columns, strict=True)):
        longest = max((len(text) for text in [str(name), *cells]), default=0)
        dashes = "-" * min(max(longest, NARROWEST), WIDEST)
        right = j > 0 and cells and all(NUMBER.fullmatch(text) for text in cells if text)
        heads.append(escape(name))
        rules.append(f"{dashes}:" if right else f":{dashes}")
    body = [[escape(text) for text in row] for row in zip(*columns, strict=True)]
    lines = [f"| {' | '.join(row)} |" for row in (heads, rules, *body)]
    tail = ([escape(note)] if note else []) + ([f"*{escape(origin)}.*"] if origin else [])
    return Markdown("\n".join(lines) + "".join(f"\n\n{line}" for line in tail) + "\n")


def notice(text: str) -> None:
    """Show Markdown below a cell; nothing where there is nothing to say."""
    if text:
        display(Markdown(text))


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ABSENT
    if isinstance(value, float | np.floating):
        return f"{value:.4g}".replace("-", "−")
    return str(value)


def escape(text: object) -> str:
    """Escape `text` so that Markdown, pandoc and HTML print it as it is, on one line."""
    text = SPECIAL.sub(r"\\\1", BREAKS.sub(" ", str(text)))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def by_protocol(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` without its column `protocol` where nothing was made by two recipes.

    So it is with scores of a table, which stand under the name of the paper's.
    """
    alone = "protocol" in frame and set(frame["protocol"]) == {PAPER}
    return frame.drop(columns="protocol") if alone else frame


def formatted(
    frame: pd.DataFrame,
    spec: Mapping[str, tuple[Sequence[str], Callable[..., str]]],
    *,
    optional: Sequence[str] = (),
) -> pd.DataFrame:
    """Columns of strings from columns of numbers.

    Parameters
    ----------
    frame : DataFrame
        At full precision; a named index counts as columns.
    spec : mapping of heading to (columns of `frame`, function of their values)
        In the order of the columns.
    optional : sequence of str
        Headings that are left out where `frame` lacks their columns.
    """
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    out = {}
    for heading, (sources, form) in spec.items():
        absent = [name for name in sources if name not in frame]
        if not absent:
            rows = frame[list(sources)].itertuples(index=False, name=None)
            out[heading] = [form(*values) for values in rows]
        elif heading not in optional:
            raise ValueError(f"frame: {heading!r} needs the columns {absent}.")
    return pd.DataFrame(out)
