"""Tables of a study without images, read before anything runs: every problem is named at once."""

from collections.abc import Mapping
from typing import Any

from thyro.cohort import clinical_table
from thyro.cohort.intake import NO_SECRET, Intake, between_tables
from thyro.cohort.sources import open_all
from thyro.cohort.training import check_training
from thyro.study import Source


def check_tables(
    sources: Mapping[str, Source], *, data_dir: str, seed: int, fitted: Mapping[str, Any]
) -> list[str]:
    """Read tables that come without images, and write nothing.

    Parameters
    ----------
    sources, data_dir, seed
        As in `ingest`; the seed is that of the split, too.
    fitted
        What models ask of the training patients, as keywords of `check_training`.

    Returns
    -------
    list of str
        Cells of scores that cannot be used and that no result holds, as a criterion excludes them.

    Raises
    ------
    CohortError
        As `ingest`, with every problem of every table.
    """
    intakes = [Intake(opened) for opened in open_all(sources, data_dir=data_dir, seed=seed)]
    problems = [line for intake in intakes for line in intake.read_table(NO_SECRET, data_dir)]
    readable = [intake for intake in intakes if intake.clinical is not None]
    problems += [line for intake in readable for line in intake.foreseen()]
    if len(readable) == 2:
        problems += between_tables(*intakes)
    clinical_table.stop_at(problems)
    y = intakes[0].outcomes()
    clinical_table.stop_at(check_training(y, intakes[0].split(y, seed=seed), **fitted))
    return [line for intake in intakes for line in intake.excluded_cells()]
