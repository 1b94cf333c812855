"""Notebook 04: classifiers on selected features, cross-fitted and over random splits."""

from thyro.models.classifiers import (
    classifier_settings,
    decision_values,
    fit_classifier,
    linear_weights,
    predict,
    tune_classifier,
)
from thyro.models.cross_fitting import (
    Recipe,
    features_by_fold,
    long_table,
    out_of_fold,
    rank_models,
)
from thyro.models.importance import permutation_importance
from thyro.models.random_splits import null_table, repeated_splits, selection_frequency
from thyro.models.storage import classifier_from_bytes, classifier_to_bytes

__all__ = [
    "Recipe",
    "classifier_from_bytes",
    "classifier_settings",
    "classifier_to_bytes",
    "decision_values",
    "features_by_fold",
    "fit_classifier",
    "linear_weights",
    "long_table",
    "null_table",
    "out_of_fold",
    "permutation_importance",
    "predict",
    "rank_models",
    "repeated_splits",
    "selection_frequency",
    "tune_classifier",
]
