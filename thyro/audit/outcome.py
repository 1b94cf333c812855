"""Checks of the counts of the outcome: rows that count it, its p, and the split of the patients."""

import pandas as pd
from scipy import stats

from thyro.audit.counts import search
from thyro.audit.finding import CONSISTENT, INCONSISTENT, Found, check
from thyro.audit.printed import NotPrinted, Printed, Rounded
from thyro.tables import number


@check(
    "B1",
    "Rows of the table that count the outcome",
    kind="number",
    weight="major",
    consequence="The outcome has two definitions; which one trained the models cannot be told.",
)
def outcome_rows(printed: Printed) -> Found:
    """Sums of the levels that have the outcome; patients that two rows label differently are at
    least the differences of their counts, over the cohorts."""
    rows = printed.need("outcomes")
    if len(rows) < 2:
        raise NotPrinted("outcomes: two rows that count the outcome")
    first, *others = [(row["name"], printed.patients(row)) for row in rows]
    told, equal = [], True
    for name, counts in others:
        apart = {c: int(counts[c] - first[1][c]) for c in printed.parts}
        equal = equal and not any(apart.values())
        labelled = sum(abs(d) for d in apart.values())
        told.append(f"{_by_cohort(name, counts)}; at least {labelled} patients labelled otherwise")
    return Found(
        CONSISTENT if equal else INCONSISTENT,
        printed.place("table_1"),
        _by_cohort(*first),
        "; ".join(told),
    )


def _by_cohort(name: str, counts: pd.Series) -> str:
    return f"{name}: " + ", ".join(f"{cohort} {n}" for cohort, n in counts.items())


@check(
    "B4",
    "P of the outcome between cohorts under the counts of the performance table",
    kind="number",
    weight="minor",
    consequence="The printed p is of another outcome than the one that the models were tested on.",
)
def outcome_p(printed: Printed) -> Found:
    """Chi-square test with Yates' correction of the outcome between the cohorts, from the counts
    of the table and from those that the performance implies."""
    row = printed.need("outcomes")[0]
    text = next(
        v["p"] for v in printed.variables("categorical") if v["variable"] == row["variable"]
    )
    if text is None:
        raise NotPrinted(f"table_1: p of {row['variable']}")
    cases = implied_cases(printed)
    counted = _yates(printed, {c: int(printed.patients(row)[c]) for c in cases})
    implied = _yates(printed, cases)
    return Found(
        CONSISTENT if Rounded.of(text).agrees(implied) else INCONSISTENT,
        printed.place("table_1", "table_2"),
        str(text),
        f"{number(implied, 4)} with the outcome of the performance table; {number(counted, 4)} "
        f"with {row['name']}",
    )


def cases_of(printed: Printed, cohort: str) -> int:
    """Cases of a cohort that every row of performance agrees on.

    Raises
    ------
    NotPrinted
        If the rows allow several numbers, or none.
    """
    cases = search(printed).cases(cohort)
    if len(cases) != 1:
        raise NotPrinted(f"table_2: rows that allow a single number of cases in {cohort}")
    return cases[0]


def implied_cases(printed: Printed) -> dict[str, int]:
    """Cases of every cohort, as `cases_of`."""
    return {cohort: cases_of(printed, cohort) for cohort in printed.parts}


def _yates(printed: Printed, cases: dict[str, int]) -> float:
    table = [[n, printed.parts[cohort] - n] for cohort, n in cases.items()]
    return float(stats.chi2_contingency(table).pvalue)


@check(
    "B5",
    "Sizes of the split",
    kind="number",
    weight="major",
    consequence="The cohorts are not the share of the patients that is named.",
)
def split(printed: Printed) -> Found:
    """The ratio times all patients, to the next whole patient above or below; expected cases of
    the smaller cohort and the tail of a random split."""
    ratio = [float(part) for part in str(printed.need("cohorts", "ratio")).split(":")]
    n = printed.sizes[printed.whole()]
    shares = dict(zip((printed.fitted_on(), printed.tested_on()), ratio, strict=True))
    due = {cohort: n * share / sum(ratio) for cohort, share in shares.items()}
    fine = sum(printed.parts.values()) == n
    fine = fine and all(abs(printed.parts[cohort] - x) < 1 for cohort, x in due.items())
    told = ", ".join(f"{cohort} {number(x, 1)}" for cohort, x in due.items())
    return Found(
        CONSISTENT if fine else INCONSISTENT,
        printed.place("cohorts", "table_1"),
        f"{printed.need('cohorts', 'ratio')}; {_sizes_text(printed)}",
        f"{told}; {_tails(printed)}",
    )


def _sizes_text(printed: Printed) -> str:
    return ", ".join(f"{cohort} {n}" for cohort, n in printed.parts.items())


def _tails(printed: Printed) -> str:
    """How probable so few cases in the tested cohort are, by every row that counts the outcome."""
    test, n, told = printed.tested_on(), printed.sizes[printed.whole()], []
    for row in printed.data.get("outcomes") or []:
        counts = printed.patients(row)
        total, k = int(counts[printed.whole()]), int(counts[test])
        tail = stats.hypergeom.cdf(k, n, total, printed.parts[test])
        expected = total * printed.parts[test] / n
        told.append(
            f"{row['name']} {k} in {test}, {number(expected, 1)} expected (tail {number(tail)})"
        )
    return "; ".join(told) or "no row counts the outcome"
