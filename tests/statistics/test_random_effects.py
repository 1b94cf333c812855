"""Random effects against published results, and the table of centres."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from thyro.statistics import auc_ci
from thyro.statistics.calibration import calibration
from thyro.statistics.random_effects import (
    POOLED,
    centre_table,
    predictions_by_others,
    random_effects,
)

# Thirteen trials of BCG vaccine (Colditz et al. 1994, JAMA 271:698-702), log risk ratios and their
# variances as in R's metafor: escalc(measure="RR", ai=tpos, bi=tneg, ci=cpos, di=cneg, dat.bcg).
TPOS = [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27]
TNEG = [119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886]
CPOS = [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29]
CNEG = [128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825]


def bcg():
    a, b, c, d = (np.array(x, dtype=float) for x in (TPOS, TNEG, CPOS, CNEG))
    y = np.log(a / (a + b)) - np.log(c / (c + d))
    return y, np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_bcg_trials_as_published():
    # metafor: rma(yi, vi, data=dat, method="PM") has tau^2 = 0.3181; Q(12) = 152.2330, p < .0001.
    found = random_effects(*bcg())
    assert found.tau2 == pytest.approx(0.3181, abs=5e-5)
    assert found.q == pytest.approx(152.2330, abs=5e-5)
    assert found.k == 13 and found.p_value < 1e-4
    assert found.estimate == pytest.approx(-0.715, abs=5e-4)
    assert found.i2 == pytest.approx(1 - 12 / 152.2330)


def test_hartung_knapp_by_hand():
    # Three equal standard errors: the mean is plain, its error that of the estimates themselves.
    y = np.array([0.2, 1.4, 0.8])
    found = random_effects(y, [0.1, 0.1, 0.1])
    assert found.estimate == pytest.approx(0.8)
    assert found.tau2 == pytest.approx(y.var(ddof=1) - 0.01)
    assert found.se == pytest.approx(y.std(ddof=1) / np.sqrt(3))
    assert found.ci_high - found.estimate == pytest.approx(4.30265273 * found.se)  # t, 2 df
    wide = 12.70620474 * np.sqrt(found.tau2 + found.se**2)  # t, 1 df
    assert found.prediction_high - found.estimate == pytest.approx(wide)


def test_centres_that_agree_are_not_pooled_to_more_than_they_know():
    found = random_effects([1.0, 1.0, 1.0, 1.0], [0.2, 0.2, 0.2, 0.2])
    assert (found.tau2, found.i2) == (0, 0)
    assert found.se == pytest.approx(0.1)  # without the floor it were 0
    assert np.isnan(random_effects([1.0, 2.0], [1.0, 1.0]).prediction_low)
    with pytest.raises(ValueError, match="two or more centres"):
        random_effects([1.0], [0.2])
    with pytest.raises(ValueError, match="positive SE"):
        random_effects([1.0, 2.0], [0.2, 0.0])


def invented(n=900, seed=3):
    rng = np.random.default_rng(seed)
    ids = pd.Index(range(n))
    lp = pd.Series(rng.normal(-0.5, 1.2, n), ids)
    y = pd.Series((rng.uniform(size=n) < expit(lp)).astype(int), ids)
    centre = pd.Series(rng.choice(["Ulm", "Bonn", "Jena"], n), ids)
    return y, pd.DataFrame({"model": expit(lp), "half": expit(0.5 * lp)}), centre


def test_each_centre_has_its_auc_and_slope_and_all_are_pooled():
    y, p, centre = invented()
    table = centre_table(y, p, centre)
    for _, part in table.groupby(["model", "measure"]):
        assert part["centre"].tolist() == ["Bonn", "Jena", "Ulm", POOLED]
    bonn = centre.eq("Bonn")
    row = table.query("model == 'model' and centre == 'Bonn'").set_index("measure")
    auc = auc_ci(y[bonn], p.loc[bonn, "model"])
    assert row.loc["auc", "estimate"] == pytest.approx(auc.auc)
    assert row.loc["auc", "n"] == bonn.sum() and row.loc["auc", "n_events"] == y[bonn].sum()
    half = 1.959963985 * auc.se / (auc.auc * (1 - auc.auc))
    assert logit(row.loc["auc", "ci_high"]) == pytest.approx(logit(auc.auc) + half)
    slope = calibration(y[bonn], p.loc[bonn, "model"]).slope
    assert row.loc["slope", "estimate"] == pytest.approx(slope)
    pooled = table[table["centre"].eq(POOLED)].set_index(["model", "measure"])
    assert pooled.loc[("half", "slope"), "estimate"] == pytest.approx(
        2 * pooled.loc[("model", "slope"), "estimate"], rel=0.01
    )
    assert pooled["ci_low"].lt(pooled["estimate"]).all() and pooled["n"].eq(len(y)).all()


def test_a_centre_that_cannot_tell_has_a_dash_and_no_part_in_the_pooled_value():
    y, p, centre = invented()
    centre = centre.astype(object)
    controls = y.index[y.eq(0)][:5]
    centre[controls] = "Kiel"
    table = centre_table(y, p[["model"]], centre)
    kiel = table[table["centre"].eq("Kiel")]
    assert kiel["estimate"].isna().all() and kiel["n"].eq(5).all()
    assert table[table["centre"].eq(POOLED)]["n"].eq(len(y) - 5).all()
    alone = centre_table(y, p[["model"]], centre.where(centre.eq("Kiel"), "Bonn"))
    assert POOLED not in set(alone["centre"])


def test_training_patients_come_without_their_centre_or_not_at_all():
    p = pd.DataFrame({"A": [0.1, 0.2, 0.3], "C": [0.4, 0.5, 0.6]}, index=["a", "b", "c"])
    split = pd.Series(["train", "test", "external"], p.index)
    pd.testing.assert_frame_equal(predictions_by_others(p, None, split, "sound"), p.iloc[1:])
    rows = [(r, "a", m, v) for r in ("paper", "sound") for m, v in (("A", 0.7), ("C", 0.8))]
    rows += [("sound", "a", "SVM", 0.9)]
    folded = pd.DataFrame(rows, columns=["recipe", "patient_id", "model", "p"])
    folded.loc[folded["recipe"].eq("paper"), "p"] = 0.0
    found = predictions_by_others(p, folded, split, "sound")
    assert found.loc["a"].tolist() == [0.7, 0.8] and list(found.index) == ["a", "b", "c"]
