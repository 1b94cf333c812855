"""A prediction as text for a terminal."""

from typing import Any

from thyro.frozen.model import FrozenModel
from thyro.frozen.prediction import Prediction, Term, conditional_on
from thyro.study import RECIPES
from thyro.tables import interval, number, percent

RESEARCH_ONLY = "For research only: not a medical device, not for decisions about a patient."
LABELS = {recipe.name: recipe.label for recipe in RECIPES}


def headline(model: FrozenModel, one: Prediction) -> str:
    """The risk with its interval, in a line."""
    ends = interval(100 * one.low, 100 * one.high, 1)
    return (
        f"Risk of {model.about['outcome']}: {percent(one.risk)} "
        f"({percent(one.level, 0)} interval {ends}%)"
    )


def origin(model: FrozenModel) -> str:
    """Whose model it is, and of what: "demo, Nomogram A, sound recipe. Simulated data."."""
    label = model.about["label"]
    return f"{name_of(model)}." + (f" {label}." if label else "")


def name_of(model: FrozenModel) -> str:
    """Study, nomogram and recipe: "demo, Nomogram A, sound recipe"."""
    about = model.about
    parts = [about["study"], about["nomogram"].replace("_", " ")]
    parts += [f"{LABELS[about['recipe']].lower()} recipe"] if about["recipe"] else []
    return ", ".join(parts)


def rows(one: Prediction) -> list[tuple[str, str, str, str]]:
    """Of every term: label, value, points, and its place among the training patients."""
    return [
        (term.label, value_of(term), number(term.points, 1), place_of(term)) for term in one.terms
    ]


def value_of(term: Term) -> str:
    """A value with its unit; of a gap that it was imputed."""
    if term.imputed:
        return "imputed"
    text = number(term.value, 2) if isinstance(term.value, float) else str(term.value)
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {term.unit}".strip()


def place_of(term: Term) -> str:
    """Where a value lies among the training patients, in words."""
    if term.imputed or term.place is None:
        return ""
    if not isinstance(term.value, float):
        return f"{percent(term.place, 0)} had it"
    if term.outside:
        return "outside the range"
    return f"above {percent(term.place, 0)}"


def as_text(model: FrozenModel, one: Prediction) -> str:
    """A page of a terminal."""
    table = [("", "value", "points", "of the training patients"), *rows(one)]
    table += [("Total", "", number(one.total_points, 1), "")]
    widths = [max(len(row[k]) for row in table) for k in range(4)]
    lines = [
        f"{label:<{widths[0]}}  {value:<{widths[1]}}  {points:>{widths[2]}}  {place}".rstrip()
        for label, value, points, place in table
    ]
    said = [f"{one.patient}", headline(model, one), "", *lines]
    said += ["", *(f"! {warning}" for warning in one.warnings)] if one.warnings else []
    return "\n".join([*said, "", conditional_on(model), origin(model), RESEARCH_ONLY])


def as_json(model: FrozenModel, predictions: list[Prediction]) -> dict[str, Any]:
    """What a program reads: the model, the predictions, and what they are not for."""
    about = {key: model.about[key] for key in ("study", "nomogram", "recipe", "outcome", "label")}
    return {
        "model": about,
        "conditional_on": conditional_on(model),
        "use": RESEARCH_ONLY,
        "predictions": [one.to_dict() for one in predictions],
    }
