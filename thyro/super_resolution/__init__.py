"""Notebook 01: a small adversarial network that undoes a known loss of resolution."""

from thyro.super_resolution.degradation import Degradation
from thyro.super_resolution.enhancement import degrade, enhance, held_out_quality, results, versions
from thyro.super_resolution.fidelity import HELD_OUT, MEASURES, METHODS, detail, gains
from thyro.super_resolution.networks import (
    count_parameters,
    describe,
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
    "describe",
    "detail",
    "enhance",
    "gains",
    "generator_from_bytes",
    "generator_to_bytes",
    "held_out_quality",
    "results",
    "train_generator",
    "versions",
]
