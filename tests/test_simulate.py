"""The simulated cohort: Table 1, the stated truth, and frames asked for in any order."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2_contingency, chisquare

from thyro import simulate
from thyro.simulate import simulate_cohort

# Li et al. 2024, Table 1, column ALL, n of 544.
TABLE_1 = {
    "gender": {"Female": 420, "Male": 124},
    "bilaterality": {"No": 443, "Yes": 101},
    "multifocality": {"No": 408, "Yes": 136},
    "location": {"Full": 6, "Upper": 123, "Middle": 270, "Lower": 114, "Isthmus": 31},
    "ht": {"No": 409, "Yes": 135},
    "composition": {"Cystic and solid": 13, "Solid": 531},
    "calcification": {
        "No": 228,
        "Stubby": 58,
        "Peripheral": 6,
        "Micro": 222,
        "Stubby and micro": 27,
        "Peripheral and micro": 3,
    },
    "margin": {
        "Smooth or ill defined": 319,
        "Irregular or lobulated": 158,
        "Extrathyroidal extension": 67,
    },
    "echo": {"Hyper- or Isoechoic": 42, "Hypoechoic": 249, "Very hypoechoic": 253},
    "shape": {"No taller-than-wide": 297, "Taller-than-wide": 247},
    "surgical_method": {
        "Unilateral leaf + isthmus + CDN": 208,
        "TT + CND": 256,
        "TT + CND + LND": 80,
    },
    "lnm_location": {"No": 379, "Central": 114, "Central + Lateral": 51},
}
SMALL = (128, 160)


@pytest.fixture(scope="module")
def large():
    return simulate_cohort(20_000, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def null():
    return simulate_cohort(20_000, rng=np.random.default_rng(2), effect=0)


def test_columns_and_dtypes():
    table = simulate_cohort(30, rng=np.random.default_rng(0)).table
    assert table["patient_id"].tolist()[:2] == ["S0001", "S0002"] and table["patient_id"].is_unique
    assert set(table["y"]) | set(table["radiologist"]) == {0, 1}
    described = {v["name"]: v for v in simulate.variables()}
    assert set(table) - set(described) == {"patient_id", "y", "radiologist", "spacing_mm"}
    for name, variable in described.items():
        if variable["kind"] == "continuous":
            assert table[name].dtype == np.float64
        else:
            assert list(table[name].cat.categories) == variable["levels"]
    after_surgery = [name for name, v in described.items() if not v["preoperative"]]
    assert after_surgery == ["surgical_method", "lnm_location"]
    assert (
        "radiologist"
        not in simulate_cohort(5, rng=np.random.default_rng(0), radiologist=False).table
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", TABLE_1)
def test_margins_are_those_of_table_1(name, seed):
    table = simulate_cohort(544, rng=np.random.default_rng(seed)).table
    assert set(table[name].cat.categories) == set(TABLE_1[name])
    found = table[name].value_counts().reindex(list(TABLE_1[name]))
    # 36 comparisons: the smallest p of 36 under the null is below 0.001 once in 28 suites.
    assert chisquare(found, list(TABLE_1[name].values())).pvalue > 0.001


def test_margins_are_drawn_and_not_filled_up():
    counts = [
        (simulate_cohort(544, rng=np.random.default_rng(seed)).table["gender"] == "Male").sum()
        for seed in range(5)
    ]
    assert len(set(counts)) > 1


@pytest.mark.parametrize("name, mean, sd", [("age", 43.03, 11.33), ("diameter", 12.22, 8.56)])
def test_continuous_variables_have_the_printed_mean_and_sd(large, name, mean, sd):
    assert large.table[name].mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(20_000))
    assert large.table[name].std() == pytest.approx(sd, abs=0.2)


def test_diameter_is_right_skewed_within_its_range(large):
    assert large.table["diameter"].between(3, 45).all()
    assert large.table["diameter"].skew() > 1


def test_copula_gives_the_stated_directions(large):
    table = large.table
    together = pd.crosstab(table["bilaterality"], table["multifocality"], normalize="index")
    assert together.loc["Yes", "Yes"] > 2 * together.loc["No", "Yes"]
    assert table.groupby("margin", observed=True)["diameter"].mean().is_monotonic_increasing


def test_prevalence(large):
    assert large.truth["risk"].mean() == pytest.approx(162 / 544, abs=1e-9)
    assert large.table["y"].mean() == pytest.approx(162 / 544, abs=0.013)


def test_logistic_regression_recovers_the_stated_truth(large):
    terms = simulate.risk_terms(large.table, large.truth["image_latent"])
    fit = sm.Logit(large.table["y"], sm.add_constant(terms)).fit(disp=0)
    truth = large.truth.attrs["coefficients"]
    z = (fit.params.to_numpy() - list(truth.values())) / fit.bse.to_numpy()
    assert list(truth) == ["intercept", *terms.columns]
    assert np.abs(z).max() < 3.5


def test_no_other_variable_matters_given_the_truth(large):
    table = large.table
    offset = large.truth["linear_predictor"]
    others = pd.get_dummies(table[["gender", "location", "ht", "calcification", "echo", "shape"]])
    others = sm.add_constant(others.astype(float).loc[:, lambda d: ~d.columns.str.endswith("_No")])
    others = others.drop(columns=["gender_Female", "location_Middle", "echo_Hypoechoic"])
    others = others.drop(columns="shape_No taller-than-wide")
    fit = sm.GLM(table["y"], others, family=sm.families.Binomial(), offset=offset).fit()
    assert np.abs(fit.params / fit.bse).max() < 3.5


def test_effect_zero_leaves_nothing_to_predict_with(null):
    table = null.table
    assert null.truth["risk"].to_numpy() == pytest.approx(162 / 544)
    terms = simulate.risk_terms(table, null.truth["image_latent"])
    fit = sm.Logit(table["y"], sm.add_constant(terms)).fit(disp=0)
    assert fit.llr_pvalue > 0.001
    for name in ["radiologist", "acr_tirads", "echo", "calcification", "shape", "location"]:
        assert chi2_contingency(pd.crosstab(table[name], table["y"])).pvalue > 0.001


def test_radiologist_has_the_accuracy_of_table_2(large):
    y, reading = large.table["y"], large.table["radiologist"]
    assert reading[y == 1].mean() == pytest.approx(121 / 173, abs=0.025)
    assert 1 - reading[y == 0].mean() == pytest.approx(322 / 371, abs=0.015)


@pytest.mark.parametrize("effect", [0, 1])
def test_what_surgery_finds_agrees_with_the_outcome(effect):
    table = simulate_cohort(2000, rng=np.random.default_rng(3), effect=effect).table
    assert ((table["lnm_location"] == "No") == (table["y"] == 0)).all()
    lateral = table[table["lnm_location"] == "Central + Lateral"]
    assert (lateral["surgical_method"] == "TT + CND + LND").all()
    bilateral = table[table["bilaterality"] == "Yes"]
    assert bilateral["surgical_method"].str.startswith("TT").all()


def test_acr_tirads_counts_the_points_of_the_signs():
    def level(*codes):
        names = ["composition", "echo", "shape", "margin", "calcification"]
        signs = {
            name: pd.Categorical.from_codes([code], list(TABLE_1[name]))
            for name, code in zip(names, codes, strict=True)
        }
        return simulate.acr_tirads(pd.DataFrame(signs))[0]

    assert level(0, 0, 0, 0, 0) == "TR2"  # mixed 1, isoechoic 1
    assert level(1, 0, 0, 0, 0) == "TR3"  # solid 2, isoechoic 1
    assert level(1, 1, 0, 0, 0) == "TR4"  # solid 2, hypoechoic 2
    assert level(1, 1, 0, 1, 0) == "TR4"  # 6 with a lobulated margin
    assert level(1, 1, 1, 0, 0) == "TR5"  # 7 with taller-than-wide
    assert level(0, 0, 0, 0, 5) == "TR5"  # 7 with rim and punctate foci


def test_acr_tirads_comes_near_to_table_1(large):
    share = large.table["acr_tirads"].value_counts(normalize=True, sort=False)
    assert share.to_numpy() == pytest.approx([0.0074, 0.0147, 0.1875, 0.7904], abs=0.04)


def test_masks_fit_the_frame_and_match_the_table():
    cohort = simulate_cohort(60, rng=np.random.default_rng(4), image_shape=SMALL)
    for patient, mask in zip(cohort.table.itertuples(), cohort.masks, strict=True):
        assert mask.shape == SMALL and mask.dtype == bool and mask.sum() >= 150
        assert not (mask[[0, -1]].any() or mask[:, [0, -1]].any())
        extent = [np.ptp(np.flatnonzero(mask.any(axis=axis))) + 1 for axis in (1, 0)]
        size_mm = np.multiply(extent, patient.spacing_mm)
        assert size_mm.max() == pytest.approx(patient.diameter, abs=2.1 * patient.spacing_mm[0])
        assert np.all(np.divide(extent, SMALL) < 0.72)
        assert (size_mm[0] > size_mm[1]) == (patient.shape == "Taller-than-wide")


def test_any_frame_shape_holds_every_nodule():
    for image_shape in [(384, 512), (400, 160), (128, 600)]:
        cohort = simulate_cohort(400, rng=np.random.default_rng(5), image_shape=image_shape)
        largest = int(cohort.table["diameter"].argmax())
        smallest = int(cohort.table["diameter"].argmin())
        for i in (largest, smallest):
            assert cohort.images[i].shape == image_shape
            assert cohort.masks[i].sum() >= 150


def test_spacing_follows_the_depth_setting(large):
    spacing = large.table["spacing_mm"].str[0]
    assert (spacing == large.table["spacing_mm"].str[1]).all()
    assert spacing.min() >= 0.06 and spacing.quantile(0.95) <= 0.12


def test_same_seed_same_bytes_in_any_order():
    first, second = (
        simulate_cohort(6, rng=np.random.default_rng(7), image_shape=SMALL) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.table, second.table)
    pd.testing.assert_frame_equal(first.truth, second.truth)
    forward = [(first.images[i], first.masks[i]) for i in range(6)]
    for i in (5, 0, 3, 3, 1):
        assert np.array_equal(second.masks[i], forward[i][1])
        assert np.array_equal(second.images[i], forward[i][0])
    other = simulate_cohort(6, rng=np.random.default_rng(8), image_shape=SMALL)
    assert not np.array_equal(other.images[0], forward[0][0])


def test_frames_do_not_change_with_what_callers_do_to_them():
    cohort = simulate_cohort(2, rng=np.random.default_rng(9), image_shape=SMALL)
    image = cohort.images[0]
    cohort.images[0][:] = 0
    cohort.table["diameter"] = 40.0
    assert cohort.images[1].shape == SMALL  # drops the frame that was kept
    assert np.array_equal(cohort.images[0], image)


def test_effect_changes_the_outcome_and_not_the_patients():
    on, off = (
        simulate_cohort(50, rng=np.random.default_rng(10), image_shape=SMALL, effect=effect)
        for effect in (1, 0)
    )
    before_surgery = [v["name"] for v in simulate.variables() if v["preoperative"]]
    pd.testing.assert_frame_equal(on.table[before_surgery], off.table[before_surgery])
    assert (on.table["y"] != off.table["y"]).any()
    assert np.array_equal(on.images[7], off.images[7])


def test_frames_behave_as_a_sequence():
    cohort = simulate_cohort(3, rng=np.random.default_rng(11), image_shape=SMALL)
    assert len(cohort.images) == len(cohort.masks) == 3
    assert np.array_equal(cohort.images[-1], cohort.images[2])
    assert len(list(cohort.masks)) == 3
    with pytest.raises(IndexError, match="patient 3"):
        cohort.images[3]
    with pytest.raises(TypeError):
        cohort.images["S0001"]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"n": 0}, "n: expected at least 1"),
        ({"effect": -1.0}, "effect: expected"),
        ({"image_shape": (100, 100)}, "image_shape: expected at least"),
    ],
)
def test_impossible_cohort_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        simulate_cohort(**{"n": 5, "rng": np.random.default_rng(0), **wrong})
