"""Notebook 00: who of the table is studied, counted at every step, under a pseudonym."""

from thyro.cohort.about import called, describe_cohort, table_1_rows, table_1_variables
from thyro.cohort.cells import numbered as numbered_rows
from thyro.cohort.centres import check_centres
from thyro.cohort.clinical_table import CohortError, stop_at, text_column
from thyro.cohort.first_look import FirstLook, first_look
from thyro.cohort.flow import flow_chart
from thyro.cohort.gaps import missing_cells
from thyro.cohort.guessed_codes import (
    cohorts_of,
    patterns_of,
    score_kind,
    score_name,
    translated,
    without_value,
    yes_and_no,
)
from thyro.cohort.guessed_images import FoundFiles, FoundImages, find_images, image_files
from thyro.cohort.guessed_roles import CLINICAL, Roles, guess_roles
from thyro.cohort.guessed_table import OpenedTable, open_table
from thyro.cohort.guessed_variables import DeclaredVariable, guess_variables
from thyro.cohort.image_flags import FLAGS
from thyro.cohort.ingested import families, known_truth, stacked
from thyro.cohort.intake import ingest
from thyro.cohort.levels import check_regressions
from thyro.cohort.patches import check_patches
from thyro.cohort.review import Review, count_flags, flagged_cases, included_cases
from thyro.cohort.score_roles import NAMELESS, ROLES, is_called, names_of
from thyro.cohort.score_table import USABLE, ScoreTable, read_score_table
from thyro.cohort.sources import export
from thyro.cohort.split import check_split, split_by_patient
from thyro.cohort.spreadsheet import read as read_spreadsheet
from thyro.cohort.table_check import check_tables
from thyro.cohort.training import check_training
from thyro.cohort.workbook import TableError

__all__ = [
    "CLINICAL",
    "FLAGS",
    "NAMELESS",
    "ROLES",
    "USABLE",
    "CohortError",
    "DeclaredVariable",
    "FirstLook",
    "FoundFiles",
    "FoundImages",
    "OpenedTable",
    "Review",
    "Roles",
    "ScoreTable",
    "TableError",
    "called",
    "check_centres",
    "check_patches",
    "check_regressions",
    "check_split",
    "check_tables",
    "check_training",
    "cohorts_of",
    "count_flags",
    "describe_cohort",
    "export",
    "families",
    "find_images",
    "first_look",
    "flagged_cases",
    "flow_chart",
    "guess_roles",
    "guess_variables",
    "image_files",
    "included_cases",
    "ingest",
    "is_called",
    "known_truth",
    "missing_cells",
    "names_of",
    "numbered_rows",
    "open_table",
    "patterns_of",
    "read_score_table",
    "read_spreadsheet",
    "score_kind",
    "score_name",
    "split_by_patient",
    "stacked",
    "stop_at",
    "table_1_rows",
    "table_1_variables",
    "text_column",
    "translated",
    "without_value",
    "yes_and_no",
]
