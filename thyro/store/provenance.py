"""What made a file: notebook, parameters, checksum of every file read so far, commit, versions."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any

from thyro.store.paths import project_root

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
NOTEBOOK = "THYRO_NOTEBOOK"  # environment: name of the job that papermill runs

_started = time.monotonic()
_read: dict[str, str] = {}  # file -> checksum, of everything this process has read


def remember(relative: str | Path, data: bytes) -> bytes:
    """`data` as they are; their checksum is among the inputs of what is written from now on."""
    _read[str(relative)] = hashlib.sha256(data).hexdigest()
    return data


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
