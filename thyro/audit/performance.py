"""Checks of printed metrics: the confusion matrices behind them, and what these imply."""

from scipy.stats import binomtest

from thyro.audit.counts import Matrix, of_models, search, whole
from thyro.audit.curves import auc_bounds, reading_aucs, yes_no_readings
from thyro.audit.finding import CANNOT_TELL, CONSISTENT, INCONSISTENT, Found, check
from thyro.audit.outcome import cases_of, implied_cases
from thyro.audit.printed import NotPrinted, Printed, listed
from thyro.tables import number


@check(
    "B2",
    "Confusion matrices behind the metrics",
    kind="number",
    weight="critical",
    consequence="The metrics of a row, or of two rows of a cohort, are not of the same patients.",
)
def confusion_matrices(printed: Printed) -> Found:
    """Exhaustive search of all whole numbers of cases, true positives and true negatives; accepted
    where every printed metric but F1 is met to its decimals."""
    found = search(printed)
    none = [f"{model} ({cohort})" for (model, cohort), some in found.all.items() if not some]
    shared = {cohort: found.cases(cohort) for cohort in found.cohorts}
    apart = [cohort for cohort, cases in shared.items() if not cases]
    told = f"{len(found.unique)} of {len(found.all)} rows have exactly one matrix; cases that all "
    told += f"rows allow: {_by_cohort(shared)}"
    if none:
        told += f"; no matrix at all: {listed(none)}"
    return Found(
        INCONSISTENT if none or apart else CONSISTENT,
        printed.place("table_2"),
        f"{len(found.all)} rows of metrics, {max(printed.decimals.values())} decimals",
        told,
    )


def _by_cohort(cases: dict[str, list[int]]) -> str:
    few = {c: listed([str(n) for n in some[:5]]) for c, some in cases.items()}
    return ", ".join(f"{c} {text}{'…' if len(cases[c]) > 5 else ''}" for c, text in few.items())


@check(
    "B3",
    "Cases of the performance table against those of the characteristics",
    kind="number",
    weight="critical",
    consequence="The models were tested on an outcome that the patients' table does not describe.",
)
def cases_of_both_tables(printed: Printed) -> Found:
    """For the counts of each row that counts the outcome: rows of performance whose sensitivity
    and specificity can be whole numbers of patients."""
    rows, models = printed.need("outcomes"), search(printed).all
    metrics = {key: printed.metrics(printed.row(*key)) for key in models}
    told, possible = [], []
    for row in rows:
        counts, fits = printed.patients(row), 0
        for (_, cohort), values in metrics.items():
            cases = int(counts[cohort])
            rest = printed.parts[cohort] - cases
            fits += bool(whole(values["sensitivity"], cases)) and bool(
                whole(values["specificity"], rest)
            )
        possible.append(fits == len(models))
        told.append(f"{row['name']}: possible in {fits} of {len(models)} rows")
    return Found(
        CONSISTENT if all(possible) else INCONSISTENT,
        printed.place("table_1", "table_2"),
        "; ".join(f"{row['name']} {_counts(printed, row)}" for row in rows),
        f"{_implied(printed)}; {'; '.join(told)}",
    )


def _counts(printed: Printed, row: dict) -> str:
    counts = printed.patients(row)
    parts = ", ".join(f"{cohort} {counts[cohort]}" for cohort in printed.parts)
    return f"{sum(counts[cohort] for cohort in printed.parts)} ({parts})"


def _implied(printed: Printed) -> str:
    try:
        cases = implied_cases(printed)
    except NotPrinted:
        return "the performance allows several numbers of cases"
    parts = ", ".join(f"{cohort} {n}" for cohort, n in cases.items())
    return f"the performance needs {sum(cases.values())} ({parts})"


@check(
    "C1",
    "F1 of the models",
    kind="number",
    weight="major",
    consequence="The F1 of a model is of other counts than its other metrics.",
)
def f1_of_models(printed: Printed) -> Found:
    """2TP / (2TP + FP + FN) of the confusion matrices, which were found without F1."""
    return _f1(printed, readers=False)


