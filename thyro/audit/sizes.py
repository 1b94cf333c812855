"""Checks of what this many patients can carry, and can show."""

from math import exp, sqrt

import numpy as np
from scipy.stats import norm

from thyro import clinical, statistics
from thyro.audit.curves import LEVEL, hanley_mcneil
from thyro.audit.finding import CANNOT_TELL, CONSISTENT, INCONSISTENT, Found, check
from thyro.audit.outcome import cases_of
from thyro.audit.printed import Printed, listed
from thyro.tables import number, percent

EVENTS_PER_PARAMETER = 10  # usual practice (Peduzzi 1996, J. Clin. Epidemiol. 49:1373)
EVENTS_OF_A_TEST = 100  # at least, for a validation (Collins 2016, Stat. Med. 35:214)
WIDTH = 0.1  # of an interval of an AUC that tells something
PREFILTER = 0.05  # p below which a screen of single features keeps one
DRAWS = 500  # simulated cohorts; shares are known to within 0.05
SLOPE, POWER = 0.8, 0.8  # a miscalibration that matters, and how often a test should find it


def candidates(printed: Printed) -> int:
    """Coefficients of all candidates of the clinical model: a factor has its levels less one."""
    kinds = {row["variable"]: row for row in printed.need("table_1", "rows")}
    names = printed.need("clinical_model", "candidates")
    return sum(max(1, len(kinds[name].get("levels", [])) - 1) for name in names)


def terms(printed: Printed) -> int:
    """Coefficients of the terms of the clinical model."""
    return sum(printed.need("clinical_model", "coefficients").values())


def _events(printed: Printed) -> list[int]:
    """Cases of the fitted cohort, by every count of the outcome that is printed or implied."""
    fitted = printed.fitted_on()
    counted = [int(printed.patients(row)[fitted]) for row in printed.data.get("outcomes") or []]
    return sorted({*counted, cases_of(printed, fitted)})


@check(
    "G1",
    "Events per candidate parameter",
    kind="method",
    weight="major",
    consequence="Too few events for the candidates: choice is unstable, estimates are too large.",
)
def events_per_parameter(printed: Printed) -> Found:
    """Events of the fitted cohort over the coefficients of all candidates, which should be ten or
    more; the same for the final terms and for the image features."""
    events, many = _events(printed), candidates(printed)
    few = terms(printed)
    told = [
        f"{_ratios(events, few)} of {few} terms",
        f"{_ratios(events, many)} of {many} candidates",
    ]
    if printed.has("radiomics", "n_total"):
        n = int(printed.need("radiomics", "n_total"))
        told.append(
            f"{_ratios(events, n)} of {n} features, of which a screen at {PREFILTER} keeps "
            f"{number(PREFILTER * n, 0)} where none matters"
        )
    return Found(
        CONSISTENT if min(events) / many >= EVENTS_PER_PARAMETER else INCONSISTENT,
        printed.place("clinical_model", "table_1"),
        f"events {listed([str(n) for n in events])}, by the count of the outcome",
        f"events per coefficient: {'; '.join(told)}",
    )


def _ratios(events: list[int], n: int) -> str:
    low, high = events[0] / n, events[-1] / n
    digits = 1 if low >= 1 else 3
    return f"{low:.{digits}f}" + (f" to {high:.{digits}f}" if high > low else "")


@check(
    "G2",
    "Minimum size of the fitted cohort",
    kind="method",
    weight="major",
    consequence="The cohort is too small for the candidates that were screened.",
)
def minimum_size(printed: Printed) -> Found:
    """Riley's three criteria (shrinkage at most a tenth, optimism of Nagelkerke's R2 at most 0.05,
    overall risk to within 0.05), at the AUC printed of the clinical model."""
    fitted = printed.fitted_on()
    n, events = printed.parts[fitted], cases_of(printed, fitted)
    auc = printed.interval(printed.need("clinical_model", "model"), printed.tested_on()).auc.value
    asked = {"terms": terms(printed), "candidates": candidates(printed)}
    if printed.has("radiomics", "n_total"):
        asked["features"] = int(printed.need("radiomics", "n_total"))
    needed = {
        name: clinical.minimum_sample_size(k, n, events, auc=auc).minimum
        for name, k in asked.items()
    }
    told = [f"{needed[name]} for {k} {name}" for name, k in asked.items()]
    return Found(
        CONSISTENT if n >= max(needed.values()) else INCONSISTENT,
        printed.place("cohorts"),
        f"{n} patients in {fitted}",
        f"prevalence {number(events / n)}, AUC {auc}: {listed(told)}",
    )


