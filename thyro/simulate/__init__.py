"""Simulated patients: anatomy, B-mode physics, case mix, and how well an analysis recovers them."""

from thyro.simulate.case_mix import clinical_variables, recorded_criteria
from thyro.simulate.cohort import SimulatedCohort, simulate_cohort, source_table
from thyro.simulate.recovery import (
    recovered_correlations,
    recovered_log_odds,
    recovered_risks,
    recovered_truth,
)

__all__ = [
    "SimulatedCohort",
    "clinical_variables",
    "recorded_criteria",
    "recovered_correlations",
    "recovered_log_odds",
    "recovered_risks",
    "recovered_truth",
    "simulate_cohort",
    "source_table",
]
