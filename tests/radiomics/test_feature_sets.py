"""The two sets of features: how many, how called, which of them say nothing on one slice."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from thyro.radiomics import extractor, feature_sets
from thyro.radiomics.feature_sets import PAPER, PLANAR

WHAT = ["image_type", "feature_class", "feature"]


def test_the_set_of_the_paper_has_its_1561_features():
    # Li et al. (2024): 17 image types of 18 first-order and 73 texture features, 14 of shape.
    described = PAPER.describe()
    counts = described.groupby("feature_class").size()
    assert len(PAPER.names) == 1561 == 17 * (18 + 73) + 14
    assert described["image_type"].nunique() == 17
    assert counts["shape"] == 14 and counts["firstorder"] == 17 * 18
    assert counts.drop(["shape", "firstorder"]).sum() == 17 * 73


def test_the_planar_set_has_thirteen_image_types_and_nine_shapes():
    described = PLANAR.describe()
    assert len(PLANAR.names) == 13 * 91 + 9
    assert described["image_type"].nunique() == 13
    assert described["feature_class"].eq("shape2D").sum() == 9
    assert not PLANAR.degenerate()


@pytest.mark.parametrize("chosen", [PAPER, PLANAR], ids=lambda chosen: chosen.name)
def test_a_name_is_image_type_class_and_feature(chosen):
    described = chosen.describe()
    assert described["name"].is_unique and tuple(described["name"]) == chosen.names
    assert tuple(described[WHAT].agg("_".join, axis=1)) == chosen.names
    # Every image type has the same features, but for shape, which the original alone has.
    texture = described[~described["feature_class"].str.startswith("shape")]
    assert texture.groupby("image_type").size().eq(91).all()
    assert set(described["image_type"]) == set(texture["image_type"])


def test_what_says_nothing_on_one_slice_is_named():
    degenerate = PAPER.degenerate()
    assert len(degenerate) == 4 * 91 + 2
    assert set(PAPER.flat) < set(degenerate) < set(PAPER.names)
    types = {name.split("_")[0] for name in set(degenerate) - set(PAPER.flat)}
    assert types == set(PAPER.noise_types)


def test_sets_are_found_by_name_and_survive_the_way_to_a_worker():
    assert feature_sets.FEATURE_SETS == {"paper": PAPER, "planar": PLANAR}
    for chosen in (PAPER, PLANAR):
        again = pickle.loads(pickle.dumps(chosen))
        assert again == chosen and again.names == chosen.names


def test_settings_that_would_change_a_name_are_not_among_those_allowed():
    assert not {"force2D", "label", "lbp3DLevels", "wavelet_levels"} & set(feature_sets.SETTINGS)
    assert set(feature_sets.PREPARATION) < set(feature_sets.SETTINGS)


def test_names_are_read_when_they_are_asked_for():
    code = (
        "import sys; opened = []; "
        "sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == 'open' else None); "
        "import thyro.radiomics as r; "
        "read = lambda: [f for f in opened if f.endswith('.json') and 'thyro' in f]; "
        "assert not read(), read(); r.PAPER.names, r.PLANAR.names; assert len(read()) == 1, read()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def texture(side, seed=1):
    """Speckle of one kind on a square nodule of `side` pixels."""
    rng = np.random.default_rng(seed)
    image = np.clip(gaussian_filter(rng.normal(size=(side + 40,) * 2), 1) * 90 + 120, 0, 255)
    mask = np.zeros(image.shape, bool)
    mask[20:-20, 20:-20] = True
    return image.round(), mask


@pytest.mark.parametrize("chosen", [PAPER, PLANAR], ids=lambda chosen: chosen.name)
def test_features_of_size_are_those_that_change_with_the_area_alone(chosen):
    """One texture on areas of one and four: what is named doubles or halves, the rest stays."""
    small, large = (
        extractor.extract(*texture(side), 0.1, {"binWidth": 10}, feature_set=chosen)
        for side in (60, 120)
    )
    known = small.index.str.startswith("original_") & small.abs().gt(1e-9)
    change = np.log2((large / small)[known].abs()).abs()
    named = change.index.isin(chosen.of_size())
    # The faces of a slab of 1 mm keep these two from doubling; a shade is a skewness about zero.
    slab = change.index.str.endswith(("shape_SurfaceVolumeRatio", "shape_Sphericity"))
    assert change[named & ~slab].min() > 0.9
    assert change[~named].drop("original_glcm_ClusterShade").max() < 0.7
    assert 0.15 < change[named].min()


@pytest.mark.parametrize("whole", [PAPER, PLANAR], ids=lambda chosen: chosen.name)
def test_a_part_of_a_set_keeps_names_and_order(whole):
    part = feature_sets.part_of(
        whole, image_types=["Original", "LBP", "SquareRoot"], classes=["shape", "glcm"]
    )
    assert list(part.names) == [name for name in whole.names if name in set(part.names)]
    described = part.describe()
    assert {one.removesuffix("2D") for one in described["feature_class"]} == {"shape", "glcm"}
    types = {name.split("-")[0] for name in part.image_types}
    assert types == {"original", "lbp", "squareroot"}
    assert {name[:3] for name in part.filters} == {"Ori", "LBP", "Squ"} and len(part.filters) == 3
    assert set(part.degenerate()) == set(whole.degenerate()) & set(part.names)
    assert pickle.loads(pickle.dumps(part)).names == part.names


def test_only_some_features_keep_names_and_order_and_the_filters_they_need():
    names = ["wavelet-HL_gldm_SmallDependenceEmphasis", "original_shape2D_Perimeter"]
    part = feature_sets.only(PLANAR, names)
    assert list(part.names) == names[::-1] and list(part.filters) == ["Original", "Wavelet"]
    assert part.image_types == ("original", "wavelet-HL")
    assert list(feature_sets.only(PAPER, ["lbp-3D-k_firstorder_Mean"]).filters) == ["LBP3D"]
    assert pickle.loads(pickle.dumps(part)).names == part.names
    with pytest.raises(ValueError, match="names: 'wavelet-HL_x' is no feature of the set planar"):
        feature_sets.only(PLANAR, ["wavelet-HL_x"])


def test_where_all_is_wanted_it_is_the_set_itself():
    assert feature_sets.part_of(PAPER) is PAPER
    every = feature_sets.part_of(PLANAR, classes=["shape", "firstorder", "glcm", "glrlm", "glszm"])
    assert "glszm" in set(every.describe()["feature_class"]) and len(every.names) < 1192
    names = [name if not name.startswith("LBP") else "LBP" for name in PLANAR.filters]
    assert feature_sets.part_of(PLANAR, image_types=names).names == PLANAR.names
