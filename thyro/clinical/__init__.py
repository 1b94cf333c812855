"""Notebook 05: logistic regression of the clinical variables, choice of terms, validation."""

from thyro.clinical.bootstrap import optimism_of
from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.clinical.sample_size import collinearity, minimum_sample_size, parameters
from thyro.clinical.screening import fit_nomograms, preoperative, select_terms, univariate_table
from thyro.clinical.splines import spline_basis

__all__ = [
    "LogisticFit",
    "collinearity",
    "fit_logistic",
    "fit_nomograms",
    "fit_penalised",
    "minimum_sample_size",
    "optimism_of",
    "parameters",
    "preoperative",
    "select_terms",
    "spline_basis",
    "univariate_table",
]
