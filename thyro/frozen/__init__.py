"""A nomogram in one file, to hand on: its models, its card, and the next patient's risk."""

from thyro.frozen.archive import FrozenError
from thyro.frozen.commands import add_parsers, ask, export

__all__ = ["FrozenError", "add_parsers", "ask", "export"]
