"""What a reader looks at: flags counted, included and flagged images with their notes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from thyro import imaging
from thyro.cohort import image_flags, review
from thyro.cohort.ingested import Ingested
from thyro.store import paths

N = 3


def frames():
    """Frames with tissue to the left and letters on black to the right."""
    rng = np.random.default_rng(4)
    made = np.zeros((N, 80, 160), np.uint8)
    made[:, :, :100] = rng.uniform(20, 200, (N, 80, 100))
    made[:, 20:60:4, 120:150:3] = 255
    return made


def mask():
    inside = np.zeros((80, 160), bool)
    inside[30:50, 30:60] = True
    return inside


def ingested(flags, included):
    """One source of three images, with these flags by row and those included."""
    table = pd.DataFrame(False, index=[1, 4, 6], columns=list(image_flags.FLAGS))
    for row, names in flags.items():
        table.loc[row, names] = True
    table = table.assign(
        patient_id=[f"P{row}" for row in table.index],
        table_row=table.index + 2,
        included=table.index.isin(included),
    )
    cases = [SimpleNamespace(image=image.astype(float), mask=mask()) for image in frames()]
    return Ingested(None, None, None, None, table, cases, None)


def test_flags_are_counted_over_all_examined_images():
    one = ingested({1: ["blur"], 6: ["blur", "text"]}, included=[1])
    none = dict.fromkeys(image_flags.FLAGS, 0)
    assert review.count_flags(one) == none | {"blur": 2, "text": 1}


def test_a_table_of_scores_has_no_flags():
    one = Ingested(None, None, None, None, pd.DataFrame(), None, None)
    assert review.count_flags(one) == {}
    assert list(review.flagged_cases({"cohort": one})) == []


def test_flagged_images_say_row_decision_and_flags_and_the_others_are_not_shown():
    one = ingested({1: ["blur"], 6: ["duplicate", "text"]}, included=[1, 4])
    shown = list(review.flagged_cases({"cohort": one, "external": one}))
    assert [(title, note) for title, *_, note in shown[:2]] == [
        ("P1", "row 3, kept: blur"),
        ("P6", "row 8, not included: duplicate, text"),
    ]
    assert len(shown) == 4


def test_letters_are_hidden_where_the_image_was_excluded_and_nowhere_else():
    for included, brightest in (([1, 4], 0), ([1, 4, 6], 255)):
        one = ingested({6: ["text"]}, included=included)
        ((_, image, shown_mask, _),) = review.flagged_cases({"cohort": one})
        assert image[:, 115:].max() == brightest
        assert np.array_equal(image[:, :90], frames()[2][:, :90])  # the scan stays
        assert np.array_equal(shown_mask, mask())


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("params", "notebooks"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    paths.project_root.cache_clear()
    yield tmp_path
    paths.project_root.cache_clear()


def test_included_images_come_as_results_hold_them(project):
    one = ingested({4: ["blur", "border"], 6: ["text"]}, included=[4, 1])
    patients = pd.DataFrame({"patient_id": ["P4", "P1"]})
    for column, array in (("image", frames()[1]), ("mask", mask())):
        imaging.write_image(array, "results/s", f"{column}.png")
        patients[column] = f"results/s/{column}.png"
    shown = list(review.included_cases(patients, one.image_flags))
    assert [(title, words) for title, *_, words in shown] == [("P4", "blur, border"), ("P1", "")]
    assert np.array_equal(shown[0][1], frames()[1]) and np.array_equal(shown[0][2], mask())


def test_a_study_of_scores_shows_no_images():
    patients = pd.DataFrame({"patient_id": ["P1"], "y": [1]})
    assert list(review.included_cases(patients, pd.DataFrame())) == []
