"""Frames of a simulated cohort: they fit the table, in any order and in any process."""

import pickle

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed

from thyro.simulate import cohort as simulate
from thyro.simulate.cohort import simulate_cohort

SMALL = (128, 160)


def test_masks_fit_the_frame_and_match_the_table():
    cohort = simulate_cohort(60, rng=np.random.default_rng(4), image_shape=SMALL)
    for patient, mask in zip(cohort.table.itertuples(), cohort.masks, strict=True):
        assert mask.shape == SMALL and mask.dtype == bool and mask.sum() >= 150
        assert not (mask[[0, -1]].any() or mask[:, [0, -1]].any())
        extent = [np.ptp(np.flatnonzero(mask.any(axis=axis))) + 1 for axis in (1, 0)]
        size_mm = np.multiply(extent, patient.spacing_mm)
        assert size_mm.max() == pytest.approx(patient.diameter, abs=2.1 * patient.spacing_mm[0])
        assert np.all(np.divide(extent, SMALL) < 0.72)
        assert (size_mm[0] > size_mm[1]) == (patient.shape == "Taller-than-wide")


def test_readers_agree_with_the_truth_as_people_do():
    cohort = simulate_cohort(60, rng=np.random.default_rng(17), image_shape=(192, 256))
    for masks in cohort.readers:
        agreement = [
            2 * np.sum(mask & true) / (mask.sum() + true.sum())
            for mask, true in zip(masks, cohort.masks, strict=True)
        ]
        assert 0.88 < np.mean(agreement) < 0.96
        assert min(agreement) > 0.8


def test_any_frame_shape_holds_every_nodule():
    for image_shape in [(384, 512), (400, 160), (128, 600)]:
        cohort = simulate_cohort(400, rng=np.random.default_rng(5), image_shape=image_shape)
        largest = int(cohort.table["diameter"].argmax())
        smallest = int(cohort.table["diameter"].argmin())
        for i in (largest, smallest):
            assert cohort.images[i].shape == image_shape
            assert cohort.masks[i].sum() >= 150


def every_part(cohort, i):
    return [f[i] for f in (cohort.images, cohort.masks, *cohort.readers)]


def test_same_seed_same_bytes_in_any_order():
    first, second = (
        simulate_cohort(
            6, rng=np.random.default_rng(7), image_shape=SMALL, exclusions=0.5, missing=0.1
        )
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.table, second.table)
    pd.testing.assert_frame_equal(first.truth, second.truth)
    forward = [every_part(first, i) for i in range(9)]
    for i in (5, 0, 3, 3, 8):
        for got, expected in zip(every_part(second, i)[::-1], forward[i][::-1], strict=True):
            assert np.array_equal(got, expected)
    other = simulate_cohort(6, rng=np.random.default_rng(8), image_shape=SMALL)
    assert not np.array_equal(other.images[0], forward[0][0])


def test_parts_of_one_patient_come_from_one_computation(monkeypatch):
    drawn = []
    draw = simulate.nodule.draw_frame
    monkeypatch.setattr(
        simulate.nodule, "draw_frame", lambda *a, **k: drawn.append(1) or draw(*a, **k)
    )
    cohort = simulate_cohort(3, rng=np.random.default_rng(18), image_shape=SMALL)
    assert not drawn
    for i in range(3):
        every_part(cohort, i)
    assert len(drawn) == 3


def test_frames_travel_to_other_processes():
    cohort = simulate_cohort(4, rng=np.random.default_rng(19), image_shape=SMALL)
    here = [every_part(cohort, i) for i in range(4)]
    copy = pickle.loads(pickle.dumps((cohort.images, cohort.readers)))
    assert np.array_equal(copy[0][2], here[2][0]) and np.array_equal(copy[1][1][2], here[2][3])
    there = Parallel(n_jobs=2)(delayed(_at)(cohort.images, cohort.readers, i) for i in range(4))
    for (image, reader), mine in zip(there, here, strict=True):
        assert np.array_equal(image, mine[0]) and np.array_equal(reader, mine[2])


def _at(images, readers, i):
    return images[i], readers[0][i]


def test_frames_do_not_change_with_what_callers_do_to_them():
    cohort = simulate_cohort(2, rng=np.random.default_rng(9), image_shape=SMALL)
    image = cohort.images[0]
    cohort.images[0][:] = 0
    cohort.table["diameter"] = 40.0
    assert cohort.images[1].shape == SMALL  # drops the frame that was kept
    assert np.array_equal(cohort.images[0], image)


def test_frames_behave_as_a_sequence():
    cohort = simulate_cohort(3, rng=np.random.default_rng(11), image_shape=SMALL)
    assert len(cohort.images) == len(cohort.masks) == len(cohort.readers[1]) == 3
    assert np.array_equal(cohort.images[-1], cohort.images[2])
    assert len(list(cohort.masks)) == 3
    with pytest.raises(IndexError, match="patient 3"):
        cohort.images[3]
    with pytest.raises(TypeError):
        cohort.images["S0001"]
