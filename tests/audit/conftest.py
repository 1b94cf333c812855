"""The publication as it is printed, and with a number changed."""

import copy
from functools import cache

import pytest
import yaml

from thyro.audit import audits
from thyro.audit.finding import Finding
from thyro.audit.printed import Printed, read

PUBLISHED = "report/published/paper_reference.yml"
CHECKS = {one.id: one for one in (*audits.GENERIC, *audits.OWN["li2024"])}


@cache
def original() -> Printed:
    return read(PUBLISHED)


def changed(*changes) -> Printed:
    """The publication with values replaced: each change is its keys and places, then the value."""
    data = copy.deepcopy(original().data)
    for *path, last, value in changes:
        block = data
        for key in path:
            block = block[key]
        block[last] = value
    return Printed(data)


def row(model: str, cohort: str) -> tuple:
    """Keys of a row of Table 2."""
    rows = original().data["table_2"]["rows"]
    at = next(i for i, r in enumerate(rows) if (r["model"], r["cohort"]) == (model, cohort))
    return ("table_2", "rows", at)


def variable(name: str) -> tuple:
    """Keys of a row of Table 1."""
    rows = original().data["table_1"]["rows"]
    return ("table_1", "rows", next(i for i, r in enumerate(rows) if r["variable"] == name))


def found(check: str, *changes) -> Finding:
    """What a check finds in the publication, or in one with changes."""
    return CHECKS[check](changed(*changes) if changes else original())


@pytest.fixture(scope="session")
def invented():
    """Half a table: what a check of another publication may have to do with."""
    return Printed(
        yaml.safe_load(
            """
            cohorts: {parts: {Train: 240, Test: 120}, fitted_on: Train, tested_on: Test}
            table_2: {rows: [{model: A, cohort: Test, auc: '0.841', ci95: '0.7640–0.9180'}]}
            """
        )
    )
