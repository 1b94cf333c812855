"""Notebook 03: which features differ, are no copies of others, and survive the LASSO."""

from thyro.selection.select import (
    Selection,
    lasso_select,
    mann_whitney_filter,
    select_features,
    spearman_filter,
)

__all__ = ["Selection", "lasso_select", "mann_whitney_filter", "select_features", "spearman_filter"]
