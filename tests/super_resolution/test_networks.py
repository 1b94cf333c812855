"""The two networks of the super-resolution, and the file of the generator."""

import re

import pytest
import torch

from thyro.super_resolution import networks

UNDONE = {"factor": 4, "axes": "both", "sigma": 0.02}


KIND = {"inside": 4, "width": 8, "blocks": 2}


@pytest.mark.parametrize("inside", [1, 2, 4])
def test_generator_keeps_the_shape(inside):
    x = torch.rand(2, 1, 32, 48)
    assert networks.Generator(inside=inside, width=8, blocks=1)(x).shape == x.shape


def test_an_untrained_generator_nearly_leaves_its_input():
    torch.manual_seed(0)
    x = torch.rand(1, 1, 64, 64)
    assert (networks.Generator()(x) - x).abs().mean() < 0.05


def test_the_default_generator_is_light():
    assert 100_000 < networks.count_parameters(networks.Generator()) < 1_500_000


@pytest.mark.parametrize("inside", [2, 4])
def test_an_output_pixel_depends_on_its_reach_and_on_nothing_beyond(inside):
    generator = networks.Generator(inside=inside, width=4, blocks=1)
    with torch.no_grad():  # all positive: nothing cancels, no ReLU shuts
        for weight in generator.parameters():
            weight.fill_(0.1)
    x = torch.rand(1, 1, 128, 128, requires_grad=True)
    generator(x)[0, 0, 64, 64].backward()
    rows, columns = x.grad[0, 0].nonzero(as_tuple=True)
    reach = generator.reach
    for seen in (rows, columns):
        assert 64 - reach <= seen.min() and seen.max() <= 64 + reach + inside - 1
        # in whole blocks of pixels: the limit is met to within one
        assert seen.min() < 64 - reach + 2 * inside


def test_discriminator_gives_a_probability():
    p = networks.Discriminator()(100 * torch.randn(5, 1, 32, 32))
    assert p.shape == (5, 1) and 0 <= p.min() and p.max() <= 1


def test_a_gradient_reaches_every_parameter_of_both_networks():
    torch.manual_seed(1)
    generator, discriminator = networks.Generator(), networks.Discriminator()
    discriminator(generator(torch.rand(2, 1, 64, 64))).mean().backward()
    for network in (generator, discriminator):
        for name, weight in network.named_parameters():
            assert weight.grad is not None and weight.grad.abs().sum() > 0, name


def test_a_generator_comes_back_from_its_bytes():
    torch.manual_seed(2)
    generator = networks.Generator(width=8, blocks=2)
    data = networks.generator_to_bytes(generator, trained_for=UNDONE)
    back = networks.generator_from_bytes(data, settings=KIND, trained_for=UNDONE)
    assert networks.generator_to_bytes(back, trained_for=UNDONE) == data


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"settings": KIND | {"width": 16}}, "this generator has width 8 instead of 16"),
        (
            {"settings": KIND | {"inside": 2, "blocks": 3}},
            "this generator has inside 4 instead of 2; blocks 2 instead of 3",
        ),
        (
            {"trained_for": UNDONE | {"factor": 2}},
            "this generator has trained_for {'axes': 'both', 'factor': 4, 'sigma': 0.02} instead "
            "of {'factor': 2, 'axes': 'both', 'sigma': 0.02}",
        ),
    ],
)
def test_a_generator_of_another_kind_is_refused(changed, message):
    data = networks.generator_to_bytes(networks.Generator(width=8, blocks=2), trained_for=UNDONE)
    with pytest.raises(ValueError, match="^start: " + re.escape(message)):
        networks.generator_from_bytes(data, **{"settings": KIND, "trained_for": UNDONE} | changed)


def test_weights_that_do_not_fit_their_settings_are_refused():
    other = networks.Generator(width=8, blocks=1)
    other.settings = KIND
    data = networks.generator_to_bytes(other, trained_for=UNDONE)
    with pytest.raises(ValueError, match="weights that do not fit its own settings"):
        networks.generator_from_bytes(data, settings=KIND, trained_for=UNDONE)


@pytest.mark.parametrize("cut", [0, 4, 40, 400])
def test_a_broken_file_is_refused(cut):
    data = networks.generator_to_bytes(networks.Generator(width=8, blocks=2), trained_for=UNDONE)[
        :cut
    ]
    with pytest.raises(ValueError, match="^start: expected a generator.safetensors"):
        networks.generator_from_bytes(data, settings=KIND, trained_for=UNDONE)


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="^start: expected a generator.safetensors"):
        networks.generator_from_bytes(b"PK\x03\x04" + bytes(100), settings=KIND, trained_for=UNDONE)


def test_the_diagram_lists_the_layers_that_were_built():
    rows = [name for name, _ in networks.describe_layers(networks.Generator(width=8, blocks=3))]
    assert rows == [
        "Space to depth",
        "Convolution",
        *["Residual block"] * 3,
        "Convolution",
        "Depth to space",
    ]
    judged = networks.describe_layers(networks.Discriminator())
    assert [name for name, _ in judged] == ["Convolution", "Pooling"] * 3 + [
        "Pooling",
        "Probability",
    ]
