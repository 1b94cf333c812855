"""The risk of patients by a nomogram that was handed on, and where it comes from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from thyro import clinical
from thyro.frozen.inputs import CENTRE
from thyro.frozen.model import FrozenModel
from thyro.tables import interval, number, percent

RARE = 0.05  # share of training patients with a level, below which it is said
SHOWN = 5  # features outside their range that are named


@dataclass(frozen=True)
class Term:
    """One axis of the nomogram, as this patient reads it."""

    name: str
    label: str
    unit: str
    value: Any  # None where it was not given
    points: float  # of a gap: the mean over its imputed values
    place: float | None  # share of training patients below, 0-1; of a level: who have it
    imputed: bool = False
    outside: bool = False  # of the range of the training patients


@dataclass(frozen=True)
class Prediction:
    """The risk of one patient."""

    patient: str
    risk: float  # 0-1
    low: float
    high: float
    level: float  # coverage of the interval
    log_odds: float
    se: float  # of the log odds
    total_points: float
    terms: list[Term]
    warnings: list[str]
    features: dict[str, float] = field(default_factory=dict)  # share of training patients below

    def to_dict(self) -> dict:
        """Plain lists, numbers and strings, ready for JSON."""
        return asdict(self)


def risks_of(model: FrozenModel, patients: pd.DataFrame) -> pd.DataFrame:
    """Risk of patients whose terms are known: lp and se (log odds), p, ci_low and ci_high (0-1).

    Parameters
    ----------
    model : FrozenModel
    patients : DataFrame
        A column for every term, and for every variable of the imputation where the model imputes.
        Without imputation a patient with a gap has no risk (NaN).
    """
    return _risks(model, patients, _completed(model, patients))


def _completed(model: FrozenModel, patients: pd.DataFrame) -> list[pd.DataFrame]:
    """Patients as often as their gaps are filled, which costs the most; once without imputation."""
    return model.fit.imputation.completed(patients) if model.imputes else [patients]


def _risks(
    model: FrozenModel, patients: pd.DataFrame, completed: list[pd.DataFrame]
) -> pd.DataFrame:
    level = model.about["level"]
    known = patients if model.imputes else patients.dropna(subset=model.fit.terms)
    if not len(known):
        return pd.DataFrame(np.nan, patients.index, ["lp", "se", "p", "ci_low", "ci_high"])
    if model.imputes:
        return model.fit.risk_of_completed(completed, level=level)
    return model.fit.risk(known, level=level).reindex(patients.index)


def predict(
    model: FrozenModel, patients: pd.DataFrame, features: pd.DataFrame | None = None
) -> list[Prediction]:
    """The risk of each patient.

    Parameters
    ----------
    model : FrozenModel
    patients : DataFrame, index patient
        As `inputs.as_frame`.
    features : DataFrame of float, same index
        Of the signature, where the model has one.

    Raises
    ------
    FrozenError
        As `Signature.values`.
    """
    frame = patients
    if model.signature is not None:
        signature = model.signature.values(features, patients)
        frame = frame.assign(**{model.signature.name: signature})
    completed = _completed(model, frame)
    risks = _risks(model, frame, completed)
    merged = [clinical.merge_levels(one, model.fit.merged) for one in completed]
    return [
        _one(
            model,
            frame.loc[patient],
            [one.loc[patient] for one in merged],
            risks.loc[patient],
            None if features is None else features.loc[patient],
        )
        for patient in frame.index
    ]


def _one(
    model: FrozenModel,
    row: pd.Series,
    completed: list[pd.Series],
    risk: pd.Series,
    features: pd.Series | None,
) -> Prediction:
    nomogram, warnings = model.nomogram, []
    terms = [_term(model, name, row, completed) for name in model.fit.terms]
    for term in terms:
        warnings += _told(model, term)
    warnings += _besides(model, row)
    places = {}
    if features is not None:
        places, strange = _features(model, features)
        warnings += strange
    if model.signature is not None and model.signature.centres is not None:
        warnings += _of_centre(model, str(row[CENTRE]))
    return Prediction(
        patient=str(row.name),
        risk=float(risk["p"]),
        low=float(risk["ci_low"]),
        high=float(risk["ci_high"]),
        level=model.about["level"],
        log_odds=float(risk["lp"]),
        se=float(risk["se"]),
        total_points=float((risk["lp"] - nomogram.baseline) * nomogram.points_per_unit),
        terms=terms,
        warnings=warnings,
        features=places,
    )


def _term(model: FrozenModel, name: str, row: pd.Series, completed: list[pd.Series]) -> Term:
    known = model.about["training"]["inputs"][name]
    variable = model.variables.get(name, {})
    signed = model.signature is not None and name == model.signature.name
    value = row[name]
    gap = bool(pd.isna(value))
    points = [model.nomogram.points(name, one[name], extrapolate=True) for one in completed]
    place, outside = None, False
    if not gap and "percentiles" in known:
        ends = known["percentiles"]
        place, outside = _place(value, ends), _is_outside(value, known)
    elif not gap:
        place = known["counts"].get(str(value), 0) / known["n"]
    return Term(
        name=name,
        label=f"{name} signature" if signed else variable["label"],
        unit="log odds" if signed and model.signature.calibration else variable.get("unit", ""),
        value=None if gap else value.item() if isinstance(value, np.generic) else value,
        points=float(np.mean(points)),
        place=place,
        imputed=gap,
        outside=outside,
    )


def _place(value: float, percentiles: list[float]) -> float:
    """Share of training patients below a value, ties counted half."""
    grid = np.asarray(percentiles)
    below, upto = np.searchsorted(grid, value, "left"), np.searchsorted(grid, value, "right")
    if below == upto:  # between two of them
        if below in (0, len(grid)):
            return float(below > 0)
        low, high = grid[below - 1], grid[below]
        return float(below - 1 + (value - low) / (high - low)) / (len(grid) - 1)
    return float(below + upto - 1) / 2 / (len(grid) - 1)


def _told(model: FrozenModel, term: Term) -> list[str]:
    """What has to be known of a value."""
    known = model.about["training"]["inputs"][term.name]
    if term.imputed:
        return [
            f"{term.label} was not given: it was filled {model.fit.imputation.m} times as in "
            "training, and the interval knows of that. The points are a mean."
        ]
    if term.outside:
        return _outside(term.label, term.unit, term.value, known)
    if "counts" in known and term.place is not None and term.place < RARE:
        n = known["counts"].get(str(term.value), 0)
        into = model.fit.merged.get(term.name, {}).get(term.value)
        counts = f"; it counts as {into}" if into is not None else ""
        return [f"{term.label} {term.value}: {n} of {known['n']} training patients had it{counts}."]
    return []


def _is_outside(value: Any, known: Mapping[str, Any]) -> bool:
    ends = known.get("percentiles")
    return ends is not None and not ends[0] <= value <= ends[-1]


def _outside(label: str, unit: str, value: float, known: Mapping[str, Any]) -> list[str]:
    low, high = known["percentiles"][0], known["percentiles"][-1]
    shown = f"{_short(value)} {unit}".strip()
    return [
        f"{label} of {shown} lies outside the training patients "
        f"({interval(low, high, 2)}): the risk is extrapolated."
    ]


def _besides(model: FrozenModel, row: pd.Series) -> list[str]:
    """What has to be known of variables that are no terms, but fill gaps or harmonise features."""
    used = set()
    if model.signature is not None and model.signature.centres is not None:
        used |= set(model.signature.centres.preserved)
    if model.imputes and row[model.fit.imputation.variables].isna().any():
        used |= set(model.fit.imputation.variables)
    warnings = []
    for name in used - set(model.fit.terms):
        known, variable = model.about["training"]["inputs"][name], model.variables[name]
        if pd.notna(row[name]) and _is_outside(row[name], known):
            warnings += _outside(variable["label"], variable["unit"], row[name], known)
    return sorted(warnings)


def _features(model: FrozenModel, features: pd.Series) -> tuple[dict[str, float], list[str]]:
    """Where the features of the signature lie among training patients, and what is strange."""
    known = model.about["training"]["features"]
    places, outside, absent = {}, [], []
    for name in model.signature.features:
        value, ends = features[name], known[name]
        if pd.isna(value):
            absent.append(name)
            continue
        places[name] = _place(value, ends)
        if not ends[0] <= value <= ends[-1]:
            outside.append(name)
    warnings, n = [], len(model.signature.features)
    if outside:
        shown = ", ".join(outside[:SHOWN]) + (" and others" if len(outside) > SHOWN else "")
        warnings.append(
            f"{len(outside)} of {n} features of the signature lie outside the training patients: "
            f"{shown}. Compare scanner, depth and outline with those of the study."
        )
    if absent:
        warnings.append(
            f"{len(absent)} of {n} features could not be measured, and are the training median."
        )
    return places, warnings


def _of_centre(model: FrozenModel, centre: str) -> list[str]:
    first = model.signature.members[0].combat
    if first is None or centre in first.centres:
        return []
    return [
        f"Centre {centre} taught nothing (learned: {', '.join(first.centres)}): its features stay "
        "as they were measured."
    ]


def _short(value: Any) -> str:
    return number(value, 2).rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def conditional_on(model: FrozenModel) -> str:
    """What the interval knows, in a sentence."""
    given = "the terms that were chosen"
    if model.signature is not None:
        given = "the signature as it was measured and " + given
    return (
        f"The {percent(model.about['level'], 0)} interval is that of the fitted coefficients "
        f"(delta method, on the log odds), given {given}. It does not know how far another "
        "outline, another scanner or other training patients would have moved them."
    )


def as_table(predictions: list[Prediction]) -> pd.DataFrame:
    """One row per patient: risk, interval, points and warnings."""
    rows: list[Mapping[str, Any]] = [
        {
            "patient": one.patient,
            "risk": one.risk,
            "ci_low": one.low,
            "ci_high": one.high,
            "total_points": one.total_points,
            **{f"points {term.name}": term.points for term in one.terms},
            "warnings": " ".join(one.warnings),
        }
        for one in predictions
    ]
    return pd.DataFrame(rows)
