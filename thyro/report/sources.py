"""Where the numbers of the prose come from: files that were read, and values before rounding."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from thyro.report.results import Results
from thyro.report.shortcodes import Markdown, escape

NUMBER = re.compile(r"−?\d[\d,]*(?:\.\d+)?")
UNTRACED = ("study", "origin")  # also in titles and headers, which cannot hold a link
MOST_CELLS = 2_000_000  # of a table that is searched for a value


@dataclass(frozen=True)
class TracedResults(Results):
    """Results that remember what was read of them: file, relative to the study, and content."""

    read: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        """As `Results.table`."""
        return self._kept(f"{name}.parquet", super().table(name))

    def values(self, name: str) -> Any:
        """As `Results.values`."""
        return self._kept(f"{name}.json", super().values(name))

    def _kept(self, file: str, content: Any) -> Any:
        self.read[file] = content
        return content


@dataclass(frozen=True)
class Exact:
    """A number as it is printed, before it was rounded, and where it stands."""

    printed: str
    value: float  # as it was handed to be written: a share times 100 where percent is printed
    place: str  # "06_statistics/performance.parquet, auc, SR_SVM, test"; "" where computed


@dataclass(frozen=True)
class Source:
    """Of one variable of the manuscript."""

    name: str  # "cohort.n"
    text: str  # as it is printed
    files: tuple[str, ...]  # read by the section of words that made it
    exact: tuple[Exact, ...]  # of those of its numbers that one value alone was rounded to


def find_sources(
    tree: Mapping, read: Mapping[str, Any], written: Mapping[str, set[float]]
) -> dict[str, Source]:
    """The sources of every variable of `tree` that holds a number.

    Parameters
    ----------
    tree : nested mapping
        Variables that one section of words made.
    read : mapping of file to content
        What it read for them: tables, or values as JSON has them.
    written : mapping of text to values
        What was rounded meanwhile, as `tables.noted` collects it. A text that two different values
        were rounded to tells no exact value.

    Returns
    -------
    dict
        Name of a variable to its `Source`.
    """
    places = _Places(read)
    found = {}
    for name, text in _leaves(tree):
        numbers = dict.fromkeys(NUMBER.findall(text))
        if not numbers or name.partition(".")[0] in UNTRACED:
            continue
        exact = tuple(
            Exact(number, value, places.of(value))
            for number in numbers
            # whole numbers are as often counts, which nothing rounds
            if "." in number
            and len(values := written.get(number, set())) == 1
            and not (value := next(iter(values))).is_integer()
        )
        found[name] = Source(name, text, tuple(read), exact)
    return found


def marked(tree: Mapping, sources: Mapping[str, Source], path: str = "") -> dict:
    """`tree` with every variable that has a source in a span that names it, as Markdown."""
    out: dict = {}
    for key, value in tree.items():
        name = f"{path}{key}"
        if isinstance(value, Mapping):
            out[key] = marked(value, sources, f"{name}.")
        elif name in sources:
            out[key] = Markdown(f'[{escape(value)}]{{.value var="{name}"}}')
        else:
            out[key] = value
    return out


def _leaves(tree: Mapping, path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{key}.")
        elif isinstance(value, str):
            yield f"{path}{key}", value


class _Places:
    """Where exact values stand in the files that were read."""

    def __init__(self, read: Mapping[str, Any]):
        self.index: dict[float, str] = {}
        for file, content in read.items():
            if isinstance(content, pd.DataFrame):
                self._add_table(file, content)
            else:
                self._add_values(file, content)

    def of(self, value: float) -> str:
        """The first place of `value`, or of the share that it is as percent; "" if none."""
        return self.index.get(value, "")

    def _add_table(self, file: str, table: pd.DataFrame) -> None:
        if table.size > MOST_CELLS:
            return
        if any(name is not None for name in table.index.names):
            table = table.reset_index()
        words = table.select_dtypes(exclude="number")
        words = words.loc[:, [words[name].map(_is_word).all() for name in words]]
        rows = [", ".join(map(str, row)) for row in words.itertuples(index=False, name=None)]
        for name, column in table.select_dtypes("float").items():
            for row, value in enumerate(column.tolist()):
                label = f", {rows[row]}" if rows and rows[row] else ""
                self._add(value, f"{file}, {name}{label}")

    def _add_values(self, file: str, value: Any, path: str = "") -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                self._add_values(file, inner, f"{path}.{key}" if path else str(key))
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                self._add_values(file, inner, f"{path}[{number}]")
        elif isinstance(value, float):
            self._add(value, f"{file}, {path}")

    def _add(self, value: float, place: str) -> None:
        if value == value and not value.is_integer():  # every table has a 0 and a 1
            self.index.setdefault(value, place)
            self.index.setdefault(100 * value, place)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 60
