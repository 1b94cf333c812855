"""Notebook 05: a logistic regression as axes of points, on paper and as a calculator."""

from thyro.nomogram.axes import Nomogram
from thyro.nomogram.calculator import calculator_fragment, calculator_page

__all__ = ["Nomogram", "calculator_fragment", "calculator_page"]
