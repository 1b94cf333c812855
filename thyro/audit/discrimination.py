"""Checks of AUCs, their intervals, the tests between them, and their repetition in the text."""

from collections.abc import Iterator

import numpy as np

from thyro.audit import curves
from thyro.audit.finding import CANNOT_TELL, CONSISTENT, INCONSISTENT, Found, check
from thyro.audit.outcome import cases_of
from thyro.audit.printed import Interval, NotPrinted, Printed, Rounded, interval, listed, signed
from thyro.tables import number, p_value

ALPHA = 0.05  # below which the publications call a difference significant
METRICS_OF_TEXT = ("auc", "ci95", "accuracy")


@check(
    "D1",
    "Intervals symmetric about their AUC",
    kind="number",
    weight="minor",
    consequence="The interval is no Wald interval; what follows from its width does not hold.",
)
def symmetric(printed: Printed) -> Found:
    """The middle of the interval rounds to the AUC, as of a Wald interval on the scale of the AUC;
    not of one on the logit scale or from bootstrap percentiles."""
    every = printed.intervals
    skew = [f"{one.model} ({one.cohort})" for one in every if not one.symmetric]
    return Found(
        INCONSISTENT if skew else CONSISTENT,
        printed.place("table_2", "nomograms"),
        f"{len(every)} intervals",
        f"{len(every) - len(skew)} of {len(every)} symmetric"
        + (f"; not: {listed(skew)}" if skew else ""),
    )


@check(
    "D2",
    "Standard errors that the intervals imply",
    kind="number",
    weight="major",
    consequence="An interval is wider than any AUC of this many patients can have.",
)
def errors(printed: Printed) -> Found:
    """Width / (2 x 1.96), against the largest error that an AUC can have (Birnbaum and Klose), that
    of Hanley and McNeil, and DeLong's of binormal scores whose SDs differ up to twofold."""
    cases = {cohort: cases_of(printed, cohort) for cohort in {i.cohort for i in printed.intervals}}
    ratios, inside, above = [], 0, []
    for one in printed.intervals:
        p = cases[one.cohort]
        n = printed.parts[one.cohort] - p
        se = curves.standard_error(one)
        ratios.append(se / curves.hanley_mcneil(one.middle, p, n))
        bands = [curves.binormal_error(one.middle, p, n, spread=s) for s in curves.SPREADS]
        inside += min(bands) <= se <= max(bands)
        if se > curves.largest_error(one.middle, p, n):
            above.append(f"{one.model} ({one.cohort})")
    told = f"of Hanley and McNeil's error {number(min(ratios), 2)} to {number(max(ratios), 2)}, "
    told += f"median {number(np.median(ratios), 2)}; {inside} of {len(ratios)} within the "
    told += "binormal range; above "
    return Found(
        INCONSISTENT if above else CONSISTENT,
        printed.place("table_2", "nomograms"),
        f"widths of {len(ratios)} intervals",
        told + f"the largest possible: {listed(above)}",
    )


def _text_rows(printed: Printed) -> Iterator[tuple[dict, dict]]:
    """Values in the text, with the row of the tables that they repeat."""
    for text in printed.need("text_values"):
        yield text, printed.row(text["model"], text["cohort"])


@check(
    "D3",
    "Intervals in the text that differ from the table",
    kind="number",
    weight="minor",
    consequence="A typing error; the table is right where its interval is symmetric.",
)
def text_intervals(printed: Printed) -> Found:
    """The middle of the interval equals the AUC where the interval is right."""
    apart: list[tuple[str, Interval, Interval]] = [
        (text["place"], interval(text), printed.interval(text["model"], text["cohort"]))
        for text, row in _text_rows(printed)
        if text.get("ci95") and str(text["ci95"]) != str(row.get("ci95"))
    ]
    if not any(text.get("ci95") for text, _ in _text_rows(printed)):
        raise NotPrinted("text_values: ci95")
    given = [f"{a.model} {a.low.text}–{a.high.text} in {place}" for place, a, _ in apart]
    told = [
        f"middle {number(a.middle, 5)}; of the table's {b.low.text}–{b.high.text} "
        f"{number(b.middle, 5)}, its AUC {b.auc.text}"
        for _, a, b in apart
    ]
    return Found(
        INCONSISTENT if apart else CONSISTENT,
        listed([*dict.fromkeys(place for place, *_ in apart), printed.place("table_2")]),
        listed(given),
        "; ".join(told) if told else "every interval of the text stands in the table",
    )


