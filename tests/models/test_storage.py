"""Classifiers as bytes and back: equal ones give equal bytes, and no code comes from a file."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier

from tests.models.test_classifiers import FITS, cohort
from thyro.models import classifiers, storage


@pytest.fixture(params=FITS)
def fit(request):
    return FITS[request.param]


def test_equal_models_give_equal_bytes(fit):
    X, y = cohort()
    one, two = (storage.classifier_to_bytes(fit(X.copy(), y)) for _ in range(2))
    assert one == two
    X.iloc[0, 0] += 1
    assert storage.classifier_to_bytes(fit(X, y)) != one


def test_a_stored_model_comes_back(fit):
    X, y = cohort()
    model = fit(X, y)
    data = storage.classifier_to_bytes(model)
    again = storage.classifier_from_bytes(data)
    pd.testing.assert_series_equal(
        classifiers.predict(again, X), classifiers.predict(model, X), check_exact=True
    )
    assert storage.classifier_to_bytes(again) == data


def test_other_types_are_not_loaded():
    X, y = cohort()
    foreign = skops.io.dumps({"call": np.linalg.svd, "model": RandomForestClassifier().fit(X, y)})
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException):
        storage.classifier_from_bytes(foreign)


def test_reading_a_model_loads_no_network_library_by_the_way(tmp_path):
    X, y = cohort()
    fitted = classifiers.fit_classifier("logistic", X, y)
    (tmp_path / "model.skops").write_bytes(storage.classifier_to_bytes(fitted))
    code = (
        "import sys, pathlib; from thyro import models;"
        "models.classifier_from_bytes(pathlib.Path(sys.argv[1]).read_bytes());"
        "print(*[name for name in ('torch', 'dask', 'pytest') if name in sys.modules]);"
        "import torch, sklearn.externals.array_api_compat.torch"  # can be had as before
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.skops")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
