"""The ground: checks of arguments, parallel work, the code behind a value, state of long runs."""

from thyro.core.checks import (
    FEWEST_PIXELS,
    as_columns,
    as_grey,
    as_labels,
    as_level,
    as_one_of,
    as_probabilities,
    as_scores,
)
from thyro.core.code_version import code_checksum
from thyro.core.folds import grouped_folds, outer_folds, stratified_folds
from thyro.core.parallel import ProcessEnded, as_done, end_with_parent, pool
from thyro.core.resumable import Cache, Checkpoint, safetensors_metadata

__all__ = [
    "FEWEST_PIXELS",
    "Cache",
    "Checkpoint",
    "ProcessEnded",
    "as_columns",
    "as_done",
    "as_grey",
    "as_labels",
    "as_level",
    "as_one_of",
    "as_probabilities",
    "as_scores",
    "code_checksum",
    "end_with_parent",
    "grouped_folds",
    "outer_folds",
    "pool",
    "safetensors_metadata",
    "stratified_folds",
]
