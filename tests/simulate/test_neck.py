"""Where the nodule lies in the neck, and what surrounds it."""

import numpy as np
import pytest

from thyro.simulate import bmode, neck

FRAME = (32.0, 42.0)  # mm


@pytest.mark.parametrize("size", [(3.0, 3.0), (8.0, 12.0), (18.0, 14.0)])
def test_a_confined_nodule_lies_inside_the_lobe(size):
    for seed in range(50):
        place = neck.choose_place(FRAME, size, extends=False, rng=np.random.default_rng(seed))
        x, z = place.nodule
        assert place.capsule + 0.5 <= z - size[0] / 2 and z + size[0] / 2 + 1 <= place.back
        assert abs(x) <= 0.05 * FRAME[1] and place.half_width >= 0.6 * size[1] + 2
        assert place.lateral in (-1, 1)


def test_an_extending_nodule_lies_across_the_capsule():
    for seed in range(50):
        place = neck.choose_place(FRAME, (8.0, 9.0), extends=True, rng=np.random.default_rng(seed))
        assert 0.12 * 8 <= place.capsule - (place.nodule[1] - 4) <= 3


def drawn(*, transverse=False, thyroiditis=False, seed=1):
    """Tissue of a neck with the lobe from 6 to 22 mm."""
    tissue = bmode.Tissue((160, 210), (0.2, 0.2))
    place = neck.Place(6.0, 22.0, 10.0, (0.0, 14.0), transverse, 1)
    rng = np.random.default_rng(seed)
    neck.add_neck(tissue, place, thyroiditis=thyroiditis, rng=rng)
    return tissue


def mean_echo(tissue, x, z):
    """Mean backscatter within 2 mm of a point, dB."""
    return tissue.echo[tissue.box((x, z), (2.0, 2.0))].mean()


def test_the_lobe_is_brighter_than_the_muscle_behind_it():
    tissue = drawn()
    assert mean_echo(tissue, 0, 14) > mean_echo(tissue, 0, 28) + 4


def test_thyroiditis_darkens_the_lobe():
    normal, inflamed = (
        np.mean([mean_echo(drawn(thyroiditis=t, seed=s), 3, 12) for s in range(6)])
        for t in (False, True)
    )
    assert inflamed < normal - 1


def test_a_transverse_neck_has_air_on_one_side_and_a_vessel_on_the_other():
    tissue, longitudinal = drawn(transverse=True), drawn()
    left, right = tissue.x[0] < -11, tissue.x[0] > 10
    assert tissue.loss[:, left].max() > 2 > longitudinal.loss.max()  # no sound passes air
    assert tissue.echo[:, right].min() < -20 < longitudinal.echo.min() + 12  # blood is black
