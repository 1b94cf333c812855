"""Pseudonyms follow from an id and a secret that no result holds."""

import pytest

from thyro.cohort import pseudonyms


def test_the_key_of_the_pseudonyms_stays_outside_the_results(project, monkeypatch):
    monkeypatch.setenv(pseudonyms.PSEUDONYM_KEY, "results/mine/key")
    with pytest.raises(ValueError, match="must lie outside the results"):
        pseudonyms.pseudonym_key()
    # Relative to the project, wherever a notebook runs.
    monkeypatch.setenv(pseudonyms.PSEUDONYM_KEY, "keys/mine")
    key = pseudonyms.pseudonym_key()
    monkeypatch.chdir(project)
    assert pseudonyms.pseudonym_key() == key and len(key) == 32
    (project / "keys/mine").write_text("no key")
    with pytest.raises(ValueError, match="does not hold a key of pseudonyms"):
        pseudonyms.pseudonym_key()
