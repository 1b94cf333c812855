"""Notebook 04: classifiers on selected features, cross-fitted and over random splits."""

from thyro.models.classifiers import (
    MODELS,
    classifier_settings,
    classifier_to_bytes,
    decision_values,
    fit_knn,
    fit_logistic_head,
    fit_svm,
    linear_weights,
    predict,
)
from thyro.models.cross_fitting import (
    Recipe,
    by_fold,
    choice,
    long,
    null_table,
    out_of_fold,
    repeated_splits,
    selection_frequency,
)
from thyro.models.importance import permutation_importance
from thyro.models.summaries import held_out_summary, reselection_summary

__all__ = [
    "MODELS",
    "Recipe",
    "by_fold",
    "choice",
    "classifier_settings",
    "classifier_to_bytes",
    "decision_values",
    "fit_knn",
    "fit_logistic_head",
    "fit_svm",
    "held_out_summary",
    "linear_weights",
    "long",
    "null_table",
    "out_of_fold",
    "permutation_importance",
    "predict",
    "repeated_splits",
    "reselection_summary",
    "selection_frequency",
]
