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
    divisions,
    features_by_fold,
    long_table,
    long_tables,
    out_of_fold,
    rank_models,
)
from thyro.models.feature_models import feature_recipes, predictions_of_families, untuned
from thyro.models.importance import permutation_importance
from thyro.models.joined import with_joined, with_joined_aside, with_joined_folds
from thyro.models.random_splits import null_table, repeated_splits, selection_frequency
from thyro.models.recipes import (
    CrossFitted,
    by_fold,
    cross_fit_tables,
    fallback_notes,
    fitted_by,
    folds_of,
    kept_by_fold,
    predictions_of,
    table_recipes,
    without_tuned,
)
from thyro.models.resampling import resampled_signatures
from thyro.models.storage import classifier_from_bytes, classifier_to_bytes
from thyro.models.study_models import (
    fit_models,
    importances,
    predict_models,
    predict_moved,
    probability_ranks,
)
from thyro.models.summaries import held_out_summary, reselection_summary

__all__ = [
    "CrossFitted",
    "Recipe",
    "by_fold",
    "classifier_from_bytes",
    "classifier_settings",
    "classifier_to_bytes",
    "cross_fit_tables",
    "decision_values",
    "divisions",
    "fallback_notes",
    "feature_recipes",
    "features_by_fold",
    "fit_classifier",
    "fit_models",
    "fitted_by",
    "folds_of",
    "held_out_summary",
    "importances",
    "kept_by_fold",
    "linear_weights",
    "long_table",
    "long_tables",
    "null_table",
    "out_of_fold",
    "permutation_importance",
    "predict",
    "predict_models",
    "predict_moved",
    "predictions_of",
    "predictions_of_families",
    "probability_ranks",
    "rank_models",
    "repeated_splits",
    "resampled_signatures",
    "reselection_summary",
    "selection_frequency",
    "table_recipes",
    "tune_classifier",
    "untuned",
    "with_joined",
    "with_joined_aside",
    "with_joined_folds",
    "without_tuned",
]
