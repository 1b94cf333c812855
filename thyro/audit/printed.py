"""The printed numbers of a publication: read, looked up, and compared as they were rounded."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

SLACK = 1e-9  # of floating point, in comparisons of a computed with a printed number
P_VALUE = re.compile(r"[<>]?\s*[01]?\.\d+")
METRICS = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")


class NotPrinted(LookupError):
    """A check lacks its numbers: it is left out, and says which."""


@dataclass(frozen=True)
class Rounded:
    """A number as printed. Whatever rounds to it lies within `half` of `value`."""

    text: str
    value: float
    half: float  # half a unit of the last decimal

    @classmethod
    def of(cls, text: str | float, decimals: int | None = None) -> "Rounded":
        """Read "0.878"; `decimals` where a trailing zero was dropped ("0.94" of three).

        Raises
        ------
        ValueError
            If `text` is not a number.
        """
        text = str(text)
        shown = len(text.partition(".")[2])
        return cls(text, float(text), 0.5 * 10.0 ** -max(shown, decimals or 0))

    def agrees(self, x: float, *, slack: float = 0.0) -> bool:
        """Whether `x` rounds to the printed number; `slack` is what rounding elsewhere adds."""
        return abs(x - self.value) <= self.half + slack + SLACK

    @property
    def corners(self) -> tuple[float, float]:
        """The smallest and the largest number that rounds to it."""
        return self.value - self.half, self.value + self.half


@dataclass(frozen=True)
class Interval:
    """An AUC with its confidence interval, as printed."""

    model: str
    cohort: str
    auc: Rounded
    low: Rounded
    high: Rounded

    @property
    def middle(self) -> float:
        """Of the interval; the AUC with a digit more where the interval is symmetric."""
        return (self.low.value + self.high.value) / 2

    @property
    def symmetric(self) -> bool:
        return self.auc.agrees(self.middle, slack=self.low.half)


class Printed:
    """A file of printed numbers. Whatever is asked for and not there raises `NotPrinted`.

    The keys are explained in `docs/audit_template.yml`; the order of `cohorts` is that of the file.
    """

    def __init__(self, data: Mapping[str, Any]):
        self.data = data

    def need(self, *keys: str) -> Any:
        """The value below `keys`.

        Raises
        ------
        NotPrinted
            If a key is missing or null.
        """
        found: Any = self.data
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
            if found is None:
                raise NotPrinted(".".join(keys))
        return found

    def has(self, *keys: str) -> bool:
        """Whether there is a value below `keys`."""
        try:
            self.need(*keys)
        except NotPrinted:
            return False
        return True

    def place(self, *keys: str) -> str:
        """Where the blocks that there are stand, joined; a block without `place` by its key."""
        there = [key for key in keys if key in self.data] or list(keys)
        blocks = [(key, self.data.get(key)) for key in there]
        names = [
            str(block.get("place") or key) if isinstance(block, Mapping) else key
            for key, block in blocks
        ]
        return ", ".join(dict.fromkeys(names))

    @cached_property
    def parts(self) -> dict[str, int]:
        """Patients of every cohort, without the whole."""
        return {str(name): int(n) for name, n in self.need("cohorts", "parts").items()}

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Patients of the whole, where it is named, and of every cohort."""
        whole = self.need("cohorts").get("whole")
        return ({whole["name"]: whole["n"]} if whole else {}) | self.parts

    def whole(self) -> str:
        """The name of all patients together."""
        return str(self.need("cohorts", "whole", "name"))

    def fitted_on(self) -> str:
        """The cohort that fitted the models."""
        return str(self.need("cohorts", "fitted_on"))

    def tested_on(self) -> str:
        """The cohort that tested the models."""
        return str(self.need("cohorts", "tested_on"))

    def variables(self, kind: str) -> list[dict]:
        """Rows of the table of characteristics that are "categorical" or "continuous"."""
        rows = [row for row in self.need("table_1", "rows") if row["kind"] == kind]
        if not rows:
            raise NotPrinted(f"table_1.rows of kind {kind}")
        return rows

    def moments(self) -> list[dict]:
        """Rows of continuous variables of which mean and SD are printed, in every cohort."""
        rows = [
            row
            for row in self.variables("continuous")
            if all(row[cohort].get(name) for cohort in self.sizes for name in ("mean", "sd"))
        ]
        if not rows:
            raise NotPrinted("table_1.rows with mean and sd")
        return rows

    def counts(self, variable: str) -> pd.DataFrame:
        """Patients by level (rows) and cohort (columns) of one categorical variable."""
        for row in self.variables("categorical"):
            if row["variable"] == variable:
                levels = {
                    level["level"]: {name: level[name]["n"] for name in self.sizes}
                    for level in row["levels"]
                }
                return pd.DataFrame.from_dict(levels, orient="index")
        raise NotPrinted(f"table_1: {variable}")

    def patients(self, where: Mapping[str, Any]) -> pd.Series:
        """Patients by cohort who have one of `levels` of a `variable`.

        Raises
        ------
        ValueError
            If the variable has no such level.
        """
        counts = self.counts(where["variable"])
        unknown = [level for level in where["levels"] if level not in counts.index]
        if unknown:
            raise ValueError(
                f"table_1: {where['variable']}: expected levels of {list(counts.index)}, found "
                f"{unknown}."
            )
        return counts.loc[list(where["levels"])].sum()

    @cached_property
    def rows(self) -> list[dict]:
        """All printed rows of performance: the models' and, where there are any, the nomograms'."""
        rows = list(self.data.get("table_2", {}).get("rows", []))
        for model, entry in self.data.get("nomograms", {}).items():
            rows += [
                {"model": model, "cohort": self.tested_on()} | values
                for name, values in entry.items()
                if name == "test"
            ]
        if not rows:
            raise NotPrinted("table_2.rows")
        return rows

    @cached_property
    def decimals(self) -> dict[str, int]:
        """Decimals of every metric: the most of its column, as a trailing zero may be dropped."""
        return {
            name: max(len(str(row[name]).partition(".")[2]) for row in self.rows if row.get(name))
            for name in METRICS
            if any(row.get(name) for row in self.rows)
        }

    def metrics(self, row: Mapping[str, Any]) -> dict[str, Rounded]:
        """The printed metrics of a row."""
        return {
            name: Rounded.of(row[name], self.decimals[name]) for name in METRICS if row.get(name)
        }

    def row(self, model: str, cohort: str) -> dict:
        """The printed performance of `model` in `cohort`."""
        for row in self.rows:
            if (row["model"], row["cohort"]) == (model, cohort):
                return row
        raise NotPrinted(f"table_2: {model}, {cohort}")

    @cached_property
    def intervals(self) -> list[Interval]:
        """Every printed AUC that has an interval."""
        found = [interval(row) for row in self.rows if row.get("auc") and row.get("ci95")]
        if not found:
            raise NotPrinted("table_2: auc with ci95")
        return found

    def interval(self, model: str, cohort: str) -> Interval:
        """The printed AUC of `model` in `cohort`, with its interval."""
        row = self.row(model, cohort)
        if not (row.get("auc") and row.get("ci95")):
            raise NotPrinted(f"table_2: auc and ci95 of {model}, {cohort}")
        return interval(row)

    @cached_property
    def readers(self) -> list[str]:
        """Who stands in the table of performance and is no model; often nobody."""
        return [one["model"] for one in self.data.get("readers") or []]

    def pairs(self, sign: str) -> Iterator[dict]:
        """Printed comparisons of AUCs whose p is a number (""), "<" or ">" something."""
        for pair in self.need("comparisons", "pairs"):
            given = str(pair.get("p") or "")
            if given and (given[0] if given[0] in "<>" else "") == sign:
                yield pair


