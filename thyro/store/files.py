"""Files below `results/`: read, and written atomically, each with a sidecar.

The sidecar of `x.parquet` is `x.parquet.json`: what made it (`provenance`). Following sidecars
leads from any table of the paper back to a row of the cohort.
"""

import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from thyro.store.paths import atomic, path
from thyro.store.provenance import provenance, remember

if TYPE_CHECKING:  # matplotlib takes a second, and processes that only read images draw nothing
    from matplotlib.figure import Figure

PAGES_PER_FILE = 25


def _found(relative: str | Path) -> Path:
    file = path(relative)
    if not file.is_file():
        raise FileNotFoundError(f"{relative}: not there. Run the notebooks before this one first.")
    return file


def read_table(relative: str | Path) -> pd.DataFrame:
    """A parquet table, categories and index as they were written."""
    return pd.read_parquet(io.BytesIO(remember(relative, _found(relative).read_bytes())))


def read_json(relative: str | Path) -> Any:
    """What `write_json` wrote."""
    return json.loads(remember(relative, _found(relative).read_bytes()))


def read_bytes(relative: str | Path) -> bytes:
    """What `write_bytes` wrote, or a file of the user's; it is among the inputs from now on."""
    return remember(relative, _found(relative).read_bytes())


def _write(data: bytes, out_dir: str, name: str) -> None:
    """Write `data` and its sidecar."""
    file = path(out_dir) / name
    sidecar = json.dumps(provenance(), indent=1, default=_plain).encode()
    for target, content in ((file, data), (file.with_name(f"{name}.json"), sidecar)):
        with atomic(target) as temporary:
            temporary.write_bytes(content)


def write_table(frame: pd.DataFrame, out_dir: str, name: str) -> None:
    """Write `frame` to `<out_dir>/<name>.parquet`.

    Parameters
    ----------
    frame
        Kept at full precision, with its index and its categories.
    out_dir, name
        Folder, relative to the project, and name without suffix.
    """
    _write(frame.to_parquet(), out_dir, f"{name}.parquet")


def write_tables(frames: Mapping[str, pd.DataFrame], out_dir: str) -> None:
    """Write each table under its name, as `write_table` does."""
    for name, frame in frames.items():
        write_table(frame, out_dir, name)


def write_json(value: Any, out_dir: str, name: str) -> None:
    """Write a value to `<out_dir>/<name>.json`; NaN and infinities become null.

    Parameters
    ----------
    value
        Numbers, text, lists and dicts of such; arrays and numbers of numpy become plain ones.
    out_dir, name
        Folder, relative to the project, and name without suffix.

    Raises
    ------
    TypeError
        If anything else is in it.
    """
    text = json.dumps(_finite(value), indent=1, ensure_ascii=False, default=_plain)
    _write(text.encode(), out_dir, f"{name}.json")


def write_bytes(data: bytes, out_dir: str, name: str) -> None:
    """Write a model or anything else that is already bytes.

    Parameters
    ----------
    data
        As they shall stand in the file.
    out_dir, name
        Folder, relative to the project, and name with its suffix.
    """
    _write(data, out_dir, name)


def write_figure(fig: "Figure", out_dir: str, name: str) -> None:
    """Write a figure as PNG (300 dpi) and PDF.

    Parameters
    ----------
    fig
        Stays open.
    out_dir, name
        Folder, relative to the project, and name without suffix.
    """
    for suffix, metadata in ((".png", {}), (".pdf", {"CreationDate": None})):
        data = io.BytesIO()
        fig.savefig(data, format=suffix[1:], dpi=300, metadata=metadata)
        _write(data.getvalue(), out_dir, f"{name}{suffix}")


def write_figures(figures: Mapping[str, "Figure"], out_dir: str) -> None:
    """Write each figure under its name, as `write_figure` does."""
    for name, figure in figures.items():
        write_figure(figure, out_dir, name)


def write_pages(
    figures: Iterable["Figure"],
    out_dir: str,
    name: str,
    *,
    show: Callable[["Figure"], object] | None = None,
) -> None:
    """Write figures as the pages of `<out_dir>/<name>.pdf`, one at a time.

    A long row goes on in `<name>_2.pdf` and so on: matplotlib keeps the pictures of a file until
    its end, 15 MB a page. Files of an earlier run do not stay.

    Parameters
    ----------
    figures
        Each is asked for when the one before is written.
    out_dir, name
        Folder, relative to the project, and name without suffix.
    show
        Is given each figure after it was written.
    """
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
    """Move files to `<out_dir>/<name>` and leave nothing else there; no files, no folder.

    An image of a patient who is no longer studied must not stay.

    Parameters
    ----------
    out_dir, name
        Folder of the results, relative to the project, and the folder in it.
    files
        Where each file lies now, by its name in the folder.
    """
    folder = path(out_dir) / name
    shutil.rmtree(folder, ignore_errors=True)
    for target, source in files.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.replace(source, folder / target)


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
