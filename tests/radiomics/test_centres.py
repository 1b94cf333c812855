"""What differs by centre, and what does not any more."""

import numpy as np
import pandas as pd
import pytest

from tests.radiomics.test_combat import invented
from thyro.radiomics.centres import AFTER, BEFORE, centre_differences, difference_table
from thyro.radiomics.combat import combat


def test_what_differs_by_centre_does_not_after_harmonisation():
    X, centre, _ = invented(n=240)
    after, _ = combat(X, centre)
    found = centre_differences(X, after, centre, X.index[::2])
    share = found.shares.set_index("state")["share"]
    assert share[BEFORE] == 1 and share[AFTER] < 0.1
    spread = found.components.groupby(["state", "centre"])["first"].mean().groupby("state").std()
    assert spread[BEFORE] > 10 * spread[AFTER]
    first, second = found.explained
    assert 1 > first > second > 0
    assert len(found.components) == 2 * len(X)
    table = difference_table({"Radiomics OR": found})
    assert table["table"].eq("Radiomics OR").all() and len(table) == 2


def test_patients_who_are_projected_teach_nothing():
    X, centre, _ = invented()
    training = X.index[::2]
    other = X.copy()
    other.loc[X.index[1::2]] += 50
    found = [centre_differences(one, one, centre, training) for one in (X, other)]
    assert found[0].explained == found[1].explained
    trained = [one.components[one.components["patient_id"].isin(training)] for one in found]
    pd.testing.assert_frame_equal(*trained)


def test_constant_and_missing_features_are_left_out_and_one_centre_is_refused():
    X, centre, _ = invented()
    X = X.assign(f0=1.0).assign(f1=X["f1"].where(X.index != X.index[0]))
    found = centre_differences(X, X, centre, X.index)
    assert found.shares["features"].eq(len(X.columns) - 2).all()
    assert np.isfinite(found.components["first"]).all()
    with pytest.raises(ValueError, match="got only 'A'"):
        centre_differences(X, X, centre.map(lambda _: "A"), X.index)
