"""Figure of the fine-tuning of networks: the loss by epoch.

`draw_tuning` takes a history and Axes and returns the Axes.
"""

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from thyro.figures.style import WIDTH


def draw_tuning(
    history: pd.DataFrame, ax: Axes, *, title: str = "", constant: float | None = None
) -> Axes:
    """Draw the loss of training by epoch, and of the patients watched to end it.

    Parameters
    ----------
    history : DataFrame
        As `deep.cross_fit` keeps it: network, epoch, loss, inner_loss, kept. The network "all" is
        drawn dark, those that leave a fold out light; a point marks the epoch that was kept.
    ax : Axes
    title : str
    constant : float, optional
        Loss of the best prediction that is the same for everybody, which a network has to beat.
    """
    looks = {"loss": ("#D55E00", "--", "Trained on"), "inner_loss": ("#0072B2", "-", "Watched")}
    for name, epochs in history.groupby("network", sort=False):
        final = name == "all"
        for column, (colour, dashes, label) in looks.items():
            style = {"color": colour, "ls": dashes, "alpha": 1.0 if final else 0.3}
            ax.plot(
                epochs["epoch"],
                epochs[column],
                lw=1.3 if final else 0.8,
                label=label if final else None,
                zorder=3 if final else 2,
                **style,
            )
        kept = epochs[epochs["kept"]]
        ax.plot(
            kept["epoch"],
            kept["inner_loss"],
            "o",
            ms=4,
            color=looks["inner_loss"][0],
            alpha=1.0 if final else 0.3,
        )
    if constant is not None:
        ax.axhline(constant, color="0.4", ls=":", lw=1.0, label="Same for all")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    ax.set(xlabel="Epoch", ylabel="Loss (cross-entropy)", title=title)
    ax.legend()
    return ax


def tuning_figure(
    histories: Mapping[str, pd.DataFrame], *, constant: float | None = None
) -> Figure:
    """Draw the tuning of every network side by side: network -> history, as `draw_tuning`."""
    fig, axes = plt.subplots(1, len(histories), figsize=(WIDTH, 2.6), squeeze=False)
    for ax, (network, history) in zip(axes.flat, histories.items(), strict=True):
        draw_tuning(history, ax, title=network, constant=constant)
    return fig
