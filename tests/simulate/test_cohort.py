"""The simulated cohort: who is in it, the stated truth, and the table a user would hand in."""

import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.ndimage import laplace
from scipy.stats import chi2_contingency
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from thyro.simulate import case_mix, risk
from thyro.simulate import cohort as simulate
from thyro.simulate.cohort import simulate_cohort

SMALL = (128, 160)
VARIABLES = [v["name"] for v in case_mix.clinical_variables()]
BEFORE_SURGERY = [v["name"] for v in case_mix.clinical_variables() if v["preoperative"]]
CRITERIA = [*list(case_mix.CRITERIA)[:2], "surgery_date", *list(case_mix.CRITERIA)[2:]]


@pytest.fixture(scope="module")
def large():
    return simulate_cohort(20_000, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def null():
    return simulate_cohort(20_000, rng=np.random.default_rng(2), effect=0)


@pytest.fixture(scope="module")
def assessed():
    """120 patients who can be included among 156 assessed."""
    return simulate_cohort(120, rng=np.random.default_rng(12), image_shape=SMALL, exclusions=0.3)


def passes(table):
    """Who passes all criteria, by the words of `recorded_criteria` alone."""
    passed = pd.Series(True, index=table.index)
    for c in case_mix.recorded_criteria():
        cell = table[c["column"]]
        if c["until"]:
            days = (pd.to_datetime(table[c["until"]]) - pd.to_datetime(cell)).dt.days
            passed &= days.between(c["at_least"], c["at_most"])
        else:
            passed &= cell == (1 if c["kind"] == "inclusion" else 0)
    return passed


def test_columns_and_dtypes():
    table = simulate_cohort(30, rng=np.random.default_rng(0)).table
    assert list(table) == [
        "patient_id",
        "y",
        *VARIABLES,
        "radiologist",
        "spacing_mm",
        *CRITERIA,
        "centre",
    ]
    assert table["patient_id"].tolist() == [f"S{i:04d}" for i in range(1, 31)]
    assert set(table["y"]) | set(table["radiologist"]) == {0, 1}
    for variable in case_mix.clinical_variables():
        if variable["kind"] == "continuous":
            assert table[variable["name"]].dtype == np.float64
        else:
            assert list(table[variable["name"]].cat.categories) == variable["levels"]
    assert set(VARIABLES) - set(BEFORE_SURGERY) == {"surgical_method", "lnm_location"}
    assert (
        "radiologist"
        not in simulate_cohort(5, rng=np.random.default_rng(0), radiologist=False).table
    )


def test_truth_has_a_row_per_row_of_the_table(assessed):
    truth = assessed.truth
    assert list(truth["patient_id"]) == list(assessed.table["patient_id"])
    assert list(truth) == [
        "patient_id",
        "coarse_latent",
        "fine_latent",
        "clinical_predictor",
        "linear_predictor",
        "risk",
        "aspect",
        "defocus",
        "gain_db",
        "copy_of",
    ]
    terms = risk.risk_terms(assessed.table, truth)
    intercept, *slopes = truth.attrs["coefficients"].values()
    whole = terms.notna().all(axis=1)
    score = intercept + terms[whole].to_numpy() @ slopes
    assert truth.loc[whole, "linear_predictor"].to_numpy() == pytest.approx(score)
    assert truth["risk"].to_numpy() == pytest.approx(1 / (1 + np.exp(-truth["linear_predictor"])))
    texture = truth[[*risk.LATENTS]].to_numpy() @ [slopes[-2], slopes[-1]]
    apart = truth["linear_predictor"] - truth["clinical_predictor"]
    assert apart.to_numpy() == pytest.approx(texture)


def test_prevalence(large):
    assert large.truth["risk"].mean() == pytest.approx(162 / 544, abs=1e-9)
    assert abs(large.table["y"].sum() - 20_000 * 162 / 544) < 1


def test_logistic_regression_recovers_the_stated_truth():
    """The truth lies in 95 % of the 95 % intervals, and the estimates are not biased."""
    z = []
    for seed in range(40):
        cohort = simulate_cohort(20_000, rng=np.random.default_rng(seed))
        terms = risk.risk_terms(cohort.table, cohort.truth)
        fit = sm.Logit(cohort.table["y"], sm.add_constant(terms)).fit(disp=0)
        truth = cohort.truth.attrs["coefficients"]
        assert list(truth) == ["intercept", *terms.columns]
        assert truth == truth | risk.log_odds()
        z.append((fit.params.to_numpy() - list(truth.values())) / fit.bse.to_numpy())
    inside = np.abs(z) < 1.96
    assert 0.92 <= inside.mean() <= 0.98  # 320 intervals
    # Coefficient by coefficient: intervals too narrow for one cannot hide among the others.
    sd = np.std(z, axis=0, ddof=1)
    assert 0.7 < sd.min() and sd.max() < 1.35
    assert np.abs(np.mean(z, axis=0)).max() < 3.3 / np.sqrt(40)


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
    terms = risk.risk_terms(table, null.truth)
    fit = sm.Logit(table["y"], sm.add_constant(terms)).fit(disp=0)
    assert fit.llr_pvalue > 0.001
    for name in ["radiologist", "acr_tirads", "echo", "calcification", "shape", "location"]:
        assert chi2_contingency(pd.crosstab(table[name], table["y"])).pvalue > 0.001


def test_effect_zero_holds_for_those_who_are_excluded_too():
    cohort = simulate_cohort(6000, rng=np.random.default_rng(21), effect=0, exclusions=1.0)
    out = ~passes(cohort.table)
    table, truth = cohort.table[out], cohort.truth[out]
    assert len(table) == 5998
    assert truth["risk"].to_numpy() == pytest.approx(162 / 544)
    assert table["y"].mean() == pytest.approx(162 / 544, abs=0.01)
    whole = table[BEFORE_SURGERY].notna().all(axis=1)  # incomplete records lack a cell
    terms = risk.risk_terms(table, truth)[whole]
    fit = sm.Logit(table["y"][whole], sm.add_constant(terms)).fit(disp=0)
    assert fit.llr_pvalue > 0.001
    for name in ["radiologist", "acr_tirads", "echo", "shape", *case_mix.CRITERIA]:
        if name != "ultrasound_date":
            assert chi2_contingency(pd.crosstab(table[name], table["y"])).pvalue > 0.001, name
    assert chi2_contingency(pd.crosstab(truth["defocus"] > 1, table["y"])).pvalue > 0.001


def test_counts_do_not_vary_between_cohorts_but_those_of_a_drawn_part_do():
    tables = [simulate_cohort(544, rng=np.random.default_rng(seed)).table for seed in range(10)]
    assert {table["y"].sum() for table in tables} == {162}
    assert len({table["y"][:164].sum() for table in tables}) > 3


def test_missing_cells_leave_about_half_of_the_patients_complete():
    table = simulate_cohort(4000, rng=np.random.default_rng(22), missing=0.05).table
    assert len(table) == 4000  # all were asked for, complete or not
    assert table[VARIABLES].notna().all(axis=1).mean() == pytest.approx(0.95**15, abs=0.03)
    assert table[BEFORE_SURGERY].notna().all(axis=1).mean() == pytest.approx(0.95**13, abs=0.03)


def mean_test_auc(effect, n_cohorts):
    """Mean over cohorts of 150 and their thirds of the AUC there, fitted on the other two.

    The models see what a study can: what is known before surgery, and the texture of the nodule,
    in which most of the effect lies.
    """
    found = []
    for seed in range(n_cohorts):
        made = simulate_cohort(150, rng=np.random.default_rng([seed, 7]), effect=effect)
        terms, y = pd.get_dummies(made.table[BEFORE_SURGERY], drop_first=True), made.table["y"]
        terms = terms.astype(float).join(made.truth[[*risk.LATENTS]])
        for third in range(3):
            test = np.arange(150) % 3 == third
            fitted = (terms - terms[~test].mean()) / (terms[~test].std() + 1e-9)
            model = LogisticRegression(max_iter=300).fit(fitted[~test], y[~test])
            found.append(roc_auc_score(y[test], model.decision_function(fitted[test])))
    return np.mean(found)


def test_no_model_predicts_at_effect_zero():
    assert mean_test_auc(0.0, 70) == pytest.approx(0.5, abs=0.02)


def test_models_predict_at_effect_one():
    assert mean_test_auc(1.0, 15) > 0.7


def test_radiologist_has_the_accuracy_of_table_2(large):
    y, reading = large.table["y"], large.table["radiologist"]
    assert reading[y == 1].mean() == pytest.approx(121 / 173, abs=0.025)
    assert 1 - reading[y == 0].mean() == pytest.approx(322 / 371, abs=0.015)


def test_effect_changes_the_outcome_and_not_the_patients():
    on, off = (
        simulate_cohort(
            50, rng=np.random.default_rng(10), image_shape=SMALL, effect=effect, exclusions=0.1
        )
        for effect in (1, 0)
    )
    same = [*BEFORE_SURGERY, *CRITERIA, "spacing_mm"]
    pd.testing.assert_frame_equal(on.table[same], off.table[same])
    assert (on.table["y"] != off.table["y"]).any()
    for part in ("images", "masks"):
        assert np.array_equal(getattr(on, part)[7], getattr(off, part)[7])


def test_included_patients_are_the_same_whatever_else_is_asked_for():
    plain, crowded, thinned = (
        simulate_cohort(60, rng=np.random.default_rng(13), image_shape=SMALL, **options)
        for options in ({}, {"exclusions": 0.5}, {"missing": 0.2})
    )
    columns = ["y", *VARIABLES, "radiologist"]

    def sorted_patients(cohort, rows):
        return cohort.table[rows][columns].sort_values(columns).reset_index(drop=True)

    originals = passes(crowded.table) & (crowded.truth["copy_of"] == "")
    every = plain.table["y"].notna()
    pd.testing.assert_frame_equal(
        sorted_patients(plain, every), sorted_patients(crowded, originals)
    )
    kept = thinned.table[columns].notna()
    assert (kept.to_numpy() <= plain.table[columns].notna().to_numpy()).all()
    assert (thinned.table[columns] == plain.table[columns]).where(kept, True).all(axis=None)
    assert np.array_equal(thinned.images[3], plain.images[3])


@pytest.mark.parametrize("n, exclusions, copies", [(120, 0.3, 2), (60, 0.2, 1), (40, 0.0, 0)])
def test_as_many_can_be_included_as_were_asked_for(n, exclusions, copies):
    cohort = simulate_cohort(
        n, rng=np.random.default_rng(14), image_shape=SMALL, exclusions=exclusions
    )
    table, copy_of = cohort.table, cohort.truth["copy_of"]
    assert len(table) == n + round(exclusions * n)
    assert table["patient_id"].is_unique
    assert (copy_of != "").sum() == copies
    included = passes(table) & (copy_of == "")
    assert included.sum() == n
    assert table.loc[included, VARIABLES].notna().all(axis=None)
    assert table.loc[included, "y"].sum() in (int(n * 162 / 544), int(n * 162 / 544) + 1)
    assert not included.all() or exclusions == 0


def test_patients_who_fail_lie_among_the_others(assessed):
    out = np.flatnonzero(~passes(assessed.table))
    assert out.min() < 20 and out.max() > 130 and len(out) == 34


def test_a_copy_repeats_an_earlier_row_pixel_by_pixel(assessed):
    table, copy_of = assessed.table, assessed.truth["copy_of"]
    for row in np.flatnonzero(copy_of != ""):
        first = table.index[table["patient_id"] == copy_of[row]][0]
        assert first < row and passes(table)[row]
        pd.testing.assert_series_equal(
            table.loc[row].drop("patient_id"),
            table.loc[first].drop("patient_id"),
            check_names=False,
        )
        for frames in (assessed.images, assessed.masks, *assessed.readers):
            assert np.array_equal(frames[row], frames[first])
    images = {image.tobytes() for image in assessed.images}
    assert len(images) == len(table) - 2


def test_poor_ultrasound_is_blurred_or_dark():
    cohort = simulate_cohort(
        150, rng=np.random.default_rng(15), image_shape=(256, 336), exclusions=0.4
    )
    poor = cohort.table["poor_ultrasound"] == 1
    blurred, dark = cohort.truth["defocus"] > 1, cohort.truth["gain_db"] < 0
    assert (poor == (blurred | dark)).all() and not (blurred & dark).any()
    assert blurred.sum() > 2 and dark.sum() > 2

    def typical(rows, statistic):
        return [statistic(cohort.images[i].astype(float)) for i in np.flatnonzero(rows)[:10]]

    def edges(image):
        return np.var(laplace(image))

    assert np.median(typical(blurred, edges)) < 0.2 * np.median(typical(~poor, edges))
    assert max(typical(dark, np.mean)) < min(typical(~poor, np.mean))


def test_device_changes_the_scanner_and_not_the_case_mix():
    first, second = (
        simulate_cohort(20, rng=np.random.default_rng(16), image_shape=SMALL, device=device)
        for device in "AB"
    )
    assert set(first.table["centre"]) == {"A"} and set(second.table["centre"]) == {"B"}
    assert not set(first.table["patient_id"]) & set(second.table["patient_id"])
    rest = first.table.columns.drop(["patient_id", "centre"])
    pd.testing.assert_frame_equal(first.table[rest], second.table[rest])
    assert np.array_equal(first.masks[3], second.masks[3])
    assert not np.array_equal(first.images[3], second.images[3])


def test_an_external_cohort_may_have_another_prevalence_and_larger_nodules():
    other = simulate_cohort(
        204, rng=np.random.default_rng(23), prevalence=0.5, size_shift=0.5, device="B"
    )
    assert other.table["y"].sum() in (101, 102, 103)
    assert other.table["diameter"].mean() > 1.2 * 12.22
    assert other.truth["risk"].mean() == pytest.approx(0.5)
    truth = other.truth.attrs["coefficients"]
    assert truth == truth | risk.log_odds()


def test_log_odds_of_the_texture_change_the_outcome_and_not_the_patients():
    dull, telling = (
        simulate_cohort(
            400, rng=np.random.default_rng(24), coarse_log_odds=coarse, fine_log_odds=-coarse
        )
        for coarse in (0.0, 3.0)
    )
    pd.testing.assert_frame_equal(dull.table[BEFORE_SURGERY], telling.table[BEFORE_SURGERY])
    latents = [*risk.LATENTS]
    pd.testing.assert_frame_equal(dull.truth[latents], telling.truth[latents])
    for made, lowest, highest in ((dull, 0.4, 0.6), (telling, 0.75, 1.0)):
        y, known = made.table["y"], made.truth
        assert lowest < roc_auc_score(y, known["coarse_latent"]) < highest
        assert 1 - highest < roc_auc_score(y, known["fine_latent"]) < 1 - lowest


def test_the_same_patients_can_be_seen_by_a_finer_scanner():
    cohort = simulate_cohort(6, rng=np.random.default_rng(25), image_shape=(256, 336))
    fine = cohort.images_of("F")
    assert len(fine) == 6
    for i in (3, 0, 3):
        own, other = cohort.images[i].astype(float), fine[i].astype(float)
        assert other.shape == own.shape and not np.array_equal(own, other)
        edges = [np.abs(np.diff(image, axis=1)).mean() for image in (own, other)]
        assert edges[1] > 1.3 * edges[0]
        assert np.corrcoef(own.ravel(), other.ravel())[0, 1] > 0.6  # one tissue
    # Asking leaves the cohort as it was, and its own device gives its own images.
    assert np.array_equal(cohort.images_of("A")[2], cohort.images[2])
    with pytest.raises(ValueError, match="device: expected one of A, B, F; got 'C'"):
        cohort.images_of("C")


def test_spacing_follows_the_depth_setting(large):
    spacing = large.table["spacing_mm"].str[0]
    assert (spacing == large.table["spacing_mm"].str[1]).all()
    assert spacing.min() >= 0.06 and spacing.quantile(0.95) <= 0.12


def test_source_table_is_what_a_user_would_hand_in():
    cohort = simulate_cohort(
        100, rng=np.random.default_rng(20), image_shape=SMALL, exclusions=0.3, missing=0.05
    )
    text, table = simulate.source_table(cohort), cohort.table
    assert list(text) == [
        "patient_id",
        "image",
        "mask",
        "mask_2",
        "y",
        *VARIABLES,
        "radiologist",
        *CRITERIA,
        "centre",
    ]
    assert all(isinstance(cell, str) for cell in text.to_numpy().ravel())
    assert text.loc[0, ["image", "mask", "mask_2"]].tolist() == [
        "images/S0001.dcm",
        "masks/S0001.nii.gz",
        "masks_2/S0001.nii.gz",
    ]
    for name in VARIABLES:
        cells = text[name].where(table["pathology"] == 1)
        filled = cells.notna() & table[name].notna()
        assert (text[name][table[name].isna()] == "").all()
        kind = float if table[name].dtype == np.float64 else str
        assert (cells[filled].astype(kind) == table[name][filled].astype(kind)).all()
    unknown = table["pathology"] == 0
    assert unknown.any() and (text.loc[unknown, ["y", "lnm_location"]] == "").all(axis=None)
    assert (text["y"][~unknown] == table["y"][~unknown].astype(str)).all()
    assert set(text["first_surgery"]) == {"0", "1"}
    assert text["age"].str.fullmatch(r"\d*").all()  # whole years, without a point


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"n": 0}, "n: expected at least 1 patient, got 0."),
        ({"effect": -1.0}, "effect: expected a finite number of at least 0, got -1.0."),
        ({"exclusions": 1.5}, "exclusions: expected a share between 0 and 1, got 1.5."),
        ({"prevalence": 1.0}, "prevalence: expected a share strictly within 0 and 1, got 1.0."),
        ({"fine_log_odds": np.inf}, "fine_log_odds: expected a finite number, got inf."),
        ({"size_shift": np.nan}, "size_shift: expected a finite number, got nan."),
        ({"missing": -0.1}, "missing: expected a share between 0 and 1, got -0.1."),
        ({"device": "C"}, "device: expected one of A, B, F; got 'C'."),
        ({"image_shape": (100, 100)}, "image_shape: expected at least (128, 160), got (100, 100)."),
    ],
)
def test_impossible_cohort_is_refused(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        simulate_cohort(**{"n": 5, "rng": np.random.default_rng(0), **wrong})
