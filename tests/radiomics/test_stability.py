"""Stability of features against small changes of outline and grey values."""

import pickle
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import pywt
from scipy import ndimage

from tests.radiomics.test_extractor import frame
from thyro.imaging import reading
from thyro.radiomics import cohort_extraction, extractor, stability
from thyro.radiomics.stability import Perturbed
from thyro.statistics import agreement

DDTI = "../shared/data/ddti"


def read(patient):
    return (*frame(int(patient)), (0.1, 0.07))


def read_second(patient):
    image, mask = frame(int(patient))
    return image, np.roll(mask, 3, axis=0), (0.1, 0.07)


def disc(shape=(64, 64), radius=14.0):
    rows, columns = np.indices(shape)
    return (rows - 30) ** 2 + (columns - 33) ** 2 <= radius**2


def of(mask, version, *, image=None, seed=0):
    """Mask of a version of a patient whose mask is given."""
    image = np.full(mask.shape, 100.0) if image is None else image
    return Perturbed(lambda patient: (image, mask, 0.1), seed)(f"P1@{version}")[1]


# --- who is measured ---------------------------------------------------------------------------


def test_sample_is_drawn_by_seed_and_not_by_order():
    patients = [f"P{i:03}" for i in range(100)]
    drawn = stability.stability_sample(patients, 30, 7)
    assert len(set(drawn)) == 30 and set(drawn) <= set(patients)
    assert drawn == sorted(drawn)  # the order given
    assert set(stability.stability_sample(patients[::-1], 30, 7)) == set(drawn)
    assert set(stability.stability_sample(patients, 30, 8)) != set(drawn)
    assert set(drawn) != set(patients[:30])


def test_sample_of_few_is_all_of_them():
    assert stability.stability_sample(["b", "a"], 30, 1) == ["b", "a"]
    assert stability.stability_sample([], 30, 1) == []
    with pytest.raises(ValueError, match="at least one patient, got 0"):
        stability.stability_sample(["a"], 0, 1)


# --- versions of an image and its mask ---------------------------------------------------------


def test_unchanged_is_what_was_read():
    image, mask, spacing_mm = Perturbed(read)("3@unchanged")
    np.testing.assert_array_equal(image, read("3")[0])
    np.testing.assert_array_equal(mask, read("3")[1])
    assert spacing_mm == (0.1, 0.07)


def test_versions_of_the_mask_leave_the_image_and_differ_from_the_mask():
    image, mask, _ = read("0")
    for version in stability.KINDS["mask"]:
        got_image, got_mask, _ = Perturbed(read)(f"0@{version}")
        np.testing.assert_array_equal(got_image, image)
        assert got_mask.dtype == bool and got_mask.shape == mask.shape
        assert (got_mask != mask).any()


def test_erosion_and_dilation_move_the_outline_by_one_pixel():
    square = np.zeros((12, 12), bool)
    square[3:9, 4:8] = True
    assert of(square, "eroded").sum() == 4 * 2
    assert of(square, "dilated").sum() == square.sum() + 2 * (6 + 4)


def test_the_border_of_the_frame_is_no_outline():
    mask = np.zeros((12, 12), bool)
    mask[:5] = True
    eroded = of(mask, "eroded")
    assert eroded[:4].all() and not eroded[4:].any()
    full = np.ones((12, 12), bool)
    for version in ("eroded", "dilated", "deformed"):
        assert of(full, version).all()


def test_a_shift_is_one_or_two_pixels_long_in_any_direction():
    mask, seen = disc(), set()
    for seed in range(60):
        moved = of(mask, "shifted", seed=seed)
        middles = [np.array(ndimage.center_of_mass(m)) for m in (moved, mask)]
        step = tuple(np.rint(middles[0] - middles[1]).astype(int).tolist())
        np.testing.assert_array_equal(moved, np.roll(mask, step, axis=(0, 1)))
        seen.add(step)
    lengths = [np.hypot(*step) for step in seen]
    assert min(lengths) == 1 and max(lengths) <= np.hypot(2, 1)
    assert {(np.sign(r), np.sign(c)) for r, c in seen} >= {(1, 1), (1, -1), (-1, 1), (-1, -1)}


