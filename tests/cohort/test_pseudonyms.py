"""Pseudonyms follow from an id and a secret that no result holds."""

import re

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


KEY = bytes(range(32))
PATIENTS, FILES = ["PA", "PA", "PB", "PB", "PB"], ["a.png", "b.png", "a.png", "c.png", "c.png"]


def test_pseudonyms_of_images_follow_what_their_rows_name_and_not_the_order():
    made = pseudonyms.image_pseudonyms(PATIENTS, FILES, KEY)
    assert len(set(made)) == 5  # the same file of two patients, and twice of one
    assert all(re.fullmatch(r"P[AB]-[A-Z2-7]{6}", image) for image in made)
    order = [3, 1, 0, 4, 2]
    again = pseudonyms.image_pseudonyms(
        [PATIENTS[i] for i in order], [FILES[i] for i in order], KEY
    )
    assert again == [made[i] for i in order]
    assert pseudonyms.image_pseudonyms(PATIENTS[1:], FILES[1:], KEY) == made[1:]


def test_pseudonyms_of_images_say_nothing_without_the_key():
    made = pseudonyms.image_pseudonyms(PATIENTS, FILES, KEY)
    other = pseudonyms.image_pseudonyms(PATIENTS, FILES, KEY[::-1])
    assert not set(made) & set(other)


def test_two_images_of_one_pseudonym_stop(monkeypatch):
    monkeypatch.setattr(pseudonyms, "IMAGE_LENGTH", 0)
    with pytest.raises(pseudonyms.CohortError, match="Two images get the same pseudonym"):
        pseudonyms.image_pseudonyms(PATIENTS, FILES, KEY)
    assert pseudonyms.image_pseudonyms(["PA", "PB"], ["a", "a"], KEY) == ["PA-", "PB-"]