def compared(printed: Printed, pair: dict) -> curves.Difference:
    """Two printed AUCs of a pair."""
    a, b = (printed.interval(pair[side], pair["cohort"]) for side in ("a", "b"))
    return curves.difference(a, b)


def correlations(printed: Printed, pair: dict) -> tuple[float, float, float]:
    """Correlation that the printed p needs, and its range over the rounding of p."""
    of, p = compared(printed, pair), Rounded.of(pair["p"])
    low, high = sorted(of.correlation(x) for x in p.corners)
    return of.correlation(p.value), low, high


@check(
    "D4",
    "Printed p values of DeLong's test",
    kind="number",
    weight="major",
    consequence="No correlation of the two scores gives this p: AUCs, intervals or p are wrong.",
)
def printed_p(printed: Printed) -> Found:
    """Correlation of the two AUCs for which their difference, over its paired error, gives the
    printed p; between −1 and 1 it is possible."""
    pairs = list(printed.pairs(""))
    if not pairs:
        raise NotPrinted("comparisons.pairs: p as a number")
    told, fine = [], []
    for pair in pairs:
        r, low, high = correlations(printed, pair)
        of = compared(printed, pair)
        fine.append(-1 <= r <= 1)
        told.append(
            f"difference {number(of.difference, 4)}, errors {number(of.se_a, 4)} "
            f"and {number(of.se_b, 4)}: correlation {number(r)} "
            f"({number(low)} to {number(high)} over rounding)"
        )
    return Found(
        CONSISTENT if all(fine) else INCONSISTENT,
        printed.place("comparisons"),
        listed([f"{pair['a']} v {pair['b']} {pair['p']}" for pair in pairs]),
        "; ".join(told),
    )


def holm(printed: Printed) -> float:
    """The smallest printed p after Holm's adjustment for the tests of its family.

    References
    ----------
    Holm (1979), Scand. J. Stat. 6:65-70.
    """
    values = [float(pair["p"]) for pair in printed.pairs("")]
    if not values:
        raise NotPrinted("comparisons.pairs: p as a number")
    return min(1.0, min(values) * int(printed.need("comparisons", "tests")))


@check(
    "D5",
    "Number of tests",
    kind="method",
    weight="major",
    consequence="After adjustment no difference is significant.",
)
def multiplicity(printed: Printed) -> Found:
    """Holm's adjustment multiplies the smallest p of a family by the number of its tests."""
    adjusted = holm(printed)
    p = min(float(pair["p"]) for pair in printed.pairs(""))
    corrected = printed.has("comparisons", "correction")
    lost = p < ALPHA <= adjusted and not corrected
    return Found(
        INCONSISTENT if lost else CONSISTENT,
        printed.place("comparisons"),
        f"one of {printed.need('comparisons', 'tests')} with p = {p}"
        + ("" if corrected else ", no adjustment"),
        f"{number(adjusted)} after Holm's adjustment",
    )


@check(
    "D6",
    "Printed differences of AUCs",
    kind="number",
    weight="minor",
    consequence="The difference is wrong, and reads as a large one.",
)
def differences(printed: Printed) -> Found:
    """Subtraction of the printed AUCs, to half a unit of the last decimal of each."""
    pairs = [p for p in printed.need("comparisons", "pairs") if p.get("difference")]
    if not pairs:
        raise NotPrinted("comparisons.pairs: difference")
    told, fine = [], []
    for pair in pairs:
        a, b = (printed.interval(pair[side], pair["cohort"]).auc for side in ("a", "b"))
        given = Rounded.of(pair["difference"])
        fine.append(given.agrees(a.value - b.value, slack=a.half + b.half))
        told.append(f"{a.text} − {b.text} = {number(a.value - b.value)}")
    return Found(
        CONSISTENT if all(fine) else INCONSISTENT,
        printed.place("comparisons"),
        listed([str(pair["difference"]) for pair in pairs]),
        "; ".join(told),
    )


