"""Executing a study: notebooks, what is stale, and what the terminal says of it."""

from thyro.run.check import check_study, check_tables
from thyro.run.check_page import write_check_page
from thyro.run.example import write_example
from thyro.run.first_study_command import add_init, init_study
from thyro.run.new_project import new_project
from thyro.run.notebooks import recorded_render, run_notebook
from thyro.run.status import print_status
from thyro.run.table_audit import add_table_options, audit_table, table_options
from thyro.run.teaching import SHELLS, completion, teach
from thyro.run.workflow import bring_up_to_date, fingerprint, run_snakemake

__all__ = [
    "SHELLS",
    "add_init",
    "add_table_options",
    "audit_table",
    "bring_up_to_date",
    "check_study",
    "check_tables",
    "completion",
    "fingerprint",
    "init_study",
    "new_project",
    "print_status",
    "recorded_render",
    "run_notebook",
    "run_snakemake",
    "table_options",
    "teach",
    "write_check_page",
    "write_example",
]
