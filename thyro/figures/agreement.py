"""Figure of agreement: how far the features of two image sets say the same of a patient.

`draw_agreement` takes a table and Axes and returns the Axes; nothing is computed but positions and
the medians and quartiles of a box.
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thyro.figures.style import SERIES_COLOURS, SINGLE_COLUMN, SMALL, TINY, spread
from thyro.study import BC, OR, SR

LIMITS = (0.5, 0.75, 0.9)  # ICC: below poor, moderate, good, above excellent


def draw_agreement(agreement: pd.DataFrame, ax: Axes) -> Axes:
    """Draw how the features of SR agree with those of OR, by image type, the best on top.

    One dot per feature over the box of its image type (quartiles and median), an open circle at
    the median of the bicubic control where the table has one. At the right the number of features
    that have an ICC; those that are constant have none.

    Parameters
    ----------
    agreement : DataFrame
        One row per feature: `image_type`, `icc`, and `icc_bc` where the control was measured.
    ax : Axes
        About 3.5 x 4.5 inches for 17 image types.

    References
    ----------
    Koo, Li (2016), J. Chiropr. Med. 15:155-163 (poor, moderate, good, excellent).
    """
    by_type = agreement.groupby("image_type")
    median = by_type["icc"].median().sort_values(ascending=False, kind="stable")
    beside = {"transform": ax.get_yaxis_transform(), "va": "center", "size": TINY}
    for limit in LIMITS:
        ax.axvline(limit, color="0.8", lw=0.7, zorder=0)
    for row, image_type in enumerate(median.index):
        icc = by_type.get_group(image_type)["icc"]
        known = np.sort(icc.dropna())
        height = row + 0.7 * spread(len(known))
        label = "Feature" if row == 0 else None
        ax.scatter(known, height, s=3, color=SERIES_COLOURS[5], lw=0, label=label)
        if len(known):
            ax.boxplot(
                known,
                positions=[row],
                orientation="horizontal",
                widths=0.62,
                showfliers=False,
                showcaps=False,
                manage_ticks=False,
                boxprops={"lw": 0.7},
                whiskerprops={"lw": 0.7},
                medianprops={"lw": 1.6, "color": SERIES_COLOURS[1]},
                label="Median" if row == 0 else None,
            )
        ax.text(1.02, row, f"{len(known)}", **beside)
    if f"icc_{BC.key}" in agreement:
        control = by_type[f"icc_{BC.key}"].median()[median.index]
        style = {"facecolor": "w", "edgecolor": "k", "lw": 0.8, "zorder": 4}
        ax.scatter(control, range(len(median)), s=14, label="Median, bicubic control", **style)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.1)
    ax.text(1.02, -1, "n", style="italic", **beside)
    ax.set_yticks(range(len(median)), median.index, size=SMALL)
    ax.tick_params(axis="y", length=0)
    lowest = min(0.0, agreement["icc"].min())
    ax.set(xlim=(lowest - 0.03, 1.02), ylim=(len(median) - 0.4, -0.6))
    ax.set_xticks([0, *LIMITS, 1], ["0", *map(str, LIMITS), "1"])
    ax.set_xlabel(f"Agreement of {OR.name} and {SR.name}, ICC(2,1)")
    return ax


def agreement_figure(agreement: pd.DataFrame) -> Figure:
    """Draw how the features of two image sets agree in one column, as `draw_agreement`."""
    fig, ax = plt.subplots(figsize=(SINGLE_COLUMN, 4.5))
    draw_agreement(agreement, ax)
    return fig
