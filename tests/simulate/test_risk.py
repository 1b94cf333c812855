"""The stated truth of a simulated patient, and the radiologist who reads by one rule."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency
from sklearn.linear_model import LogisticRegression

from thyro.simulate import case_mix, risk


def patients(n, seed, *, effect=1.0, coarse=1.6, fine=1.2, prevalence=162 / 544, size_shift=0.0):
    """Table of `n` patients with outcome and reading, and their latents."""
    rng = np.random.default_rng(seed)
    table = case_mix.preoperative(n, rng, size_shift=size_shift)
    latents = pd.DataFrame(rng.standard_normal((n, 2)), columns=risk.LATENTS)
    log_odds = {"effect": effect, "coarse": coarse, "fine": fine}
    terms = risk.risk_terms(table, latents)
    intercept, *slopes = risk.coefficients(terms, risk.log_odds(**log_odds), prevalence).values()
    p = 1 / (1 + np.exp(-intercept - terms.to_numpy() @ np.array(slopes)))
    y = case_mix.outcome(p, rng)
    return table.assign(y=y, radiologist=risk.reading(table, latents, y, rng, **log_odds)), latents


@pytest.fixture(scope="module")
def cohorts():
    return [patients(544, seed)[0] for seed in range(20)]


def accuracy(tables):
    """Sensitivity and specificity of the reading in all tables together."""
    together = pd.concat(tables)
    y, read = together["y"], together["radiologist"]
    return read[y == 1].mean(), 1 - read[y == 0].mean()


def test_prevalence_is_met_in_every_cohort(cohorts):
    assert {table["y"].sum() for table in cohorts} == {162}
    assert patients(204, 1, prevalence=0.5, size_shift=0.5)[0]["y"].sum() in (101, 102, 103)


def test_radiologist_is_that_of_table_2_and_near_to_table_1(cohorts):
    assert accuracy(cohorts) == pytest.approx((121 / 173, 322 / 371), abs=0.015)
    # Table 1 counts 182 suspected of 544, Table 2 implies 164: as samples the two may differ by
    # chance (homogeneity), while the expected count of Table 2 is not that of Table 1.
    suspected = [int(table["radiologist"].sum()) for table in cohorts]
    same = [
        chi2_contingency([[k, 544 - k], [182, 362]], correction=False).pvalue for k in suspected
    ]
    assert sum(p > 0.01 for p in same) >= 19
    assert np.mean(suspected) == pytest.approx(162 * 121 / 173 + 382 * 49 / 371, abs=3)


def test_readings_vary_less_than_independent_draws_would(cohorts):
    # Drawn by quota: 162 draws at 0.7, each by itself, have an SD of 5.8.
    right = [int(table.loc[table["y"] == 1, "radiologist"].sum()) for table in cohorts]
    assert np.std(right) < 4


@pytest.mark.parametrize(("coarse", "fine"), [(0.0, 0.0), (0.8, 0.4), (1.6, 1.2)])
def test_the_accuracy_is_the_same_whatever_the_latents_do(coarse, fine):
    table, _ = patients(20_000, 3, coarse=coarse, fine=fine)
    assert accuracy([table]) == pytest.approx((121 / 173, 322 / 371), abs=0.01)


def test_an_external_radiologist_reads_by_the_same_rule():
    (here, seen), (there, seen_there) = (
        patients(20_000, seed, **options)
        for seed, options in ((3, {}), (4, {"size_shift": 0.8, "prevalence": 0.5}))
    )
    # Larger nodules look more suspicious: more metastases are found, and more are imagined.
    (found, spared), (found_there, spared_there) = accuracy([here]), accuracy([there])
    assert found_there > found + 0.01 and spared_there < spared - 0.01

    def rule(table, latents):
        terms = risk._terms(table, latents, risk.READING_LOG_ODDS).assign(y=table["y"])
        fit = LogisticRegression(C=1e6, max_iter=1000).fit(terms, table["radiologist"])
        return [*fit.coef_[0], fit.intercept_[0]]

    assert rule(there, seen_there) == pytest.approx(rule(here, seen), abs=0.25)
    assert rule(here, seen)[:-2] == pytest.approx([*risk.READING_LOG_ODDS.values()], abs=0.2)


def test_without_effect_the_reading_follows_the_look_and_not_the_outcome():
    table, latents = patients(20_000, 5, effect=0.0)
    assert chi2_contingency(pd.crosstab(table["radiologist"], table["y"])).pvalue > 0.001
    read = table["radiologist"] == 1
    assert latents["coarse_latent"][read].mean() > latents["coarse_latent"][~read].mean() + 0.2
    assert table["diameter"][read].mean() > table["diameter"][~read].mean() + 1


def test_the_eye_does_not_see_the_fine_texture():
    # Without effect, or both latents would be dependent among the patients of one outcome.
    table, latents = patients(20_000, 6, effect=0.0)
    read = table["radiologist"] == 1
    gap = latents["fine_latent"][read].mean() - latents["fine_latent"][~read].mean()
    assert abs(gap) < 0.06


def test_an_empty_cell_gives_no_term():
    table, latents = patients(3, 12)
    table = table.assign(margin=pd.Categorical([None] * 3, list(case_mix.COUNTS["margin"])))
    terms = risk.risk_terms(table, latents)
    assert terms.filter(like="margin").isna().all(axis=None)
    assert terms.drop(columns=terms.filter(like="margin").columns).notna().all(axis=None)


def test_log_odds_are_scaled_together():
    half = risk.log_odds(coarse=1.0, fine=-0.5, effect=0.5)
    assert half["coarse_latent"] == 0.5 and half["fine_latent"] == -0.25
    assert half["age"] == pytest.approx(-0.0225)
    assert list(half) == [*risk.CLINICAL_LOG_ODDS, *risk.LATENTS]
