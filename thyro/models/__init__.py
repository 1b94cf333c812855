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
from thyro.models.study_models import (
    CrossFitted,
    cross_fit_models,
    fit_models,
    importances,
    predict_models,
    probability_ranks,
    study_recipes,
)
from thyro.models.summaries import held_out_summary, reselection_summary

__all__ = [
    "CrossFitted",
    "Recipe",
    "classifier_from_bytes",
    "classifier_settings",
    "classifier_to_bytes",
    "cross_fit_models",
    "decision_values",
    "features_by_fold",
    "fit_classifier",
    "fit_models",
    "held_out_summary",
    "importances",
    "linear_weights",
    "long_table",
    "null_table",
    "out_of_fold",
    "permutation_importance",
    "predict",
    "predict_models",
    "probability_ranks",
    "rank_models",
    "repeated_splits",
    "reselection_summary",
    "selection_frequency",
    "study_recipes",
    "tune_classifier",
]
