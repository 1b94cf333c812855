"""A tiny study, run through the real notebooks with papermill, into a temporary folder."""

import gc
import json
import os
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import pytest
import yaml
from filelock import FileLock

from thyro.report import manuscript
from thyro.study import Study, job_arguments, load_study

from . import warm_kernel

SMALL = {
    "extends": "smoke",
    "title": "Tiny study of the tests",
    "cohort": {"n_patients": 40, "image_shape": [128, 160]},
    "external": {"n_patients": 20, "image_shape": [128, 160]},
    "super_resolution": {
        "pretraining_frames": 2,
        "pretraining_steps": 4,
        "pixel_steps": 8,
        "adversarial_steps": 4,
        "check_every": 4,
        "low_resolution_patients": 5,
        "width": 8,
        "blocks": 1,
    },
    "features": {"crop_px": 64, "epochs": 1, "robustness_patients": 5},
    "models": {
        "outer_folds": 2,
        "fold_repeats": 2,
        "repeats": 2,
        "permutations": 2,
        "explained": 4,
    },
    "nomogram": {"bootstraps": 20},
    "statistics": {"draws": 20},
    "compute": {"workers": 1},  # a process takes longer to start than its share of the work
}


def execute(
    job_name: str, study: Study, results: Path, data: str = "", *, draw: bool = True
) -> None:
    """One notebook, its files below `results` instead of `results/<study>`."""
    job = study.jobs[job_name]
    values = job_arguments(study, "tiny", job, data=data)
    moved = {
        key: value.replace("results/tiny", str(results)) if isinstance(value, str) else value
        for key, value in values.items()
    }
    source = Path(f"notebooks/{job.notebook}.ipynb")
    warm_kernel.run(source, results / f"{job_name}.ipynb", moved, draw=draw)


def run_chain(
    study: Study, results: Path, jobs: Sequence[str] | None = None, *, draw: bool = True
) -> None:
    """The notebooks of some jobs of a study, or of all, in order."""
    results.mkdir(parents=True, exist_ok=True)
    for job in jobs or study.jobs:
        execute(job, study, results, draw=draw)


def make_report(study: Study, name: str, results: Path) -> None:
    """Lay the results out as `thyro run` leaves them, and render the report."""
    (results / "notebooks").mkdir()
    for job in study.jobs:
        (results / f"{job}.ipynb").rename(results / f"notebooks/{job}.ipynb")
        record = {"seconds": 1.5, "peak_mb": 400}
        (results / f"notebooks/{job}.json").write_text(json.dumps(record))
    manuscript.make_report(str(results), name, study)


def pytest_collection_modifyitems(items):
    """papermill leaves its sockets to the collector of garbage."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))


@pytest.fixture(autouse=True)
def sockets():
    """Collected here, and not in the middle of a test that knows nothing of them."""
    yield
    gc.collect()


@pytest.fixture(scope="session", autouse=True)
def environment():
    """Of every kernel. One thread, so that sums depend on no machine."""
    with mock.patch.dict(os.environ, OMP_NUM_THREADS="1", JUPYTER_PREFER_ENV_PATH="1"):
        yield
    warm_kernel.stop()


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory) -> Study:
    folder = tmp_path_factory.mktemp("params")
    for name in ("demo", "smoke"):
        (folder / f"{name}.yml").write_text(Path(f"params/{name}.yml").read_text())
    (folder / "tiny.yml").write_text(yaml.safe_dump(SMALL))
    return load_study("tiny", folder)


@pytest.fixture(scope="session")
def tiny(tiny_study, tmp_path_factory) -> Path:
    """Results of the tiny study: one run, whose files all processes of a test run read."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of each process -> of all
    results = folder / "tiny"
    with FileLock(folder / "tiny.lock"):  # who comes second waits, and finds them
        if not (folder / "tiny.done").exists():
            run_chain(tiny_study, results)
            (folder / "tiny.done").touch()
    return results
