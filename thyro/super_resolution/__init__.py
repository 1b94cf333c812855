"""Notebook 01: a small adversarial network that undoes a known loss of resolution."""

from thyro.super_resolution.degradation import Degradation
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
    spectra_and_sharpness,
)
from thyro.super_resolution.networks import (
    count_parameters,
    describe_layers,
    generator_from_bytes,
    generator_to_bytes,
)
from thyro.super_resolution.training import TrainingSettings, train_generator

__all__ = [
    "HELD_OUT",
    "MEASURES",
    "METHODS",
    "Degradation",
    "TrainingSettings",
    "count_parameters",
    "degrade",
    "describe_layers",
    "enhance",
    "enhanced_files",
    "fidelity_gains",
    "frame_versions",
    "generator_from_bytes",
    "generator_to_bytes",
    "held_out_fidelity",
    "image_table",
    "measure_held_out",
    "spectra_and_sharpness",
    "sr_and_control",
    "train_generator",
]
