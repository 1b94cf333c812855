"""A file is found by its name, in another spelling where only one can be meant."""

import time
import unicodedata

import numpy as np
import pytest
from PIL import Image

from tests.imaging.test_reading import GREY, NODULE, one
from thyro.imaging import ImageError, named

MAC = unicodedata.normalize("NFD", "Müller é.png")
NAME = unicodedata.normalize("NFC", MAC)


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def found(folder, name):
    return str(named.inside(folder, name, "image").relative_to(folder.resolve()))


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        (MAC, NAME),
        (NAME, MAC),
        ("IMG_01.PNG", "img_01.png"),
        ("img_01.png", "IMG_01.PNG"),
        ("Bilder/A.png", "bilder/a.PNG"),
        (f"{MAC[:-4]}/{MAC}", f"{NAME[:-4]}/{NAME}"),
        (MAC.upper(), NAME),
        ("가.png", unicodedata.normalize("NFD", "가.png")),
        ("GRÖSSE.png", "größe.png"),
        ("a.png", "./a.png"),
    ],
)
def test_one_file_in_another_spelling_is_found(tmp_path, written, asked):
    touch(tmp_path, written, "other.png")
    assert found(tmp_path, asked) == written
    assert named.respelled(tmp_path, asked) is (asked != "./a.png")


def test_the_same_spelling_comes_first_then_the_same_letters_then_capitals(tmp_path):
    touch(tmp_path, NAME, MAC, NAME.upper(), MAC.upper())
    assert found(tmp_path, NAME) == NAME and found(tmp_path, MAC) == MAC
    (tmp_path / NAME).unlink()
    assert found(tmp_path, NAME) == MAC
    assert not named.respelled(tmp_path, MAC) and named.respelled(tmp_path, NAME)


def test_of_folders_in_two_spellings_the_one_with_the_file_counts(tmp_path):
    touch(tmp_path, "Bilder/a.png", "bilder/b.png")
    assert found(tmp_path, "bilder/a.png") == "Bilder/a.png"


@pytest.mark.parametrize(
    ("written", "asked", "several"),
    [
        (["A.png", "a.PNG"], "a.png", "'A.png', 'a.PNG'"),
        (["X/a.png", "x/A.png"], "x/a.PNG", "'X/a.png', 'x/A.png'"),
        (["Ä.png", unicodedata.normalize("NFD", "Ä.png")], "ä.png", r"'A\u0308.png', '\xc4.png'"),
        (["aB.c", "Ab.c", "AB.c", "ab.C"], "ab.c", "'AB.c', 'Ab.c', 'aB.c'"),
    ],
)
def test_several_in_other_spellings_are_named(tmp_path, written, asked, several):
    touch(tmp_path, *written)
    with pytest.raises(ImageError) as error:
        named.inside(tmp_path, asked, "mask")
    assert error.value.problems == [
        f"mask {asked!r} is not in the data folder {tmp_path}, but in another spelling: {several}. "
        "Write which one, as it is spelled."
    ]


@pytest.mark.parametrize("name", ["b.png", "A.png/b", "a.jpg", "a\0.png", "B" * 300 + ".png"])
def test_no_file_is_no_file(tmp_path, name):
    touch(tmp_path, "a.png")
    with pytest.raises(ImageError, match="is not in the data folder"):
        named.inside(tmp_path, name, "image")


def test_no_spelling_leaves_the_folder(tmp_path):
    touch(tmp_path, "A.png", "data/b.png")
    (tmp_path / "data" / "LINK.png").symlink_to(tmp_path / "A.png")
    folder = tmp_path / "data"
    for name in ("../a.png", str(tmp_path / "A.png"), "link.png"):
        with pytest.raises(ImageError, match="lies outside the data folder; copy it there."):
            named.inside(folder, name, "image")
    with pytest.raises(ImageError, match="is not in the data folder"):
        named.inside(folder, "x/../B.png", "image")


def test_a_folder_in_another_spelling_is_no_file(tmp_path):
    touch(tmp_path, "Images/a.png")
    with pytest.raises(ImageError, match="image 'images' is not in the data folder"):
        named.inside(tmp_path, "images", "image")


def test_what_is_added_later_is_found(tmp_path):
    touch(tmp_path, "A.png")
    assert found(tmp_path, "a.png") == "A.png"
    time.sleep(0.02)  # longer than a tick of the clock of the file system
    touch(tmp_path, "B.png")
    assert found(tmp_path, "b.png") == "B.png"


def test_many_files_are_listed_once(tmp_path, monkeypatch):
    names = [f"patient_{i:04d}_é.png" for i in range(2000)]
    touch(tmp_path, *(unicodedata.normalize("NFD", name) for name in names))
    looked = []
    composed = named.composed
    monkeypatch.setattr(named, "composed", lambda name: looked.append(name) or composed(name))
    for name in names:
        named.inside(tmp_path, name, "image")
    # Each file once, and each name that was asked for.
    assert len(looked) == 2 * len(names)


def test_a_reader_takes_such_files_and_says_so(tmp_path):
    Image.fromarray(GREY).save(tmp_path / MAC)
    Image.fromarray(NODULE * 255).save(tmp_path / "M.PNG")
    case = one(tmp_path, NAME, "m.png", spacing_mm=0.1)[0]
    assert np.array_equal(case.image, GREY) and np.array_equal(case.mask, NODULE == 1)
    told = "its file is spelled otherwise than in the table (capitals, composed letters)"
    assert case.notes[-2:] == (f"image: {told}", f"mask: {told}")
    exact = one(tmp_path, MAC, "M.PNG", spacing_mm=0.1)[0]
    assert not [note for note in exact.notes if "spelled" in note]
