"""Notebook 02: networks, their weights and fine-tuning, deep features, and Grad-CAM."""

from thyro.deep.crops import crop, crop_mask
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
from thyro.deep.grad_cam import (
    OUTCOMES,
    Example,
    energy_in_nodule,
    head_weights,
    heat_map_agreement,
    heat_maps,
    randomised_network,
    surest_by_outcome,
)
from thyro.deep.training_run import FineTuningSettings

__all__ = [
    "OUTCOMES",
    "Example",
    "FineTuningSettings",
    "crop",
    "crop_mask",
    "cross_fit",
    "energy_in_nodule",
    "feature_table",
    "fold_table",
    "head_weights",
    "heat_map_agreement",
    "heat_maps",
    "network_tables",
    "output_table",
    "prepare_network",
    "randomised_network",
    "remove_checkpoints",
    "restore_network",
    "surest_by_outcome",
    "use_threads",
]
