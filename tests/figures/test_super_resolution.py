"""What the figures of super-resolution draw: data of the lines, marks, labels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from thyro.figures import super_resolution, ultrasound
from thyro.super_resolution import fidelity

pytestmark = pytest.mark.usefixtures("style")


def history(*phases):
    """Two steps per phase; measured within training at the last step of each."""
    n = 2 * len(phases)
    frame = pd.DataFrame({"step": range(n), "phase": np.repeat(phases, 2)})
    frame["pixel"] = 0.1 / (1 + frame["step"])
    against = frame["phase"].eq("adversarial")
    frame["generator"] = frame["step"].where(against) + 0.5
    frame["discriminator"] = frame["step"].where(against) + 0.25
    return frame.assign(inner_psnr=np.tile([np.nan, 0.5], len(phases)))


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def grounds(ax):
    """(left, right, colour) of the shaded phases."""
    boxes = [patch for patch in ax.patches if patch.get_width() > 0]
    return [(p.get_x(), p.get_x() + p.get_width(), to_hex(p.get_facecolor())) for p in boxes]


def test_training_draws_loss_gain_and_adversary_over_their_phases():
    fig, axes = plt.subplots(1, 3)
    rows = history("pretraining", "pixel", "adversarial")
    assert super_resolution.draw_training(rows, axes) is axes
    fig.draw_without_rendering()
    pixel, gain, adversary = axes
    assert pixel.lines[0].get_ydata().tolist() == rows["pixel"].tolist()
    assert pixel.get_yscale() == "log"
    zero, curve = gain.lines
    assert zero.get_ydata()[0] == 0
    assert curve.get_xydata().tolist() == [[1, 0.5], [3, 0.5], [5, 0.5]]  # no gap between measures
    generator, discriminator = adversary.lines
    assert generator.get_xydata().tolist() == [[4, 4.5], [5, 5.5]]
    assert discriminator.get_ydata().tolist() == [4.25, 5.25]
    assert texts(adversary.get_legend()) == ["Generator", "Discriminator"]

    expected = [(-0.5, 1.5), (1.5, 3.5), (3.5, 5.5)]
    assert [ground[:2] for ground in grounds(pixel)] == expected
    assert grounds(gain) == grounds(pixel) and len({g[2] for g in grounds(pixel)}) == 3
    assert to_hex(adversary.get_facecolor()) == grounds(pixel)[2][2]
    assert texts(gain.get_legend()) == ["Pre-training", "Pixel loss", "Adversarial"]
    assert {ax.get_xlabel() for ax in axes} == {"Step"}


def test_training_without_an_adversary_says_so():
    fig, axes = plt.subplots(1, 3)
    super_resolution.draw_training(history("pixel"), axes)
    fig.draw_without_rendering()
    assert [text.get_text() for text in axes[2].texts] == ["None in this training"]
    assert texts(axes[1].get_legend()) == ["Pixel loss"] and axes[2].get_legend() is None


SPECTRUM = pd.concat(
    pd.DataFrame({"image_set": name, "frequency": [0.1, 0.4], "power": [40.0, low]})
    for name, low in (("sr", 12.0), ("lr", -20.0), ("or", 15.0))
)


def test_spectrum_has_a_line_per_image_set(ax):
    assert super_resolution.draw_spectrum(SPECTRUM, ax) is ax
    assert [line.get_ydata()[1] for line in ax.lines] == [15, -20, 12]
    looks = [ultrasound.IMAGE_SETS[name] for name in ("OR", "LR", "SR")]  # as in Figure 2
    assert texts(ax.get_legend()) == [look.title for look in looks]
    assert [line.get_color() for line in ax.lines] == [look.colour for look in looks]
    assert "cycles per pixel" in ax.get_xlabel() and "dB" in ax.get_ylabel()
    assert not ax.patches and not ax.texts


def test_spectrum_marks_what_the_low_resolution_grid_cannot_hold(ax):
    super_resolution.draw_spectrum(SPECTRUM, ax, factor=2)
    assert [ground[:2] for ground in grounds(ax)] == [(0.25, 0.5)]
    assert "factor 2" in ax.texts[0].get_text()


def quality(split, sr):
    rows = {"sr": sr, "lanczos": [20.1, 21.3, 22.2], "bicubic": [20.0, 21.0, 22.0]}
    return pd.concat(
        pd.DataFrame({"patient_id": [*"abc"], "split": split, "method": name, "psnr": values})
        for name, values in rows.items()
    ).assign(ssim=lambda frame: frame["psnr"] / 40)


def test_gains_have_a_dot_and_an_interval_per_method_and_cohort():
    both = [quality("test", [21.0, 22.5, 23.6]), quality("external", [20.5, 21.5, 22.3])]
    gains = fidelity.fidelity_gains(pd.concat(both))
    fig, axes = plt.subplots(1, 2)
    assert super_resolution.draw_gains(gains, axes) is axes
    fig.draw_without_rendering()
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names == ["Super-resolution", "Lanczos"]  # bicubic is the line at zero
    assert not any(label.get_text() for label in axes[1].get_yticklabels())
    assert axes[0].yaxis_inverted() and texts(axes[0].get_legend()) == ["Test", "External"]
    for ax, measure in zip(axes, ("psnr", "ssim"), strict=True):
        assert measure.upper() in ax.get_xlabel()
        for container, split in zip(ax.containers, ("test", "external"), strict=True):
            rows = gains[gains["split"].eq(split) & gains["measure"].eq(measure)].iloc[:2]
            dots, _, (bars,) = container.lines
            assert dots.get_xdata() == pytest.approx(rows["gain"].to_numpy())
            assert dots.get_ydata() == pytest.approx([0, 1], abs=0.2)
            drawn = np.array([segment[:, 0] for segment in bars.get_segments()])
            assert drawn == pytest.approx(rows[["gain_low", "gain_high"]].to_numpy())
    test, external = (c.lines[0].get_ydata() for c in axes[0].containers)
    assert all(
        a < b for a, b in zip(test, external, strict=True)
    )  # side by side, not on each other


def test_gains_of_one_cohort_stand_on_the_line_of_their_method():
    gains = fidelity.fidelity_gains(quality("test", [21.0, 22.5, 23.6]))
    _, axes = plt.subplots(1, 2)
    super_resolution.draw_gains(gains, axes)
    assert axes[0].containers[0].lines[0].get_ydata().tolist() == [0, 1]
    assert axes[0].get_legend() is None


def test_one_patient_has_a_dot_without_an_interval():
    gains = fidelity.fidelity_gains(quality("test", [21.0, 22.5, 23.6]).query("patient_id == 'a'"))
    fig, axes = plt.subplots(1, 2)
    super_resolution.draw_gains(gains, axes)
    fig.draw_without_rendering()
    assert axes[0].containers[0].lines[0].get_xdata() == pytest.approx([1.0, 0.1])


def agreement():
    icc = {"square": [0.2, 0.4, 0.6], "original": [0.9, 0.8, np.nan], "wavelet-HHH": [np.nan]}
    frame = pd.DataFrame(
        [(kind, value) for kind, values in icc.items() for value in values],
        columns=["image_type", "icc"],
        index=pd.Index([f"f{i}" for i in range(7)], name="feature"),
    )
    return frame.assign(spearman=0.5, feature_class="glcm")


def test_agreement_puts_the_best_image_type_on_top_and_counts_its_features(ax):
    assert super_resolution.draw_agreement(agreement(), ax) is ax
    ax.figure.draw_without_rendering()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["original", "square", "wavelet-HHH"] and ax.yaxis_inverted()
    assert [text.get_text() for text in ax.texts] == ["2", "3", "0", "n"]
    dots = [collection.get_offsets() for collection in ax.collections]
    assert [sorted(d[:, 0].tolist()) for d in dots] == [[0.8, 0.9], [0.2, 0.4, 0.6], []]
    assert all(np.rint(d[:, 1]).tolist() == [row] * len(d) for row, d in enumerate(dots))
    medians = [line for line in ax.lines if line.get_linewidth() == 1.6]
    assert [line.get_xdata()[0] for line in medians] == pytest.approx([0.85, 0.4])
    assert texts(ax.get_legend()) == ["Feature", "Median"]
    vertical = [line.get_xdata()[0] for line in ax.lines if line.get_linewidth() == 0.7][:3]
    assert vertical == [0.5, 0.75, 0.9]


def test_agreement_shows_the_control_where_it_was_measured(ax):
    control = [0.3, 0.5, 0.7, 0.6, 0.6, np.nan, np.nan]
    super_resolution.draw_agreement(agreement().assign(icc_bc=control), ax)
    ax.figure.draw_without_rendering()
    circles = ax.collections[-1].get_offsets()
    assert circles[:2].tolist() == [[0.6, 0], [0.5, 1]]
    assert np.ma.getmaskarray(circles)[2, 0] or np.isnan(circles[2, 0])
    assert texts(ax.get_legend())[-1] == "Median, bicubic control"


def test_agreement_below_zero_is_on_the_axis(ax):
    frame = agreement()
    frame.loc["f0", "icc"] = -0.4
    super_resolution.draw_agreement(frame, ax)
    low, high = ax.get_xlim()
    assert low < -0.4 and high > 1
