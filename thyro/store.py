"""The one door to files under `results/`: atomic writes, each with a small JSON neighbour.

Paths are given relative to the project, so that a notebook finds its files whether papermill runs
it, JupyterLab opens it in `notebooks/`, or its executed copy is opened again.

The neighbour of `x.parquet` is `x.parquet.json`: notebook, parameters, checksum of every file read
so far, commit, versions, seconds and device. Following neighbours leads from any table of the paper
back to a row of the cohort.
"""

import hashlib
import importlib.metadata
import io
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterable
from contextlib import contextmanager
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

VERSIONS = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "statsmodels",
    "torch",
    "monai",
    "pyradiomics",
)
PROGRESS_FILE = "THYRO_PROGRESS"  # environment: where a long loop says how far it is
PAGES_PER_FILE = 25
NOTEBOOK = "THYRO_NOTEBOOK"  # environment: name of the job that papermill runs

_started = time.monotonic()
_read: dict[str, str] = {}  # file -> checksum, of everything this process has read


@cache
def project_root() -> Path:
    """The folder that holds `params/` and `notebooks/`, at or above the working directory."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "params").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise FileNotFoundError(
        f"{here} is not inside a thyro project (no folder with params/ and notebooks/ above it). "
        "Start Jupyter with `make lab`."
    )


def path(relative: str | Path) -> Path:
    """Absolute path of a project-relative one; an absolute one is returned as it is."""
    return project_root() / relative


def _found(relative: str | Path) -> Path:
    file = path(relative)
    if not file.is_file():
        raise FileNotFoundError(f"{relative}: not there. Run the notebooks before this one first.")
    return file


def _remember(relative: str | Path, data: bytes) -> bytes:
    _read[str(relative)] = hashlib.sha256(data).hexdigest()
    return data


def read_table(relative: str | Path) -> pd.DataFrame:
    """A parquet table, categories and index as they were written."""
    return pd.read_parquet(io.BytesIO(_remember(relative, _found(relative).read_bytes())))


def read_json(relative: str | Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(_remember(relative, _found(relative).read_bytes()))


def read_bytes(relative: str | Path) -> bytes:
    """What `write_bytes` wrote, or a file of the user's; it is among the inputs from now on."""
    return _remember(relative, _found(relative).read_bytes())


