"""The files of the nomograms: whole, one per nomogram and protocol, and the clinical one once."""

import json

import numpy as np
import pandas as pd
import pytest

from thyro.clinical import LogisticFit, fit_by_protocol, nomogram_terms
from thyro.nomogram.axes import Nomogram
from thyro.nomogram.saved import as_saved, saved_nomograms
from thyro.study import nomograms

NAMES = nomograms(["SR_SVM", "OR_KNN"])


@pytest.fixture(scope="module")
def fits():
    rng = np.random.default_rng(5)
    y = np.tile([0, 1], 40)
    columns = {name: rng.normal(size=80) + y for name in ("SR_SVM", "OR_KNN", "age")}
    training = {"paper": pd.DataFrame(columns).assign(y=y)}
    training["sound"] = training["paper"].assign(SR_SVM=rng.normal(size=80))
    return fit_by_protocol(training, nomogram_terms(NAMES, ["age"]))


def test_a_file_gives_regression_and_axes_back(fits):
    fit = fits["paper"]["Nomogram_A"]
    plain = json.loads(json.dumps(as_saved(fit)))
    assert Nomogram.from_dict(plain["nomogram"]) == Nomogram.from_fit(fit)
    back = LogisticFit.from_dict(plain["fit"])
    assert back.coefficients.tolist() == fit.coefficients.tolist()


def test_the_clinical_nomogram_is_kept_once(fits):
    files = saved_nomograms(NAMES, fits)
    assert list(files) == [
        *("nomogram_A", "nomogram_B", "nomogram_C"),
        *("nomogram_A_sound", "nomogram_B_sound"),
    ]
    assert files["nomogram_A"] == as_saved(fits["paper"]["Nomogram_A"])
    assert files["nomogram_A_sound"] == as_saved(fits["sound"]["Nomogram_A"])


def test_scores_of_a_table_have_one_protocol(fits):
    files = saved_nomograms(NAMES, {"paper": fits["paper"]})
    assert list(files) == ["nomogram_A", "nomogram_B", "nomogram_C"]
