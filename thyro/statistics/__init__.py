"""Notebook 06: discrimination, calibration, decision curves and tests; every number unrounded."""

from thyro.statistics.agreement import (
    GOOD_ICC,
    NEARLY_CONSTANT,
    agreement_summary,
    agreement_table,
    icc_of_features,
    rank_correlation,
)
from thyro.statistics.baseline import baseline_comparison
from thyro.statistics.by_cohort import (
    auc_table,
    calibration_curves,
    contrasts,
    decision_curves,
    decision_table,
    delong_by_family,
    roc_curves,
    updated_curves,
)
from thyro.statistics.by_harmonisation import harmonisation_table
from thyro.statistics.by_protocol import (
    cutoff_table,
    performance_by_protocol,
    scores_by_protocol,
)
from thyro.statistics.by_recipe import (
    compared_recipes,
    cross_fitted_aucs,
    optimism_summary,
    recipe_table,
    two_by_two,
)
from thyro.statistics.calibration import calibration_curve, hosmer_lemeshow
from thyro.statistics.calibration_intervals import calibration_by_cohort, calibration_intervals
from thyro.statistics.classification import (
    metrics_from_counts,
    proportion_ci,
    roc_curve,
    sensitivity_threshold,
    specificity_threshold,
    threshold_metrics,
    youden_threshold,
)
from thyro.statistics.correlation import correlations_with
from thyro.statistics.cross_validated_auc import cross_validated_auc
from thyro.statistics.decision import decision_curve
from thyro.statistics.delong import auc_ci, delong_matrix, delong_pairs, delong_test
from thyro.statistics.dependence import redundant_columns
from thyro.statistics.fisher import TableTooLarge
from thyro.statistics.group_tests import group_test, is_categorical, standardised_difference
from thyro.statistics.judged import judged_performance
from thyro.statistics.likelihood import (
    FARTHEST,
    highest_likelihood,
    likelihood_ratio_p,
)
from thyro.statistics.net_benefit import DEFAULT, net_benefit_differences
from thyro.statistics.newton import NoMaximum, logistic_information, maximise_logistic
from thyro.statistics.odds import OddsCalibration, calibrate_across_folds, log_odds
from thyro.statistics.performance import (
    auc_intervals,
    between_cohorts,
    calibration_table,
    cohorts,
    performance_table,
    reclassification_table,
)
from thyro.statistics.random_effects import (
    POOLED,
    RANDOM_EFFECTS,
    centre_table,
    predictions_by_others,
    random_effects,
)
from thyro.statistics.ranks import rank_auc
from thyro.statistics.reader import reader_comparison, reader_table
from thyro.statistics.repeated_splits import (
    corrected_difference,
    differences_over_splits,
    permutation_p,
)
from thyro.statistics.size import size_table
from thyro.statistics.smoothing import LARGE, lowess
from thyro.statistics.subgroups import (
    ALL,
    GROUP_MEASURES,
    UNKNOWN,
    Subgroups,
    subgroup_members,
    subgroup_performance,
)

__all__ = [
    "ALL",
    "DEFAULT",
    "FARTHEST",
    "GOOD_ICC",
    "GROUP_MEASURES",
    "LARGE",
    "NEARLY_CONSTANT",
    "POOLED",
    "RANDOM_EFFECTS",
    "UNKNOWN",
    "NoMaximum",
    "OddsCalibration",
    "Subgroups",
    "TableTooLarge",
    "agreement_summary",
    "agreement_table",
    "auc_ci",
    "auc_intervals",
    "auc_table",
    "baseline_comparison",
    "between_cohorts",
    "calibrate_across_folds",
    "calibration_by_cohort",
    "calibration_curve",
    "calibration_curves",
    "calibration_intervals",
    "calibration_table",
    "centre_table",
    "cohorts",
    "compared_recipes",
    "contrasts",
    "corrected_difference",
    "correlations_with",
    "cross_fitted_aucs",
    "cross_validated_auc",
    "cutoff_table",
    "decision_curve",
    "decision_curves",
    "decision_table",
    "delong_by_family",
    "delong_matrix",
    "delong_pairs",
    "delong_test",
    "differences_over_splits",
    "group_test",
    "harmonisation_table",
    "highest_likelihood",
    "hosmer_lemeshow",
    "icc_of_features",
    "is_categorical",
    "judged_performance",
    "likelihood_ratio_p",
    "log_odds",
    "logistic_information",
    "lowess",
    "maximise_logistic",
    "metrics_from_counts",
    "net_benefit_differences",
    "optimism_summary",
    "performance_by_protocol",
    "performance_table",
    "permutation_p",
    "predictions_by_others",
    "proportion_ci",
    "random_effects",
    "rank_auc",
    "rank_correlation",
    "reader_comparison",
    "reader_table",
    "recipe_table",
    "reclassification_table",
    "redundant_columns",
    "roc_curve",
    "roc_curves",
    "scores_by_protocol",
    "sensitivity_threshold",
    "size_table",
    "specificity_threshold",
    "standardised_difference",
    "subgroup_members",
    "subgroup_performance",
    "threshold_metrics",
    "two_by_two",
    "updated_curves",
    "youden_threshold",
]
