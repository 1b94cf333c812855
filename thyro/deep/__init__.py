"""Notebook 02: networks, their weights and fine-tuning, deep features, and Grad-CAM."""

from thyro.deep.features import (
    crop,
    crop_mask,
    feature_table,
    fold_table,
    output_table,
    prepare,
    use_threads,
)
from thyro.deep.fine_tuning import cross_fit, restore_network
from thyro.deep.grad_cam import (
    OUTCOMES,
    Example,
    energy_in_nodule,
    grad_cam,
    head_weights,
    heat_map_agreement,
    outcomes,
    randomised_network,
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
    "grad_cam",
    "head_weights",
    "heat_map_agreement",
    "outcomes",
    "output_table",
    "prepare",
    "randomised_network",
    "restore_network",
    "use_threads",
]
