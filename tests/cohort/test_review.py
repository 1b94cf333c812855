"""What a reader looks at: flags counted, images with their notes, and where decisions go."""

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


def ingested(flags, included, *, name="cohort", told=None, decisions=None, simulated=False):
    """One source of three images of seven rows, with these flags by row and those included."""
    table = pd.DataFrame(False, index=[1, 4, 6], columns=list(image_flags.FLAGS))
    for row, names in flags.items():
        table.loc[row, names] = True
    table = table.assign(
        patient_id=[f"P{row}" for row in table.index],
        table_row=table.index + 2,
        included=table.index.isin(included),
        cohort=name,
        notes=["", "pixel size taken from elsewhere; also holds label 2", ""],
        rows=80,
        columns=160,
        mask_area_px=600,
        mask_area_mm2=[6.0, 5.5, 7.25],
        mask_diameter_px=35.0,
        mask_diameter_mm=[3.5, np.nan, 3.25] if name == "external" else 3.5,
        sharpness=0.5,
    )
    cases = [SimpleNamespace(image=image.astype(float), mask=mask()) for image in frames()]
    ids = pd.Series([f"{name[0].upper()}{row}" for row in range(7)])
    opened = SimpleNamespace(
        name=name, made=None, source=SimpleNamespace(simulated=simulated, quality_column="seen")
    )
    told = pd.Series([(told or {}).get(row, "") for row in range(7)])
    return Ingested(opened, None, None, None, table, cases, None, ids, told, decisions)


def test_flags_are_counted_over_all_examined_images():
    one = ingested({1: ["blur"], 6: ["blur", "text"]}, included=[1])
    none = dict.fromkeys(image_flags.FLAGS, 0)
    assert review.count_flags(one) == none | {"blur": 2, "text": 1}


def test_a_table_of_scores_has_no_flags():
    one = Ingested(None, None, None, None, pd.DataFrame(), None, None, None, None)
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


class File:
    """A file of decisions in the memory."""

    def __init__(self, name="d.csv", *, there=True, **decided):
        self.name, self.there, self.content = name, there, decided

    def decided(self):
        return dict(self.content)

    def save(self, decided):
        self.content, self.there = dict(decided), True


def test_a_reader_browses_every_examined_image_in_one_unit():
    one = ingested({1: ["blur"], 6: ["duplicate", "text"]}, included=[1])
    images = review.Review({"cohort": one}).images
    assert images.to_dict("index")["C6"] == {
        "Row": 8,
        "Pixels": 12800,
        "Area, mm²": 7.25,
        "Ø, mm": 3.5,
        "Sharpness": 0.5,
        "Flags": "duplicate, text",
    }
    assert images.index.tolist() == ["C1", "C4", "C6"]
    other = ingested({}, included=[1], name="external")
    both = review.Review({"cohort": one, "external": other}).images
    assert list(both)[:5] == ["Cohort", "Row", "Pixels", "Area, px", "Ø, px"]  # one size unknown
    assert both.loc["E4", ["Cohort", "Area, px"]].tolist() == ["external", 600]


def test_the_picture_of_an_excluded_image_hides_its_letters_here_too():
    for included, brightest in (([1], 0), ([1, 6], 255)):
        one = ingested({6: ["text"]}, included=included)
        image, shown_mask = review.Review({"cohort": one}).read("C6")
        assert image[:, 115:].max() == brightest and np.array_equal(shown_mask, mask())


def test_words_say_row_flags_notes_and_why_nothing_can_be_decided():
    one = ingested({4: ["blur"]}, included=[1], told={4: "keep"}, decisions=File())
    external = ingested({}, included=[1], name="external", simulated=True)
    both = review.Review({"cohort": one, "external": external})
    assert both.words("C4") == [
        "Row 6 of the table, 80 × 160 pixels, not studied in this run.",
        f"Blur: {image_flags.FLAGS['blur']}",
        "Pixel size taken from elsewhere.",
        "Also holds label 2.",
        "The column 'seen' of the table says keep: change it there.",
    ]
    assert both.words("E1") == [
        "Row 3 of the external table, 80 × 160 pixels, studied in this run.",
        "No decision can be saved: the study names no file of them.",
    ]
    assert set(both.fixed) == {"C4", *(f"E{row}" for row in range(7))}
    assert both.origin == "Simulated data" and review.Review({"cohort": one}).origin == ""


def test_what_file_and_table_say_is_decided():
    file = File(C1="exclude", C2="keep")  # C2 was not examined
    one = ingested({}, included=[4, 6], told={6: "keep"}, decisions=file)
    assert review.Review({"cohort": one}).decided == {"C1": "exclude", "C2": "keep", "C6": "keep"}


def test_every_file_gets_the_decisions_on_its_own_images():
    first, second = File("a.csv", C6="keep"), File("b.csv", there=False)
    one = ingested({}, included=[1], told={4: "keep", 6: "keep"}, decisions=first)
    other = ingested({}, included=[1], name="external", decisions=second)
    both = review.Review({"cohort": one, "external": other})
    assert both.status == "a.csv: keep 1, exclude 0.\nb.csv: not there yet, so nothing is decided."
    said = both.save(both.decided | {"C1": "exclude", "C2": "keep", "E6": "exclude"})
    # C4 and C6 are told by the table; the file had C6 before.
    assert first.content == {"C6": "keep", "C1": "exclude", "C2": "keep"}
    assert second.content == {"E6": "exclude"}
    assert said == "a.csv: keep 2, exclude 1.\nb.csv: keep 0, exclude 1."


def test_both_cohorts_may_have_one_file():
    file = File()
    one = ingested({}, included=[1], decisions=file)
    other = ingested({}, included=[1], name="external", decisions=file)
    both = review.Review({"cohort": one, "external": other})
    assert both.save({"C1": "exclude", "E1": "keep"}) == "d.csv: keep 1, exclude 1."
    assert file.content == {"C1": "exclude", "E1": "keep"} and both.fixed == {}


def test_a_study_without_a_file_says_so_and_one_of_scores_has_nothing_to_browse():
    one = review.Review({"cohort": ingested({}, included=[1])})
    assert one.status == (
        "The study names no file of a reader's decisions on images (`decisions`)."
    )
    opened = SimpleNamespace(
        name="cohort", made=None, source=SimpleNamespace(simulated=False, quality_column="")
    )
    none = pd.Series([], dtype=str)
    scores = Ingested(opened, None, None, None, pd.DataFrame(), None, None, none, none)
    assert review.Review({"cohort": scores}).images.empty
