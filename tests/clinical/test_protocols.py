"""The nomograms of both protocols: the right terms, the right patients, the right signature."""

import numpy as np
import pandas as pd
from scipy.special import expit

from thyro.clinical import protocols
from thyro.clinical.logistic import fit_logistic
from thyro.study import nomograms

NAMES = nomograms(["SR_SVM", "SR_ResNet101"])


def cohort(n=120, seed=2):
    """Invented patients under two protocols: the paper's signatures know more than they should."""
    rng = np.random.default_rng(seed)
    age = rng.normal(45, 10, n).round()
    y = rng.binomial(1, expit(-0.05 * (age - 45)))
    index = pd.Index([f"P{i}" for i in range(n)], name="patient_id")

    def frame(knowledge):
        noise = rng.normal(size=(2, n))
        signatures = expit(noise + knowledge * (2 * y - 1))
        columns = {"age": age, "SR_SVM": signatures[0], "SR_ResNet101": signatures[1], "y": y}
        return pd.DataFrame(columns, index)

    return {"paper": frame(1.0), "sound": frame(0.3)}


def test_terms_are_the_signature_and_the_clinical_factors():
    assert protocols.nomogram_terms(NAMES, ["age"]) == {
        "Nomogram_A": ["SR_SVM", "age"],
        "Nomogram_B": ["SR_ResNet101", "age"],
        "Nomogram_C": ["age"],
    }
    assert protocols.nomogram_terms(nomograms(["SR_SVM"])) == {
        "Nomogram_A": ["SR_SVM"],
        "Nomogram_C": [],
    }


def test_every_nomogram_is_fitted_to_its_protocol():
    training, terms = cohort(), protocols.nomogram_terms(NAMES, ["age"])
    fits = protocols.fit_by_protocol(training, terms)
    for protocol, of_protocol in fits.items():
        assert list(of_protocol) == list(terms)
        frame = training[protocol]
        alone = fit_logistic(frame, frame["y"], ["SR_SVM", "age"])
        np.testing.assert_array_equal(of_protocol["Nomogram_A"].coefficients, alone.coefficients)
    slopes = [fits[protocol]["Nomogram_A"].coefficients[1] for protocol in fits]
    assert slopes[0] > slopes[1]  # a signature that saw the outcome weighs more
    clinical = [fits[protocol]["Nomogram_C"].coefficients for protocol in fits]
    np.testing.assert_array_equal(*clinical)


def test_patients_are_predicted_by_the_signature_of_the_protocol():
    everyone = cohort()
    training = {protocol: frame.iloc[:80] for protocol, frame in everyone.items()}
    fits = protocols.fit_by_protocol(training, protocols.nomogram_terms(NAMES, ["age"]))
    risks = protocols.predict_by_protocol(fits, everyone)
    for protocol, table in risks.items():
        assert table.shape == (120, 3) and table.index.equals(everyone[protocol].index)
        alone = fits[protocol]["Nomogram_B"].predict(everyone[protocol])
        np.testing.assert_array_equal(table["Nomogram_B"], alone)


def test_tables_keep_every_coefficient_and_every_risk():
    training = cohort()
    fits = protocols.fit_by_protocol(training, protocols.nomogram_terms(NAMES, ["age"]))
    table = protocols.coefficient_table(fits, level=0.9)
    assert len(table) == 2 * (2 + 2 + 1)
    rows = table[table["protocol"].eq("sound") & table["nomogram"].eq("Nomogram_A")]
    alone = fits["sound"]["Nomogram_A"].table(level=0.9)
    pd.testing.assert_frame_equal(rows[list(alone)].reset_index(drop=True), alone)
    np.testing.assert_allclose(np.exp(rows["high"]), rows["ci_high"])
    risks = protocols.predict_by_protocol(fits, training)
    long = protocols.long_risks(risks)
    assert list(long) == ["patient_id", "model", "p", "protocol"] and len(long) == 2 * 120 * 3
    one = long[long["protocol"].eq("sound") & long["patient_id"].eq("P7")]
    assert one["model"].tolist() == list(risks["sound"])
    assert one["p"].tolist() == risks["sound"].loc["P7"].tolist()


