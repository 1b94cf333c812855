"""Ingesting: table and images together, all problems at once, nothing of the user's ids left."""

import shutil
from typing import get_args

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image

from thyro.cohort import clinical_table, example, flow, image_flags, intake, levels, review, sources
from thyro.simulate import case_mix, risk
from thyro.simulate import cohort as simulate
from thyro.store import files, paths
from thyro.study import cohorts, load_study
from thyro.study.settings import Cohort, Source

N = 24


@pytest.fixture(scope="module")
def made():
    return simulate.simulate_cohort(N, rng=np.random.default_rng(5), image_shape=(128, 160))


@pytest.fixture(scope="module")
def written(made, tmp_path_factory):
    """The simulated patients as a user's folder."""
    table = simulate.source_table(made)
    table["y"] = ["0", "1"] * (N // 2)
    table.loc[table["y"].eq("0"), "lnm_location"] = "No"
    frames = zip(made.images, *made.readers, strict=True)
    folder = tmp_path_factory.mktemp("written")
    example.write(folder, table, frames, spacing_mm=list(made.table["spacing_mm"]))
    return folder


@pytest.fixture
def folder(written, tmp_path, monkeypatch):
    """A copy of that folder, in a project of its own."""
    for name in ("params", "notebooks"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    paths.project_root.cache_clear()
    shutil.copytree(written, tmp_path / "data")
    yield tmp_path / "data"
    paths.project_root.cache_clear()


def source(kind=Source, **changes):
    variables = [v for v in case_mix.clinical_variables() if v["name"] in ("age", "margin")]
    columns = {"source": "folder", "table": "patients.csv", **sources.COLUMNS}
    return kind(**columns | {"variables": variables} | changes)


def ingest(*, external=None, **changes):
    given = {"cohort": source(Cohort, **changes)} | ({"external": external} if external else {})
    return intake.ingest(given, data_dir="data", out_dir="results/mine/00_cohort", seed=1)


def edit(folder, row, name="patients.csv", **cells):
    """Change cells of one row of the table, counted as a spreadsheet does."""
    table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    for column, value in cells.items():
        table.loc[row - 2, column] = value
    table.to_csv(folder / name, index=False)


def problems_of(call):
    with pytest.raises(clinical_table.CohortError) as error:
        call()
    return error.value.problems


def test_a_folder_gives_the_patients_that_were_written(folder, made):
    one = ingest()["cohort"]
    patients = one.patients("train", "results/mine/00_cohort")
    assert patients["age"].tolist() == made.table["age"].tolist()
    assert patients["spacing_mm"].tolist() == pytest.approx(
        np.array(made.table["spacing_mm"].tolist())
    )
    images = files.path("results/mine/00_cohort")
    for i in (0, N - 1):
        for column, part in (("image", made.images), ("mask_2", made.readers[1])):
            written = np.asarray(Image.open(images.parents[2] / patients[column][i]))
            assert np.array_equal(written, part[i] * (255 if part[i].dtype == bool else 1))
    assert sorted(f.stem for f in (images / "masks").iterdir()) == sorted(patients["patient_id"])


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_left(folder):
    edit(folder, 4, age="51,5", mask="masks/none.nii.gz")
    edit(folder, 9, margin="smoth")
    (folder / "images/S0010.dcm").write_bytes(b"")
    external = source(table="other.csv")
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table.head(12).assign(age="-4").to_csv(folder / "other.csv", index=False)
    lines = problems_of(lambda: ingest(external=external))
    assert len([line for line in lines if line.startswith("row 4:")]) == 2
    for start in ("row 9: margin", "row 11: ", "external row 2, 3, 4", "row 2 of the cohort and"):
        assert any(line.startswith(start) for line in lines), (start, lines)
    assert not files.path("results/mine/00_cohort").exists()
    assert list(files.path("results/mine").iterdir()) == []


def test_a_cohort_that_cannot_be_split_stops_before_its_images_are_read(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table["y"] = ["1"] * 5 + ["0"] * (N - 5)
    table["centre"] = "North"
    table.to_csv(folder / "patients.csv", index=False)
    (folder / "images/S0010.dcm").unlink()
    lines = problems_of(lambda: ingest(split="centre", split_column="centre", test_centres=["S"]))
    assert lines[0].startswith("The cohort has 5 patients with and 19 without the outcome")
    assert lines[1].startswith("row 11: image 'images/S0010.dcm' is not in the data folder")
    table.assign(y=["0", "1"] * (N // 2)).to_csv(folder / "patients.csv", index=False)
    lines = problems_of(lambda: ingest(split="centre", split_column="centre", test_centres=["S"]))
    assert lines[0].startswith("`test_centres`: no patient of 'S' in the column 'centre'")


def test_both_tables_are_judged_when_one_lacks_a_column(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table.assign(age="old").to_csv(folder / "other.csv", index=False)
    table.drop(columns="margin").to_csv(folder / "patients.csv", index=False)
    lines = problems_of(lambda: ingest(external=source(table="other.csv")))
    assert lines[0].startswith("The table has no column 'margin'")
    assert lines[1].startswith("external row 2, 3, 4")


def test_text_of_an_excluded_image_is_in_no_sheet(folder):
    data = pydicom.dcmread(folder / "images/S0004.dcm")
    wide = np.zeros((128, 320), np.uint8)
    wide[:, :160] = data.pixel_array
    wide[20:100:4, 200:300:3] = 255  # letters beside the scan
    data.Columns, data.PixelData = 320, wide.tobytes()
    data.save_as(folder / "images/S0004.dcm")
    for part in ("masks", "masks_2"):
        mask = sitk.ReadImage(str(folder / part / "S0004.nii.gz"))
        values = np.pad(sitk.GetArrayFromImage(mask), ((0, 0), (0, 0), (0, 160)))
        wider = sitk.GetImageFromArray(values)
        wider.SetSpacing(mask.GetSpacing())
        sitk.WriteImage(wider, str(folder / part / "S0004.nii.gz"))
    for flags, brightest in ((["text"], 0), ([], 255)):
        one = ingest(exclude_flagged=flags)["cohort"]
        ((_, image, _, note),) = review.flagged_cases({"cohort": one})
        assert note == f"row 5, {'not included' if flags else 'kept'}: text"
        assert image[:, 170:].max() == brightest


def test_an_image_of_an_excluded_patient_need_not_be_readable(folder):
    (folder / "images/S0003.dcm").unlink()
    edit(folder, 4, comorbidity="1")
    criterion = {"column": "comorbidity", "label": "co-morbidity", "kind": "exclusion"}
    flow = ingest(criteria=[criterion])["cohort"].flow
    assert len(flow.frame) == N - 1
    assert flow.steps[1] == {"label": "Excluded: co-morbidity", "n": 1, "excluded": True}


def test_a_duplicate_leaves_unless_the_reader_keeps_it(folder):
    edit(
        folder,
        7,
        image="images/S0001.dcm",
        mask="masks/S0001.nii.gz",
        mask_2="masks_2/S0001.nii.gz",
    )
    first = ingest()["cohort"]
    assert first.flow.steps[1]["label"] == "Excluded: duplicate image"
    assert first.image_flags.loc[first.image_flags["duplicate"], "table_row"].tolist() == [7]
    assert not first.image_flags.loc[5, "included"]
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table.assign(reader="").to_csv(folder / "patients.csv", index=False)
    edit(folder, 7, reader="keep")
    edit(folder, 8, reader="exclude")
    kept = ingest(quality_column="reader")["cohort"]
    assert [step["label"] for step in kept.flow.steps[1:]] == [
        "Excluded: image quality, reader's decision"
    ]
    # Flagged all the same, so that the second sheet shows it.
    flagged = [(title, note) for title, *_, note in review.flagged_cases({"cohort": kept})]
    assert flagged == [(kept.patient_ids[5], "row 7, kept: duplicate")]


def copy_row(folder, row, of):
    """Let a row show the image of another one."""
    edit(
        folder,
        row,
        image=f"images/S{of - 1:04d}.dcm",
        mask=f"masks/S{of - 1:04d}.nii.gz",
        mask_2=f"masks_2/S{of - 1:04d}.nii.gz",
    )


def decide(folder, name="decisions.csv", **decided):
    """Write a file of decisions: id -> word."""
    lines = [f"{image.replace('_', '-')},{word}\n" for image, word in decided.items()]
    (folder / name).write_text("image_id,decision\n" + "".join(lines))


def image_ids(one):
    """Ids of the images as the file of decisions says them, by row of the spreadsheet."""
    return {row + 2: image.replace("-", "_") for row, image in one.image_ids.items()}


def steps(one):
    return {step["label"]: step["n"] for step in one.flow.steps[1:]}


def test_decisions_of_a_file_count_as_those_of_the_table_do(folder):
    copy_row(folder, 7, of=2)
    before = ingest(decisions="decisions.csv")["cohort"]
    assert steps(before) == {"Excluded: duplicate image": 1} and not before.decisions.there
    assert before.image_flags["decision"].eq("").all()
    ids = image_ids(before)
    decide(folder, **{ids[7]: "keep", ids[8]: "exclude", ids[9]: "exclude"})
    after = ingest(decisions="decisions.csv")["cohort"]
    assert steps(after) == {"Excluded: image quality, reader's decision": 2}
    assert len(after.flow.frame) == N - 2
    assert after.image_ids.equals(before.image_ids)
    # Excluded images are looked at all the same, so that the reader can take it back.
    flags = after.image_flags.set_index("table_row")
    assert flags.loc[[6, 7, 8, 9], "decision"].tolist() == ["", "keep", "exclude", "exclude"]
    assert flags.loc[[6, 7, 8, 9], "included"].tolist() == [True, True, False, False]
    assert flags.loc[8, "image_id"].replace("-", "_") == ids[8]
    assert review.Review({"cohort": after}).read(after.image_ids[6])[0].shape == (128, 160)
    decide(folder)
    assert steps(ingest(decisions="decisions.csv")["cohort"]) == steps(before)


def test_a_copy_stays_where_the_reader_excludes_the_first(folder):
    copy_row(folder, 7, of=2)
    decide(folder, **{image_ids(ingest()["cohort"])[2]: "exclude"})
    one = ingest(decisions="decisions.csv")["cohort"]
    assert steps(one) == {"Excluded: image quality, reader's decision": 1}
    assert {0, 5} - set(one.flow.frame.index) == {0}


def test_decisions_follow_their_image_to_another_row(folder):
    ids = image_ids(ingest()["cohort"])
    decide(folder, **{ids[4]: "exclude"})
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table.iloc[::-1].to_csv(folder / "patients.csv", index=False)
    one = ingest(decisions="decisions.csv")["cohort"]
    assert image_ids(one)[N + 3 - 4] == ids[4]
    assert set(range(N)) - set(one.flow.frame.index) == {N - 1 - 2}


def test_without_a_file_of_decisions_nothing_is_added(folder):
    assert {"image_id", "decision"} & set(ingest()["cohort"].image_flags) == set()


def test_a_decision_on_an_image_that_left_before_is_no_problem(folder):
    edit(folder, 4, comorbidity="1")
    criterion = {"column": "comorbidity", "label": "co-morbidity", "kind": "exclusion"}
    decide(folder, **{image_ids(ingest()["cohort"])[4]: "keep"})
    one = ingest(decisions="decisions.csv", criteria=[criterion])["cohort"]
    assert steps(one) == {"Excluded: co-morbidity": 1}
    assert review.Review({"cohort": one}).decided == one.decisions.decided() != {}


def test_wrong_decisions_are_told_beside_everything_else(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table.assign(reader="").to_csv(folder / "patients.csv", index=False)
    edit(folder, 5, reader="keep")
    ids = image_ids(ingest()["cohort"])
    edit(folder, 6, age="51,5")
    decide(folder, **{ids[2]: "perhaps", "P2222": "keep", ids[5]: "exclude"})
    lines = problems_of(lambda: ingest(decisions="decisions.csv", quality_column="reader"))
    assert [line.split(";")[0] for line in lines] == [
        "row 6: age: '51,5', expected a number with a decimal point: write 51.5",
        "decisions.csv row 2: decision: 'perhaps', expected one of: exclude, keep",
        "decisions.csv row 3: image_id: no row of the table has this id: that of its patient or "
        "the name of its file was changed, or the key of the pseudonyms",
        "decisions.csv row 4: decision: exclude, but `quality_column` says keep of this image",
    ]


def test_decisions_that_leave_nobody_stop_before_images_are_read(folder):
    ids = image_ids(ingest()["cohort"])
    decide(folder, **dict.fromkeys(ids.values(), "exclude"))
    (folder / "images/S0010.dcm").unlink()
    lines = problems_of(lambda: ingest(decisions="decisions.csv"))
    assert lines[0] == (
        f"No patient is left. Assessed (patients): {N}; Excluded: image quality, reader's "
        f"decision: {N}."
    )
    assert lines[1].startswith("row 11: image 'images/S0010.dcm' is not in the data folder")


def other_cohort(folder):
    """Rows 6 to 15 as an external table of other patients, of which two show a row's image."""
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    other = table.iloc[4:14]
    other = other.assign(patient_id=[f"X{i}" for i in range(10)], y=list("0101010101"))
    for row in range(2, 10):  # other pixels
        shown = pydicom.dcmread(folder / other["image"].iloc[row])
        shown.PixelData = shown.PixelData[::-1]
        other.iloc[row, list(other).index("image")] = f"images/other-{row}.dcm"
        shown.save_as(folder / f"images/other-{row}.dcm")
    other.to_csv(folder / "other.csv", index=False)
    return source(table="other.csv", decisions="decisions.csv")


def test_one_file_holds_the_decisions_of_both_cohorts(folder):
    external = other_cohort(folder)
    table = pd.read_csv(folder / "other.csv", dtype=str, keep_default_na=False)
    table.iloc[2:].to_csv(folder / "other.csv", index=False)  # without the shared images
    both = ingest(external=external, decisions="decisions.csv")
    first, second = (image_ids(one) for one in both.values())
    decide(folder, **{first[2]: "exclude", second[3]: "exclude", second[4]: "keep"})
    both = ingest(external=external, decisions="decisions.csv")
    assert [len(one.flow.frame) for one in both.values()] == [N - 1, 7]
    assert both["cohort"].decisions is both["external"].decisions
    # Of a cohort that does not name the file nothing is known.
    alone = source(table="other.csv")
    lines = problems_of(lambda: ingest(external=alone, decisions="decisions.csv"))
    assert [line[:32] for line in lines] == ["decisions.csv row 3, 4: image_id"]


def test_an_image_in_both_cohorts_may_be_excluded_from_one(folder):
    external = other_cohort(folder)
    assert len(problems_of(lambda: ingest(external=external))) == 2
    table = pd.read_csv(folder / "other.csv", dtype=str, keep_default_na=False)
    table.iloc[2:].to_csv(folder / "other.csv", index=False)
    ids = image_ids(ingest(external=external)["cohort"])
    table.to_csv(folder / "other.csv", index=False)
    decide(folder, **{ids[6]: "exclude", ids[7]: "exclude"})
    both = ingest(external=external, decisions="decisions.csv")
    assert [len(one.flow.frame) for one in both.values()] == [N - 2, 10]


def test_the_largest_nodule_of_a_patient_is_measured(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table["patient_id"] = table["patient_id"].where(table.index != 3, table["patient_id"][2])
    table["y"] = table["y"].where(table.index != 3, table["y"][2])
    table.to_csv(folder / "patients.csv", index=False)
    one = ingest(one_per_patient="mask_area_px")["cohort"]
    area = one.image_flags["mask_area_px"]
    left = {2, 3} & set(one.flow.frame.index)
    assert left == {area.loc[[2, 3]].idxmax()}
    assert one.flow.steps[0]["label"] == "Assessed (images)"


def test_an_image_in_both_cohorts_is_a_problem(folder):
    other_cohort(folder)
    lines = problems_of(lambda: ingest(external=source(table="other.csv")))
    assert lines == [
        f"external row {i + 2}: the same pixels as row {i + 6} of the cohort; an image belongs to "
        "one of them"
        for i in (0, 1)
    ]


def test_a_near_copy_in_the_external_cohort_is_a_problem_unless_the_reader_keeps_it(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    other = table.iloc[4:14]
    other = other.assign(patient_id=[f"X{i}" for i in range(10)], y=list("0101010101"))
    for row in range(10):
        shown = pydicom.dcmread(folder / other["image"].iloc[row])
        pixels = shown.pixel_array
        # Two are darker and moved; of the others nothing can be known again.
        changed = np.roll(pixels // 2 + 20, 2, axis=1) if row < 2 else pixels[::-1, ::-1]
        shown.PixelData = np.ascontiguousarray(changed).astype(np.uint8).tobytes()
        other.iloc[row, list(other).index("image")] = f"images/other-{row}.dcm"
        shown.save_as(folder / f"images/other-{row}.dcm")
    other.assign(seen=["keep", *[""] * 9]).to_csv(folder / "other.csv", index=False)
    lines = problems_of(lambda: ingest(external=source(table="other.csv", quality_column="seen")))
    assert lines == [
        "external row 3: nearly the same frame as row 7 of the cohort; leave one out, or say keep "
        "in the quality column"
    ]


def test_a_near_copy_within_a_cohort_leaves_and_is_counted(folder):
    moved = np.roll(pydicom.dcmread(folder / "images/S0003.dcm").pixel_array, 2, axis=0)
    copy = pydicom.dcmread(folder / "images/S0006.dcm")
    copy.PixelData = np.ascontiguousarray(moved).tobytes()
    copy.save_as(folder / "images/S0006.dcm")
    one = ingest()["cohort"]
    assert {"label": "Excluded: near copy of an image", "n": 1, "excluded": True} in one.flow.steps
    flags = one.image_flags
    assert flags.loc[flags["copy"], "frame_of_row"].tolist() == [4]


def test_a_file_in_which_two_labels_are_swapped_is_noted_and_flagged(folder):
    """Label 1 is the nodule and 2 a strip as wide as the image; in two files it is the reverse."""
    edit(folder, 5, mask="masks/S0004.nrrd")  # whatever the format
    for i in range(1, N + 1):
        read = sitk.ReadImage(str(folder / f"masks/S{i:04d}.nii.gz"))
        nodule = sitk.GetArrayFromImage(read) > 0
        strip = np.zeros_like(nodule)
        strip[..., 4:124, :] = True
        swapped = i in (4, 9)
        values = np.where(nodule, 2 if swapped else 1, strip * (1 if swapped else 2))
        labels = sitk.GetImageFromArray(values.astype(np.uint8))
        labels.SetSpacing(read.GetSpacing())
        sitk.WriteImage(labels, str(folder / f"masks/S{i:04d}.{'nrrd' if i == 4 else 'nii.gz'}"))
    flags = ingest(exclude_flagged=[])["cohort"].image_flags
    assert flags.loc[flags["area"], "table_row"].tolist() == [5, 10]
    assert set(flags["notes"]) == {"a mask also holds label 2"}
    chosen = {"mask_label": 2, "second_mask_column": ""}
    other = ingest(exclude_flagged=[], **chosen)["cohort"].image_flags
    assert other.loc[other["area"], "table_row"].tolist() == [5, 10]
    assert set(other["notes"]) == {"a mask also holds label 1"}


def test_a_level_of_test_patients_alone_stops_unless_it_is_merged(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    usual = ["Smooth or ill defined", "Irregular or lobulated"]
    table["margin"] = [usual[i // 2 % 2] for i in range(N)]
    table.loc[[N - 3, N - 1], "margin"] = "Extrathyroidal extension"
    table.to_csv(folder / "patients.csv", index=False)
    split = pd.Series(["train"] * (N - 6) + ["test"] * 6)
    one = {"candidates": ["margin"]}
    assert levels.check_levels(ingest(), split, **one) == [
        f"row {N - 1}, {N + 1}: margin: no training patient has the level 'Extrathyroidal "
        "extension', so that the clinical model cannot predict it; merge it with another level "
        "(`recode`), or leave the variable out of `nomogram.candidates`"
    ]
    variables = source().model_dump()["variables"]
    merged = [
        v | {"levels": usual, "recode": {"Extrathyroidal extension": usual[1]}}
        if v["name"] == "margin"
        else v
        for v in variables
    ]
    assert levels.check_levels(ingest(variables=merged), split, **one) == []
    unmerged = [v | {"levels": usual} if v["name"] == "margin" else v for v in variables]
    assert problems_of(lambda: ingest(variables=unmerged)) == [
        f"row {N - 1}, {N + 1}: margin: 'Extrathyroidal extension', expected one of: Irregular or "
        "lobulated, Smooth or ill defined"
    ]


def test_an_external_cohort_without_outcomes_stops(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    other = table.tail(5).assign(patient_id=list("vwxyz"), y="0", lnm_location="No")
    other.to_csv(folder / "other.csv", index=False)
    assert problems_of(lambda: ingest(external=source(table="other.csv")))[0] == (
        "The external cohort has 0 of 5 with the outcome; at least two with and two without are "
        "needed. Add patients."
    )


def test_pixel_sizes_that_some_images_lack_are_a_problem(folder):
    data = pydicom.dcmread(folder / "images/S0002.dcm")
    del data.PixelSpacing
    data.save_as(folder / "images/S0002.dcm")
    assert problems_of(ingest) == [
        f"row 3: 1 of {N} images do not tell the size of a pixel, this one first; give "
        "`spacing_mm`, or leave these images out"
    ]
    sizes = ingest(spacing_mm=0.2)["cohort"].image_flags
    assert sizes.loc[1, "row_mm"] == 0.2 and sizes.loc[2, "row_mm"] != 0.2


def test_an_image_of_somebody_no_longer_studied_does_not_stay(folder):
    ingest()
    edit(folder, 5, y="")
    one = ingest()["cohort"]
    for part in ("images", "masks", "masks_2"):
        left = {file.stem for file in files.path(f"results/mine/00_cohort/{part}").iterdir()}
        assert left == set(one.patient_ids) and len(left) == N - 1


def test_a_second_reader_need_not_have_read_every_image(folder):
    edit(folder, 3, mask_2="")
    patients = ingest()["cohort"].patients("train", "results/mine/00_cohort")
    assert patients["mask_2"].isna().tolist() == [i == 1 for i in range(N)]
    assert len(list(files.path("results/mine/00_cohort/masks_2").iterdir())) == N - 1


def test_scores_stand_instead_of_images(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    table.assign(dl=np.arange(N) / 7).to_csv(folder / "patients.csv", index=False)
    no_images = {"image_column": "", "mask_column": "", "second_mask_column": ""}
    one = ingest(scores={"Deep": "dl"}, **no_images)["cohort"]
    patients = one.patients("train", "results/mine/00_cohort")
    assert "image" not in patients and "spacing_mm" not in patients
    scores = one.scores()
    assert list(scores) == ["patient_id", "model", "p", "protocol", "fold"]
    assert scores["p"].tolist() == pytest.approx(np.arange(N) / 7)
    assert scores["patient_id"].tolist() == patients["patient_id"].tolist()


def test_pseudonyms_follow_the_key_of_the_project(folder):
    first = ingest()["cohort"].patient_ids
    assert files.path(".pseudonym_key").stat().st_mode & 0o077 == 0
    assert ingest()["cohort"].patient_ids.equals(first)
    files.path(".pseudonym_key").unlink()
    assert not set(ingest()["cohort"].patient_ids) & set(first)


def test_simulated_cohorts_take_the_same_way(tmp_path):
    smoke = load_study("smoke", files.path("params"))
    small = smoke.cohort.model_copy(update={"n_patients": 40, "image_shape": [128, 160]})
    ingested = intake.ingest(
        {"cohort": small, "external": small.model_copy(update={"device": "B"})},
        data_dir="",
        out_dir=str(tmp_path / "s/00_cohort"),
        seed=3,
        workers=2,
    )
    ids = [set(one.patient_ids) for one in ingested.values()]
    assert [len(some) for some in ids] == [40, 40] and not ids[0] & ids[1]
    truth = ingested["cohort"].truth
    assert truth["patient_id"].tolist() == ingested["cohort"].patient_ids.tolist()
    assert truth.attrs["coefficients"]["age"] == risk.CLINICAL_LOG_ODDS["age"]
    assert ingested["cohort"].flow.steps[0]["n"] > 40


def test_every_flag_has_its_sentence_its_reason_and_its_place_in_a_study():
    assert list(image_flags.FLAGS) == list(flow.FLAG_REASONS)
    assert set(image_flags.FLAGS) == set(get_args(cohorts.Flag))


def test_a_view_that_no_external_row_has_is_told_beside_everything_else(folder):
    table = pd.read_csv(folder / "patients.csv", dtype=str, keep_default_na=False)
    other = table.tail(8).assign(patient_id=list("stuvwxyz"), plane="long")
    other.to_csv(folder / "other.csv", index=False)
    table.assign(plane="trans").to_csv(folder / "patients.csv", index=False)
    view = {"view_column": "plane", "view": "trans"}
    lines = problems_of(lambda: ingest(external=source(table="other.csv", **view), **view))
    assert lines == ["external: plane: no row has the view 'trans'. There: 'long' (8)."]