def test_a_mask_shifted_out_of_the_frame_does_not_come_back_on_the_other_side():
    mask = np.zeros((20, 20), bool)
    mask[-2:, 5:15] = True
    for seed in range(20):
        assert not of(mask, "shifted", seed=seed)[:10].any()


def test_a_deformed_outline_stays_near_and_in_one_part():
    mask = disc()
    away = np.abs(
        ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    )  # 1 beside the outline
    moved = []
    for seed in range(40):
        deformed = of(mask, "deformed", seed=seed)
        assert ndimage.label(deformed)[1] == 1
        changed = deformed != mask
        assert away[changed].max() <= stability.MARGIN_PX
        moved.append(changed.sum() / (2 * np.pi * 14))
        assert ndimage.binary_fill_holes(deformed).sum() == deformed.sum()
    # The mean of |displacement| is sqrt(2 / pi) = 0.80 SD, and the SD is one pixel.
    assert np.mean(moved) == pytest.approx(0.8, abs=0.15)


def test_a_deformation_neither_grows_nor_shrinks_on_average():
    areas = [of(disc(), "deformed", seed=seed).sum() for seed in range(60)]
    assert np.mean(areas) == pytest.approx(disc().sum(), rel=0.02)


def test_noise_is_multiplicative_and_of_the_stated_strength():
    half = np.concatenate([np.full((100, 400), 50.0), np.full((100, 400), 200.0)])
    mask = np.zeros(half.shape, bool)
    mask[10:20, 10:20] = True
    both = [
        Perturbed(lambda patient: (half, mask, 0.1))(f"P1@{version}")
        for version in stability.KINDS["noise"]
    ]
    for image, same, _ in both:
        np.testing.assert_array_equal(same, mask)
        assert image.mean() == pytest.approx(125, abs=0.1)
        for rows, grey in ((slice(100), 50), (slice(100, None), 200)):
            whole_levels = 1 / 12  # variance of rounding
            expected = np.sqrt((stability.NOISE * grey) ** 2 + whole_levels)
            assert image[rows].std() == pytest.approx(expected, rel=0.02)
    assert (both[0][0] != both[1][0]).mean() > 0.5


def test_noise_stays_in_whole_grey_levels():
    white = np.full((50, 50), 254.6)
    image = Perturbed(lambda patient: (white, white > 0, 0.1))("P1@noisy-1")[0]
    assert image.max() == 255 and image.min() >= 0
    np.testing.assert_array_equal(image, np.rint(image))


def test_noise_is_that_of_real_frames():
    """The wavelet estimate of the noise in public nodules, which `NOISE` states."""
    if not Path(DDTI).is_dir():
        pytest.skip(f"{DDTI}: the public images are not beside the project")
    labels = pd.read_csv(f"{DDTI}/labels.csv").iloc[::10]
    shares = []
    for image_file, mask_file in zip(labels["image"], labels["mask"], strict=True):
        image, _ = reading.read_image(f"{DDTI}/{image_file}")
        mask = reading.read_mask(f"{DDTI}/{mask_file}", image)
        box = ndimage.find_objects(mask.astype(int))[0]
        even = tuple(slice(s.start, s.stop - (s.stop - s.start) % 2) for s in box)
        diagonal = pywt.swt2(image[even], "coif1", 1)[0][1][2]
        sigma = np.median(np.abs(diagonal[mask[even]])) / 0.6745
        shares.append(sigma / image[even][mask[even]].mean())
    assert np.median(shares) == pytest.approx(stability.NOISE, abs=0.008)


def test_the_second_reader_gives_the_mask_and_the_first_the_image():
    image, mask, _ = Perturbed(read, second=read_second)("1@second")
    np.testing.assert_array_equal(image, read("1")[0])
    np.testing.assert_array_equal(mask, read_second("1")[1])


