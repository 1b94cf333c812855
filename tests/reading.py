"""What code and tests read of the results of a study, and whether its plan knows the files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pandas as pd

from thyro.report import alive, manuscript, render
from thyro.study import Study


@contextmanager
def files_read(folder: Path) -> Iterator[set[str]]:
    """Files below `folder`, relative to it, that are opened for reading in the block."""
    seen, opened = set(), Path.open

    def recorded(self, mode="r", *args, **kwargs):
        if not set(mode) & set("wax+") and self.is_relative_to(folder):
            seen.add(str(self.relative_to(folder)))
        return opened(self, mode, *args, **kwargs)

    with mock.patch.object(Path, "open", recorded):
        yield seen


def read_by_the_report(results: Path, name: str, study: Study) -> set[str]:
    """Results of a study that its manuscript is made of; nothing is rendered.

    `results` is laid out as `thyro run` leaves it. Records beside results are left out: each
    belongs to its result.
    """
    (results / "report").mkdir(exist_ok=True)
    with (
        files_read(results) as seen,
        mock.patch.object(render, "stage"),
        mock.patch.object(render, "render"),
        mock.patch.object(alive, "notebook_files", return_value={}),
        mock.patch.object(alive, "record"),
    ):
        manuscript.make_report(str(results), name, study)
    return {file for file in seen if not (results / file).with_suffix("").is_file()}


MAIN = {"main_delong", "penalised"}


def contrasts_in(folder: Path) -> pd.DataFrame:
    """Every comparison of two scores in the tables of 06: table, cohort, models and p values.

    The two models stand in the order of their names, whichever is subtracted. `main` says of which
    predictions: what the study concludes from, or the paper's.
    """
    found = []
    for file in sorted(folder.glob("*.parquet")):
        table = pd.read_parquet(file)
        if "p_holm" in table:
            pairs = pd.DataFrame(
                [sorted(pair) for pair in table[["model_a", "model_b"]].to_numpy()]
            )
            found.append(
                table[["cohort", "p_value", "p_holm"]].assign(
                    table=file.stem,
                    main=file.stem in MAIN,
                    first=pairs[0].to_numpy(),
                    second=pairs[1].to_numpy(),
                )
            )
    return pd.concat(found, ignore_index=True)
