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
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from functools import cache
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thyro import imaging, lineage, spreadsheet

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
PSEUDONYM_KEY = "THYRO_PSEUDONYM_KEY"  # environment: file of the secret behind pseudonyms
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
    """What `write_bytes` wrote."""
    return _remember(relative, _found(relative).read_bytes())


def read_source_table(data_dir: str, name: str, *, sheet: str = "") -> pd.DataFrame:
    """The user's table, every cell as text; empty cells are "".

    Raises
    ------
    FileNotFoundError, ImageError, TableError
        If the folder or table is missing, or the file is not a table.
    """
    folder = path(data_dir)
    if not data_dir or not folder.is_dir():
        raise FileNotFoundError(f"{data_dir or 'DATA'}: no such folder. Say DATA=path/to/folder.")
    data = imaging.inside(folder, name, "table").read_bytes()
    return spreadsheet.read(_remember(f"{data_dir}/{name}", data), name, sheet=sheet)


def pseudonym_key() -> bytes:
    """The secret that turns ids into pseudonyms: made once, and kept outside the results.

    It lies in `.pseudonym_key` of the project, or where `THYRO_PSEUDONYM_KEY` says (relative to the
    project). With it the pseudonym of an id can be found again; without it, not.

    Raises
    ------
    ValueError
        If the file would lie in the results, or does not hold a key.
    """
    file = path(os.environ.get(PSEUDONYM_KEY) or ".pseudonym_key").resolve()
    if file.is_relative_to(path("results").resolve()):
        raise ValueError(f"{file}: the key of the pseudonyms must lie outside the results.")
    if not file.is_file():
        with atomic(file) as temporary:
            temporary.touch(mode=0o600)
            temporary.write_text(secrets.token_hex(32))
    try:
        return bytes.fromhex(file.read_text().strip())
    except ValueError:
        raise ValueError(
            f"{file}: does not hold a key of pseudonyms (64 hexadecimal digits). Put back the one "
            "it had; with a new one every pseudonym changes."
        ) from None


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


def write_images(frames, out_dir: str, *, total: int) -> None:
    """Write `(name, uint8 array)` pairs as PNG below `out_dir`, one at a time.

    Images have no neighbour of their own: the table that lists them has.
    """
    for name, array in progress("images")(frames, total=total):
        write_image(array, out_dir, name)


def write_image(array: np.ndarray, out_dir: str, name: str) -> None:
    """Write one uint8 or boolean array as bare PNG `<out_dir>/<name>`."""
    with atomic(path(out_dir) / name) as temporary:
        temporary.write_bytes(imaging.png_bytes(array))


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


class Frames:
    """Reads image, mask and pixel size of a patient from one image set.

    Parameters
    ----------
    relative
        `images.parquet`: columns patient_id, image_set, image, mask (project-relative paths),
        spacing_mm (row, column).
    image_set
        "or" (original), "sr" (super-resolution) or "bc" (bicubic control).
    masks
        Other masks than those of the table, by patient: those of a second reader.
    """

    def __init__(self, relative: str | Path, image_set: str, masks: pd.Series | None = None):
        table = read_table(relative)
        table = table[table["image_set"] == image_set].set_index("patient_id")
        if masks is not None:
            table = table.loc[masks.index].assign(mask=masks)
        self._rows = table[["image", "mask", "spacing_mm"]].to_dict("index")
        self._root = project_root()

    def __call__(self, patient_id: str) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
        """Grey image 0-255 and boolean mask, shape (rows, columns), and (row, column) in mm."""
        row = self._rows[patient_id]
        image, _ = imaging.read_image(self._root / row["image"])
        mask = imaging.read_mask(self._root / row["mask"], image)
        return image, mask, tuple(float(side) for side in row["spacing_mm"])

    def checksum(self, patient_id: str) -> str:
        """Tells apart what would be read, ten times faster: files, pixel size, and our code."""
        row = self._rows[patient_id]
        files = [hashlib.sha256((self._root / row[f]).read_bytes()) for f in ("image", "mask")]
        sides = [float(side).hex() for side in row["spacing_mm"]]
        parts = [*(file.hexdigest() for file in files), *sides, lineage.code("imaging")]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def image_pairs(
    relative: str | Path, first: str, second: str
) -> Callable[[str], tuple[np.ndarray, np.ndarray]]:
    """A reader of two image sets: of a patient_id both frames, uint8, shape (rows, columns)."""
    both = [Frames(relative, image_set) for image_set in (first, second)]
    return lambda patient: tuple(np.rint(read(patient)[0]).astype(np.uint8) for read in both)


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
