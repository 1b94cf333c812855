"""Grey values, sizes, parts of a mask and the scan in a screen shot, of arrays alone."""

import copy
import hashlib
from pathlib import Path

import numpy as np
import pytest

from thyro.imaging import pixels, reading

REAL = Path("../shared/data")
needs_real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="real images are not on this machine"
)

GREY = np.arange(0, 240, dtype=np.uint8).reshape(12, 20)


def problems_of(call, *arguments):
    with pytest.raises(pixels.ImageError) as error:
        call(*arguments)
    return error.value.problems


def test_an_error_keeps_its_problems_on_the_way_from_a_worker():
    error = pixels.ImageError("a.png: empty.", "b.png: too large.")
    again = copy.deepcopy(error)  # taken apart and built again as between processes
    assert again.problems == ["a.png: empty.", "b.png: too large."]
    assert str(again) == "a.png: empty.\n  b.png: too large."


def test_an_attempt_gives_the_value_or_notes_the_problems():
    def refuse(name):
        raise pixels.ImageError(f"{name}: one.", f"{name}: two.")

    problems = ["before"]
    assert pixels.attempt(problems, len, "abc") == 3 and problems == ["before"]
    assert pixels.attempt(problems, refuse, "a") is None
    assert problems == ["before", "a: one.", "a: two."]


@pytest.mark.parametrize(("frame", "frames", "index"), [(None, 1, 0), (0, 1, 0), (2, 3, 2)])
def test_a_single_frame_needs_no_declaration(frame, frames, index):
    assert pixels.choose_frame(frame, frames, "a.dcm") == index


@pytest.mark.parametrize(
    ("frame", "frames", "problem"),
    [
        (None, 3, "a.dcm: 3 frames; name the one to analyse with cohort.frame, from 0."),
        (3, 3, "a.dcm: frame 3 does not exist; expected 0 to 2. Frames are counted from 0."),
        (-1, 3, "a.dcm: frame -1 does not exist; expected 0 to 2. Frames are counted from 0."),
    ],
)
def test_a_frame_that_is_not_there_is_refused(frame, frames, problem):
    assert problems_of(pixels.choose_frame, frame, frames, "a.dcm") == [problem]


