"""Frames of the patients between notebooks: what is written is what is read."""

import numpy as np
import pandas as pd
import pytest

from thyro.imaging import frames
from thyro.store import files


def test_a_table_without_image_sets_has_the_originals(project):
    paths = {"image": "a.png", "mask": "m.png", "spacing_mm": [0.2, 0.1]}
    files.write_table(pd.DataFrame([{"patient_id": "P1"} | paths]), "results/s", "patients")
    read = frames.Frames("results/s/patients.parquet", "or")
    assert read._rows["P1"]["image"] == "a.png"
    with pytest.raises(ValueError, match="patients.parquet has no 'sr' images"):
        frames.Frames("results/s/patients.parquet", "sr")


def test_frames_reads_one_image_set(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    pictures = [("images/a.png", image), ("masks/a.png", image > 50)]
    frames.write_images(iter(pictures), "results/s/00", total=2)
    row = {"patient_id": "P1", "spacing_mm": [0.2, 0.1]}
    paths_of = {"image": "results/s/00/images/a.png", "mask": "results/s/00/masks/a.png"}
    table = pd.DataFrame([row | paths_of | {"image_set": s} for s in ("or", "sr")])
    files.write_table(table, "results/s/01", "images")
    got, mask, spacing = frames.Frames("results/s/01/images.parquet", "or")("P1")
    assert np.array_equal(got, image) and np.array_equal(mask, image > 50)
    assert spacing == (0.2, 0.1)


def test_the_checksum_of_a_frame_changes_with_what_is_read(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    row = {"patient_id": "P1", "image_set": "or", "spacing_mm": [0.2, 0.1]}
    row |= {"image": "results/s/00/a.png", "mask": "results/s/00/m.png"}

    def checksum(image, mask, **changed):
        frames.write_image(image, "results/s/00", "a.png")
        frames.write_image(mask, "results/s/00", "m.png")
        files.write_table(pd.DataFrame([row | changed]), "results/s/01", "images")
        return frames.Frames("results/s/01/images.parquet", "or").checksum("P1")

    other = image.copy()
    other[3, 4] += 1
    first = checksum(image, image > 50)
    assert first == checksum(image, image > 50)
    changed = {
        checksum(other, image > 50),
        checksum(image, image > 51),
        checksum(image, image > 50, spacing_mm=[0.1, 0.2]),
    }
    assert len(changed | {first}) == 4


def test_image_pairs_are_8_bit_frames_of_two_sets(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    pictures = [("or/a.png", image), ("sr/a.png", image + 9), ("masks/a.png", image > 50)]
    frames.write_images(iter(pictures), "results/s/00", total=3)
    row = {"patient_id": "P1", "spacing_mm": [0.2, 0.1], "mask": "results/s/00/masks/a.png"}
    sets = [row | {"image_set": s, "image": f"results/s/00/{s}/a.png"} for s in ("or", "sr")]
    files.write_table(pd.DataFrame(sets), "results/s/01", "images")
    pair = frames.image_pairs("results/s/01/images.parquet", "or", "sr")("P1")
    assert [got.dtype for got in pair] == [np.uint8] * 2
    assert np.array_equal(pair[0], image) and np.array_equal(pair[1], image + 9)


def test_masks_of_another_reader_take_the_place_of_the_first(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    masks = {"m": image > 50, "second": image > 40}
    frames.write_images([("a.png", image), *((f"{m}.png", masks[m]) for m in masks)], "r", total=3)
    row = {"image_set": "or", "image": "r/a.png", "mask": "r/m.png", "spacing_mm": [0.1, 0.1]}
    files.write_table(pd.DataFrame([row | {"patient_id": p} for p in ("P1", "P2")]), "r", "images")
    second = pd.Series({"P2": "r/second.png"})
    read = frames.Frames("r/images.parquet", "or", second)
    assert np.array_equal(read("P2")[1], masks["second"])
    with pytest.raises(KeyError):  # who was read once only
        read("P1")


def test_originals_are_read_by_patient(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    frames.write_image(image, "results/s/00", "a.png")
    frames.write_image(image > 50, "results/s/00", "m.png")
    paths_of = {"image": ["results/s/00/a.png"], "mask": ["results/s/00/m.png"]}
    images, masks = frames.read_originals(pd.DataFrame(paths_of, index=["P1"]))
    assert images["P1"].dtype == np.uint8 and np.array_equal(images["P1"], image)
    assert np.array_equal(masks["P1"], image > 50)