@check(
    "D9",
    "Comparisons said not to be significant",
    kind="number",
    weight="info",
    consequence="Possible, but without the p value it cannot be checked.",
)
def not_significant(printed: Printed) -> Found:
    """The correlation of the two AUCs above which the difference would be significant."""
    return _limits(printed, ">")


@check(
    "D10",
    "Comparisons said to be significant",
    kind="number",
    weight="major",
    consequence="The difference cannot be significant, whatever the correlation of the scores.",
)
def significant(printed: Printed) -> Found:
    """The correlation of the two AUCs from which on the difference is significant; no more than 1
    is possible."""
    return _limits(printed, "<")


def _limits(printed: Printed, sign: str) -> Found:
    pairs = list(printed.pairs(sign))
    if not pairs:
        raise NotPrinted(f"comparisons.pairs: p {sign} something")
    told, limits = [], []
    for pair in pairs:
        of = compared(printed, pair)
        limit = of.correlation(float(str(pair["p"]).strip("<> ")))
        limits.append(limit)
        needed = f"{'above' if sign == '<' else 'below'} {number(limit)}"
        told.append(
            f"{pair['a']} v {pair['b']} ({signed(of.difference)}): "
            + (needed if limit >= -1 else f"at any (uncorrelated p {p_value(of.p_uncorrelated)})")
        )
    if sign == "<":
        verdict = CONSISTENT if max(limits) < 1 else INCONSISTENT
    elif min(limits) < -1:
        verdict = INCONSISTENT
    else:
        verdict = CONSISTENT if min(limits) > 1 else CANNOT_TELL
    where = dict.fromkeys(str(pair.get("place", printed.place("comparisons"))) for pair in pairs)
    return Found(
        verdict,
        listed(list(where)),
        f"{len(pairs)} with p {pairs[0]['p']}",
        f"correlation needed: {'; '.join(told)}",
    )


@check(
    "E1",
    "Fall of the AUC from the cohort that fitted the models",
    kind="claim",
    weight="major",
    consequence="The figures of the fitted patients are resubstitution and tell no performance.",
)
def fall(printed: Printed) -> Found:
    """Two AUCs of different patients: the difference over the root of the sum of squared errors."""
    fitted, test = printed.fitted_on(), printed.tested_on()
    models = [one.model for one in printed.intervals if one.cohort == fitted]
    rows = []
    for model in models:
        try:
            a, b = printed.interval(model, fitted), printed.interval(model, test)
        except NotPrinted:
            continue
        rows.append((model, a.middle - b.middle, curves.unpaired_p(a, b)))
    if not rows:
        raise NotPrinted(f"table_2: auc with ci95 in {fitted} and {test}")
    beyond = [row for row in rows if row[1] > 0 and row[2] < ALPHA]
    told = listed([f"{model} {signed(-d)} (p {p_value(p)})" for model, d, p in rows])
    return Found(
        INCONSISTENT if beyond else CONSISTENT,
        printed.place("table_2"),
        f"AUCs of {len(rows)} rows in both cohorts",
        f"{len(beyond)} of {len(rows)} fall by more than chance explains: {told}",
    )


@check(
    "H1",
    "Numbers of the performance repeated in the text",
    kind="number",
    weight="minor",
    consequence="Text and table differ.",
)
def repeated(printed: Printed) -> Found:
    """Comparison of every AUC, interval and accuracy of the text with the table, digit by digit."""
    n, wrong, where = 0, [], []
    for text, row in _text_rows(printed):
        for name in METRICS_OF_TEXT:
            if text.get(name):
                n += 1
                if str(text[name]) != str(row.get(name)):
                    given = f"{text['model']} in {text['cohort']}"
                    wrong.append(f"{given}, {text['place']}: {text[name]}, table: {row.get(name)}")
                where.append(str(text["place"]))
    return Found(
        INCONSISTENT if wrong else CONSISTENT,
        listed([*dict.fromkeys(where), printed.place("table_2")]),
        f"{n} values",
        f"{len(wrong)} disagreement{'s' * (len(wrong) != 1)}"
        + (f": {'; '.join(wrong)}" if wrong else ""),
    )
