"""What the figures of super-resolution draw: data of the lines, marks, labels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from thyro.figures import super_resolution
from thyro.figures.style import IMAGE_LOOKS
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
    looks = [IMAGE_LOOKS[name] for name in ("OR", "LR", "SR")]  # as in Figure 2
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
    ).assign(ssim=lambda frame: frame["psnr"] / 40, sharpness=lambda frame: frame["psnr"] / 60)


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


# --- whole figures -----------------------------------------------------------------------------


def test_figures_across_the_page_and_in_a_column():
    trained = super_resolution.training_figure(history("pixel", "adversarial"))
    titles = [ax.get_title() for ax in trained.axes]
    assert titles == ["Pixel loss", "Held out within training", "Adversarial phase"]
    assert trained.get_size_inches().tolist() == [7.2, 2.1]
    spectrum = super_resolution.spectrum_figure(SPECTRUM, factor=2)
    assert len(spectrum.axes[0].lines) == 3 and "factor 2" in spectrum.axes[0].texts[0].get_text()
    assert spectrum.get_size_inches().tolist() == [3.5, 2.6]
    gained = super_resolution.gains_figure(
        fidelity.fidelity_gains(quality("test", [21.0, 22.5, 23.6]))
    )
    assert [len(ax.containers) for ax in gained.axes] == [1, 1]
    assert gained.get_size_inches().tolist() == [5.0, 1.9]


def test_figure_2_shows_networks_pair_details_and_profile():
    rows, columns = np.mgrid[:60, :80]
    mask = ((rows - 30) / 10) ** 2 + ((columns - 50) / 15) ** 2 < 1
    image = (rows + columns).astype(float)
    layers = [("Convolution", "3x3, 16 to 48"), ("Pooling", "2x2 mean")]
    images = {"OR": image, "LR": image - 3, "SR": np.kron(image, np.ones((2, 2))) + 5}
    fig = super_resolution.super_resolution_figure(
        layers, layers, images, mask, spacing_mm=(0.1, 0.1)
    )
    networks, original, enhanced, left, right, profile = fig.axes
    assert "Generator" in [text.get_text() for text in networks.texts]
    assert original.get_title() == "Original (OR)"
    assert enhanced.get_title() == "Super-resolution (SR)"
    assert enhanced.images[0].get_array().shape == (120, 160)
    assert left.get_title().startswith("OR, detail") and right.get_title().startswith("SR, detail")
    assert [line.get_label() for line in profile.lines] == ["OR", "LR", "SR"]
    assert networks.texts[-1].get_text() == "A" and original.texts[-1].get_text() == "B"
    assert fig.get_size_inches().tolist() == [7.2, 7.6]
