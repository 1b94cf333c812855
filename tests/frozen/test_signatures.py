"""A signature as it is written, read again and asked."""

import numpy as np
import pandas as pd
import pytest

from thyro import store
from thyro.frozen.archive import FrozenError
from thyro.frozen.signatures import Signature


@pytest.mark.parametrize("study", ["plain", "imputed"])
def test_what_is_read_again_says_the_same(study, request):
    signature = request.getfixturevalue(study).signature
    results = request.getfixturevalue(f"{study}_results")
    again = Signature.from_members(signature.name, signature.to_members())
    features = store.read_table(f"{results}/02_features/{signature.table.file}.parquet")
    patients = store.read_table(f"{results}/00_cohort/patients.parquet").set_index("patient_id")
    first, second = (one.values(features, patients) for one in (signature, again))
    pd.testing.assert_series_equal(first, second)
    assert first.between(-5, 5).all() and first.nunique() > 40


def test_a_single_patient_has_the_value_of_the_table(imputed, imputed_results):
    table = imputed.signature.table.file
    features = store.read_table(f"{imputed_results}/02_features/{table}.parquet")
    patients = store.read_table(f"{imputed_results}/00_cohort/patients.parquet")
    patients = patients.set_index("patient_id")
    whole = imputed.signature.values(features, patients)
    one = features.index[[70]]
    alone = imputed.signature.values(features.loc[one], patients.loc[one])
    np.testing.assert_allclose(alone, whole.loc[one], rtol=1e-12)


def test_what_is_absent_is_named(plain, imputed):
    patients = pd.DataFrame({"centre": [None]}, ["next"])
    features = pd.DataFrame(0.0, ["next"], imputed.signature.features)
    with pytest.raises(FrozenError, match="centre: needed, because the features of OR_SVM are"):
        imputed.signature.values(features, patients)
    with pytest.raises(FrozenError, match="1 of the .* that OR_SVM reads are not there"):
        short = pd.DataFrame(0.0, ["next"], plain.signature.features[1:])
        plain.signature.values(short, patients)
