"""Executing a study: notebooks, what is stale, and what the terminal says of it."""

from thyro.run.check import check_study, check_tables
from thyro.run.check_page import write_check_page
from thyro.run.example import write_example
from thyro.run.first_study_command import add_init, init_study
from thyro.run.notebooks import recorded_render, run_notebook
from thyro.run.workflow import bring_up_to_date, fingerprint, run_snakemake

__all__ = [
    "add_init",
    "bring_up_to_date",
    "check_study",
    "check_tables",
    "fingerprint",
    "init_study",
    "recorded_render",
    "run_notebook",
    "run_snakemake",
    "write_check_page",
    "write_example",
]