def test_a_version_depends_on_seed_patient_and_kind_and_on_nothing_else():
    again = pickle.loads(pickle.dumps(Perturbed(read, 5)))
    for version in ("shifted", "deformed", "noisy-1"):
        for got, want in zip(
            again(f"2@{version}"), Perturbed(read, 5)(f"2@{version}"), strict=True
        ):
            np.testing.assert_array_equal(got, want)
    image = Perturbed(read, 5)("2@noisy-1")[0]
    assert (Perturbed(read, 6)("2@noisy-1")[0] != image).any()
    one, other = (of(disc(), "deformed", seed=seed) for seed in (1, 2))
    assert (one != other).any()
    # A value of its own: another process, where Python's hash differs, must draw the same.
    moved = ndimage.center_of_mass(of(disc(), "shifted", seed=3))
    assert np.rint(np.subtract(moved, (30, 33))).tolist() == [0, -2]


def test_ids_may_hold_the_separator():
    seen = []

    def remember(patient):
        seen.append(patient)
        return np.zeros((4, 4)), np.ones((4, 4), bool), 1.0

    Perturbed(remember)("a@b@eroded")
    assert seen == ["a@b"]


@pytest.mark.parametrize("key", ["P1", "P1@", "P1@swollen"])
def test_an_unknown_version_is_named(key):
    with pytest.raises(ValueError, match=f"one of unchanged, eroded, .*got {key!r}"):
        Perturbed(lambda patient: (np.zeros((4, 4)), np.ones((4, 4), bool), 1.0))(key)


@pytest.mark.parametrize("version", [*stability.KINDS["mask"], *stability.KINDS["noise"]])
def test_no_mask_makes_a_version_crash(version):
    line = np.zeros((9, 9), bool)
    line[4] = True
    dot = np.zeros((9, 9), bool)
    dot[0, 8] = True
    for mask in (line, dot, np.zeros((9, 9), bool), np.ones((9, 9), bool), np.eye(2, dtype=bool)):
        assert of(mask, version).shape == mask.shape


# --- what is measured --------------------------------------------------------------------------


def test_extract_asks_for_every_version_once(monkeypatch):
    asked = {}

    def cohort(patients, read, **how):
        asked.update(patients=list(patients), read=read, how=how)
        return "measured"

    monkeypatch.setattr(cohort_extraction, "extract_cohort", cohort)
    got = stability.extract_perturbed(
        ["1", "2"], read, seed=4, second=read_second, twice=["2", "9"], workers=2
    )
    assert got == "measured"
    versions = ["unchanged", *stability.KINDS["mask"], *stability.KINDS["noise"]]
    assert asked["patients"] == [f"{p}@{v}" for p in "12" for v in versions] + [
        "2@second",
        "9@unchanged",
        "9@second",
    ]
    assert asked["read"] == Perturbed(read, 4, read_second) and asked["how"] == {"workers": 2}


def test_two_readers_need_a_reader_of_the_second_mask():
    with pytest.raises(ValueError, match="second masks of 1 patients, got None"):
        stability.extract_perturbed(["1"], read, twice=["1"])


def measured(n=12, *, second=0, seed=0):
    """Features of invented versions: one that never changes, one that changes a little, one
    that is chance, one that is constant."""
    rng = np.random.default_rng(seed)
    rows = {}
    for i in range(n):
        level = rng.normal()
        versions = ["unchanged", *stability.KINDS["mask"], *stability.KINDS["noise"]]
        for version in versions + ["second"] * (i < second):
            off = rng.normal(size=2)
            rows[f"P{i}@{version}"] = [level, level + 0.3 * off[0], off[1], 0.1]
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["fixed", "near", "chance", "constant"]
    )


def ratings(features, feature, versions, patients):
    return np.array(
        [[features.at[f"P{i}@{version}", feature] for version in versions] for i in patients]
    )


