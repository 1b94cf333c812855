"""Notebook 06: discrimination, calibration, decision curves and tests; every number unrounded."""

from thyro.statistics.agreement import GOOD_ICC, agreement_table, icc_of_features, rank_correlation
from thyro.statistics.calibration import calibration_curve, hosmer_lemeshow
from thyro.statistics.classification import (
    metrics_from_counts,
    proportion_ci,
    roc_curve,
    threshold_metrics,
    youden_threshold,
)
from thyro.statistics.decision import decision_curve
from thyro.statistics.delong import auc_ci, delong_matrix, delong_test, rank_auc
from thyro.statistics.group_tests import TableTooLarge, group_test, standardised_difference
from thyro.statistics.performance import (
    auc_intervals,
    between_cohorts,
    calibration_table,
    cohorts,
    performance_table,
    protocol_difference,
    reclassification_table,
)
from thyro.statistics.smoothing import lowess

__all__ = [
    "GOOD_ICC",
    "TableTooLarge",
    "agreement_table",
    "auc_ci",
    "auc_intervals",
    "between_cohorts",
    "calibration_curve",
    "calibration_table",
    "cohorts",
    "decision_curve",
    "delong_matrix",
    "delong_test",
    "group_test",
    "hosmer_lemeshow",
    "icc_of_features",
    "lowess",
    "metrics_from_counts",
    "performance_table",
    "proportion_ci",
    "protocol_difference",
    "rank_auc",
    "rank_correlation",
    "reclassification_table",
    "roc_curve",
    "standardised_difference",
    "threshold_metrics",
    "youden_threshold",
]
