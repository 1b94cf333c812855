"""Segments by name and label: what 3D Slicer writes, and which of them is the nodule."""

import gzip
import re

import numpy as np
import pytest
import SimpleITK as sitk

from tests.imaging.test_reading import GREY, NODULE, one, write_picture
from thyro.imaging import masks, reading
from thyro.imaging.pixels import ImageError
from thyro.imaging.segments import Segment, inside_segment, segments_of_nrrd

GLAND = np.zeros(GREY.shape, np.uint8)
GLAND[1:11, 2:18] = 1  # the nodule lies within
APART = np.where(NODULE == 1, 2, GLAND).astype(np.uint8)  # one layer, two labels
BOTH = [("gland", 1, 0), ("nodule", 1, 1)]


def write_segments(path, layers, segments, *, keys=("Name", "LabelValue", "Layer")):
    """An NRRD file as Slicer writes it: `layers` (n, rows, columns), n of them as a list."""
    n, rows, columns = np.shape(layers)
    listed = n > 1
    lines = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "type: unsigned char",
        f"dimension: {3 + listed}",
        "space: left-posterior-superior",
        f"sizes: {f'{n} ' * listed}{columns} {rows} 1",
        f"space directions: {'none ' * listed}(0.1,0,0) (0,0.2,0) (0,0,1)",
        f"kinds: {'list ' * listed}domain domain domain",
        "encoding: gzip",
        "space origin: (0,0,0)",
    ]
    for i, values in enumerate(segments):
        told = dict(zip(("Name", "LabelValue", "Layer"), values, strict=True))
        lines += [f"Segment{i}_{key}:={told[key]}" for key in keys]
        lines += [
            f"Segment{i}_Tags:=TerminologyEntry:Segmentation category",
            f"Segment{i}_ID:=S{i}",
        ]
    pixels = np.ascontiguousarray(np.moveaxis(np.asarray(layers), 0, -1), np.uint8)
    head = "\n".join(lines) + "\n\n"
    path.write_bytes(head.encode() + gzip.compress(pixels.tobytes()))
    return path.name


@pytest.fixture
def image(tmp_path):
    return write_picture(tmp_path / "a.png", GREY)


def test_the_nodule_among_overlapping_segments_is_chosen_by_name(tmp_path, image):
    mask = write_segments(tmp_path / "m.seg.nrrd", [GLAND, NODULE], BOTH)
    for name, shown in (("nodule", NODULE), ("gland", GLAND)):
        case = one(tmp_path, image, mask, mask_label=name)[0]
        assert np.array_equal(case.mask, shown == 1)
        assert case.notes == ("no pixel size (the file tells none): sizes are in pixels",)


@pytest.mark.parametrize("component", ["single", "largest", "all"])
def test_several_segments_and_none_chosen_are_refused(tmp_path, image, component):
    mask = write_segments(tmp_path / "m.seg.nrrd", [GLAND, NODULE], BOTH)
    message = (
        "mask m.seg.nrrd: holds 2 segments: gland (label 1), nodule (label 1); set "
        "cohort.mask_label to the name or the label of the nodule's."
    )
    with pytest.raises(ImageError) as error:
        one(tmp_path, image, mask, component=component)[0]
    assert error.value.problems == [message]


def test_a_label_that_several_segments_have_chooses_none(tmp_path, image):
    mask = write_segments(tmp_path / "m.seg.nrrd", [GLAND, NODULE], BOTH)
    message = (
        "mask m.seg.nrrd: cohort.mask_label 1 is that of 2 segments: gland (label 1), "
        "nodule (label 1); name one of them."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, image, mask, mask_label=1)[0]
    twins = [("nodule", 1, 0), ("nodule", 2, 1)]
    mask = write_segments(tmp_path / "n.seg.nrrd", [GLAND, NODULE * 2], twins)
    message = (
        "mask n.seg.nrrd: cohort.mask_label 'nodule' is that of 2 segments: nodule (label 1), "
        "nodule (label 2); give each a name of its own."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, image, mask, mask_label="nodule")[0]
    assert np.array_equal(one(tmp_path, image, mask, mask_label=2)[0].mask, NODULE == 1)


def test_segments_of_one_layer_are_chosen_by_name_or_label(tmp_path, image):
    listed = [("gland", 1, 0), ("nodule", 2, 0)]
    mask = write_segments(tmp_path / "m.seg.nrrd", [APART], listed)
    named = one(tmp_path, image, mask, mask_label="nodule", spacing_mm=0.1)[0]
    numbered = one(tmp_path, image, mask, mask_label=2, spacing_mm=0.1)[0]
    assert np.array_equal(named.mask, NODULE == 1) and named.notes == ()
    assert np.array_equal(numbered.mask, NODULE == 1)
    assert numbered.notes == ("a mask also holds label 1",)
    # A name says what it is, in whatever file.
    assert numbered.other_labels_px == (APART == 1).sum() and named.other_labels_px == 0
    message = (
        "mask m.seg.nrrd: holds 2 segments: gland (label 1), nodule (label 2); set "
        "cohort.mask_label to the name or the label of the nodule's."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, image, mask)[0]


@pytest.mark.parametrize("label", [None, 3, "nodule"])
def test_a_single_segment_needs_no_choice(tmp_path, image, label):
    mask = write_segments(tmp_path / "m.seg.nrrd", [NODULE * 3], [("nodule", 3, 0)])
    assert np.array_equal(one(tmp_path, image, mask, mask_label=label)[0].mask, NODULE == 1)


