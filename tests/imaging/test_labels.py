"""Which pixels are the nodule: labels, white of any brightness, transparency, palettes."""

import re

import numpy as np
import pytest
from PIL import Image

from tests.imaging.test_reading import GREY, NODULE, one, write_picture, write_volume
from thyro.imaging.formats import About
from thyro.imaging.labels import inside_label, one_channel
from thyro.imaging.pixels import ImageError

TRANSPARENT = "a mask is read from its transparency: its colour is the same where it shows"
BY_COLOURS = "a mask in black and white is read by the colours of its palette"
DISC = np.hypot(*np.mgrid[-60:60, -80:80]) < 35
LARGE = np.add.outer(np.arange(120), np.arange(160)).astype(np.uint8) // 2  # an image for it


def case_of(folder, mask, image=GREY, **options):
    write_picture(folder / "a.png", image)
    return one(folder, "a.png", mask, spacing_mm=0.1, **options)[0]


def refusal(folder, mask, image=GREY, **options):
    with pytest.raises(ImageError) as error:
        case_of(folder, mask, image, **options)
    return error.value.problems


# Other labels beside that of the nodule.


@pytest.mark.parametrize("suffix", ["png", "nii.gz", "nrrd", "mha"])
def test_another_label_is_noted(tmp_path, suffix):
    values = NODULE + 2 * (GREY > 200).astype(np.uint8)
    write = write_picture if suffix == "png" else write_volume
    write(tmp_path / f"m.{suffix}", values)
    first = case_of(tmp_path, f"m.{suffix}")
    assert np.array_equal(first.mask, NODULE == 1)
    assert first.notes == ("a mask also holds label 2",)
    assert first.other_labels_px == (GREY > 200).sum()
    second = case_of(tmp_path, f"m.{suffix}", mask_label=2)
    assert np.array_equal(second.mask, GREY > 200)
    assert second.notes == ("a mask also holds label 1",)
    assert second.other_labels_px == NODULE.sum()


def test_many_other_labels_are_listed_in_part(tmp_path):
    values = NODULE.copy()
    values[11, :7] = np.arange(2, 9)
    write_picture(tmp_path / "m.png", values)
    assert case_of(tmp_path, "m.png").notes == ("a mask also holds label 2, 3, 4, 5, 6 ...",)


def test_one_label_alone_is_not_noted(tmp_path):
    write_picture(tmp_path / "m.png", NODULE * np.uint8(2))
    case = case_of(tmp_path, "m.png", mask_label=2)
    assert case.notes == () and case.other_labels_px == 0


def test_grey_edges_are_no_other_label(tmp_path):
    soft = NODULE * np.uint8(255)
    soft[2, 4:12] = 127
    write_picture(tmp_path / "m.png", soft)
    assert case_of(tmp_path, "m.png").other_labels_px == 0


@pytest.mark.parametrize("suffix", ["png", "nii.gz", "mha"])
def test_a_name_needs_a_file_with_names(tmp_path, suffix):
    write = write_picture if suffix == "png" else write_volume
    write(tmp_path / f"m.{suffix}", NODULE)
    assert refusal(tmp_path, f"m.{suffix}", mask_label="nodule") == [
        f"mask m.{suffix}: has no names of segments, but cohort.mask_label is 'nodule'. "
        "Set it to a number, or save this mask with names."
    ]


