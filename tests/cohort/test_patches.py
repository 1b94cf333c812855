"""Images too small for the patches of 01 are told in 00, with the patch that fits."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import patches
from thyro.imaging import scan_area
from thyro.super_resolution import Degradation, TrainingSettings, train_generator

RNG = np.random.default_rng(8)


def speckle(rows, columns):
    return RNG.integers(20, 220, (rows, columns)).astype(float)


def framed(rows, columns, shape):
    """A scan in a black frame."""
    frame = np.zeros(shape)
    frame[4 : 4 + rows, 4 : 4 + columns] = speckle(rows, columns)
    return frame


def ingested(images, first=0):
    index = pd.RangeIndex(first, first + len(images))
    sides = pd.DataFrame([i.shape for i in images], index=index, columns=["rows", "columns"])
    cases = [SimpleNamespace(image=image) for image in images]
    return SimpleNamespace(image_flags=sides, cases=cases)


def checked(images, patch_px, parts=None):
    split = pd.Series(parts or ["train"] * len(images))
    return patches.check_patches(ingested(images), split, patch_px)


def too_small(rows, what, patch, fits):
    return (
        f"row {rows}: the scan has {what}, smaller than the patches of {patch} x {patch} from "
        f"which the super-resolution learns; set super_resolution.patch_px: {fits}, the largest "
        "that fits, or exclude these images"
    )


@pytest.mark.parametrize(
    ("sizes", "patch", "rows", "what", "fits"),
    [
        ([(64, 64)] * 3, 96, "2, 3, 4", "64 x 64 pixels (the smallest)", 64),
        ([(128, 128), (64, 64)], 96, "3", "64 x 64 pixels", 64),
        ([(100, 70), (61, 300), (200, 200)], 96, "2, 3", "61 x 300 pixels (the smallest)", 48),
        ([(40, 33), (40, 40)], 48, "2, 3", "40 x 33 pixels (the smallest)", 32),
        ([(500, 400)], 512, "2", "500 x 400 pixels", 400),
    ],
)
def test_small_images_are_named_with_the_largest_patch_that_fits(sizes, patch, rows, what, fits):
    images = [speckle(*size) for size in sizes]
    assert checked(images, patch) == [too_small(rows, what, patch, fits)]
    assert checked(images, fits) == []


@pytest.mark.parametrize("size", [(64, 64), (64, 200), (600, 800)])
def test_images_as_large_as_a_patch_are_no_problem(size):
    assert checked([speckle(*size)], 64) == []


def test_no_patch_fits_the_smallest():
    images = [speckle(28, 90), speckle(64, 64), speckle(30, 30)]
    assert checked(images, 96) == [
        "row 2, 4: the scan has 28 x 90 pixels (the smallest), too small for the super-resolution, "
        "which learns from patches of at least 32 x 32; export larger images, or exclude these",
        too_small("3", "64 x 64 pixels", 96, 64),
    ]


def test_images_of_other_cohorts_are_not_learned_from():
    images = [speckle(128, 128), speckle(40, 40)]
    assert checked(images, 96, ["train", "test"]) == []
    # Excluded, so neither.
    split = pd.Series(["train"], index=[0])
    assert patches.check_patches(ingested(images), split, 96) == []


def test_the_scan_counts_and_not_its_frame():
    image = framed(80, 90, (140, 150))
    rows, columns = image[scan_area(image)].shape
    assert (rows, columns) < (96, 96)
    fits = min(rows, columns) // 16 * 16
    assert checked([image], 96) == [too_small("2", f"{rows} x {columns} pixels", 96, fits)]


def test_it_is_what_stops_the_training():
    images = [speckle(64, 64) for _ in range(4)]
    few = {"width": 8, "blocks": 1, "pretraining_steps": 0, "pixel_steps": 2, "batch": 2}
    few |= {"adversarial_steps": 1, "check_every": 1}
    for patch in (48, 64, 80):
        settings = TrainingSettings(**few, patch_px=patch)
        if checked(images, patch):
            with pytest.raises(ValueError, match="choose a smaller patch"):
                train_generator(images, settings, Degradation(), seed=1)
        else:
            assert len(train_generator(images, settings, Degradation(), seed=1).history) == 3
