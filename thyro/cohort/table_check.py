"""Tables of a study without images, read before anything runs: every problem is named at once."""

from collections.abc import Mapping

from thyro.cohort import clinical_table
from thyro.cohort.intake import NO_SECRET, Intake, between_tables
from thyro.cohort.sources import open_all
from thyro.study import Source


def check_tables(sources: Mapping[str, Source], *, data_dir: str) -> list[str]:
    """Read tables that come without images, and write nothing.

    Parameters
    ----------
    sources, data_dir
        As in `ingest`.

    Returns
    -------
    list of str
        Cells of scores that cannot be used and that no result holds, as a criterion excludes them.

    Raises
    ------
    CohortError
        As `ingest`, with every problem of every table.
    """
    intakes = [Intake(opened) for opened in open_all(sources, data_dir=data_dir, seed=0)]
    problems = [line for intake in intakes for line in intake.read_table(NO_SECRET, data_dir)]
    readable = [intake for intake in intakes if intake.clinical is not None]
    problems += [line for intake in readable for line in intake.foreseen()]
    if len(readable) == 2:
        problems += between_tables(*intakes)
    clinical_table.stop_at(problems)
    return [line for intake in intakes for line in intake.excluded_cells()]
