"""A nomogram in one file, to hand on: its models, its card, and the next patient's risk."""

from thyro.frozen.archive import FrozenError
from thyro.frozen.commands import add_parsers, ask, export
from thyro.frozen.validation import (
    Validated,
    card_table,
    check_models,
    describe,
    predict_patients,
)

__all__ = [
    "FrozenError",
    "Validated",
    "add_parsers",
    "ask",
    "card_table",
    "check_models",
    "describe",
    "export",
    "predict_patients",
]