def test_table_is_the_icc_of_every_feature_and_kind():
    features = measured(second=8)
    table = stability.stability_table(features)
    assert table.index.tolist() == list(features.columns) and table.index.name == "feature"
    assert list(table) == [
        *("icc_mask", "icc_noise", "icc_reader"),
        *("icc", "stable", "n_patients"),
    ]
    for kind, versions in stability.KINDS.items():
        patients = range(8 if kind == "reader" else 12)
        for feature in ("fixed", "near", "chance"):
            values = ratings(features, feature, ("unchanged", *versions), patients)
            assert table.at[feature, f"icc_{kind}"] == pytest.approx(agreement.icc(values))
    assert table.loc["fixed", ["icc_mask", "icc_noise", "icc_reader"]].tolist() == [1, 1, 1]
    smallest = table[["icc_mask", "icc_noise", "icc_reader"]].min(axis=1)
    pd.testing.assert_series_equal(table["icc"], smallest, check_names=False)
    assert table["stable"].tolist() == [True, True, False, False]
    assert table["n_patients"].eq(8).all()
    assert np.isnan(table.at["constant", "icc"])


def test_without_second_readers_there_is_no_column_of_them():
    assert "icc_reader" not in stability.stability_table(measured())


def test_table_does_not_depend_on_the_order_of_rows():
    features = measured(second=8)
    shuffled = features.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(
        stability.stability_table(shuffled), stability.stability_table(features)
    )


def test_a_failed_version_leaves_its_patient_out_of_its_kind_only():
    features = measured()
    features.loc["P3@eroded"] = np.nan
    table = stability.stability_table(features)
    rest = [i for i in range(12) if i != 3]
    for kind, patients in (("mask", rest), ("noise", range(12))):
        versions = ("unchanged", *stability.KINDS[kind])
        want = agreement.icc(ratings(features, "near", versions, patients))
        assert table.at["near", f"icc_{kind}"] == pytest.approx(want)
    assert table["n_patients"].eq(11).all()


def test_a_missing_value_leaves_its_patient_out_of_one_feature():
    features = measured()
    features.loc["P5@noisy-2", "near"] = np.nan
    table = stability.stability_table(features)
    assert table["n_patients"].tolist() == [12, 11, 12, 12]
    whole = stability.stability_table(measured())
    pd.testing.assert_frame_equal(table.drop(index="near"), whole.drop(index="near"))


def test_fewer_than_five_patients_have_no_icc():
    table = stability.stability_table(measured(4))
    assert table[["icc_mask", "icc_noise", "icc"]].isna().all(axis=None)
    assert not table["stable"].any() and table["n_patients"].eq(4).all()
    assert stability.stability_table(measured(5))["icc"].notna().any()


def test_few_second_readers_do_not_spoil_the_rest():
    table = stability.stability_table(measured(second=4))
    assert table["icc_reader"].isna().all()
    assert table["stable"].tolist() == [True, True, False, False]


def test_a_table_of_something_else_is_refused():
    with pytest.raises(ValueError, match=r"rows such as 'P0001@eroded'.*'P0'"):
        stability.stability_table(pd.DataFrame({"f": [1.0, 2.0]}, index=["P0", "P1"]))


def test_a_whole_table_takes_less_than_a_second():
    versions = ["unchanged", *stability.KINDS["mask"], *stability.KINDS["noise"], "second"]
    keys = [f"P{i}@{version}" for i in range(30) for version in versions]
    features = pd.DataFrame(np.random.default_rng(0).normal(size=(len(keys), 1561)), index=keys)
    features.iloc[100, ::3] = np.nan
    started = time.process_time()
    stability.stability_table(features)
    assert time.process_time() - started < 1


# --- with pyradiomics --------------------------------------------------------------------------


