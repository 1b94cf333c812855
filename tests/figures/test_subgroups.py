"""What the forest plot draws: a mark for every group and cohort, arrows at its limits."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from thyro.figures import subgroups

pytestmark = pytest.mark.usefixtures("style")
GROUPS = [("All patients", "All patients"), ("Sex", "Female"), ("Sex", "Male")]


def frame(cohorts=("test", "external")):
    rows = [
        {"variable": variable, "group": group, "cohort": cohort, "n": 40, "events": 9 + place}
        | {"measure": measure, "estimate": 0.6 + 0.1 * place, "ci_low": 0.45, "ci_high": 0.95}
        for cohort in cohorts
        for place, (variable, group) in enumerate(GROUPS)
        for measure, *_ in subgroups.PANELS
    ]
    return pd.DataFrame(rows)


def marks(ax):
    """Marker, row and value of every mark."""
    return [
        (line.get_marker(), round(float(line.get_ydata()[0])), float(line.get_xdata()[0]))
        for line in ax.lines
        if line.get_marker() not in ("None", "")
    ]


def test_every_group_has_a_mark_in_each_cohort_and_its_counts():
    fig = subgroups.subgroups_figure(frame())
    counts, *panels = fig.axes
    assert [text.get_text() for text in counts.get_yticklabels()] == [
        "All patients",
        "Sex: Female",
        "Sex: Male",
    ]
    assert sorted(t.get_text() for t in counts.texts) == sorted(
        [f"40 ({n})" for n in (9, 10, 11)] * 2
    )
    assert len(panels) == len(subgroups.PANELS)
    for ax in panels:
        found = marks(ax)
        for place in range(3):
            for mark in "oD":
                assert (mark, place, pytest.approx(0.6 + 0.1 * place)) in found
    assert panels[0].yaxis_inverted()
    (legend,) = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Test cohort", "External cohort"]


def test_a_group_without_the_measure_has_no_mark():
    table = frame(("test",))
    none = table["group"].eq("Male") & table["measure"].eq("slope")
    table.loc[none, ["estimate", "ci_low", "ci_high"]] = np.nan
    _, ax = plt.subplots()
    subgroups.draw_groups(table, ax, "slope", shown=(0.0, 2.0), followed=(-0.5, 2.5))
    assert [place for mark, place, _ in marks(ax) if mark == "o"] == [0, 1]


def test_an_interval_that_goes_on_ends_in_an_arrow():
    table = frame(("test",))
    wide = table["group"].eq("Male") & table["measure"].eq("slope")
    table.loc[wide, ["ci_low", "ci_high"]] = [-9.0, 11.0]
    _, ax = plt.subplots()
    subgroups.draw_groups(table, ax, "slope", shown=(0.0, 2.0), followed=(-0.5, 2.5))
    assert {(mark, place, x) for mark, place, x in marks(ax) if mark in "<>"} == {
        ("<", 2, -0.5),
        (">", 2, 2.5),
    }
    low, high = ax.get_xlim()
    assert -1 < low < -0.5 and 2.5 < high < 3


def test_an_estimate_widens_the_axis():
    table = frame(("test",))
    table.loc[table["measure"].eq("slope"), ["estimate", "ci_high"]] = [4.0, 4.4]
    _, ax = plt.subplots()
    subgroups.draw_groups(table, ax, "slope", shown=(0.0, 2.0), followed=(-0.5, 2.5))
    assert ax.get_xlim()[1] >= 4.0


def test_no_text_leaves_the_page():
    table = frame().replace({"Sex": "A long name of a variable"})
    fig = subgroups.subgroups_figure(table)
    fig.draw_without_rendering()
    for ax in fig.axes:
        for text in (*ax.get_yticklabels(), ax.xaxis.label, *ax.texts):
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.x1 <= fig.bbox.x1