def interval(row: Mapping[str, Any]) -> Interval:
    """AUC and interval of a printed row; the ends stand on both sides of a dash."""
    low, high = _ends(row["ci95"])
    return Interval(
        str(row.get("model", "")),
        str(row.get("cohort", "")),
        Rounded.of(row["auc"]),
        Rounded.of(low),
        Rounded.of(high),
    )


def read(path: str | Path) -> Printed:
    """Read a file of printed numbers.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds no mapping, or a row whose cohort, kind or number cannot be read; it names them.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"path: expected the printed numbers in {path}; docs/audit_template.yml shows the form."
        )
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(data, Mapping):
        raise ValueError(f"path: expected keys and values in {path}, found {type(data).__name__}.")
    _check(data, path)
    return Printed(data)


def _check(data: Mapping[str, Any], path: Path) -> None:
    """Raise ValueError for what would stop a check with an error that names no row."""
    known = data.get("cohorts") or {}
    parts = known.get("parts") or {}
    if not parts or not all(isinstance(n, int) and n > 1 for n in parts.values()):
        raise ValueError(f"{path}: cohorts.parts: expected patients by cohort, found {parts!r}.")
    for key in ("fitted_on", "tested_on"):
        if known.get(key) not in parts:
            raise ValueError(
                f"{path}: cohorts.{key}: expected one of {list(parts)}, found {known.get(key)!r}."
            )
    sizes = [*parts, *([known["whole"]["name"]] if known.get("whole") else [])]
    for row in (data.get("table_1") or {}).get("rows") or []:
        kinds = ("categorical", "continuous")
        if row.get("kind") not in kinds:
            raise ValueError(
                f"{path}: table_1: {row.get('variable')!r}: kind: expected one of {kinds}, found "
                f"{row.get('kind')!r}."
            )
        for entry in row["levels"] if row["kind"] == "categorical" else [row]:
            lacking = [name for name in sizes if name not in entry]
            where = f"{path}: table_1: " + f"{row['variable']!r} {entry.get('level', '')}".strip()
            if lacking:
                raise ValueError(f"{where}: expected the cohorts {lacking}.")
            counts = [entry[name].get("n") for name in sizes]
            if row["kind"] == "categorical" and not all(isinstance(n, int) for n in counts):
                raise ValueError(f"{where}: n: expected whole numbers, found {counts}.")
    for row in [*((data.get("table_2") or {}).get("rows") or []), *(data.get("text_values") or [])]:
        where = f"{path}: {row.get('model')!r}"
        if row.get("cohort") not in parts:
            raise ValueError(
                f"{where}: cohort: expected one of {list(parts)}, found {row.get('cohort')!r}."
            )
        for name in ("auc", *METRICS):
            _readable(row.get(name), f"{where}: {name}")
        if row.get("ci95") and len(_ends(row["ci95"])) != 2:
            raise ValueError(f"{where}: ci95: expected 'low–high', found {row['ci95']!r}.")

    for pair in (data.get("comparisons") or {}).get("pairs") or []:
        if pair.get("p") and not P_VALUE.fullmatch(str(pair["p"])):
            raise ValueError(
                f"{path}: comparisons: {pair.get('a')!r} and {pair.get('b')!r}: p: expected "
                f"'0.013', '< 0.05' or '> 0.05', found {pair['p']!r}."
            )


def _readable(text: Any, where: str) -> None:
    try:
        share = text is None or 0 <= float(text) <= 1
    except ValueError:
        share = False
    if not share:
        raise ValueError(f"{where}: expected a number between 0 and 1, found {text!r}.")


def _ends(text: str) -> list[str]:
    return [part.strip() for part in str(text).replace("-", "–").split("–") if part.strip()]


def listed(texts: Sequence[str]) -> str:
    """ "a, b, c"; "none" of nothing."""
    return ", ".join(texts) if texts else "none"


def signed(x: float, digits: int = 3) -> str:
    """ "+0.056", "−0.012"."""
    return ("+" if x >= 0 else "−") + f"{abs(x):.{digits}f}"
