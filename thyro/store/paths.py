"""Where the project lies, and files that are written whole or not at all.

Paths are given relative to the project, so that a notebook finds its files whether papermill runs
it, JupyterLab opens it in `notebooks/`, or its executed copy is opened again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path


@cache
def project_root() -> Path:
    """The folder that holds `params/` and `notebooks/`, at or above the working directory."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "params").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise FileNotFoundError(
        f"{here} is not inside a thyro project (no folder with params/ and notebooks/ above it). "
        "Go to one, or lay one out: `thyro new FOLDER`."
    )


def path(relative: str | Path) -> Path:
    """Absolute path of a project-relative one; an absolute one is returned as it is."""
    given = Path(relative)
    return given if given.is_absolute() else project_root() / given


@contextmanager
def atomic(file: Path) -> Iterator[Path]:
    """A temporary file beside `file` that takes its place when the block ends well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{os.getpid()}.{file.name}")
    try:
        yield temporary
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
