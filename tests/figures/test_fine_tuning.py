"""What the figure of fine-tuning draws: losses by epoch, and the epoch that was kept."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from thyro.figures import fine_tuning

pytestmark = pytest.mark.usefixtures("style")


def made():
    rows = [
        (name, epoch, 0.7 - epoch / 20, 0.7 - epoch / 50, epoch == 2)
        for name in ("all", "fold 0", "fold 1")
        for epoch in (1, 2, 3)
    ]
    return pd.DataFrame(rows, columns=["network", "epoch", "loss", "inner_loss", "kept"])


def test_training_is_drawn_for_the_final_network_and_every_fold():
    history = made()
    _, ax = plt.subplots()
    fine_tuning.draw_tuning(history, ax, title="ResNet101")
    lines = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert len(lines) == 6 and sum(line.get_alpha() == 1 for line in lines) == 2
    np.testing.assert_allclose(lines[0].get_ydata(), [0.65, 0.6, 0.55])
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert [line.get_xdata()[0] for line in marks] == [2, 2, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Trained on", "Watched"]
    fine_tuning.draw_tuning(history, ax, constant=0.69)
    assert ax.get_legend().get_texts()[-1].get_text() == "Same for all"
    assert ax.lines[-1].get_ydata() == [0.69, 0.69]


@pytest.mark.parametrize("networks", [["ResNet101"], ["ResNet101", "DenseNet121", "Third"]])
def test_figure_has_a_panel_per_network(networks):
    fig = fine_tuning.tuning_figure({name: made() for name in networks})
    assert [ax.get_title() for ax in fig.axes] == networks
    assert fig.get_size_inches().tolist() == [7.2, 2.6]
