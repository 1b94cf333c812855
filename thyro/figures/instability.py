"""Figure of instability: what one patient's risk would be, had other patients fitted the model.

`draw_instability` takes a table and Axes and returns the Axes; `instability_figure` takes that of
all models and returns the Figure. Nothing is computed but positions.
"""

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures.style import WIDTH, model_styles, panel_letters


def draw_instability(table: pd.DataFrame, ax: Axes, *, model: str) -> Axes:
    """Draw for every patient the range of risks over bootstrap samples, above the patient's risk.

    Parameters
    ----------
    table : DataFrame
        `clinical.instability_table` of one model: risk, low, high; one row per patient.
    ax : Axes
    model : str
        Title, and colour.
    """
    colour, _ = model_styles([model])[model]
    ax.vlines(table["risk"], table["low"], table["high"], color=colour, lw=0.7, alpha=0.5)
    ax.plot([0, 1], [0, 1], color="0.2", lw=0.8)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=model)
    ax.set(xlabel="Risk by the nomogram")
    return ax


def instability_figure(table: pd.DataFrame) -> Figure:
    """Draw a panel for each model of `clinical.instability_table`: `draw_instability`."""
    models = list(table["model"].unique())
    fig, axes = plt.subplots(
        1, len(models), figsize=(WIDTH, 0.5 + WIDTH / 3), sharey=True, squeeze=False
    )
    for model, ax in zip(models, axes[0], strict=True):
        draw_instability(table[table["model"].eq(model)], ax, model=model)
    axes[0, 0].set_ylabel("Risk by the samples’ nomograms")
    panel_letters(axes[0])
    return fig