def test_a_signature_enters_the_sound_recipe_as_log_odds():
    cases = pd.DataFrame({"age": [40.0, 50.0]}, index=["P0", "P1"])
    scores = pd.DataFrame({"SR_SVM": [0.5, 0.8], "OR_SVM": [0.1, 0.2]}, index=["P0", "P1"])
    found = protocols.with_signatures(cases, {"paper": scores, "sound": scores}, ["SR_SVM"])
    assert list(found["paper"]) == ["age", "SR_SVM"]
    assert found["paper"]["SR_SVM"].tolist() == [0.5, 0.8]
    np.testing.assert_allclose(found["sound"]["SR_SVM"], [0.0, np.log(4)])


def cross_fitted(change=None):
    """Risks of 120 patients, 80 of whom train in four folds."""
    everyone = cohort()
    if change is not None:
        change(everyone)
    training = {protocol: frame.iloc[:80] for protocol, frame in everyone.items()}
    fits = protocols.fit_by_protocol(training, protocols.nomogram_terms(NAMES, ["age"]))
    index = everyone["paper"].index
    folds = pd.Series(np.arange(120) % 4, index).where(np.arange(120) < 80).astype("Int64")

    def process(frame, y):
        terms = protocols.nomogram_terms(NAMES, ["age"])
        return {name: fit_logistic(frame, y, of).predict for name, of in terms.items()}

    risks = protocols.predict_by_protocol(fits, everyone, folds, process=process)
    return everyone, fits, folds, risks


def test_training_patients_are_predicted_without_their_fold_where_the_protocol_is_cross_fitted():
    everyone, fits, folds, risks = cross_fitted()
    inside = fits["paper"]["Nomogram_A"].predict(everyone["paper"])
    np.testing.assert_array_equal(risks["paper"]["Nomogram_A"], inside)
    sound = everyone["sound"]
    new = sound.iloc[80:]
    np.testing.assert_array_equal(
        risks["sound"]["Nomogram_A"].iloc[80:], fits["sound"]["Nomogram_A"].predict(new)
    )
    seen = sound[folds.ne(2).fillna(False)]
    alone = fit_logistic(seen, seen["y"], ["SR_SVM", "age"])
    left_out = sound[folds.eq(2).fillna(False)]
    np.testing.assert_allclose(
        risks["sound"].loc[left_out.index, "Nomogram_A"], alone.predict(left_out)
    )


def test_outcomes_of_a_fold_do_not_reach_its_risks():
    def turn(everyone):
        frame = everyone["sound"]
        members = frame.index[:80][np.arange(80) % 4 == 1]
        frame.loc[members, "y"] = 1 - frame.loc[members, "y"]

    _, _, folds, before = cross_fitted()
    *_, after = cross_fitted(turn)
    of_fold = folds.eq(1).fillna(False)
    np.testing.assert_array_equal(before["sound"][of_fold], after["sound"][of_fold])
    others = folds.eq(0).fillna(False)
    assert not np.allclose(before["sound"][others], after["sound"][others])


def test_risks_are_kept_with_their_fold_and_recipe():
    _, _, folds, risks = cross_fitted()
    table = protocols.risks_by_fold(risks, folds)
    assert list(table) == ["recipe", "repeat", "fold", "patient_id", "model", "p"]
    assert len(table) == 80 * 3 and set(table["recipe"]) == {"sound"}
    row = table[table["patient_id"].eq("P6") & table["model"].eq("Nomogram_B")].iloc[0]
    assert row["fold"] == 2 and row["p"] == risks["sound"].loc["P6", "Nomogram_B"]


def test_a_level_of_one_fold_is_told_and_its_patients_count_as_the_most_common():
    cases = pd.DataFrame({"margin": list("aaaabbaaac"), "age": 40.0}, index=list("ABCDEFGHIJ"))
    folds = pd.Series([0, 1] * 4 + [pd.NA, 1], cases.index, dtype="Int64")
    assert protocols.levels_of_one_fold(cases, folds, ["margin", "age"]) == [["margin", "c", 1]]
    known = protocols._with_known_levels(cases.iloc[[9]], cases.iloc[:9])
    assert known["margin"].tolist() == ["a"]
    assert cases["margin"].iloc[9] == "c"
