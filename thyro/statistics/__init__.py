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
    decision_curves,
    decision_table,
    delong_by_cohort,
    delong_by_family,
    roc_curves,
    updated_curves,
)
from thyro.statistics.by_protocol import performance_by_protocol, scores_by_protocol
from thyro.statistics.calibration import calibration_curve, hosmer_lemeshow
from thyro.statistics.classification import (
    metrics_from_counts,
    proportion_ci,
    roc_curve,
    threshold_metrics,
    youden_threshold,
)
from thyro.statistics.correlation import correlations_with
from thyro.statistics.decision import decision_curve
from thyro.statistics.delong import auc_ci, delong_matrix, delong_test
from thyro.statistics.dependence import redundant_columns
from thyro.statistics.fisher import TableTooLarge
from thyro.statistics.group_tests import group_test, is_categorical, standardised_difference
from thyro.statistics.likelihood import (
    FARTHEST,
    highest_likelihood,
    likelihood_ratio_p,
)
from thyro.statistics.newton import NoMaximum, logistic_information, maximise_logistic
from thyro.statistics.performance import (
    auc_intervals,
    between_cohorts,
    calibration_table,
    cohorts,
    performance_table,
    protocol_difference,
    protocol_summary,
    reclassification_table,
)
from thyro.statistics.ranks import rank_auc
from thyro.statistics.smoothing import lowess

__all__ = [
    "FARTHEST",
    "GOOD_ICC",
    "NEARLY_CONSTANT",
    "NoMaximum",
    "TableTooLarge",
    "agreement_summary",
    "agreement_table",
    "auc_ci",
    "auc_intervals",
    "auc_table",
    "baseline_comparison",
    "between_cohorts",
    "calibration_curve",
    "calibration_curves",
    "calibration_table",
    "cohorts",
    "correlations_with",
    "decision_curve",
    "decision_curves",
    "decision_table",
    "delong_by_cohort",
    "delong_by_family",
    "delong_matrix",
    "delong_test",
    "group_test",
    "highest_likelihood",
    "hosmer_lemeshow",
    "icc_of_features",
    "is_categorical",
    "likelihood_ratio_p",
    "logistic_information",
    "lowess",
    "maximise_logistic",
    "metrics_from_counts",
    "performance_by_protocol",
    "performance_table",
    "proportion_ci",
    "protocol_difference",
    "protocol_summary",
    "rank_auc",
    "rank_correlation",
    "reclassification_table",
    "redundant_columns",
    "roc_curve",
    "roc_curves",
    "scores_by_protocol",
    "standardised_difference",
    "threshold_metrics",
    "updated_curves",
    "youden_threshold",
]
