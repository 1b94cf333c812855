"""Executing a study: notebooks, what is stale, and what the terminal says of it."""

from thyro.run.check import check_study, check_tables
from thyro.run.example import write_example
from thyro.run.notebooks import recorded_render, run_notebook
from thyro.run.workflow import bring_up_to_date, fingerprint, run_snakemake

__all__ = [
    "bring_up_to_date",
    "check_study",
    "check_tables",
    "fingerprint",
    "recorded_render",
    "run_notebook",
    "run_snakemake",
    "write_example",
]
