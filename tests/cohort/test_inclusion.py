"""From typed rows to the cohort: counted at every step, one row per patient, under a pseudonym."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thyro.cohort import clinical_table, inclusion, spreadsheet
from thyro.cohort import split as split_module
from thyro.cohort.clinical_table import criterion_name
from thyro.cohort.pseudonyms import pseudonyms

AGE = {"name": "age", "label": "Age", "kind": "continuous"}
HT = {"name": "ht", "label": "HT", "kind": "categorical", "required": False}
CRITERIA = [
    {"column": "c1", "label": "Not the first operation", "kind": "inclusion"},
    {"column": "c2", "label": "I-131 before ultrasound", "kind": "exclusion"},
]
KEY = bytes(range(32))
nan = float("nan")


def clinical(n=4, **columns):
    base = {
        "source_id": [f"p{i}" for i in range(n)],
        "y": [float(i % 2) for i in range(n)],
        "age": [40.0 + i for i in range(n)],
        "ht": ["No"] * n,
    }
    return pd.DataFrame(base | columns)


def refused(message):
    return pytest.raises(clinical_table.CohortError, match=f"^{re.escape(message)}$")


def counts(flow):
    return [(step["label"].removeprefix("Excluded: "), step["n"]) for step in flow.steps]


def test_exclusions_come_in_their_order_and_only_the_first_counts():
    frame = clinical(
        9,
        y=[1, 0, 1, 0, 1, 0, nan, 0, 1],
        age=[nan, 50, 50, nan, 50, 50, 50, nan, 50],
        ht=[None] * 9,
        radiologist=[1.0] * 8 + [nan],
        SVM=[0.1] * 9,
        quality=["exclude", "", "exclude", "", "keep", "", "", "", ""],
        **{
            criterion_name(0): [True] + [False] * 8,
            criterion_name(1): [True, True] + [False] * 7,
        },
    )
    found = pd.DataFrame(
        {
            "blur": [False, True, True, False, False, False],
            "text": [True, True, False, False, False, False],
        },
        index=[3, 4, 5, 6, 7, 8],
    )
    flow = inclusion.include(
        frame,
        [AGE, HT],
        criteria=CRITERIA,
        flags=found,
        exclude_flagged=["text", "blur"],
        scores=["SVM"],
    )
    assert counts(flow) == [
        ("Assessed (patients)", 9),
        ("Not the first operation", 1),
        ("I-131 before ultrasound", 1),
        ("image quality, reader's decision", 1),
        ("text in the image", 1),  # the reader keeps the other one
        ("blurred image", 1),
        ("outcome not recorded", 1),
        ("Age not recorded", 1),
        ("radiologist's reading not recorded", 1),
    ]
    assert flow.frame.index.tolist() == [4]


def test_a_missing_score_excludes():
    frame = clinical(3, SVM=[0.1, nan, 0.2], CNN=[0.1, 0.2, nan])
    flow = inclusion.include(frame, [AGE], scores={"SVM": "s", "CNN": "c"})
    assert counts(flow)[1:] == [("score of SVM not recorded", 1), ("score of CNN not recorded", 1)]


def test_flags_that_do_not_exclude_are_only_shown():
    flags = pd.DataFrame({"size": [True, False, False, False], "blur": [True] * 4})
    flow = inclusion.include(clinical(), [AGE], flags=flags, exclude_flagged=["size"])
    assert flow.frame.index.tolist() == [1, 2, 3]
    assert len(inclusion.include(clinical(), [AGE], exclude_flagged=["duplicate"]).frame) == 4


def of_pixels(hashes, **flags):
    """What is found in images of which equal letters are copies; "-" was not examined."""
    found = pd.DataFrame({"pixel_hash": list(hashes)} | flags)
    found["duplicate"] = found["pixel_hash"].duplicated()
    return found[found["pixel_hash"] != "-"]


def without_copies(frame, found, *, order=("duplicate", "blur"), **options):
    order = [flag for flag in order if flag in found]
    return inclusion.include(
        frame, [AGE], measured=found, flags=found, exclude_flagged=order, **options
    )


def test_of_copies_the_first_stays():
    flow = without_copies(clinical(6), of_pixels("abacba"))
    assert flow.frame.index.tolist() == [0, 1, 3] and counts(flow)[1] == ("duplicate image", 3)


def test_a_copy_stays_where_the_first_leaves_at_another_step():
    frame = clinical(
        10,
        y=[nan, 1, 0, 1, 0, 1, 0, 1, 1, 1],
        age=[50, 50, nan, 50, 50, 50, 50, 50, 50, 50],
        section=["long"] * 4 + ["trans", "long"] + ["long"] * 4,
        quality=[""] * 8 + ["exclude", ""],
        **{criterion_name(0): [False] * 6 + [True] + [False] * 3},
    )
    found = of_pixels("aabbcc-dee", blur=[False] * 10)
    flow = without_copies(frame, found, criteria=CRITERIA[:1], view_column="section", view="long")
    assert flow.frame.index.tolist() == [1, 3, 5, 7, 9]
    assert "duplicate image" not in dict(counts(flow))
    blurred = of_pixels("aa", blur=[True, False])
    for order in (["duplicate", "blur"], ["blur", "duplicate"]):
        flow = without_copies(clinical(2), blurred, order=order)
        assert flow.frame.index.tolist() == [1]
        assert counts(flow)[1:] == [("blurred image", 1)]


def test_copies_are_counted_where_their_flag_stands():
    found = of_pixels("aabc", blur=[False, False, True, False])
    for order, labels in (
        (["duplicate", "blur"], ["duplicate image", "blurred image"]),
        (["blur", "duplicate"], ["blurred image", "duplicate image"]),
    ):
        flow = without_copies(clinical(), found, order=order)
        assert counts(flow)[1:] == [(label, 1) for label in labels]


def test_copies_that_the_reader_keeps_stay():
    frame = clinical(4, quality=["", "keep", "", "keep"])
    assert without_copies(frame, of_pixels("aaaa")).frame.index.tolist() == [0, 1, 3]


def test_a_copy_of_another_image_of_a_patient_costs_nobody():
    # Patient a is analysed by row 1, so that row 2, a copy of row 0, may stay for b.
    frame = clinical(3, source_id=["a", "a", "b"], size=["1", "2", "3"])
    flow = without_copies(frame, of_pixels("xyx"), one_per_patient="size")
    assert flow.frame.index.tolist() == [1, 2]
    assert counts(flow)[1:] == [("further image of the same patient", 1)]
    # b's larger image is a copy of a's, the smaller one a copy of c's: b has none of their own.
    frame = clinical(4, source_id=["a", "b", "b", "c"], size=["5", "9", "2", "7"])
    frame = frame.loc[[0, 1, 3, 2]].reset_index(drop=True)
    flow = without_copies(frame, of_pixels("xxyy"), one_per_patient="size")
    assert flow.frame.index.tolist() == [0, 2]
    assert counts(flow)[1:] == [("duplicate image", 2)]


def test_an_image_entered_twice_for_one_patient_is_no_repeated_patient():
    flow = without_copies(clinical(3, source_id=["a", "b", "a"]), of_pixels("xyx"))
    assert flow.frame.index.tolist() == [0, 1]


def test_no_image_is_lost_to_a_copy_and_none_is_studied_twice():
    rng = np.random.default_rng(11)
    for _ in range(40):
        n = 40
        frame = clinical(
            n,
            source_id=[f"p{i}" for i in rng.integers(0, 25, n)],
            y=rng.choice([0, 1, nan], n),
            age=rng.choice([50, nan], n, p=[0.8, 0.2]),
        )
        found = of_pixels(rng.choice(list("abcdefghijkl"), n), blur=rng.random(n) < 0.2)
        found["area"] = rng.random(n)
        flow = without_copies(frame, found, one_per_patient="area")
        alone = inclusion.include(
            frame,
            [AGE],
            measured=found,
            flags=found,
            exclude_flagged=["blur"],
            one_per_patient="area",
        )
        assert found["pixel_hash"][flow.frame.index].is_unique
        assert flow.frame["source_id"].is_unique
        assert set(found["pixel_hash"][alone.frame.index]) <= set(
            found["pixel_hash"][flow.frame.index]
        )
        assert n == len(flow.frame) + sum(step["n"] for step in flow.steps if step["excluded"])


def test_candidates_are_those_whom_only_an_image_may_exclude():
    frame = clinical(
        6,
        y=[nan] * 6,
        section=["long", "long", "long", "trans", "long", "long"],
        quality=["", "exclude", "keep", "", "", ""],
        **{criterion_name(0): [True] + [False] * 5, criterion_name(1): [False] * 5 + [True]},
    )
    rows = inclusion.candidates(frame, criteria=CRITERIA, view_column="section", view="long")
    assert rows.index.tolist() == [2, 4]
    assert inclusion.candidates(frame).index.tolist() == [0, 2, 3, 4, 5]


def test_other_views_are_set_aside():
    frame = clinical(4, source_id=["a", "a", "b", "b"], section=["long", "trans"] * 2)
    flow = inclusion.include(frame, [AGE], view_column="section", view="long")
    accents = clinical(2, section=["la\u0308ngs", "quer"])
    assert len(inclusion.candidates(accents, view_column="section", view=" längs")) == 1
    assert counts(flow) == [("Assessed (images)", 4), ("view other than long", 2)]
    with refused("section: no row has the view 'sagittal'. There: 'long' (2), 'trans' (2)."):
        inclusion.include(frame, [AGE], view_column="section", view="sagittal")


def test_the_largest_of_the_table_or_of_the_masks_picks_the_row_of_a_patient():
    frame = clinical(
        6,
        source_id=["a", "b", "a", "b", "c", "c"],
        y=[1, 0, 1, nan, 0, 0],
        size=["5", "7", "9", "8.5", "3", "3"],
    )
    flow = inclusion.include(frame, [AGE], one_per_patient="size")
    assert counts(flow) == [("Assessed (images)", 6), ("further image of the same patient", 3)]
    # b: the larger one has no outcome; c: equals, so the first one.
    assert flow.frame.index.tolist() == [1, 2, 4]
    measured = pd.DataFrame({"mask_area_px": [9, 5, 1, 8, 3, 4]})
    flow = inclusion.include(frame, [AGE], one_per_patient="mask_area_px", measured=measured)
    assert flow.frame.index.tolist() == [0, 1, 5]
    typed = inclusion.include(clinical(2, source_id=["a", "a"]), [AGE], one_per_patient="age")
    assert typed.frame.index.tolist() == [1]


def test_an_excluded_image_leaves_the_next_one_of_its_patient():
    frame = clinical(2, source_id=["a", "a"], size=["9", "5"])
    flags = pd.DataFrame({"blur": [True, False]})
    flow = inclusion.include(
        frame, [AGE], one_per_patient="size", flags=flags, exclude_flagged=["blur"]
    )
    assert flow.frame.index.tolist() == [1]


def test_sizes_that_cannot_pick_are_named():
    frame = clinical(4, source_id=["a", "a", "b", "c"], size=["5", "", "big", ""])
    with refused(
        "The cohort cannot be used:\n"
        "  row 4: size: 'big', expected a number with a decimal point\n"
        "  row 3: size: empty, expected a number that picks the row of the patient"
    ):
        inclusion.include(frame, [AGE], one_per_patient="size")
    with refused(
        "`one_per_patient`: 'area' is neither a column of the table nor a measured number."
    ):
        inclusion.include(frame, [AGE], one_per_patient="area")


def measures():
    """Of three images, one of them without the size of its pixels."""
    return pd.DataFrame(
        {
            "pixel_hash": ["a", "b", "c"],
            "notes": [""] * 3,
            "touches_border": [True, False, False],
            "rows": [100] * 3,
            "mask_diameter_mm": [nan, 5, nan],
        }
    )


@pytest.mark.parametrize("column", ["pixel_hash", "notes", "touches_border", "area"])
def test_only_measured_numbers_pick(column):
    with refused(
        f"`one_per_patient`: {column!r} is neither a column of the table nor a measured number. "
        "Measured: mask_diameter_mm, rows."
    ):
        inclusion.include(
            clinical(3, source_id=["a", "a", "b"]),
            [AGE],
            one_per_patient=column,
            measured=measures(),
        )


def test_a_size_that_was_not_measured_picks_nothing():
    options = {"one_per_patient": "mask_diameter_mm", "measured": measures()}
    with refused(
        "The cohort cannot be used:\n  row 2: mask_diameter_mm: not measured, expected a number "
        "that picks the row of the patient"
    ):
        inclusion.include(clinical(3, source_id=["a", "a", "b"]), [AGE], **options)
    assert len(inclusion.include(clinical(3), [AGE], **options).frame) == 3


def test_ids_are_no_sizes_and_are_not_quoted():
    frame = clinical(3, source_id=["a", "a", "b"], case=[" a", "a", "b"])
    with refused("`one_per_patient`: 'case' is the column of the ids."):
        inclusion.include(frame, [AGE], one_per_patient="case")


def test_columns_that_are_variables_too_pick_and_show_views():
    table = pd.DataFrame(
        {
            "id": ["a", "a", "b", "b"],
            "y": ["1", "1", "0", "0"],
            "age": ["50", "50", "60", "60"],
            "size": ["7", "3", "2", "4"],
            "section": ["1", "2", "1", "1"],
        }
    )
    numbers = [AGE, *({"name": n, "label": n, "kind": "continuous"} for n in ("size", "section"))]
    frame, problems = clinical_table.read_clinical(
        table, numbers, id_column="id", outcome_column="y", other_columns=["size", "section"]
    )
    assert problems == []
    flow = inclusion.include(
        frame, numbers, view_column="section", view="1", one_per_patient="size"
    )
    assert flow.frame.index.tolist() == [0, 3] and flow.frame["size"].tolist() == [7, 4]
    with refused("section: no row has the view '3'. There: '1' (3), texts that occur once: 1."):
        inclusion.include(frame, numbers, view_column="section", view="3")


def test_every_error_tells_its_problems_without_a_heading():
    repeated = clinical(source_id=["a", "b", "a", "b"])
    for options, problems in (
        (
            {},
            [
                f"row {rows}: the same patient; `one_per_patient` says which row to take"
                for rows in ("2, 4", "3, 5")
            ],
        ),
        (
            {"one_per_patient": "area"},
            ["`one_per_patient`: 'area' is neither a column of the table nor a measured number."],
        ),
        (
            {"view_column": "ht", "view": "long"},
            ["ht: no row has the view 'long'. There: 'No' (4)."],
        ),
        (
            {"exclude_flagged": ["blur"], "flags": pd.DataFrame({"blur": [True] * 4})},
            ["No patient is left. Assessed (images): 4; Excluded: blurred image: 4."],
        ),
    ):
        with pytest.raises(clinical_table.CohortError) as caught:
            inclusion.include(repeated, [AGE], **options)
        assert caught.value.problems == problems


def test_a_repeated_patient_stops_when_nothing_says_which_row_counts():
    with refused(
        "The table repeats patients:\n"
        "  row 2, 4: the same patient; `one_per_patient` says which row to take\n"
        "  row 3, 5: the same patient; `one_per_patient` says which row to take"
    ):
        inclusion.include(clinical(source_id=["a", "b", "a", "b"]), [AGE])


def test_a_cohort_of_nobody_says_how_it_came_about():
    with refused(
        "No patient is left. Assessed (patients): 4; Excluded: outcome not recorded: 1; "
        "Excluded: Age not recorded: 3."
    ):
        inclusion.include(clinical(y=[0, 0, 1, nan], age=[nan] * 4), [AGE])


def test_every_row_is_counted_once_at_the_first_step_it_fails():
    rng = np.random.default_rng(7)
    for _ in range(30):
        n = 60
        frame = clinical(
            n,
            source_id=[f"p{i}" for i in rng.integers(0, 40, n)],
            y=rng.choice([0, 1, nan], n),
            age=rng.choice([50, nan], n, p=[0.8, 0.2]),
            quality=rng.choice(["", "keep", "exclude"], n, p=[0.6, 0.2, 0.2]),
            section=rng.choice(["long", "trans"], n),
            **{criterion_name(i): rng.random(n) < 0.1 for i in range(2)},
        )
        view = {"view_column": "section", "view": "long"}
        rows = inclusion.candidates(frame, criteria=CRITERIA, **view)
        images = pd.DataFrame(
            {
                "blur": rng.random(len(rows)) < 0.2,
                "area": rng.random(len(rows)),
                "pixel_hash": [str(row % 37) for row in rows.index],
                "duplicate": False,
            },
            index=rows.index,
        )
        flow = inclusion.include(
            frame,
            [AGE],
            criteria=CRITERIA,
            **view,
            one_per_patient="area",
            measured=images,
            flags=images,
            exclude_flagged=["duplicate", "blur"],
        )
        assert n == len(flow.frame) + sum(step["n"] for step in flow.steps if step["excluded"])
        assert flow.frame["source_id"].is_unique
        assert set(flow.frame.index) <= set(rows.index)
        left = frame[~frame[criterion_name(0)]]
        assert counts(flow)[1] == ("Not the first operation", n - len(left))
        assert counts(flow)[2] == ("I-131 before ultrasound", left[criterion_name(1)].sum())


def test_pseudonyms_follow_from_id_and_key_alone():
    rng = np.random.default_rng(1)
    ids = [f"{i:06d}" for i in rng.permutation(5000)]
    made = dict(zip(ids, pseudonyms(ids, KEY), strict=True))
    assert len(set(made.values())) == 5000
    assert all(re.fullmatch("P[A-Z2-7]{8}", pseudonym) for pseudonym in made.values())
    shuffled = rng.permutation(ids).tolist()
    assert pseudonyms(shuffled[:100], KEY) == [made[patient] for patient in shuffled[:100]]
    assert not set(pseudonyms(ids, KEY[::-1])) & set(made.values())


def test_one_patient_has_one_pseudonym_however_the_id_is_written():
    spellings = ["Müller", " Müller\u00a0", unicodedata.normalize("NFD", "Müller")]
    assert len(set(pseudonyms(spellings, KEY))) == 1


def test_a_pseudonym_is_the_keyed_hash_that_anyone_with_the_key_computes():
    # printf 'S0001' | openssl dgst -sha256 -mac hmac -macopt hexkey:000102..1f -binary | base32
    assert pseudonyms(["S0001"], KEY) == ["PYNBQKT65"]


def test_equal_pseudonyms_and_short_keys_stop(monkeypatch):
    with pytest.raises(ValueError, match=r"^key: expected at least 16 bytes, got 3\.$"):
        pseudonyms(["a"], b"abc")
    monkeypatch.setattr("thyro.cohort.pseudonyms.PSEUDONYM_LENGTH", 1)
    with refused("Two patients get the same pseudonym; make another key."):
        pseudonyms([str(i) for i in range(40)], KEY)


def test_the_patient_table_carries_no_hospital_id():
    frame = clinical(radiologist=[1.0, 0, 0, 1], image=[f"7/secret-{i}.png" for i in range(4)])
    frame.index = [3, 5, 7, 9]
    parts = pd.Series(["train", "test", "train", "external"], index=frame.index, name="split")
    ids = pseudonyms(frame["source_id"], KEY)
    paths = {part: [f"r/{part}/{i}.png" for i in ids] for part in ("mask_2", "image", "mask")}
    patients = inclusion.patient_table(
        frame,
        ["age", "ht"],
        patient_ids=ids,
        split=parts,
        paths=paths,
        spacing_mm=[(0.1, 0.2)] * 4,
    )
    assert list(patients) == (
        ["patient_id", "y", "split", "age", "ht", "radiologist"]
        + ["image", "mask", "mask_2", "spacing_mm", "spacing_known"]
    )
    assert patients["patient_id"].tolist() == ids and patients["split"].tolist() == parts.tolist()
    assert patients["y"].dtype == patients["radiologist"].dtype == int
    assert patients["image"][0] == f"r/image/{ids[0]}.png"
    assert patients["spacing_mm"][0] == [0.1, 0.2]
    written = patients.to_csv()
    assert "secret" not in written and "p0" not in written


def test_a_study_of_scores_has_no_images():
    frame = clinical(2, SVM=[0.1, 0.2])
    patients = inclusion.patient_table(
        frame, ["age"], patient_ids=["Pa", "Pb"], split=pd.Series(["train", "test"])
    )
    assert list(patients) == ["patient_id", "y", "split", "age"]


DATA = Path(__file__).parents[3] / "shared/data"


def source(name, file):
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there")
    return spreadsheet.read((DATA / file).read_bytes(), name)


def test_ddti_gives_184_patients_of_273_images():
    # shared/data/README.md: 216 graded images of 184 cases, 33 + 151 by the largest lesion.
    table = source("labels.csv", "ddti/labels.csv")
    age = AGE | {"required": False}
    frame, problems = clinical_table.read_clinical(
        table,
        [age],
        id_column="case_id",
        outcome_column="label_tirads_ge4a",
        other_columns=["mask_area_px"],
    )
    assert problems == []
    flow = inclusion.include(frame, [age], one_per_patient="mask_area_px")
    graded = table[table["label_tirads_ge4a"] != ""]
    assert len(graded) == 216
    assert set(flow.frame["source_id"]) == set(graded["case_id"]) and len(flow.frame) == 184
    area = graded["mask_area_px"].astype(float)
    assert (
        flow.frame["mask_area_px"].astype(float).sum()
        == area.groupby(graded["case_id"]).max().sum()
    )
    assert counts(flow)[0] == ("Assessed (images)", 273)


def test_real_scores_of_two_centres_make_two_cohorts():
    table = source("clnm_tidy.csv", "clnm_ptc/clnm_tidy.csv")
    table["id"] = table["cohort"] + " " + table["row"]
    size = {"name": "size", "column": "Size_of_US", "label": "Size", "kind": "continuous"}
    frame, problems = clinical_table.read_clinical(
        table,
        [size, {"name": "age", "column": "Age", "label": "Age", "kind": "continuous"}],
        id_column="id",
        outcome_column="Label",
        scores={"CNN": "dl_score_fold1"},
        other_columns=["cohort"],
    )
    assert problems == []
    flow = inclusion.include(frame, [size], scores=["CNN"])
    split = split_module.split_by_patient(
        flow.frame["y"],
        how="centre",
        column=flow.frame["cohort"],
        test_centres=["external_test"],
        seed=1,
    )
    assert split.value_counts().to_dict() == {"test": 187, "train": 109}
    assert flow.frame["y"].groupby(split).sum().to_dict() == {"test": 58, "train": 55}


def test_a_graded_reading_keeps_its_grades_and_a_yes_or_no_stays_whole():
    frame = pd.DataFrame({"y": [1.0, 0, 1], "radiologist": [2.5, 4, 1]})
    ids, split = ["P1", "P2", "P3"], pd.Series(["train", "test", "train"])
    graded = inclusion.patient_table(frame, [], patient_ids=ids, split=split)
    assert graded["radiologist"].tolist() == [2.5, 4, 1]
    called = inclusion.patient_table(
        frame.assign(radiologist=[1.0, 0, 1]), [], patient_ids=ids, split=split
    )
    assert called["radiologist"].dtype.kind == called["y"].dtype.kind == "i"
