"""Notebook 02: networks, their weights and fine-tuning, deep features, and Grad-CAM."""

from thyro.deep.crops import crop, crop_patients, croppings
from thyro.deep.explained import Explained, explain_network, heat_map_summary
from thyro.deep.features import (
    feature_table,
    fold_table,
    network_tables,
    output_table,
    prepare_network,
    remove_checkpoints,
    use_threads,
)
from thyro.deep.fine_tuning import cross_fit, restore_network
from thyro.deep.training_run import FineTuningSettings

__all__ = [
    "Explained",
    "FineTuningSettings",
    "crop",
    "crop_patients",
    "croppings",
    "cross_fit",
    "explain_network",
    "feature_table",
    "fold_table",
    "heat_map_summary",
    "network_tables",
    "output_table",
    "prepare_network",
    "remove_checkpoints",
    "restore_network",
    "use_threads",
]
