"""An image that is new: read, put on the study's pixels, measured; or refused with the remedy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from thyro import radiomics
from thyro.cohort import example
from thyro.frozen import measuring
from thyro.frozen.archive import FrozenError


@pytest.fixture(scope="module")
def case():
    """A frame with speckle and a nodule, and its mask."""
    rng = np.random.default_rng(3)
    image = (60 + 25 * rng.rayleigh(1, (120, 150))).clip(0, 255)
    rows, columns = np.mgrid[:120, :150]
    mask = ((rows - 60) / 22) ** 2 + ((columns - 75) / 30) ** 2 <= 1
    image[mask] *= 0.6
    return image.astype(np.uint8), mask


def write(folder, case, spacing):
    """As a DICOM and a label map; without a pixel size as PNG."""
    image, mask = case
    if spacing is None:
        Image.fromarray(image).save(folder / "a.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "m.png")
        return folder / "a.png", folder / "m.png"
    example._write_dicom(folder / "a.dcm", image, spacing, 1)
    example._write_mask(folder / "m.nii.gz", mask, spacing)
    return folder / "a.dcm", folder / "m.nii.gz"


def test_a_dicom_is_measured_as_the_study_would_on_its_pixels(plain, case, tmp_path):
    seen = measuring.read_case(plain, *write(tmp_path, case, (0.11, 0.11)))
    np.testing.assert_array_equal(seen.image, case[0])
    assert seen.spacing_mm == pytest.approx((0.11, 0.11))
    found = measuring.features_of(plain, {"next": seen})
    told = plain.about["measuring"]["parts"][0]
    read = {"next": (case[0].astype(float), case[1], seen.spacing_mm)}
    whole = radiomics.extract_cohort(
        ["next"],
        read.__getitem__,
        settings=told["settings"],
        feature_set=radiomics.PLANAR,
        grid=radiomics.CommonGrid(told["pixel_mm"], frozenset(["next"])),
    ).features
    wanted = plain.signature.features
    assert len(found.columns) == len(wanted) < len(whole.columns) / 10  # and nothing else
    pd.testing.assert_frame_equal(found[wanted], whole[wanted], check_exact=True)
    finer = measuring.read_case(plain, *write(tmp_path, case, (0.06, 0.06)))
    other = measuring.features_of(plain, {"next": finer})
    assert not np.allclose(found[wanted], other[wanted])


def test_without_a_pixel_size_it_is_asked_for(plain, case, tmp_path):
    files = write(tmp_path, case, None)
    with pytest.raises(FrozenError, match=r"a.png: tells no size of its pixels.*--spacing-mm"):
        measuring.read_case(plain, *files)
    assert measuring.read_case(plain, *files, spacing_mm=0.2).spacing_mm == (0.2, 0.2)
    unknown = replace(plain, about=plain.about | {"spacing_known": False})
    assert measuring.read_case(unknown, *files).spacing_mm is None


def test_files_that_are_not_there_or_do_not_fit_are_named(plain, case, tmp_path):
    image, mask = write(tmp_path, case, None)
    with pytest.raises(FrozenError, match="--mask .*absent.png: no such file"):
        measuring.read_case(plain, image, tmp_path / "absent.png")
    Image.fromarray(np.full((10, 10), 255, np.uint8)).save(mask)
    with pytest.raises(FrozenError, match="m.png"):
        measuring.read_case(plain, image, mask, spacing_mm=0.1)


def test_a_nodule_that_cannot_be_measured_says_whose(plain, case):
    seen = measuring.enhanced(plain, case[0], case[1] & (np.arange(150) < 46), (0.01, 0.01))
    with pytest.raises(FrozenError, match="^next: mask: "):
        measuring.features_of(plain, {"next": seen})


def test_the_picture_is_of_the_nodule_and_what_is_around(case):
    rows, columns = measuring.crop_box(case[1])
    assert case[1][rows, columns].sum() == case[1].sum()
    assert rows.start >= 0 and columns.stop - columns.start < 150
