"""Whole patients behind rounded shares: confusion matrices, and what depends on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil, floor

from thyro.audit.printed import SLACK, NotPrinted, Printed, Rounded
from thyro.statistics import metrics_from_counts

OTHERS = ("accuracy", "ppv", "npv")  # that a matrix of the printed rates has to give, too


@dataclass(frozen=True)
class Matrix:
    """A confusion matrix, in patients."""

    tp: int
    fn: int
    fp: int
    tn: int

    @property
    def cases(self) -> int:
        return self.tp + self.fn

    @property
    def controls(self) -> int:
        return self.fp + self.tn

    @property
    def called(self) -> int:
        """Patients called positive."""
        return self.tp + self.fp

    @property
    def n(self) -> int:
        return self.cases + self.controls

    @property
    def f1(self) -> float:
        return metrics_from_counts(self.tp, self.fn, self.fp, self.tn).f1

    def net_benefit(self, threshold: float) -> float:
        """Per patient, of treating whom the rule calls, at a threshold probability."""
        return self.tp / self.n - self.fp / self.n * threshold / (1 - threshold)


def whole(share: Rounded, n: int) -> range:
    """Numbers of patients k of `n` for which k / n rounds to `share`."""
    low, high = share.corners
    return range(max(0, ceil((low - SLACK) * n)), min(n, floor((high + SLACK) * n)) + 1)


def matrices(metrics: Mapping[str, Rounded], n: int) -> list[Matrix]:
    """Every confusion matrix of `n` patients that rounds to the printed metrics.

    All numbers of cases from 1 to n - 1 are tried, with every number of true positives and of true
    negatives that gives the printed sensitivity and specificity; accuracy and predictive values
    decide where they are printed. F1 is not used: it is what is checked.

    Parameters
    ----------
    metrics : mapping of str to Rounded
        With sensitivity and specificity, on the 0-1 scale.
    n : int
        Patients of the cohort.

    Raises
    ------
    NotPrinted
        Without sensitivity or specificity.
    """
    for name in ("sensitivity", "specificity"):
        if name not in metrics:
            raise NotPrinted(f"table_2: {name}")
    found = []
    for cases in range(1, n):
        for tp in whole(metrics["sensitivity"], cases):
            for tn in whole(metrics["specificity"], n - cases):
                shares = {
                    "accuracy": (tp + tn, n),
                    "ppv": (tp, tp + n - cases - tn),
                    "npv": (tn, tn + cases - tp),
                }
                if all(_gives(shares[name], metrics[name]) for name in OTHERS if name in metrics):
                    found.append(Matrix(tp, cases - tp, n - cases - tn, tn))
    return found


def _gives(share: tuple[int, int], printed: Rounded) -> bool:
    part, of = share
    return of > 0 and printed.agrees(part / of)


@dataclass(frozen=True)
class Search:
    """Confusion matrices behind the rows of a table, by (model, cohort)."""

    all: dict[tuple[str, str], list[Matrix]]

    def cases(self, cohort: str) -> list[int]:
        """Numbers of cases that every row of `cohort` allows, but for rows that no matrix gives."""
        rows = [some for (_, name), some in self.all.items() if name == cohort and some]
        sets = [{matrix.cases for matrix in some} for some in rows]
        return sorted(set.intersection(*sets)) if sets else []

    @property
    def unique(self) -> dict[tuple[str, str], Matrix]:
        """Rows that one matrix alone gives."""
        return {key: found[0] for key, found in self.all.items() if len(found) == 1}

    @property
    def cohorts(self) -> list[str]:
        return list(dict.fromkeys(cohort for _, cohort in self.all))


@cache
def search(printed: Printed) -> Search:
    """Search the confusion matrices of every row with sensitivity and specificity; once for a file.

    Raises
    ------
    NotPrinted
        Where no row has both.
    """
    rows = [row for row in printed.rows if row.get("sensitivity") and row.get("specificity")]
    if not rows:
        raise NotPrinted("table_2: sensitivity and specificity")
    return Search(
        {
            (row["model"], row["cohort"]): matrices(
                printed.metrics(row), printed.parts[row["cohort"]]
            )
            for row in rows
        }
    )


def of_models(printed: Printed, *, readers: bool = False) -> Iterator[tuple[str, str, Matrix]]:
    """(model, cohort, matrix) where the matrix is unique: of the models, or of the readers."""
    for (model, cohort), matrix in search(printed).unique.items():
        if (model in printed.readers) is readers:
            yield model, cohort, matrix