# Shapes that only the transparency shows.


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 10, 10)])
@pytest.mark.parametrize("kind", ["RGBA", "tif", "palette"])
def test_a_shape_in_the_transparency_is_read(tmp_path, colour, kind):
    pixels = np.zeros((*GREY.shape, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = colour, NODULE * 255
    picture, name = Image.fromarray(pixels), "m.tif" if kind == "tif" else "m.png"
    if kind == "palette":  # the opaque entry comes first, so that its number tells nothing
        picture = Image.fromarray(1 - NODULE).convert("P")
        picture.putpalette([*colour, *colour])
        picture.save(tmp_path / name, transparency=bytes([255, 0]))
    else:
        picture.save(tmp_path / name)
    case = case_of(tmp_path, name)
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == (TRANSPARENT,)


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_a_shape_in_the_transparency_of_grey_is_read(tmp_path, grey):
    pixels = np.stack([np.full(GREY.shape, grey), NODULE * 255], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "m.png")
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == (TRANSPARENT,)


@pytest.mark.parametrize("colour", [(255, 0, 0), (255, 255, 255), (0, 120, 200)])
@pytest.mark.parametrize("beneath", [0, 255, "the image"])
def test_a_painted_overlay_counts_whatever_is_left_where_it_is_transparent(
    tmp_path, colour, beneath
):
    pixels = np.zeros((*GREY.shape, 4), np.uint8)
    pixels[..., :3] = GREY[..., None] if beneath == "the image" else beneath
    pixels[NODULE == 1] = (*colour, 255)
    Image.fromarray(pixels).save(tmp_path / "m.png")
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == (TRANSPARENT,)


def test_a_label_before_a_transparent_ground_stays_a_label(tmp_path):
    pixels = np.zeros((*GREY.shape, 4), np.uint8)
    pixels[NODULE == 1] = (2, 2, 2, 255)
    Image.fromarray(pixels).save(tmp_path / "m.png")
    case = case_of(tmp_path, "m.png", mask_label=2)
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == ()
    assert refusal(tmp_path, "m.png") == [
        "mask m.png: holds only label 2, expected 1; set cohort.mask_label."
    ]


def test_a_half_transparent_overlay_is_cut_at_half_of_what_it_covers(tmp_path):
    pixels = np.full((*GREY.shape, 4), 255, np.uint8)
    pixels[..., 3] = NODULE * 128
    Image.fromarray(pixels).save(tmp_path / "m.png")
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == (TRANSPARENT, "white of a mask is 128, not 255: pixels above 64 are taken")


def test_a_hole_in_the_transparency_is_the_background(tmp_path):
    pixels = np.zeros((*GREY.shape, 4), np.uint8)
    pixels[..., 3] = 255 - NODULE * 255
    Image.fromarray(pixels).save(tmp_path / "m.png")
    assert refusal(tmp_path, "m.png") == [
        "mask m.png: holds all four corners of the image: the background is outlined, not the "
        "nodule. Invert it."
    ]


def test_colours_that_show_the_shape_count_before_transparency(tmp_path):
    pixels = np.stack([NODULE * 255] * 4, axis=-1)
    pixels[..., 3] = 255 - GREY
    Image.fromarray(pixels).save(tmp_path / "m.png")
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == ()


# Palettes.

VGA = [
    *[(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128)],
    *[(0, 128, 128), (192, 192, 192), (128, 128, 128), (255, 0, 0), (0, 255, 0), (255, 255, 0)],
    *[(0, 0, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255)],
]
RAMP = [(17 * i,) * 3 for i in range(16)]


def write_palette(path, entries, colours):
    picture = Image.fromarray(entries.astype(np.uint8)).convert("P")
    picture.putdata(entries.ravel().tolist())
    picture.putpalette([level for colour in colours for level in colour])
    picture.save(path)


@pytest.mark.parametrize(
    ("black", "white", "colours"),
    [
        (0, 15, VGA),  # 16 colours of Windows
        (0, 15, RAMP),
        (1, 0, [(255, 255, 255), (0, 0, 0)]),  # a fax
        (0, 225, [(0, 0, 0)] + [(i, 3, 3) for i in range(224)] + [(255, 255, 255)]),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_black_and_white_of_a_palette_is_read_by_its_colours(
    tmp_path, black, white, colours, suffix
):
    write_palette(tmp_path / f"m.{suffix}", np.where(NODULE, white, black), colours)
    case = case_of(tmp_path, f"m.{suffix}")
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == (BY_COLOURS,)


def test_grey_edges_of_a_palette_are_edges(tmp_path):
    entries = np.where(NODULE, 0, 2)
    entries[8, 4:12] = 1
    write_palette(tmp_path / "m.png", entries, [(255,) * 3, (130,) * 3, (0, 0, 0)])
    case = case_of(tmp_path, "m.png")
    assert case.mask.sum() == NODULE.sum() + 8
    assert case.notes == (BY_COLOURS, "a mask has grey edges: pixels above 127 are taken")


def test_the_first_entry_in_white_is_label_1_either_way(tmp_path):
    write_palette(tmp_path / "m.png", NODULE, [(0, 0, 0), (255, 255, 255)])
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == ()


@pytest.mark.parametrize("other", [(255, 0, 0), (128, 128, 128)])
def test_white_of_a_legend_is_a_label(tmp_path, other):
    legend = [(0, 0, 0), other, (255, 255, 255)]  # the image holds label 2 alone
    write_palette(tmp_path / "m.png", NODULE * 2, legend)
    assert refusal(tmp_path, "m.png") == [
        "mask m.png: holds only label 2, expected 1; set cohort.mask_label."
    ]
    assert np.array_equal(case_of(tmp_path, "m.png", mask_label=2).mask, NODULE == 1)


@pytest.mark.parametrize("label", [15, 3])
def test_a_number_that_is_asked_for_is_that_of_the_entry(tmp_path, label):
    write_palette(tmp_path / "m.png", NODULE * label, VGA)
    case = case_of(tmp_path, "m.png", mask_label=label)
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == ()


def test_a_palette_may_list_fewer_colours_than_are_used():
    palette = np.array([[0, 0, 0, 255], [255] * 4], np.uint8)
    notes = []
    values = one_channel(NODULE * np.uint8(9), About("PNG", palette), None, "m", notes)
    assert np.array_equal(values.array, NODULE * 255) and notes == []


def test_numbers_of_coloured_entries_are_labels(tmp_path):
    write_palette(tmp_path / "m.png", NODULE + 2 * (GREY > 200), VGA)
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1) and case.notes == ("a mask also holds label 2",)


# White that is not 255.


@pytest.mark.parametrize("white", [128, 200, 254])
@pytest.mark.parametrize("quality", [50, 75, 95])
def test_a_jpeg_of_a_dimmer_white_is_cut_at_half_with_a_note(tmp_path, white, quality):
    Image.fromarray(DISC * np.uint8(white)).save(tmp_path / "m.jpg", quality=quality)
    highest = int(np.asarray(Image.open(tmp_path / "m.jpg")).max())
    case = case_of(tmp_path, "m.jpg", LARGE)
    assert (case.mask != DISC).sum() <= 25  # of 3837, along the outline
    note = f"white of a mask is {highest}, not 255: pixels above {highest // 2} are taken"
    if highest == 255:  # noise may reach it
        note = "a mask has grey edges: pixels above 127 are taken"
    assert case.notes == (note,)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_a_dimmer_white_without_noise_is_white(tmp_path, suffix):
    write_picture(tmp_path / f"m.{suffix}", NODULE * np.uint8(200))
    case = case_of(tmp_path, f"m.{suffix}")
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == ("white of a mask is 200, not 255: pixels above 100 are taken",)


def test_white_of_16_bits_is_white(tmp_path):
    Image.fromarray(NODULE.astype(np.uint16) * 65535).save(tmp_path / "m.png")
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == ("white of a mask is 65535, not 255: pixels above 32767 are taken",)


def test_grey_edges_below_a_dimmer_white(tmp_path):
    soft = NODULE * np.uint8(200)
    soft[8, 4:12], soft[2, 4:12] = 101, 99
    write_picture(tmp_path / "m.png", soft)
    case = case_of(tmp_path, "m.png")
    assert case.mask.sum() == NODULE.sum() + 8
    assert case.notes == ("white of a mask is 200, not 255: pixels above 100 are taken",)


@pytest.mark.parametrize("highest", [180, 255])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_grey_picture_is_no_mask(tmp_path, highest, suffix):
    noise = np.random.default_rng(0).normal(90, 35, LARGE.shape)
    frame = np.clip(noise, 0, highest).astype(np.uint8)
    frame[0, :3] = highest
    Image.fromarray(frame).save(tmp_path / f"m.{suffix}", quality=95)
    (problem,) = refusal(tmp_path, f"m.{suffix}", LARGE, component="all")
    assert re.fullmatch(
        rf"mask m\.{suffix}: a grey picture, not a mask: \d\d% of its pixels are neither near 0 "
        r"nor near \d+, its white\. Save the mask in black and white\.",
        problem,
    )


def test_labels_beside_a_bright_one_stay_labels(tmp_path):
    wide = np.where(GREY > 200, 150, 0).astype(np.uint8)
    write_picture(tmp_path / "m.png", NODULE + wide)
    case = case_of(tmp_path, "m.png")
    assert np.array_equal(case.mask, NODULE == 1)
    assert case.notes == ("a mask also holds label 150",)
    two = np.where(NODULE, 90, wide).astype(np.uint8)
    write_picture(tmp_path / "m.png", two)
    assert refusal(tmp_path, "m.png") == [
        "mask m.png: holds only label 90, 150, expected 1; set cohort.mask_label."
    ]


def test_a_bright_label_is_a_label_when_it_is_asked_for_and_in_volumes(tmp_path):
    write_picture(tmp_path / "m.png", NODULE * np.uint8(200))
    asked = case_of(tmp_path, "m.png", mask_label=200)
    assert np.array_equal(asked.mask, NODULE == 1) and asked.notes == ()
    write_volume(tmp_path / "m.nii.gz", NODULE * np.uint8(200))
    assert refusal(tmp_path, "m.nii.gz") == [
        "mask m.nii.gz: holds only label 200, expected 1; set cohort.mask_label."
    ]
    write_picture(tmp_path / "m.png", NODULE * np.uint8(63))  # too dark to be a drawing
    assert refusal(tmp_path, "m.png") == [
        "mask m.png: holds only label 63, expected 1; set cohort.mask_label."
    ]


def test_ink_of_a_print_is_no_transparency(tmp_path):
    ink = np.zeros((*LARGE.shape, 4), np.uint8)
    ink[..., 3] = np.where(DISC, 0, 255)  # black but for the disc
    Image.fromarray(ink, mode="CMYK").save(tmp_path / "m.tif")
    case = case_of(tmp_path, "m.tif", LARGE)
    assert np.array_equal(case.mask, DISC) and case.notes == ()


def test_arrays_in_and_out():
    notes = []
    values = one_channel(np.stack([NODULE] * 3, axis=-1), About(), None, "m", notes)
    assert np.array_equal(inside_label(values, None, "m", notes), NODULE == 1) and notes == []