def test_features_of_pyradiomics_by_version():
    """Shape does not know noise; what erosion changes is not perfect."""
    keys = [
        f"{i}@{v}"
        for i in range(5)
        for v in ("unchanged", *stability.KINDS["mask"], *stability.KINDS["noise"])
    ]
    reader = Perturbed(varied)
    features = pd.DataFrame({key: extractor.extract(*reader(key)) for key in keys}).T
    table = stability.stability_table(features)
    assert len(table) == 1561 and table["n_patients"].max() == 5
    shape = table.index.str.contains("_shape_") & ~table.index.str.contains("Flat|LeastAxis")
    assert table.loc[shape, "icc_noise"].eq(1).all()
    assert table.loc[shape, "icc_mask"].lt(1).all()
    assert 0.75 < table.at["original_shape_MeshVolume", "icc_mask"] < 1
    assert table.at["original_firstorder_Mean", "icc_noise"] > 0.99
    assert table.at["original_firstorder_Minimum", "icc_mask"] < 1


def varied(patient):
    """Nodules that differ in size and grey."""
    i = int(patient)
    image, _ = frame(i, shape=(40, 44))
    rows, columns = np.indices(image.shape)
    mask = ((rows - 20) / (6 + i)) ** 2 + ((columns - 22) / (8 + 2 * i)) ** 2 <= 1
    return np.rint(image * (0.6 + 0.1 * i)), mask, 0.1


def small_or_varied(patient):
    """Patient 9 has a nodule of 30 pixels, of which erosion leaves 12."""
    image, mask, spacing_mm = varied(patient if patient != "9" else "4")
    if patient == "9":
        mask = np.zeros(mask.shape, bool)
        mask[15:20, 15:21] = True
    return image, mask, spacing_mm


def shrunk(patient):
    image, mask, spacing_mm = varied(patient)
    return image, ndimage.binary_erosion(mask), spacing_mm


def test_a_cohort_is_measured_and_one_nodule_too_small_is_named():
    patients = [*"01234", "9"]
    found = stability.extract_perturbed(
        patients, small_or_varied, seed=1, second=shrunk, twice=[*"01234"], workers=2
    )
    assert len(found.features) == 6 * 7 + 5
    assert found.failures["patient_id"].tolist() == ["9@eroded"]
    assert "at least 16 pixels" in found.failures["reason"][0]
    table = stability.stability_table(found.features)
    assert table["n_patients"].max() == 5
    mean = table.loc["original_firstorder_Mean"]
    assert 0.75 < mean["icc_reader"] < 1 and mean["stable"]
    # Erosion is the second reader here: one version of five against one of two.
    eroded = found.features.loc[[f"{i}@eroded" for i in range(5)]].to_numpy()
    second = found.features.loc[[f"{i}@second" for i in range(5)]].to_numpy()
    np.testing.assert_array_equal(eroded, second)


def test_a_nodule_that_erosion_consumes_is_missing_and_not_perfect():
    mask = np.zeros((20, 20), bool)
    mask[5:9, 5:10] = True  # 20 pixels, of which erosion leaves 6
    image = np.random.default_rng(0).integers(0, 255, mask.shape).astype(float)
    version = Perturbed(lambda patient: (image, mask, 0.1))("P1@eroded")
    with pytest.raises(ValueError, match="at least 16 pixels .* got 6 pixels"):
        extractor.extract(*version)


# --- two readers -------------------------------------------------------------------------------


def test_dice_by_hand():
    first = np.array([[1, 1, 0], [1, 1, 0]], bool)
    second = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert stability.dice(first, second) == pytest.approx(2 * 2 / (4 + 3))
    assert stability.dice(first, first) == 1 and stability.dice(first, ~first) == 0
    assert stability.dice(second, first) == stability.dice(first, second)
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(3, 2\)"):
        stability.dice(first, second.T)
    with pytest.raises(ValueError, match="0 pixels in both"):
        stability.dice(first & False, first & False)


def test_dice_of_readers_by_patient():
    dice = stability.reader_dice(["1", "2"], read, read_second)
    assert dice.index.tolist() == ["1", "2"] and dice.index.name == "patient_id"
    assert dice["1"] == stability.dice(read("1")[1], read_second("1")[1])
    assert 0.5 < dice["1"] < 1
    with pytest.raises(ValueError, match="patient 1: second: expected a mask"):
        stability.reader_dice(["1"], read, lambda patient: (None, np.zeros((2, 2)), 1))
