"""Images and masks are found by the cells that their names hold."""

import pandas as pd
import pytest

from thyro.cohort.guessed_images import find_images, image_files, is_mask

TABLE = pd.DataFrame({"id": ["P7", "P71", "P8"], "nr": ["1", "2", "3"]})


def test_the_form_that_most_rows_fill_is_first():
    files = ["img/P7.png", "img/P71.png", "img/P8.png", "seg/P7_mask.png", "seg/P71_mask.png"]
    found = find_images(TABLE, ["id"], files)
    assert [one.form for one in found.images] == ["img/{id}.png"]
    assert [one.form for one in found.masks] == ["seg/{id}_mask.png"]
    assert (found.masks[0].matched, found.masks[0].missing) == (2, [2])
    assert found.masks[0].evidence == "2 of 3 rows have a file of this name"
    assert found.unused == []


def test_a_part_of_a_word_is_no_match():
    found = find_images(TABLE, ["id"], ["XP7.png", "P7x.png", "P8y.png", "P71z.png"])
    assert found.images == [] and len(found.unused) == 4


def test_a_folder_of_each_patient_counts_too():
    files = [f"{value}/{name}.nii.gz" for value in TABLE["id"] for name in ("us", "label")]
    found = find_images(TABLE, ["nr", "id"], files)
    assert [one.form for one in found.images] == ["{id}/us.nii.gz"]
    assert [one.form for one in found.masks] == ["{id}/label.nii.gz"]


def test_two_views_are_both_offered():
    files = [f"{value}_{view}.jpg" for value in TABLE["id"] for view in ("long", "trans")]
    found = find_images(TABLE, ["id"], files)
    assert {one.form for one in found.images} == {"{id}_long.jpg", "{id}_trans.jpg"}
    assert len(found.unused) == 3  # of the second of them


@pytest.mark.parametrize(
    ("path", "mask"),
    [("masks/1.png", True), ("1-seg.nrrd", True), ("勾画/1.png", True), ("images/1.png", False)],
)
def test_a_path_says_that_it_is_a_mask(path, mask):
    assert is_mask(path) == mask


def test_only_images_that_are_not_hidden_are_listed(tmp_path):
    for name in ("b.PNG", "a.nii.gz", "notes.txt", ".trash/c.png", ".d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert image_files(tmp_path) == ["a.nii.gz", "b.PNG"]
