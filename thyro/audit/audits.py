"""Which checks a file of printed numbers gets, and all that its audit leaves."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from thyro.audit import (
    characteristics,
    contrasts,
    determined,
    discrimination,
    li2024,
    outcome,
    performance,
    sizes,
)
from thyro.audit.finding import Check, run
from thyro.audit.printed import Printed, read


def checks_of(*modules: ModuleType) -> tuple[Check, ...]:
    """The checks that modules define, in their order."""
    return tuple(
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Check) and value.compute.__module__ == module.__name__
    )


GENERIC = checks_of(
    characteristics, outcome, performance, discrimination, sizes
)  # of any publication
OWN = {"li2024": checks_of(li2024)}  # of one alone, which names them by `own_checks`


def audit(printed: Printed) -> pd.DataFrame:
    """Run every check that a publication has.

    Returns
    -------
    DataFrame
        One row per check, in the order of ids: id, topic, where, printed, implied, verdict, kind
        (of an inconsistency), weight, basis ("numbers", or "facts" read in the text), how and
        consequence. A check without its numbers has the verdict "not printed".

    Raises
    ------
    ValueError
        If `own_checks` names no list of checks.
    """
    own = printed.data.get("own_checks")
    if own is not None and own not in OWN:
        raise ValueError(f"own_checks: expected one of {list(OWN)} or nothing, found {own!r}.")
    return run(printed, GENERIC + OWN.get(str(own), ()))


@dataclass(frozen=True)
class Audited:
    """All that the audit of a publication leaves, unrounded."""

    findings: pd.DataFrame  # `audit`
    proportions: pd.DataFrame  # `determined.proportions`
    net_benefits: pd.DataFrame  # `determined.net_benefits`
    contrasts: pd.DataFrame  # `contrasts.printed_contrasts`
    facts: dict[str, Any]  # `determined.facts`


def audit_file(path: str | Path, *, level: float = 0.95) -> Audited:
    """Audit the printed numbers of a file.

    Parameters
    ----------
    path : str or Path
        A file as `docs/audit_template.yml`.
    level : float
        Coverage of the intervals of `proportions` and `contrasts`; printed intervals are taken to
        cover 95%.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read` and `audit`.
    """
    printed = read(path)
    findings = audit(printed)
    return Audited(
        findings=findings,
        proportions=determined.proportions(printed, level=level),
        net_benefits=determined.net_benefits(printed),
        contrasts=contrasts.printed_contrasts(printed, level=level),
        facts=determined.facts(printed, findings),
    )