@check(
    "G3",
    "Precision of the tested cohort",
    kind="method",
    weight="minor",
    consequence="Differences between models of the size discussed cannot be told.",
)
def precision(printed: Printed) -> Found:
    """Patients for an interval of the AUC no wider than 0.1 (Hanley and McNeil) at the prevalence
    of the cohort; factor to which observed over expected is known, by a standard error of its
    logarithm of the root of (1 - prevalence) / events; at least a hundred events are usual."""
    test = printed.tested_on()
    n, events = printed.parts[test], cases_of(printed, test)
    shown = [one for one in printed.intervals if one.cohort == test]
    widths = [one.high.value - one.low.value for one in shown]
    z = norm.isf((1 - LEVEL) / 2)
    aucs = sorted({one.auc.value for one in shown})[-1:] + [
        float(np.median([o.auc.value for o in shown]))
    ]
    told = [f"{_patients(auc, events / n, z)} at an AUC of {number(auc)}" for auc in aucs]
    factor = exp(z * sqrt((1 - events / n) / events))
    return Found(
        CONSISTENT if events >= EVENTS_OF_A_TEST else INCONSISTENT,
        printed.place("cohorts", "table_2"),
        f"{events} events of {n}; widths {number(min(widths))} to {number(max(widths))}",
        f"patients for a width of {WIDTH}: {listed(told)}; observed over expected to ×/÷ "
        f"{number(factor, 2)}",
    )


def _patients(auc: float, prevalence: float, z: float) -> int:
    """The fewest patients whose AUC has an interval no wider than WIDTH."""
    n = 10
    while (
        2 * z * hanley_mcneil(auc, max(1, round(n * prevalence)), n - round(n * prevalence)) > WIDTH
    ):
        n += 1
    return n


def hosmer_lemeshow_power(
    auc: float, cases: int, n: int, *, slope: float, rng: np.random.Generator, draws: int = DRAWS
) -> float:
    """How often the Hosmer-Lemeshow test rejects a model of a calibration slope, at 0.05.

    Parameters
    ----------
    auc : float
        Of the scores, which are normal with one variance in cases and controls.
    cases, n : int
        The cohort; every patient has the outcome by his own risk.
    slope : float
        Of the true log odds on those predicted; 1 is perfect.
    rng : Generator
    draws : int
        Simulated cohorts, of ten groups and eight degrees of freedom each.

    Returns
    -------
    float
        Share of cohorts with p < 0.05.
    """
    d, odds = sqrt(2) * norm.ppf(auc), np.log(cases / (n - cases))
    rejected = 0
    for _ in range(draws):
        case = rng.random(n) < cases / n
        truth = odds + d * (rng.standard_normal(n) + d * case) - d**2 / 2
        middle = truth.mean()
        predicted = middle + (truth - middle) / slope
        p = 1 / (1 + np.exp(-np.clip(predicted, -30, 30)))
        rejected += statistics.hosmer_lemeshow(case.astype(int), p).p_value < 0.05
    return rejected / draws


@check(
    "G4",
    "The Hosmer-Lemeshow test as evidence of calibration",
    kind="method",
    weight="minor",
    consequence="P > 0.05 does not exclude a miscalibration that matters.",
)
def hosmer_lemeshow(printed: Printed) -> Found:
    """Simulated cohorts of this size, with the highest AUC printed: how often the test, of ten
    groups, rejects a perfect model and one whose predictions are too extreme (slope 0.8)."""
    text = str(printed.need("hosmer_lemeshow", "p"))
    test = printed.tested_on()
    n, cases = printed.parts[test], cases_of(printed, test)
    auc = max(one.auc.value for one in printed.intervals if one.cohort == test)
    rng = np.random.default_rng(n)
    perfect, extreme = (
        hosmer_lemeshow_power(auc, cases, n, slope=s, rng=rng) for s in (1.0, SLOPE)
    )
    lacking = [name for name in ("statistic", "groups") if not printed.has("hosmer_lemeshow", name)]
    weak = text.startswith(">") and extreme < POWER
    return Found(
        CANNOT_TELL if weak else CONSISTENT,
        printed.place("hosmer_lemeshow"),
        f"P {text}" + (f"; not printed: {listed(lacking)}" if lacking else ""),
        f"rejects a slope of {SLOPE} in {percent(extreme, 0)} and a perfect model in "
        f"{percent(perfect, 0)} of {DRAWS} cohorts of {n} patients, AUC {auc}",
    )
