"""Which files a piece of code reads, and whether the plan of a study knows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from thyro.report import manuscript, render
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
    ):
        manuscript.make_report(str(results), name, study)
    return {file for file in seen if not (results / file).with_suffix("").is_file()}
