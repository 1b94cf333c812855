"""What printed numbers determine unprinted: intervals, rates, net benefit, Holm's p."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from thyro import statistics
from thyro.audit import null_pattern
from thyro.audit.characteristics import TESTS, p_by_test
from thyro.audit.counts import Matrix, search
from thyro.audit.curves import unpaired_p
from thyro.audit.discrimination import ALPHA, correlations, holm
from thyro.audit.finding import INCONSISTENT, KINDS, NOT_PRINTED
from thyro.audit.outcome import cases_of, implied_cases
from thyro.audit.printed import NotPrinted, Printed, Rounded

MEASURES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")
THRESHOLDS = (0.2, 0.3, 0.4)  # probabilities from which a patient would be treated
ALL = "treat all"
COUNTS = ["tp", "fn", "fp", "tn"]


def proportions(printed: Printed, *, level: float = 0.95) -> pd.DataFrame:
    """Every proportion of a row with one confusion matrix, with Wilson's interval.

    Returns
    -------
    DataFrame
        One row per model and cohort: tp, fn, fp, tn, and of accuracy, sensitivity, specificity, ppv
        and npv the value, `_low` and `_high` (0-1 scale); no_information_rate. Empty where no row
        has one matrix.
    """
    rows = []
    for (model, cohort), one in _unique(printed).items():
        metrics = statistics.metrics_from_counts(one.tp, one.fn, one.fp, one.tn)
        row = {"model": model, "cohort": cohort} | {name: getattr(one, name) for name in COUNTS}
        for name, (low, high) in metrics.intervals(level=level).items():
            if name in MEASURES:
                row |= {name: getattr(metrics, name), f"{name}_low": low, f"{name}_high": high}
        rows.append(row | {"no_information_rate": metrics.no_information_rate})
    ends = [f"{name}{end}" for name in MEASURES for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["model", "cohort", *COUNTS, *ends, "no_information_rate"])


def net_benefits(printed: Printed) -> pd.DataFrame:
    """Net benefit of treating whom each printed rule calls positive, at THRESHOLDS.

    Returns
    -------
    DataFrame
        model, cohort, threshold, net_benefit (per patient), treat_all (of treating everybody).
    """
    rows = [
        {
            "model": model,
            "cohort": cohort,
            "threshold": threshold,
            "net_benefit": one.net_benefit(threshold),
            "treat_all": Matrix(one.cases, 0, one.controls, 0).net_benefit(threshold),
        }
        for (model, cohort), one in _unique(printed).items()
        for threshold in THRESHOLDS
    ]
    return pd.DataFrame(rows, columns=["model", "cohort", "threshold", "net_benefit", "treat_all"])


def _unique(printed: Printed) -> dict[tuple[str, str], Matrix]:
    try:
        return search(printed).unique
    except NotPrinted:
        return {}


def facts(printed: Printed, findings: pd.DataFrame) -> dict[str, Any]:
    """Numbers of the audit that a text names, unrounded; None where they are not printed.

    Parameters
    ----------
    printed : Printed
    findings : DataFrame
        As `audit` returns it.

    Returns
    -------
    dict
        source (how the publication is called), checks, verdicts (how many, by verdict), kinds (of
        inconsistencies), contradictions (ids), verdict (by id), credit ([what holds, of how many]
        of matrices, p_values and intervals), outcome (patients by row of the characteristics, and
        "performance"), called (by both tables), reader_f1 (printed, and by cohort), correlation
        (value, low, high), p and holm, no_information_rate and below it (models), benefit (best
        rule of the tested cohort by threshold), falls ([beyond chance, of how many]), chosen
        (model), auc (of the tested cohort, by model) and null (`null_pattern.surprise`).
    """
    asked = findings[findings["verdict"].ne(NOT_PRINTED)]
    kinds = asked["kind"].value_counts()
    wrong = asked[asked["verdict"].eq(INCONSISTENT)]
    test = printed.tested_on()
    return {
        "source": printed.data.get("about", {}).get("name"),
        "checks": len(asked),
        "verdicts": {name: int(k) for name, k in asked["verdict"].value_counts().items()},
        "kinds": {kind: int(kinds.get(kind, 0)) for kind in KINDS},
        "contradictions": list(wrong.loc[wrong["kind"].eq("number"), "id"]),
        "verdict": dict(zip(asked["id"], asked["verdict"], strict=True)),
        "credit": {
            "matrices": _known(lambda: [len(search(printed).unique), len(search(printed).all)]),
            "p_values": _known(lambda: _reproduced(printed)),
            "intervals": _known(
                lambda: [sum(i.symmetric for i in printed.intervals), len(printed.intervals)]
            ),
        },
        "outcome": _known(lambda: _outcomes(printed)),
        "called": _known(lambda: _called(printed)),
        "reader_f1": _known(lambda: _reader_f1(printed)),
        "correlation": _known(lambda: [*correlations(printed, next(printed.pairs("")))]),
        "p": _known(lambda: min(float(pair["p"]) for pair in printed.pairs(""))),
        "holm": _known(lambda: holm(printed)),
        "no_information_rate": _known(lambda: _majority(printed)),
        "below": _known(lambda: _below(printed)),
        "benefit": _best(net_benefits(printed), test),
        "falls": _known(lambda: _falls(printed)),
        "chosen": printed.data.get("choice", {}).get("model"),
        "auc": {
            row["model"]: float(row["auc"])
            for row in printed.rows
            if row["cohort"] == test and row.get("auc")
        },
        "null": _known(lambda: null_pattern.surprise(printed)),
    }


def _known(compute: Callable[[], Any]) -> Any:
    """What `compute` returns, None where its numbers are not printed."""
    try:
        return compute()
    except (NotPrinted, StopIteration, ValueError):
        return None


def _reproduced(printed: Printed) -> list[int]:
    """Categorical p values that one of TESTS gives, and how many there are."""
    table = p_by_test(printed)
    given = [
        any(Rounded.of(row["printed"]).agrees(row[test]) for test in TESTS)
        for _, row in table.iterrows()
    ]
    return [sum(given), len(given)]


def _outcomes(printed: Printed) -> dict[str, int]:
    parts = list(printed.parts)
    counted = {r["name"]: int(printed.patients(r)[parts].sum()) for r in printed.need("outcomes")}
    return counted | {"performance": sum(implied_cases(printed).values())}


def _called(printed: Printed) -> dict[str, int]:
    (reader,) = printed.need("readers")
    parts = list(printed.parts)
    matrices = [m for (model, _), m in search(printed).unique.items() if model == reader["model"]]
    return {
        "characteristics": int(printed.patients(reader)[parts].sum()),
        "performance": sum(m.called for m in matrices),
    }


def _reader_f1(printed: Printed) -> dict[str, float]:
    (reader,) = printed.readers
    names = {printed.fitted_on(): "train", printed.tested_on(): "test"}
    given = float(printed.row(reader, printed.tested_on())["f1"])
    return {"printed": given} | {
        names[cohort]: one.f1
        for (model, cohort), one in search(printed).unique.items()
        if model == reader
    }


def _majority(printed: Printed) -> float:
    test = printed.tested_on()
    share = cases_of(printed, test) / printed.parts[test]
    return max(share, 1 - share)


def _below(printed: Printed) -> list[str]:
    """Models of the tested cohort whose accuracy is below the no-information rate."""
    return [
        model
        for (model, cohort), one in search(printed).unique.items()
        if cohort == printed.tested_on()
        and model not in printed.readers
        and (one.tp + one.tn) / one.n < _majority(printed)
    ]


def _best(benefits: pd.DataFrame, cohort: str) -> list[dict[str, Any]]:
    """The rule of the highest net benefit of one cohort, by threshold."""
    rows = benefits[benefits["cohort"].eq(cohort)]
    best = rows.loc[rows.groupby("threshold")["net_benefit"].idxmax()] if len(rows) else rows
    return best.drop(columns="cohort").to_dict("records")


def _falls(printed: Printed) -> list[int]:
    """Rows whose AUC falls by more than chance from the fitted cohort to the tested one, of all."""
    fitted, test = printed.fitted_on(), printed.tested_on()
    by = {(one.model, one.cohort): one for one in printed.intervals}
    both = [(by[m, fitted], by[m, test]) for m, c in by if c == fitted and (m, test) in by]
    if not both:
        raise NotPrinted("auc with ci95 of both cohorts")
    beyond = [a.middle > b.middle and unpaired_p(a, b) < ALPHA for a, b in both]
    return [sum(beyond), len(both)]
