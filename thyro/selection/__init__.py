"""Notebook 03: which features differ, are no copies of others, and survive the LASSO."""

from thyro.selection.filters import mann_whitney_filter
from thyro.selection.select import Selection, select_features

__all__ = ["Selection", "mann_whitney_filter", "select_features"]
