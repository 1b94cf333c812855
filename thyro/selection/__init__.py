"""Notebook 03: which features differ, are no copies of others, and survive the LASSO."""

from thyro.selection.filters import mann_whitney_filter
from thyro.selection.select import Selection, select_features
from thyro.selection.summaries import (
    FOLLOWS_SIZE,
    correlations_around,
    kept_features,
    kept_summary,
    outcome_effects,
    penalty_table,
    selection_logs,
    selection_notes,
    selection_summary,
    selection_tables,
)

__all__ = [
    "FOLLOWS_SIZE",
    "Selection",
    "correlations_around",
    "kept_features",
    "kept_summary",
    "mann_whitney_filter",
    "outcome_effects",
    "penalty_table",
    "select_features",
    "selection_logs",
    "selection_notes",
    "selection_summary",
    "selection_tables",
]
