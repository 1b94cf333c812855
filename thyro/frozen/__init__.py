"""A nomogram in one file, to hand on: its models, its card, and the next patient's risk."""

from thyro.frozen.archive import FrozenError
from thyro.frozen.commands import add_parsers, ask, export
from thyro.frozen.model import FrozenModel, load
from thyro.frozen.prediction import predict

__all__ = ["FrozenError", "FrozenModel", "add_parsers", "ask", "export", "load", "predict"]
