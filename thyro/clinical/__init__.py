"""Notebook 05: logistic regression of the clinical variables, choice of terms, validation."""

from thyro.clinical.bootstrap import (
    MIDDLE,
    failed_samples,
    optimism_of,
    pipeline_optimism,
    validation_table,
)
from thyro.clinical.composites import undeclared_scores, without_composites
from thyro.clinical.imputation import Imputation, impute
from thyro.clinical.instability import instability_summary, instability_table
from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.clinical.pooled import complete_case_table, fit_imputed, penalised_imputed
from thyro.clinical.protocols import (
    coefficient_table,
    fit_by_protocol,
    levels_of_one_fold,
    long_risks,
    nomogram_terms,
    predict_by_protocol,
    risks_by_fold,
    with_signatures,
)
from thyro.clinical.rare_levels import merge_levels, merged_table, rare_levels
from thyro.clinical.rubin import pool
from thyro.clinical.sample_size import (
    MAX_OPTIMISM,
    MAX_SHRINKAGE,
    RISK_MARGIN,
    assumed_auc,
    collinearity,
    minimum_sample_size,
    sample_sizes,
)
from thyro.clinical.screening import fit_nomograms, preoperative, select_terms, univariate_table
from thyro.clinical.splines import spline_basis
from thyro.clinical.validation_size import (
    AUC_WIDTH,
    COVERAGE,
    OE_WIDTH,
    SLOPE_WIDTH,
    validation_sizes,
)

__all__ = [
    "AUC_WIDTH",
    "COVERAGE",
    "MAX_OPTIMISM",
    "MAX_SHRINKAGE",
    "MIDDLE",
    "OE_WIDTH",
    "RISK_MARGIN",
    "SLOPE_WIDTH",
    "Imputation",
    "LogisticFit",
    "assumed_auc",
    "coefficient_table",
    "collinearity",
    "complete_case_table",
    "failed_samples",
    "fit_by_protocol",
    "fit_imputed",
    "fit_logistic",
    "fit_nomograms",
    "fit_penalised",
    "impute",
    "instability_summary",
    "instability_table",
    "levels_of_one_fold",
    "long_risks",
    "merge_levels",
    "merged_table",
    "minimum_sample_size",
    "nomogram_terms",
    "optimism_of",
    "penalised_imputed",
    "pipeline_optimism",
    "pool",
    "predict_by_protocol",
    "preoperative",
    "rare_levels",
    "risks_by_fold",
    "sample_sizes",
    "select_terms",
    "spline_basis",
    "undeclared_scores",
    "univariate_table",
    "validation_sizes",
    "validation_table",
    "with_signatures",
    "without_composites",
]