def test_a_choice_that_no_segment_answers_names_them(tmp_path, image):
    mask = write_segments(tmp_path / "m.seg.nrrd", [GLAND, NODULE], BOTH)
    listed = "it holds gland (label 1), nodule (label 1); set cohort.mask_label."
    for label, words in (("Nodule", "is called 'Nodule'"), (2, "has label 2")):
        message = f"mask m.seg.nrrd: no segment {words}: {listed}"
        with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
            one(tmp_path, image, mask, mask_label=label)[0]


def test_an_empty_segment_is_still_a_segment(tmp_path, image):
    mask = write_segments(tmp_path / "m.seg.nrrd", [GLAND, NODULE * 0], BOTH)
    with pytest.raises(ImageError, match="holds 2 segments"):
        one(tmp_path, image, mask)[0]
    message = (
        "mask m.seg.nrrd: its segment nodule is empty. Outline the nodule, or exclude the patient."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, image, mask, mask_label="nodule")[0]


def test_three_layers_are_no_colours_and_five_are_no_matter(tmp_path, image):
    for n in (3, 4, 5):
        layers = [GLAND, NODULE, *[GLAND * 0] * (n - 2)]
        listed = [*BOTH, *[(f"cyst {i}", 1, i) for i in range(2, n)]]
        mask = write_segments(tmp_path / f"{n}.seg.nrrd", layers, listed)
        assert np.array_equal(one(tmp_path, image, mask, mask_label="nodule")[0].mask, NODULE == 1)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_layers_without_names_are_refused(tmp_path, image, n):
    mask = write_segments(tmp_path / "m.nrrd", [GLAND, NODULE, *[GLAND] * (n - 2)], [])
    message = f"mask m.nrrd: holds {n} layers, and no names of segments. Save the nodule alone."
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        one(tmp_path, image, mask)[0]


def test_segments_written_by_itk_are_read_alike(tmp_path, image):
    volume = sitk.GetImageFromArray(np.stack([GLAND, NODULE], axis=-1)[None], isVector=True)
    for i, name in enumerate(("gland", "nodule")):
        volume.SetMetaData(f"Segment{i}_Name", name)
        volume.SetMetaData(f"Segment{i}_LabelValue", "1")
        volume.SetMetaData(f"Segment{i}_Layer", str(i))
    sitk.WriteImage(volume, str(tmp_path / "m.nrrd"))
    mask = reading.read_mask(tmp_path / "m.nrrd", GREY, label="nodule")
    assert np.array_equal(mask, NODULE == 1)


def test_names_come_as_they_were_typed(tmp_path):
    for name, written in [
        ("结节", "结节"),
        ("left: nodule=2", "left: nodule=2"),
        (r"a\b", r"a\\b"),
        ("Knoten", "Knoten  "),
    ]:
        write_segments(tmp_path / "m.nrrd", [NODULE], [(written, 1, 0)])
        found = segments_of_nrrd(tmp_path / "m.nrrd", 1, "m")
        assert found == (Segment(name, 1, 0),)


def test_older_slicer_gave_each_segment_a_layer_and_wrote_neither_down(tmp_path):
    write_segments(tmp_path / "m.nrrd", [GLAND, NODULE], BOTH, keys=["Name"])
    found = segments_of_nrrd(tmp_path / "m.nrrd", 2, "m")
    assert found == (Segment("gland", 1, 0), Segment("nodule", 1, 1))
    message = (
        "m: its header does not tell the label and the layer of each segment. "
        "Save it again with a newer 3D Slicer."
    )
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        segments_of_nrrd(tmp_path / "m.nrrd", 1, "m")
    write_segments(tmp_path / "m.nrrd", [NODULE], [("nodule", "one", 0)])
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        segments_of_nrrd(tmp_path / "m.nrrd", 1, "m")


def test_a_layer_that_is_not_there_is_named(tmp_path):
    write_segments(tmp_path / "m.nrrd", [NODULE], [("nodule", 1, 4)])
    message = "m: its header speaks of layer 4, counted from 0, but it holds 1. Save it again."
    with pytest.raises(ImageError, match=f"^{re.escape(message)}$"):
        masks.read(
            tmp_path / "m.nrrd", "m", None, None, label=None, flip="none", component="single"
        )


def test_files_of_another_kind_list_no_segments(tmp_path):
    (tmp_path / "m.nrrd").write_bytes(b"Segment0_Name:=nodule\n\n")
    assert segments_of_nrrd(tmp_path / "m.nrrd", 1, "m") == ()


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
def test_values_between_labels_are_refused(value):
    layers = np.where(NODULE, value, 0)[None]
    message = "^m: holds values between the labels of its segments. Threshold it.$"
    with pytest.raises(ImageError, match=message):
        inside_segment(layers, [Segment("nodule", 1, 0)], None, "m", [])


def test_notes_hold_labels_and_no_names():
    layers = np.stack([GLAND, NODULE * 2])
    notes = []
    listed = [Segment("Smith Jane", 1, 0), Segment("nodule of Smith", 2, 1)]
    inside_segment(layers, listed, 2, "m", notes)
    assert notes == ["a mask also holds label 1"]


def test_a_number_of_thousands_of_digits_is_no_segment(tmp_path):
    head = f"NRRD0004\nSegment0_Name:=nodule\nSegment{'9' * 5000}_Name:=far\n\n"
    (tmp_path / "m.nrrd").write_text(head)
    assert segments_of_nrrd(tmp_path / "m.nrrd", 1, "m") == (Segment("nodule", 1, 0),)
