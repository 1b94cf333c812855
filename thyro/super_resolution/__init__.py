"""Notebook 01: a small adversarial network that undoes a known loss of resolution."""

from thyro.super_resolution.degradation import Degradation
from thyro.super_resolution.discrimination import discriminator_auc
from thyro.super_resolution.enhancement import (
    degrade,
    enhance,
    enhanced_files,
    frame_versions,
    held_out_fidelity,
    image_table,
    measure_held_out,
    sr_and_control,
)
from thyro.super_resolution.fidelity import (
    HELD_OUT,
    MEASURES,
    METHODS,
    fidelity_gains,
    generator_margins,
    spectra_and_sharpness,
)
from thyro.super_resolution.low_resolution import (
    agreement_medians,
    feature_agreement,
    restored_features,
)
from thyro.super_resolution.networks import (
    count_parameters,
    describe_layers,
    generator_from_bytes,
    generator_to_bytes,
)
from thyro.super_resolution.rivals import filters_to_bytes, fit_rivals, linear_share
from thyro.super_resolution.training import TrainingSettings, train_generator

__all__ = [
    "HELD_OUT",
    "MEASURES",
    "METHODS",
    "Degradation",
    "TrainingSettings",
    "agreement_medians",
    "count_parameters",
    "degrade",
    "describe_layers",
    "discriminator_auc",
    "enhance",
    "enhanced_files",
    "feature_agreement",
    "fidelity_gains",
    "filters_to_bytes",
    "fit_rivals",
    "frame_versions",
    "generator_from_bytes",
    "generator_margins",
    "generator_to_bytes",
    "held_out_fidelity",
    "image_table",
    "linear_share",
    "measure_held_out",
    "restored_features",
    "spectra_and_sharpness",
    "sr_and_control",
    "train_generator",
]
