"""Notebook 00: who of the table is studied, counted at every step, under a pseudonym."""

from thyro.cohort.about import called, describe_cohort, table_1_rows, table_1_variables
from thyro.cohort.centres import check_centres
from thyro.cohort.clinical_table import CohortError, stop_at, text_column
from thyro.cohort.flow import flow_chart
from thyro.cohort.gaps import check_gaps, missing_cells
from thyro.cohort.image_flags import FLAGS
from thyro.cohort.ingested import families, known_truth, stacked
from thyro.cohort.intake import ingest
from thyro.cohort.levels import check_dependence, check_levels
from thyro.cohort.patches import check_patches
from thyro.cohort.review import Review, count_flags, flagged_cases, included_cases
from thyro.cohort.sources import export
from thyro.cohort.split import check_split, split_by_patient
from thyro.cohort.table_check import check_tables
from thyro.cohort.workbook import TableError

__all__ = [
    "FLAGS",
    "CohortError",
    "Review",
    "TableError",
    "called",
    "check_centres",
    "check_dependence",
    "check_gaps",
    "check_levels",
    "check_patches",
    "check_split",
    "check_tables",
    "count_flags",
    "describe_cohort",
    "export",
    "families",
    "flagged_cases",
    "flow_chart",
    "included_cases",
    "ingest",
    "known_truth",
    "missing_cells",
    "split_by_patient",
    "stacked",
    "stop_at",
    "table_1_rows",
    "table_1_variables",
    "text_column",
]
