"""The reading of R's results fails loudly."""

import pytest

from tests import reference


def test_a_renamed_list_of_cases_is_an_error():
    assert len(reference.cases("roc", "roc_cases")) >= 16
    with pytest.raises(KeyError, match="roc: no cases in 'roc_case'; there are"):
        reference.cases("roc", "roc_case")


def test_an_error_beyond_the_tolerance_fails_and_is_noted():
    reference.compare("roc", "a case of this test", 1.0, 1.0 + 1e-13, 1e-12)
    kept = reference.LEDGER["roc"].pop("a case of this test")
    assert kept == (pytest.approx(1e-13, rel=0.01), 1e-12)
    with pytest.raises(AssertionError, match="AUC is off by"):
        reference.compare("roc", "a case of this test", 1.0, 1.1, 1e-12, what="AUC")
    del reference.LEDGER["roc"]["a case of this test"]
    with pytest.raises(AssertionError):
        reference.compare("roc", "a case of this test", 1.0, None, 1e-12)
    if not reference.LEDGER["roc"]:
        del reference.LEDGER["roc"]