@contextmanager
def atomic(file: Path):
    """A temporary file beside `file` that takes its place when the block ends well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{os.getpid()}.{file.name}")
    try:
        yield temporary
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def _write(data: bytes, out_dir: str, name: str) -> None:
    """Write `data` and its neighbour."""
    file = path(out_dir) / name
    neighbour = json.dumps(provenance(), indent=1, default=_plain).encode()
    for target, content in ((file, data), (file.with_name(f"{name}.json"), neighbour)):
        with atomic(target) as temporary:
            temporary.write_bytes(content)


def write_table(frame: pd.DataFrame, out_dir: str, name: str) -> None:
    """Write `frame` to `<out_dir>/<name>.parquet`."""
    _write(frame.to_parquet(), out_dir, f"{name}.parquet")


def write_json(value: Any, out_dir: str, name: str) -> None:
    """Write plain numbers, text, lists and dicts to `<out_dir>/<name>.json`; NaN becomes null."""
    text = json.dumps(_finite(value), indent=1, ensure_ascii=False, default=_plain)
    _write(text.encode(), out_dir, f"{name}.json")


def write_bytes(data: bytes, out_dir: str, name: str) -> None:
    """Write a model or anything else that is already bytes; `name` with its suffix."""
    _write(data, out_dir, name)


def write_figure(fig, out_dir: str, name: str) -> None:
    """Write a figure as PNG (300 dpi) and PDF."""
    for suffix, metadata in ((".png", {}), (".pdf", {"CreationDate": None})):
        data = io.BytesIO()
        fig.savefig(data, format=suffix[1:], dpi=300, metadata=metadata)
        _write(data.getvalue(), out_dir, f"{name}{suffix}")


def write_pages(figures: Iterable, out_dir: str, name: str, *, show=None) -> None:
    """Write figures as the pages of `<out_dir>/<name>.pdf`, one at a time; `show` gets each.

    A long row goes on in `<name>_2.pdf` and so on: matplotlib keeps the pictures of a file until
    its end, 15 MB a page. Files of an earlier run do not stay.
    """
    # Not above: processes that only read images would each pay for it.
    from matplotlib.backends.backend_pdf import PdfPages

    for file in path(out_dir).glob(f"{name}*.pdf*"):
        file.unlink()
    figures = iter(figures)
    for number in count(1):
        data = io.BytesIO()
        with PdfPages(data, metadata={"CreationDate": None}) as pages:
            for figure in islice(figures, PAGES_PER_FILE):
                pages.savefig(figure)
                if show is not None:
                    show(figure)
            written = pages.get_pagecount()
        if written:
            _write(data.getvalue(), out_dir, f"{name}{'' if number == 1 else f'_{number}'}.pdf")
        if written < PAGES_PER_FILE:
            return


def replace_folder(out_dir: str, name: str, files: dict[str, Path]) -> None:
    """Move files to `<out_dir>/<name>` under the names that are their keys, and leave nothing else
    there: an image of a patient who is no longer studied must not stay. No files, no folder.
    """
    folder = path(out_dir) / name
    shutil.rmtree(folder, ignore_errors=True)
    for target, source in files.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.replace(source, folder / target)


class Checkpoint:
    """A file that a long computation keeps its state in until it is done; no result.

    It lies in the folder of the results, hidden, and has no neighbour.
    """

    def __init__(self, out_dir: str, name: str):
        self._file = path(out_dir) / f".{name}.safetensors"

    def load(self) -> bytes | None:
        """What was saved last, or None."""
        return self._file.read_bytes() if self._file.is_file() else None

    def save(self, data: bytes) -> None:
        """Replace what was saved before."""
        with atomic(self._file) as temporary:
            temporary.write_bytes(data)

    def remove(self) -> None:
        """Forget it: the computation is done."""
        self._file.unlink(missing_ok=True)


def provenance() -> dict[str, Any]:
    """What made a file: notebook, parameters, inputs, commit, versions, seconds, device."""
    return {
        "notebook": os.environ.get(NOTEBOOK, "by hand"),
        "parameters": _parameters(),
        "inputs": dict(_read),
        "commit": commit(),
        "versions": versions(),
        "seconds": round(time.monotonic() - _started, 1),
        "device": platform.machine(),
    }


def _parameters() -> dict[str, Any]:
    """Parameters of the running notebook: what its parameters cell annotated."""
    try:
        namespace = get_ipython().user_ns
    except NameError:  # not in a notebook
        return {}
    return {
        name: namespace[name] for name in namespace.get("__annotations__", {}) if name in namespace
    }


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that change numbers."""
    return {"python": platform.python_version()} | {
        p: importlib.metadata.version(p) for p in VERSIONS
    }


@cache
def commit() -> str:
    """Commit of the project, with "+" when files differ from it; "unknown" outside git."""
    git = ["git", "-C", str(project_root())]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip()[:12] + ("+" if changed.stdout.strip() else "")


def progress(label: str):
    """A wrapper for long loops, called like tqdm: `for x in progress(label)(items, total=n)`.

    Under papermill the count goes to a small file that `thyro report` turns into a bar in the
    terminal; in JupyterLab it is a bar below the cell.
    """
    target = os.environ.get(PROGRESS_FILE)

    def bar(items, *, total=None):
        if target is None:
            from tqdm.auto import tqdm

            return tqdm(items, total=total, desc=label, leave=False)
        return _counted(items, total if total is not None else len(items), label, Path(target))

    return bar


def _counted(items, total: int, label: str, target: Path):
    said = 0.0
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - said > 0.3 or done == total:
            said = time.monotonic()
            with atomic(target) as temporary:
                temporary.write_text(json.dumps({"label": label, "done": done, "total": total}))


def _plain(value: Any) -> Any:
    """numpy scalars and arrays as plain Python for JSON."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _finite(value: Any) -> Any:
    """NaN and infinities as null: JSON has no word for them."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_finite(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value
