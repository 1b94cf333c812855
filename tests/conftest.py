"""Fixtures of the tests that draw."""

import matplotlib as mpl
import pytest
from hypothesis import settings
from matplotlib import pyplot as plt

from tests import reference
from thyro.figures import style as figure_style

# The same cases in every run, and no files left behind.
settings.register_profile("thyro", deadline=None, derandomize=True, database=None)
settings.load_profile("thyro")


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


def pytest_terminal_summary(terminalreporter):
    """Print how far thyro is from R, file by file."""
    if reference.LEDGER:
        terminalreporter.section("agreement with R")
        terminalreporter.write("\n".join(reference.summary()) + "\n")
