"""The clinical variables and the criteria of a study file, and which of them a model may use."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from thyro.study.fields import Distinct, Section, Text

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Level = Annotated[int, Field(ge=0, le=1)]


def _check_limits(lowest: str, low: float | None, highest: str, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        raise ValueError(f"{lowest} {low:g} is above {highest} {high:g}")


class Variable(Section):
    """A clinical variable of the user's table."""

    name: Name  # short name used in tables and formulas
    column: str | None = None  # column of the table when it is called otherwise
    label: Text  # how the report calls it
    kind: Literal["continuous", "categorical"]
    unit: str = ""
    levels: Annotated[list[Text], Distinct] = []  # categorical: the first is the reference
    ordered: bool = False  # levels rise, such as grades: a rare one goes to its neighbour
    composed_of: Annotated[list[Name], Distinct] = []  # of a score: variables that it follows from
    recode: dict[str, str] = {}  # value in the table -> level
    missing: str | None = None  # level for an empty cell; without one the patient is excluded
    required: bool = True  # false: an empty cell excludes nobody, and no model uses the variable
    preoperative: bool = True  # known at the time of prediction, so allowed in a model
    minimum: float | None = 0.0  # continuous: what lies outside is a wrong cell
    maximum: float | None = None
    tells_outcome: dict[str, Level] = {}  # level -> the outcome it implies; others are errors

    @model_validator(mode="after")
    def _levels_fit_the_kind(self):
        if self.kind == "categorical" and len(self.levels) < 2:
            raise ValueError("a categorical variable needs at least two levels")
        of_levels = (self.levels, self.recode, self.missing, self.ordered)
        if self.kind == "continuous" and any(of_levels):
            raise ValueError("levels, recode, missing and ordered belong to categorical variables")
        named = {*self.recode.values(), *filter(None, [self.missing]), *self.tells_outcome}
        strange = sorted(named - {*self.levels})
        if self.kind == "categorical" and strange:
            raise ValueError(f"{strange} not among the levels {self.levels}")
        _check_limits("minimum", self.minimum, "maximum", self.maximum)
        if self.tells_outcome and (self.preoperative or self.kind == "continuous"):
            raise ValueError(
                "a variable that tells the outcome is categorical and `preoperative: false`"
            )
        return self


class Criterion(Section):
    """A recorded decision on inclusion or exclusion."""

    column: Text
    label: Text  # of those it excludes, as the flow chart says it: "intervention before ultrasound"
    kind: Literal["inclusion", "exclusion"]  # 1 is needed, or 1 excludes
    at_least: float | None = None  # the column holds a number within these limits instead of 1 or 0
    at_most: float | None = None
    until: str | None = None  # `column` and this one hold ISO dates: limits are on the days between

    @model_validator(mode="after")
    def _limits_are_whole(self):
        if self.until and self.at_least is None and self.at_most is None:
            raise ValueError("`until` counts days: say at_most, at_least or both")
        _check_limits("at_least", self.at_least, "at_most", self.at_most)
        return self


def check_candidates(candidates: Sequence[str], variables: Sequence[Variable]) -> None:
    """See that the clinical model may use what the study wants it to choose from.

    Raises
    ------
    ValueError
        Naming the first candidate that is no variable of the cohort, or one that is not known of
        every patient at the time of prediction.
    """
    known = {variable.name: variable for variable in variables}
    for name in candidates:
        if name not in known:
            raise ValueError(
                f"`nomogram.candidates`: {name!r} is not among the variables {list(known)}"
            )
        if not (known[name].required and known[name].preoperative):
            raise ValueError(
                f"`nomogram.candidates`: {name!r} is not required of every patient or not "
                "known at the time of prediction, so no model may use it"
            )


def told_from_parts(
    composed: Mapping[str, Sequence[str]], candidates: Sequence[str], *, stays: str
) -> dict[str, list[str]]:
    """Of every score among the candidates whose parts all are too, what is left out.

    Parameters
    ----------
    composed : mapping of variable to parts
        Empty for what is no score.
    candidates : sequence of str
    stays : "parts" or "score"
    """
    found = {}
    for score in candidates:
        parts = list(composed.get(score, ()))
        if parts and set(parts) <= set(candidates):
            found[score] = [score] if stays == "parts" else parts
    return found


def check_composed(variables: Sequence[Variable]) -> None:
    """See that a score is composed of two or more variables that are no scores themselves.

    Raises
    ------
    ValueError
        Naming the first score of which that is not so.
    """
    single = [variable.name for variable in variables if not variable.composed_of]
    for score in variables:
        strange = [name for name in score.composed_of if name not in single]
        if strange or len(score.composed_of) == 1:
            raise ValueError(
                f"`composed_of` of {score.name!r} names two or more variables that are not "
                f"composed themselves; {strange or score.composed_of} cannot be all"
            )
