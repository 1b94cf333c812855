"""One run of a notebook: what it reads, what it writes, and which parameters are its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RECORDS = "notebooks"  # folder of executed notebooks and of how long each took


@dataclass(frozen=True)
class Job:
    """One run of a notebook: what it reads and writes, relative to the folder of the study."""

    name: str
    notebook: str
    section: str  # of the study file
    reads: dict[str, str]  # notebook parameter -> file
    writes: tuple[str, ...]  # below the job's own folder: what later notebooks or the report read
    fixed: dict[str, Any]  # parameters that no study file sets
    folders: dict[str, str] = field(default_factory=dict)  # notebook parameter -> folder
    files: tuple[str, ...] = ()  # that it reads below these
    outside: tuple[str, ...] = ()  # files that it reads and no job makes, relative to the project
    keys: tuple[str, ...] = ()  # of its section that it takes; empty: all
    side_by_side: int = 1  # jobs that share the cores: features of the image sets

    @property
    def folder(self) -> str:
        """Folder of the job's results, named after its notebook."""
        return self.notebook

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every file of other jobs that this one reads."""
        return (*self.reads.values(), *self.files)

    @property
    def executed(self) -> str:
        """The executed copy of the notebook."""
        return f"{RECORDS}/{self.name}.ipynb"

    @property
    def record(self) -> str:
        """How long the job took, and its peak memory."""
        return f"{RECORDS}/{self.name}.json"

    @property
    def left(self) -> tuple[str, ...]:
        """Everything that others read: results, the executed notebook and its record."""
        results = (f"{self.folder}/{file}" for file in self.writes)
        return (*results, self.executed, self.record)


def make_job(
    notebook: str,
    writes: Iterable[str],
    *,
    reads: Mapping[str, str] | None = None,
    folders: Mapping[str, str] | None = None,
    files: Iterable[str] = (),
    outside: Iterable[str] = (),
    fixed: Mapping[str, Any] | None = None,
    section: str = "",
    keys: Iterable[str] = (),
    side_by_side: int = 1,
) -> Job:
    """A run of `notebook`; without `section` it takes that of its own name of the study."""
    fixed = dict(fixed or {})
    run = [fixed["image_set"]] if "image_set" in fixed else []
    return Job(
        name="_".join([notebook, *run]),
        notebook=notebook,
        section=section or notebook[3:],
        reads=dict(reads or {}),
        writes=tuple(writes),
        fixed=fixed,
        folders=dict(folders or {}),
        files=tuple(files),
        outside=tuple(outside),
        keys=tuple(keys),
        side_by_side=side_by_side,
    )
