"""What all tests share: figures, an empty project, and how several processes share the work."""

import gc
import os
from pathlib import Path

# One thread each where pytest runs in several processes; set before numpy looks for it, and for
# the notebooks and commands that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}

import matplotlib as mpl
import pytest
from hypothesis import settings
from matplotlib import pyplot as plt

from tests import reference
from thyro.figures import style as figure_style
from thyro.store import paths, provenance

# The same cases in every run, and no files left behind.
settings.register_profile("thyro", deadline=None, derandomize=True, database=None)
settings.load_profile("thyro")


TESTS = Path(__file__).parent
# Rooms that train, measure, simulate or render, and files of seconds: not in `make check`.
SLOW = (
    "benchmarks",
    "deep",
    "models",
    "notebooks",
    "radiomics",
    "report",
    "run",
    "simulate",
    "super_resolution",
    "clinical/test_bootstrap.py",
    "cohort/test_intake.py",
    "cohort/test_near_copies.py",
    "core/test_parallel.py",
    "figures/test_contact_sheets.py",
    "figures/test_wipe.py",
    "test_cli.py",
    "test_explained_toy.py",
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project; its notebooks/ is the working directory."""
    for folder in ("params", "notebooks", "data"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    paths.project_root.cache_clear()
    provenance.commit.cache_clear()
    monkeypatch.setattr(provenance, "_read", {})
    yield tmp_path
    paths.project_root.cache_clear()
    provenance.commit.cache_clear()


@pytest.fixture
def style():
    """The style of the report, for one test; its figures are closed."""
    with mpl.rc_context():
        figure_style.use_style()
        yield
        plt.close("all")


@pytest.fixture
def ax(style):
    """Axes in the style of the report."""
    return plt.subplots()[1]


def pytest_ignore_collect(collection_path, config):
    """Do not even load what `make check` leaves out: torch and pyradiomics take seconds."""
    return True if config.option.markexpr == "not slow" and is_slow(collection_path) else None


def pytest_collection_modifyitems(items):
    """Say which tests are slow, and begin with the whole chain."""
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)
    # The others that read the tiny study come by when it is there; the sort is stable.
    items.sort(key=lambda item: item.path.name != "test_chain.py")


def pytest_collection_finish():
    """Leave what was loaded out of later collections of garbage."""
    gc.collect()
    gc.freeze()


def is_slow(path):
    """Whether a file or folder of tests is among the slow ones."""
    return path.is_relative_to(TESTS) and any(path.is_relative_to(TESTS / name) for name in SLOW)


def pytest_sessionfinish(session):
    """A process of several hands over how far from R its tests were."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["agreement"] = [
            [file, case, *map(float, errors)]  # no numpy: it travels as plain text
            for file, found in reference.LEDGER.items()
            for case, errors in found.items()
        ]


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node):
    """Take what a process hands over."""
    for noted in getattr(node, "workeroutput", {}).get("agreement", []):
        reference.note(*noted)


def pytest_terminal_summary(terminalreporter):
    """Print how far thyro is from R, file by file."""
    if reference.LEDGER:
        terminalreporter.section("agreement with R")
        terminalreporter.write("\n".join(reference.summary()) + "\n")
