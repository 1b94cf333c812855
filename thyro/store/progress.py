"""How far a long loop is: in the terminal under papermill, below the cell in JupyterLab."""

import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from thyro.store.paths import atomic

PROGRESS_FILE = "THYRO_PROGRESS"  # environment: where a long loop says how far it is


def progress_bar(label: str) -> Callable[..., Iterable]:
    """A wrapper for long loops, called like tqdm: `for x in progress(label)(items, total=n)`.

    Under papermill the count goes to a small file that `thyro report` turns into a bar in the
    terminal; in JupyterLab it is a bar below the cell.
    """
    target = os.environ.get(PROGRESS_FILE)

    def bar(items: Iterable, *, total: int | None = None) -> Iterable:
        if target is None:
            from tqdm.auto import tqdm

            return tqdm(items, total=total, desc=label, leave=False)
        if total is None and isinstance(items, Collection):
            total = len(items)
        if total is None:
            raise TypeError(f"progress of {label}: say the total of what has no length.")
        return _counted(items, total, label, Path(target))

    return bar


def _counted(items: Iterable, total: int, label: str, target: Path) -> Iterator:
    said = 0.0
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - said > 0.3 or done == total:
            said = time.monotonic()
            with atomic(target) as temporary:
                temporary.write_text(json.dumps({"label": label, "done": done, "total": total}))
