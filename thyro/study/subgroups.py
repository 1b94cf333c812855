"""Groups of patients in whom a study looks at its models apart."""

from collections.abc import Sequence

from pydantic import model_validator

from thyro.study.fields import Section
from thyro.study.variables import Name, Variable


class Subgroup(Section):
    """The levels of a categorical variable, or the ranges between cuts of a continuous one."""

    variable: Name  # of the cohort; one that no model may use, such as the scanner, can be named
    cuts: list[float] = []  # continuous: a value at a cut is in the upper group

    @model_validator(mode="after")
    def _cuts_rise(self):
        if sorted(set(self.cuts)) != self.cuts:
            raise ValueError(f"`cuts` of {self.variable!r} must rise, got {self.cuts}")
        return self


def check_subgroups(declared: Sequence[Subgroup], variables: Sequence[Variable]) -> None:
    """See that every group is of a variable of the cohort, with cuts where it is continuous.

    Raises
    ------
    ValueError
        Naming the first variable of which that is not so.
    """
    known = {variable.name: variable for variable in variables}
    named = [one.variable for one in declared]
    for one in declared:
        if one.variable not in known:
            raise ValueError(
                f"`statistics.subgroups`: {one.variable!r} is not among the variables {list(known)}"
            )
        if named.count(one.variable) > 1:
            raise ValueError(f"`statistics.subgroups`: {one.variable!r} is named twice")
        kind = known[one.variable].kind
        if bool(one.cuts) != (kind == "continuous"):
            remedy = "say `cuts`, such as [55]" if kind == "continuous" else "leave `cuts` out"
            raise ValueError(f"`statistics.subgroups`: {one.variable!r} is {kind}: {remedy}")