@check(
    "C2",
    "F1 of the reader",
    kind="number",
    weight="major",
    consequence="The reader's F1 cannot be compared with the models'.",
)
def f1_of_readers(printed: Printed) -> Found:
    """2TP / (2TP + FP + FN) of the confusion matrices, which were found without F1."""
    return _f1(printed, readers=True)


def _f1(printed: Printed, *, readers: bool) -> Found:
    rows = [
        (model, cohort, matrix, printed.metrics(printed.row(model, cohort))["f1"])
        for model, cohort, matrix in of_models(printed, readers=readers)
        if "f1" in printed.metrics(printed.row(model, cohort))
    ]
    if not rows:
        raise NotPrinted("table_2: f1 of a row with one confusion matrix")
    wrong = [row for row in rows if not row[3].agrees(row[2].f1)]
    given = [f"{m} {f1.text} ({c})" for m, c, _, f1 in wrong] if wrong else [f"{len(rows)} values"]
    told = [f"{number(m.f1)} in {c} (TP {m.tp}, FP {m.fp}, FN {m.fn})" for _, c, m, _ in wrong]
    return Found(
        INCONSISTENT if wrong else CONSISTENT,
        printed.place("table_2"),
        listed(given),
        listed(told) if wrong else f"all {len(rows)} follow from the matrices",
    )


def readings(printed: Printed) -> list[tuple[dict, str, Matrix]]:
    """Readers with their row of the characteristics, by cohort, and their confusion matrix.

    Raises
    ------
    NotPrinted
        Where no reader has both.
    """
    of = {one["model"]: one for one in printed.data.get("readers") or []}
    found = [
        (of[model], cohort, matrix)
        for model, cohort, matrix in of_models(printed, readers=True)
        if of[model].get("variable")
    ]
    if not found:
        raise NotPrinted("readers: one with a row in both tables")
    return found


@check(
    "C3",
    "Patients whom the reader calls, by both tables",
    kind="number",
    weight="major",
    consequence="The reader of one table is not the reader of the other.",
)
def called_by_readers(printed: Printed) -> Found:
    """TP + FP of the confusion matrices against the count of the characteristics."""
    rows = readings(printed)
    counted = [int(printed.patients(of)[cohort]) for of, cohort, _ in rows]
    called = [matrix.called for *_, matrix in rows]

    def told(numbers: list[int]) -> str:
        parts = [f"{cohort} {n}" for (_, cohort, _), n in zip(rows, numbers, strict=True)]
        return f"{sum(numbers)} ({listed(parts)})"

    return Found(
        CONSISTENT if counted == called else INCONSISTENT,
        printed.place("table_1", "table_2"),
        told(counted),
        told(called),
    )


@check(
    "C4",
    "AUC of the reader against a yes/no reading",
    kind="number",
    weight="major",
    consequence="The AUC is of a graded score that is not defined; it compares with no yes/no row.",
)
def auc_of_readers(printed: Printed) -> Found:
    """A yes/no reading has the AUC (sensitivity + specificity) / 2 of its matrix. Beside it, every
    reading of the cohort (a fifth to 45% with the outcome) whose AUC and Wald interval, by DeLong's
    variance, are as printed."""
    given, told, fine = [], [], []
    rows = [row for row in readings(printed) if row[0].get("reading") != "graded"]
    if not rows:
        raise NotPrinted("readers: one whose reading is yes or no")
    for of, cohort, matrix in rows:
        auc = printed.interval(of["model"], cohort)
        own = (matrix.tp / matrix.cases + matrix.tn / matrix.controls) / 2
        n = printed.parts[cohort]
        every = yes_no_readings(auc, n)
        called = int(printed.patients(of)[cohort])
        near = reading_aucs(called, matrix.cases, matrix.controls).values()
        nearest = min(near, key=lambda x: abs(x - auc.middle))
        fine.append(auc.auc.agrees(own))
        given.append(f"{auc.auc.text} in {cohort}")
        told.append(
            f"{number(own, 4)} in {cohort} (nearest with {called} called "
            f"{number(nearest, 4)}; readings with this AUC and interval: {_readings(every)})"
        )
    return Found(
        CONSISTENT if all(fine) else INCONSISTENT,
        printed.place("table_2", "table_1"),
        listed(given),
        "; ".join(told),
    )


