"""What all tests share: figures, an empty project, and how several processes share the work."""

import os

# One thread each where pytest runs in several processes; set before numpy looks for it, and for
# the notebooks and commands that tests start.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}

import matplotlib as mpl
import pytest
from hypothesis import settings
from matplotlib import pyplot as plt

from tests import reference
from thyro.figures import performance
from thyro.store import paths, provenance

# The same cases in every run, and no files left behind.
settings.register_profile("thyro", deadline=None, derandomize=True, database=None)
settings.load_profile("thyro")


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
        performance.use_style()
        yield
        plt.close("all")


@pytest.fixture
def ax(style):
    """Axes in the style of the report."""
    return plt.subplots()[1]


def pytest_collection_modifyitems(items):
    """Say which tests stay in one process, and begin with those that take longest.

    A file keeps to one process, so that its fixtures are made once; the tests of whole notebooks
    share one run of the tiny study, and those of the report one rendering.
    """
    for item in items:
        folder = item.path.parent.name
        together = {"tiny", "report"} & set(item.fixturenames)
        name = f"{folder}" if together and folder in ("notebooks", "report") else item.path.name
        item.add_marker(pytest.mark.xdist_group(f"{folder}/{name}"))
    items.sort(key=lambda item: item.path.parent.name != "notebooks")  # stable


def pytest_terminal_summary(terminalreporter):
    """Print how far thyro is from R, file by file."""
    if reference.LEDGER:
        terminalreporter.section("agreement with R")
        terminalreporter.write("\n".join(reference.summary()) + "\n")
