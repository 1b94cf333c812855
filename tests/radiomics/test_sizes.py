"""How large nodules are."""

import numpy as np
import pytest

from tests.radiomics.test_extractor import frame
from thyro.radiomics import extractor, sizes


def read(patient):
    image, mask = frame(seed=int(patient[1:]))
    return image, mask, {"P1": (0.1, 0.07), "P2": (1.0, 1.0)}[patient]


def test_the_diameter_is_that_of_the_paper_and_the_area_that_of_the_pixels():
    table = sizes.nodule_sizes(["P1", "P2"], read)
    for patient in table.index:
        features = extractor.extract(*read(patient))
        want = features["original_shape_Maximum2DDiameterSlice"]
        assert table.at[patient, "diameter"] == pytest.approx(want, rel=1e-12)
        assert table.at[patient, "area"] == pytest.approx(features["original_shape_VoxelVolume"])
    assert table.index.name == "patient_id"


def test_a_nodule_too_small_to_be_measured_has_a_size():
    mask = np.zeros((20, 30), bool)
    mask[4, 5:8] = True
    table = sizes.nodule_sizes(["P1"], lambda _: (mask, mask, (0.5, 0.5)))
    assert table.loc["P1"].tolist() == pytest.approx([1.5, 0.75], abs=0.51)
    with pytest.raises(ValueError, match="patient P1: the mask has no pixel"):
        sizes.nodule_sizes(["P1"], lambda _: (mask, mask & False, (0.5, 0.5)))
