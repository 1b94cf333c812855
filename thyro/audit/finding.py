"""A check of printed numbers, what it found, and a list of checks run over a file."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from thyro.audit.printed import NotPrinted, Printed

CONSISTENT, INCONSISTENT, CANNOT_TELL = "consistent", "inconsistent", "cannot tell"
VERDICTS = (CONSISTENT, INCONSISTENT, CANNOT_TELL)
NOT_PRINTED = "not printed"
KINDS = ("number", "claim", "method", "wording")  # of an inconsistency
WEIGHTS = ("info", "minor", "major", "critical")
COLUMNS = ["id", "topic", "where", "printed", "implied", "verdict", "kind", "weight", "basis"]
COLUMNS += ["how", "consequence"]


@dataclass(frozen=True)
class Found:
    """What a check computed, as text, and its verdict."""

    verdict: str  # one of VERDICTS
    where: str  # places in the publication
    printed: str
    implied: str


@dataclass(frozen=True)
class Finding:
    """A check with what it found: a row of the audit."""

    id: str
    topic: str
    where: str
    printed: str
    implied: str
    verdict: str
    kind: str  # of an inconsistency, else ""
    weight: str  # "info" where consistent
    basis: str  # "numbers", or "facts" that were read in the text
    how: str
    consequence: str  # "" where consistent


@dataclass(frozen=True)
class Check:
    """A question to the printed numbers."""

    id: str
    topic: str
    kind: str  # of the inconsistency it may find
    weight: str  # of whatever is not consistent
    consequence: str
    how: str
    basis: str
    compute: Callable[[Printed], Found]

    def __call__(self, printed: Printed) -> Finding:
        """Run the check.

        Raises
        ------
        NotPrinted
            If `printed` lacks what it needs.
        """
        found = self.compute(printed)
        if found.verdict not in VERDICTS:
            raise ValueError(f"{self.id}: expected one of {VERDICTS}, got {found.verdict!r}.")
        fine = found.verdict == CONSISTENT
        return Finding(
            id=self.id,
            topic=self.topic,
            where=found.where,
            printed=found.printed,
            implied=found.implied,
            verdict=found.verdict,
            kind=self.kind if found.verdict == INCONSISTENT else "",
            weight="info" if fine else self.weight,
            basis=self.basis,
            how=self.how,
            consequence="" if fine else self.consequence,
        )


def check(
    id: str, topic: str, *, kind: str, weight: str, consequence: str, basis: str = "numbers"
) -> Callable[[Callable[[Printed], Found]], Check]:
    """Make a check of a function; its docstring is how it is computed."""
    if kind not in KINDS or weight not in WEIGHTS:
        raise ValueError(f"{id}: expected a kind of {KINDS} and a weight of {WEIGHTS}.")

    def made(compute: Callable[[Printed], Found]) -> Check:
        how = " ".join((inspect.getdoc(compute) or "").split())
        return Check(id, topic, kind, weight, consequence, how, basis, compute)

    return made


def run(printed: Printed, checks: Sequence[Check]) -> pd.DataFrame:
    """Run `checks` in the order of their ids.

    Returns
    -------
    DataFrame
        One row per check with the fields of `Finding`. A check without its numbers has the verdict
        "not printed", what it lacks in `printed`, and nothing else.
    """
    rows = []
    for one in sorted(checks, key=lambda c: (c.id[0], int(c.id[1:]))):
        try:
            rows.append(asdict(one(printed)))
        except NotPrinted as lacking:
            gone = {"printed": f"needs {lacking}", "verdict": NOT_PRINTED}
            about = {"id": one.id, "topic": one.topic, "basis": one.basis}
            rows.append(dict.fromkeys(COLUMNS, "") | about | gone)
    return pd.DataFrame(rows, columns=COLUMNS)
