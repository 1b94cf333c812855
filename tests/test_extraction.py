"""Features of a cohort."""

import joblib
import numpy as np
import pandas as pd
import pytest

from tests.test_radiomics import frame
from thyro import extraction, radiomics


def read(patient_id):
    if patient_id == "lost":
        raise FileNotFoundError("no such image")
    return (*frame(int(patient_id)), 0.1)


def test_cohort_keeps_the_order_with_any_number_of_workers():
    one = extraction.extract_cohort(["3", "1"], read)
    seen = []

    def progress(iterable, total):
        seen.append(total)
        return iterable

    with joblib.parallel_config(backend="threading"):
        again = extraction.extract_cohort(["3", "1"], read, progress=progress)
    pd.testing.assert_frame_equal(one, again, check_exact=True)
    assert list(one.index) == ["3", "1"]
    assert seen == [2]
    np.testing.assert_array_equal(one.loc["1"], radiomics.extract(*read("1")))


def test_cohort_in_processes_equals_one_process():
    both = extraction.extract_cohort(["2", "0"], read, workers=2)
    one = extraction.extract_cohort(["2", "0"], read)
    pd.testing.assert_frame_equal(both, one, check_exact=True)


def test_an_error_names_the_patient():
    with pytest.raises(ValueError, match="patient lost: no such image"):
        extraction.extract_cohort(["0", "lost"], read)
    with pytest.raises(ValueError, match="repeated: .'0'."):
        extraction.extract_cohort(["0", "0"], read)
