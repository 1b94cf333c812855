"""Fixtures of the tests that draw."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from thyro import figures


@pytest.fixture
def style():
    """The style of the report, for one test; its figures are closed."""
    with mpl.rc_context():
        figures.use_style()
        yield
        plt.close("all")


@pytest.fixture
def ax(style):
    """Axes in the style of the report."""
    return plt.subplots()[1]