def _readings(every: list[tuple[int, int, int]]) -> str:
    told = [f"{cases} cases, TP {tp}, FP {fp}" for cases, tp, fp in every[:3]]
    return "none" if not every else f"{len(every)} ({'; '.join(told)})"


@check(
    "C5",
    "AUC within the bounds of its operating point",
    kind="number",
    weight="major",
    consequence="The operating point does not lie on a curve of this area.",
)
def auc_within_bounds(printed: Printed) -> Found:
    """A curve is monotone: its area lies between sensitivity times specificity and one less the
    product of what both lack."""
    outside, n = [], 0
    for row in printed.rows:
        values = printed.metrics(row)
        if row.get("auc") and {"sensitivity", "specificity"} <= set(values):
            n += 1
            (low, _), (_, high) = (
                auc_bounds(values["sensitivity"].corners[k], values["specificity"].corners[k])
                for k in (0, 1)
            )
            if not low <= float(row["auc"]) <= high:
                outside.append(f"{row['model']} {row['auc']} ({number(low)} to {number(high)})")
    if not n:
        raise NotPrinted("table_2: auc, sensitivity and specificity")
    return Found(
        INCONSISTENT if outside else CONSISTENT,
        printed.place("table_2"),
        f"{n} rows",
        f"outside: {listed(outside)}" if outside else "every AUC lies within",
    )


@check(
    "C6",
    "Accuracy against calling everybody what most are",
    kind="claim",
    weight="major",
    consequence="A gain in accuracy mixes the choice of the cut-off with discrimination.",
)
def against_majority(printed: Printed) -> Found:
    """The no-information rate of the tested cohort from the implied cases; one-sided binomial test
    of whether a model exceeds it."""
    test = printed.tested_on()
    cases, n = cases_of(printed, test), printed.parts[test]
    most = max(cases, n - cases)
    rows = [(m, x) for m, c, x in of_models(printed) if c == test]
    below = [(model, x.tp + x.tn) for model, x in rows if x.tp + x.tn < most]
    p = [binomtest(x.tp + x.tn, n, most / n, alternative="greater").pvalue for _, x in rows]
    told = f"{number(most / n)} ({most} of {n}) without a model; of {len(rows)} models "
    told += f"{sum(value < 0.05 for value in p)} exceed it by more than chance"
    return Found(
        INCONSISTENT if below else CONSISTENT,
        printed.place("table_2"),
        listed([f"{model} {printed.row(model, test)['accuracy']}" for model, _ in below]),
        told + (f"; below it: {listed([f'{m} ({k} of {n})' for m, k in below])}" if below else ""),
    )


@check(
    "C7",
    "Accuracies printed alone",
    kind="number",
    weight="major",
    consequence="The accuracy is of no whole number of patients.",
)
def lone_accuracies(printed: Printed) -> Found:
    """Whole numbers of patients of the cohort that round to the accuracy."""
    rows = [row for row in printed.rows if row.get("accuracy") and not row.get("sensitivity")]
    if not rows:
        raise NotPrinted("accuracy of a row without sensitivity")
    found = {
        row["model"]: list(whole(printed.metrics(row)["accuracy"], printed.parts[row["cohort"]]))
        for row in rows
    }
    n = printed.parts[rows[0]["cohort"]]
    none = [model for model, some in found.items() if not some]
    several = [model for model, some in found.items() if len(some) > 1]
    verdict = INCONSISTENT if none else CANNOT_TELL if several else CONSISTENT
    told = [f"{m} {listed([f'{k}/{n}' for k in some])}" for m, some in found.items()]
    return Found(
        verdict,
        printed.place("nomograms"),
        listed([f"{row['model']} {row['accuracy']}" for row in rows]),
        listed(told),
    )