def test_sizes_are_refused_before_anything_is_read():
    pixels.check_size(8000, pixels.MAX_PIXELS // 8000, "a.png")
    for rows, columns in ((0, 10), (10, 0), (8001, pixels.MAX_PIXELS // 8000)):
        assert (
            f"{rows} x {columns} pixels"
            in problems_of(pixels.check_size, rows, columns, "a.png")[0]
        )


def test_grey_in_colour_is_exact_and_colour_is_weighed():
    assert np.array_equal(pixels.to_grey(np.stack([GREY] * 3, axis=-1), "a"), GREY)
    assert np.array_equal(pixels.to_grey(np.stack([GREY] * 4, axis=-1), "a"), GREY)  # transparency
    colour = np.zeros((1, 3, 3), np.uint8)
    colour[0, [0, 1, 2], [0, 1, 2]] = 200
    # ITU-R BT.601: 0.299, 0.587 and 0.114 of red, green and blue.
    assert pixels.to_grey(colour, "a")[0] == pytest.approx([59.8, 117.4, 22.8])


@pytest.mark.parametrize(
    ("levels", "coloured"),
    [
        ((200, 40, 30), True),  # red of Doppler
        ((30, 60, 210), True),  # blue
        ((90, 131, 90), True),
        ((90, 130, 90), False),  # as far as JPEG and tinted grey go
        ((120, 100, 84), False),  # sepia
        ((128, 128, 128), False),
    ],
)
def test_a_pixel_in_colour_is_told_from_a_tinted_grey_one(levels, coloured):
    picture = np.stack([GREY] * 3, axis=-1)
    picture[3, 5] = levels
    found = pixels.coloured_pixels(picture)
    assert (found is not None) == coloured
    if coloured:
        assert np.argwhere(found).tolist() == [[3, 5]]
        transparent = np.dstack([picture, GREY])
        assert np.array_equal(pixels.coloured_pixels(transparent), found)


@pytest.mark.parametrize("array", [GREY, np.stack([GREY, GREY[::-1]], axis=-1)])
def test_what_has_no_three_channels_has_no_colour(array):
    assert pixels.coloured_pixels(array) is None


@pytest.mark.parametrize(
    ("array", "problem"),
    [
        (np.full((2, 2), np.nan), "a: holds pixels that are not numbers. Export it again."),
        (np.array([[0.0, 256.0]]), "a: grey values 0 to 256, expected 0 to 255; export the image"),
        (np.array([[-1.0, 5.0]]), "a: grey values -1 to 5, expected 0 to 255; export the image"),
        (np.zeros((2, 2, 2)), "a: expected one 2-D frame, found shape (2, 2, 2)."),
    ],
    ids=["no number", "above", "below", "two channels"],
)
def test_what_is_no_grey_frame_is_refused(array, problem):
    assert problems_of(pixels.to_grey, array, "a")[0].startswith(problem)


def test_the_hash_is_that_of_the_shape_and_the_bytes():
    expected = hashlib.sha256(b"(12, 20)" + GREY.tobytes()).hexdigest()
    assert pixels.pixel_hash(GREY) == expected
    assert pixels.pixel_hash(GREY + 0.4) == expected  # as it will be stored
    assert pixels.pixel_hash(np.asfortranarray(GREY)) == expected
    assert pixels.pixel_hash(GREY.reshape(20, 12)) != expected


def test_the_largest_of_two_components_stays():
    mask = np.zeros((20, 20), bool)
    mask[2:5, 2:5] = mask[10:18, 10:18] = True
    assert pixels.largest_component(mask).sum() == 64


def test_parts_that_touch_at_a_corner_are_one():
    mask = np.zeros((9, 9), bool)
    mask[1:4, 1:4] = mask[4:6, 4:6] = mask[8, 8] = True
    assert pixels.largest_component(mask).sum() == 9 + 4


def test_the_scan_is_found_beside_text():
    rng = np.random.default_rng(0)
    frame = np.zeros((200, 300))
    frame[20:170, 60:260] = rng.uniform(30, 200, (150, 200))
    frame[185:190, 10:80:3] = 255  # a line of text
    rows, columns = pixels.scan_area(frame)
    assert abs(rows.start - 20) <= 5 and abs(rows.stop - 170) <= 5
    assert abs(columns.start - 60) <= 5 and abs(columns.stop - 260) <= 5


def test_a_title_bar_is_not_the_scan():
    rng = np.random.default_rng(0)
    frame = np.zeros((200, 300))
    frame[:24] = 60.0
    frame[8:14, 10:290:3] = 255  # words on a bar of one grey
    frame[24:170] = rng.uniform(10, 120, (146, 300))
    rows, columns = pixels.scan_area(frame)
    assert 20 <= rows.start <= 28 and abs(rows.stop - 170) <= 5
    assert (columns.start, columns.stop) == (0, 300)


def test_a_scan_without_a_border_is_whole():
    frame = np.random.default_rng(0).uniform(10, 120, (150, 200))
    assert pixels.scan_area(frame) == (slice(0, 150), slice(0, 200))
    assert pixels.scan_area(np.zeros((150, 200))) == (slice(0, 150), slice(0, 200))


@needs_real_data
def test_the_scan_of_real_devices_ends_below_their_title_bars():
    for name, top in (("OBXXXX1A", 60), ("gdcm-US-ALOKA-16", 20), ("US1_J2KI", 95)):
        image, _ = reading.read_image(REAL / "us_dicom" / f"{name}.dcm")
        rows, _ = pixels.scan_area(image)
        assert top < rows.start < top + 15, name  # institution and date stand above
