"""Notebook 05: a logistic regression as axes of points, on paper and as a calculator."""

from thyro.nomogram.axes import Nomogram
from thyro.nomogram.calculator import calculator_fragment, calculator_page
from thyro.nomogram.saved import as_saved, saved_nomograms

__all__ = [
    "Nomogram",
    "as_saved",
    "calculator_fragment",
    "calculator_page",
    "saved_nomograms",
]
