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
    assert table.index.names[:2] == ["protocol", "nomogram"] and len(table) == 2 * (2 + 2 + 1)
    rows = table.loc[("sound", "Nomogram_A")]
    pd.testing.assert_frame_equal(rows, fits["sound"]["Nomogram_A"].table(level=0.9))
    risks = protocols.predict_by_protocol(fits, training)
    long = protocols.long_risks(risks)
    assert list(long) == ["patient_id", "model", "p", "protocol"] and len(long) == 2 * 120 * 3
    one = long[long["protocol"].eq("sound") & long["patient_id"].eq("P7")]
    assert one["model"].tolist() == list(risks["sound"])
    assert one["p"].tolist() == risks["sound"].loc["P7"].tolist()
