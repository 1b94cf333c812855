"""Bad masks of a user's folder: every case with the exact words the user reads."""

import numpy as np
import pandas as pd
import pytest

from tests.imaging.bad_files import (
    EXPORT,
    LABELS_OR_WHITE,
    NODULE,
    ON_GRID,
    TURNED,
    TURNS,
    WIDE,
    cut,
    parts,
    put,
    put_dicom,
    put_volume,
    turned_picture,
)
from tests.imaging.test_dicom import GREY
from thyro.imaging import pixels, reading

# Each: the mask that is written, options of the folder, and what the user reads. The image has
# 12 x 20 pixels of 0.2 x 0.1 mm and lies at the origin.
MASKS = {
    "no file named": (lambda f: "", {}, "mask: no file named; fill the cell."),
    "a DICOM file": (
        lambda f: put_dicom(f, NODULE),
        {},
        "mask b.dcm: a DICOM file; save masks as NIfTI, NRRD, MHA or PNG.",
    ),
    "another size": (
        lambda f: put(f, "m.png", np.kron(NODULE, np.ones((2, 2), np.uint8))),
        {},
        f"mask m.png: 24 x 40 pixels, but its image has 12 x 20. {ON_GRID}",
    ),
    "swapped axes": (
        lambda f: put_volume(f, "m.nii.gz", NODULE.T[None].copy()),
        {},
        "mask m.nii.gz: 20 x 12 pixels, but its image has 12 x 20. "
        "Its rows and columns are swapped: transpose it before saving.",
    ),
    "another pixel size": (
        lambda f: put_volume(f, "m.nrrd", NODULE[None], spacing=(0.1, 0.1, 1)),
        {},
        f"mask m.nrrd: pixels of 0.1 x 0.1 mm, but its image has 0.2 x 0.1 mm. {ON_GRID}",
    ),
    "another pixel size is not mended by a flip": (
        lambda f: put_volume(f, "m.nrrd", NODULE[None], spacing=(1, 1, 1)),
        {"mask_flip": "both"},
        f"mask m.nrrd: pixels of 1 x 1 mm, but its image has 0.2 x 0.1 mm. {ON_GRID}",
    ),
    "another origin": (
        lambda f: put_volume(f, "m.mha", NODULE[None], origin=(3, -4, 0)),
        {},
        f"mask m.mha: by its header it lies (3, -4, 0) mm beside its image. {ON_GRID}",
    ),
    "mirrored": (
        lambda f: put_volume(f, "m.nii.gz", NODULE[None], direction=(-1, 0, 0, 0, 1, 0, 0, 0, 1)),
        {},
        "mask m.nii.gz: by its header it lies mirrored left to right against its image; "
        "set cohort.mask_flip to horizontal, or export the mask on the grid of the image.",
    ),
    "upside down": (
        lambda f: put_volume(f, "m.nii.gz", NODULE[None], direction=(1, 0, 0, 0, -1, 0, 0, 0, 1)),
        {},
        "mask m.nii.gz: by its header it lies mirrored top to bottom against its image; "
        "set cohort.mask_flip to vertical, or export the mask on the grid of the image.",
    ),
    "mirrored both ways": (
        lambda f: put_volume(f, "m.nii.gz", NODULE[None], direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1)),
        {},
        "mask m.nii.gz: by its header it lies mirrored both ways against its image; "
        "set cohort.mask_flip to both, or export the mask on the grid of the image.",
    ),
    "axes swapped by the header": (
        lambda f: put_volume(f, "m.nii.gz", NODULE[None], direction=TURNED),
        {},
        "mask m.nii.gz: by its header it lies with rows and columns swapped against its image; "
        "transpose it before saving.",
    ),
    "turned": (
        lambda f: put_volume(
            f, "m.mha", NODULE[None], direction=(0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1)
        ),
        {},
        f"mask m.mha: by its header it lies turned against its image. {ON_GRID}",
    ),
    "empty": (
        lambda f: put(f, "m.png", NODULE * 0),
        {},
        "mask m.png: empty. Outline the nodule, or exclude the patient.",
    ),
    "another label": (
        lambda f: put_volume(f, "m.nii.gz", NODULE[None] * 3),
        {},
        "mask m.nii.gz: holds only label 3, expected 1; set cohort.mask_label.",
    ),
    "other labels": (
        lambda f: put(f, "m.png", NODULE * 3 + parts((10, 10)) * np.uint8(4)),
        {"mask_label": 2},
        "mask m.png: holds only label 4, 7, expected 2; set cohort.mask_label.",
    ),
    "two parts": (
        lambda f: put(f, "m.png", parts((10, 17), (11, 18))),
        {},
        "mask m.png: 2 separate parts, the largest of 40 and 2 pixels, expected one nodule. "
        "Correct it, or set cohort.mask_component to largest or all.",
    ),
    "probabilities": (
        lambda f: put_volume(f, "m.nii.gz", NODULE[None] * np.float32(0.7)),
        {},
        "mask m.nii.gz: holds values between labels, expected 0 and 1. Threshold it.",
    ),
    "not numbers, NIfTI": (  # for which ITK would put 0
        lambda f: put_volume(f, "m.nii.gz", np.where(NODULE, np.nan, 0).astype(np.float32)),
        {},
        "mask m.nii.gz: holds pixels that are not numbers. Export it again.",
    ),
    "not numbers": (
        lambda f: put_volume(f, "m.mha", np.where(NODULE, np.nan, 0).astype(np.float32)),
        {},
        "mask m.mha: holds values between labels, expected 0 and 1. Threshold it.",
    ),
    "a coloured picture": (
        lambda f: put(f, "m.png", NODULE[..., None] * np.array([255, 0, 0], np.uint8)),
        {},
        "mask m.png: a picture in colour; save the mask in black and white.",
    ),
    "several slices": (
        lambda f: put_volume(f, "m.nii.gz", np.stack([NODULE] * 4)),
        {},
        "mask m.nii.gz: 4 slices, but its image has 1. Save the one slice.",
    ),
    "a point": (
        lambda f: put(f, "m.png", parts() * 0 + parts((0, 0)) * (1 - NODULE)),
        {},
        "mask m.png: 1 pixels inside 1 x 1, too few to measure. "
        "Correct the outline, or exclude the patient.",
    ),
    "everything": (
        lambda f: put(f, "m.png", NODULE * 0 + np.uint8(1)),
        {},
        "mask m.png: covers the whole image. Outline the nodule.",
    ),
    "the background": (
        lambda f: put(f, "m.png", (1 - NODULE) * np.uint8(255)),
        {},
        "mask m.png: holds all four corners of the image: the background is outlined, not the "
        "nodule. Invert it.",
    ),
    "the background, and its largest part": (
        lambda f: put(f, "m.png", 1 - NODULE),
        {"component": "largest"},
        "mask m.png: holds all four corners of the image: the background is outlined, not the "
        "nodule. Invert it.",
    ),
    "labels 1 and 255": (
        lambda f: put_volume(f, "m.nii.gz", np.where(NODULE, 1, WIDE)[None]),
        {},
        f"mask m.nii.gz: holds 1 and 255: {LABELS_OR_WHITE}",
    ),
    "small labels and 255": (
        lambda f: put(f, "m.png", np.where(NODULE, 1 + np.arange(20) // 2, WIDE).astype(np.uint8)),
        {},
        f"mask m.png: holds 3, 4, 5, 6 and 255: {LABELS_OR_WHITE}",
    ),
    "two labels drawn in grey and white": (
        lambda f: put(f, "m.png", np.where(NODULE, 127, WIDE).astype(np.uint8)),
        {},
        f"mask m.png: holds 127 and 255: {LABELS_OR_WHITE}",
    ),
    "a turned picture": (
        lambda f: turned_picture(f, "m.png", 2),
        {},
        TURNS.format("mask m.png", 2),
    ),
    "truncated": (
        lambda f: cut(f, put_volume(f, "m.nii", NODULE[None]), 0.9),
        {},
        f"mask cut_m.nii: cannot be read as .nii: the file is cut short or damaged. {EXPORT}",
    ),
    "in the blanked border": (
        lambda f: put(f, "m.png", NODULE),
        {"border_px": (4, 0, 5, 0)},
        "mask m.png: 12 of its 40 pixels lie where cohort.border_px sets the image to black. "
        "Change that, or exclude the image.",
    ),
    "in the black of its image": (
        lambda f: put(f, "m.png", parts() * 0 + (np.arange(20) < 4) * np.ones((12, 1), np.uint8)),
        {},
        "mask m.png: every pixel of the image inside it is 0. Is it the mask of this image?",
    ),
}


@pytest.mark.parametrize("case", MASKS)
def test_bad_masks(tmp_path, case):
    write, options, message = MASKS[case]
    shown = GREY.copy()
    shown[:, :4] = 0
    put_volume(tmp_path, "a.nii.gz", shown[None])
    files = {"image": ["a.nii.gz"], "mask": [write(tmp_path)]}
    with pytest.raises(pixels.ImageError) as error:
        reading.Folder(tmp_path, pd.DataFrame(files), **options)[0]
    assert error.value.problems == [message]


def test_a_mask_beside_the_scan(tmp_path):
    frame = np.zeros((200, 300), np.uint8)
    frame[20:170, 60:260] = np.random.default_rng(0).integers(30, 200, (150, 200))
    frame[5, 5] = 200
    mask = np.zeros_like(frame)
    mask[60:80, 30:90] = 1
    files = {"image": [put(tmp_path, "a.png", frame)], "mask": [put(tmp_path, "m.png", mask)]}
    message = (
        r"mask m\.png: \d+ of its 1200 pixels lie where cohort\.border_px or blank_outside_scan "
        r"sets the image to black\. Change that, or exclude the image\."
    )
    with pytest.raises(pixels.ImageError, match=f"^{message}$"):
        reading.Folder(tmp_path, pd.DataFrame(files), blank_outside_scan=True)[0]
