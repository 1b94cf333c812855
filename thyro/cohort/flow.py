"""The flow chart: rows leave a table step by step, and every step is counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from thyro.cohort.clinical_table import CohortError
from thyro.study import EXTERNAL, TEST, TRAIN, cohort_label

FLAG_REASONS = {  # of a flagged image, as the flow chart says them
    "duplicate": "duplicate image",
    "copy": "near copy of an image",
    "blur": "blurred image",
    "size": "excessively large image",
    "border": "outline reaches the border of the image",
    "components": "more than one part outlined",
    "outline": "outline without its region",
    "turned": "outline with rows and columns swapped",
    "area": "outline of unusual area",
    "colour": "colour within the outline",
    "text": "text in the image",
}


@dataclass(frozen=True)
class Flow:
    """A table on its way through the flow chart."""

    frame: pd.DataFrame
    steps: list[dict] = field(default_factory=list)  # label, n, excluded

    def drop(self, out: pd.Series, reason: str, *, declared: bool = False) -> "Flow":
        """The flow without some rows, which are counted.

        Parameters
        ----------
        out
            True for the rows that leave; rows that it does not name stay.
        reason
            Why, in the words of the flow chart.
        declared
            Whether the step is told also where it excludes nobody.
        """
        out = out.reindex(self.frame.index, fill_value=False)
        n = int(out.sum())
        step = {"label": f"Excluded: {reason}", "n": n, "excluded": True}
        return Flow(self.frame[~out], [*self.steps, step] if n or declared else self.steps)


def flow_chart(
    steps: Sequence[Mapping],
    patients: pd.DataFrame,
    external_steps: Sequence[Mapping] | None = None,
) -> list[dict]:
    """Steps of the flow chart from the table to the cohorts; every node sums.

    Parameters
    ----------
    steps, external_steps
        `Flow.steps` of the cohort and, if there is one, of the external cohort.
    patients
        `y` and `split` of everybody included.

    Returns
    -------
    list of dict
        label, n, excluded; cohorts with `split` and `events`; what belongs to the external cohort
        with `external`.

    Raises
    ------
    CohortError
        If patients were lost on the way without a reason.
    """
    named = patients["split"].dtype
    declared = isinstance(named, pd.CategoricalDtype)
    names = list(named.categories) if declared else [TRAIN, TEST, EXTERNAL]
    parts = {name: patients[patients["split"] == name] for name in names}
    elsewhere = external_steps is not None or not declared
    outside = parts.pop(EXTERNAL, patients[:0]) if elsewhere else patients[:0]
    inside = sum(map(len, parts.values()))
    _check_sum(steps, inside, "cohort")
    chart = [dict(step) for step in steps]
    chart.append({"label": "Included", "n": inside, "excluded": False})
    chart += [_cohort_node(cohort_label(name), part) for name, part in parts.items()]
    if external_steps is None and len(outside):
        raise CohortError("The external cohort has patients, but no steps that lead to them.")
    if external_steps is not None:
        _check_sum(external_steps, len(outside), "external cohort")
        last = [*external_steps, _cohort_node(cohort_label(EXTERNAL), outside)]
        chart += [{**step, "external": True} for step in last]
    if inside + len(outside) != len(patients):
        raise CohortError(f"Some patients are of none of the cohorts {', '.join(names)}.")
    return chart


def _check_sum(steps: Sequence[Mapping], n: int, name: str) -> None:
    """Raise where the steps do not lead from the first count to `n` patients."""
    left = steps[0]["n"] - sum(step["n"] for step in steps if step["excluded"])
    if left != n:
        raise CohortError(f"The flow chart ends with {left} patients, the {name} has {n}.")


def _cohort_node(label: str, part: pd.DataFrame) -> dict:
    events = int(part["y"].sum())
    return {"label": label, "n": len(part), "events": events, "excluded": False, "split": True}
