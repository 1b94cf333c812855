"""The same patients simulated and read from a folder, and what must not come in with them.

The simulated patients of the tiny study are written as a hospital would hand them over, with names,
dates and ids planted wherever a header, a table or a file name can hold them.
"""

import base64
import json
import re
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import papermill
import pydicom
import pytest
import yaml
from PIL import Image

from thyro import store
from thyro.cohort import sources
from thyro.study import Study, job_arguments, load_study

from .conftest import execute, make_report

PLANTED = {
    "PatientName": "Quenneville^Ottilie",
    "PatientID": "HX-7731904",
    "PatientBirthDate": "19430217",
    "StudyDate": "20181103",
    "AccessionNumber": "ACC5520917",
    "InstitutionName": "Sankt-Ottokar-Klinikum",
    "ReferringPhysicianName": "Vandersloot^Ignaz",
    "StationName": "US-ROOM-4477",
    "PatientComments": "lives at Rosmarinweg 9",
}
WORDS = {word for value in PLANTED.values() for word in re.split(r"[\^ ]", value)}
SECRETS = [*sorted(word for word in WORDS if len(word) > 5), "patient-of-HX"]


@pytest.fixture(scope="module")
def folder_study(tiny_study, tmp_path_factory) -> tuple[Study, Path]:
    """The study that reads the folder, and the folder."""
    folder = tmp_path_factory.mktemp("theirs")
    sections = sources.export(tiny_study, folder)
    for name in ("patients.csv", "external.csv"):
        table = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
        table["patient_id"] = "patient-of-HX-" + table["patient_id"]
        for row, image in table["image"].items():
            data = pydicom.dcmread(folder / image)
            for tag, value in PLANTED.items():
                setattr(data, tag, value)
            data.add_new(0x00091001, "LO", "Quenneville")  # a private element
            named = Path(image).with_name(f"patient-of-HX-{row}.dcm")
            data.save_as(folder / named)
            table.loc[row, "image"] = str(named)
        table["remarks"] = "Ottilie Quenneville, born 17.02.1943"
        table.to_csv(folder / name, index=False)
    studies = tmp_path_factory.mktemp("studies")
    for name in ("demo", "smoke"):
        shutil.copy(f"params/{name}.yml", studies)
    about = tiny_study.model_dump(exclude_unset=True, exclude={"cohort", "external"})
    (studies / "theirs.yml").write_text(yaml.safe_dump({"extends": "smoke"} | about | sections))
    return load_study("theirs", studies), folder


@pytest.fixture(scope="module")
def hospital(folder_study, tiny, tmp_path_factory) -> Path:
    """Its results, with a report.

    Only 00 sees the folder (see the next test), so 01 to 05 are those of the same patients
    simulated; 06 runs as it does where no truth is known.
    """
    study, folder = folder_study
    results = tmp_path_factory.mktemp("results") / "theirs"
    shutil.copytree(tiny, results)
    shutil.rmtree(results / "06_statistics")
    execute("06_statistics", study, results)
    shutil.rmtree(results / "00_cohort")
    execute("00_cohort", study, results, data=str(folder))
    _rename(results, pd.read_parquet(tiny / "00_cohort/patients.parquet"))
    make_report(study, "theirs", results)
    return results


def _rename(results: Path, simulated: pd.DataFrame) -> None:
    """Give predictions of simulated patients the pseudonyms that they have from the folder."""
    found = pd.read_parquet(results / "00_cohort/patients.parquet")
    assert found["age"].tolist() == simulated["age"].tolist()
    names = dict(zip(simulated["patient_id"], found["patient_id"], strict=True))
    for stage in ("04_models", "05_nomogram"):
        file = results / stage / "predictions.parquet"
        table = pd.read_parquet(file)
        table.assign(patient_id=table["patient_id"].map(names)).to_parquet(file)


def test_the_folder_is_given_to_00_alone(folder_study):
    study, folder = folder_study
    seen = {
        name
        for name, job in study.jobs.items()
        if str(folder) in json.dumps(job_arguments(study, "theirs", job, data=str(folder)))
    }
    assert seen == {"00_cohort"}


def test_dicom_and_nifti_give_the_patients_of_the_simulation(hospital, tiny):
    """The same patients in the same order, and so every later number."""
    made, read = (pd.read_parquet(r / "00_cohort/patients.parquet") for r in (tiny, hospital))
    # Pseudonyms follow another key.
    assert not set(made["patient_id"]) & set(read["patient_id"])
    files = ["image", "mask", "mask_2"]
    for column in files:
        assert read[column].notna().tolist() == made[column].notna().tolist()
        for one, other in zip(read[column].dropna(), made[column].dropna(), strict=True):
            with Image.open(one) as a, Image.open(other) as b:
                np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
    # A pixel size passes through a decimal string of 16 characters.
    spacings = [np.stack(table["spacing_mm"]) for table in (read, made)]
    np.testing.assert_allclose(*spacings, rtol=1e-9)
    rest = [c for c in made if c not in {"patient_id", "spacing_mm", *files}]
    pd.testing.assert_frame_equal(read[rest], made[rest])
    flows = [(r / "00_cohort/flow.json").read_bytes() for r in (tiny, hospital)]
    assert flows[0] == flows[1]


def browsed(notebook: Path) -> tuple[list[dict], dict]:
    """What the cell of the browser left, and the state of widgets of the whole notebook."""
    executed = nbformat.read(notebook, 4)
    (cell,) = [cell for cell in executed.cells if cell["id"] == "browse"]
    return cell.outputs, executed.metadata.get("widgets", {})


def test_the_reader_decides_and_the_next_run_follows(
    folder_study, hospital, tmp_path_factory, monkeypatch
):
    """As `thyro run` does it, where no browser is shown."""
    study, folder = folder_study
    quality = pd.read_parquet(hospital / "00_cohort/quality.parquet").query("cohort == 'cohort'")
    before = json.loads((hospital / "00_cohort/flow.json").read_text())
    (live,), _ = browsed(hospital / "notebooks/00_cohort.ipynb")  # by hand, with nobody there
    assert live["data"]["text/plain"] == "In a running notebook all images stand here."

    first, second = quality.query("included")["image_id"].iloc[[0, 3]]
    written = folder / "decisions.csv"
    written.write_text(f"image_id,decision\n{first},exclude\n{second},exclude\n")
    results = tmp_path_factory.mktemp("decided")
    monkeypatch.setenv(store.NOTEBOOK, "00_cohort")
    monkeypatch.setenv(store.PROGRESS_FILE, str(results / "progress"))
    values = job_arguments(study, "theirs", study.jobs["00_cohort"], data=str(folder))
    values["out_dir"] = str(results / "00_cohort")
    files = ["notebooks/00_cohort.ipynb", str(results / "00_cohort.ipynb")]
    try:  # in a kernel of its own, which finds this environment
        papermill.execute_notebook(*files, values, kernel_name="python3", progress_bar=False)
    finally:
        written.unlink()
    after = json.loads((results / "00_cohort/flow.json").read_text())
    said, state = browsed(results / "00_cohort.ipynb")
    assert [output["text"] for output in said] == ["decisions.csv: keep 0, exclude 2.\n"]
    assert state == {}
    label = "Excluded: image quality, reader's decision"
    assert {step["label"]: step["n"] for step in after}[label] == 2
    assert label not in {step["label"] for step in before}
    counts = [
        {step["label"]: step["n"] for step in flow if not step.get("external")}
        for flow in (before, after)
    ]
    assert counts[1]["Included"] == counts[0]["Included"] - 2
    decided = pd.read_parquet(results / "00_cohort/quality.parquet").set_index("image_id")
    assert decided.loc[[first, second], "decision"].tolist() == ["exclude", "exclude"]
    assert not decided.loc[[first, second], "included"].any() and len(decided) >= len(quality)
    inputs = json.loads((results / "00_cohort/flow.json.json").read_text())["inputs"]
    assert str(written) in inputs  # so its checksum is beside every result


def contents(file: Path):
    """Everything that the bytes of a file say: as they are, unpacked, and decoded."""
    data = file.read_bytes()
    yield data
    if file.suffix == ".parquet":
        frame = pd.read_parquet(file)
        # A whole number may be a date; the decimals of others agree with one by chance.
        numbers = frame.select_dtypes("float").to_numpy().ravel()
        whole = [f"{number:.0f}" for number in numbers[numbers == np.rint(numbers)]]
        text = frame.select_dtypes(exclude="float").to_csv()
        yield "\n".join([text, str(frame.attrs), *whole]).encode()
    elif file.suffix in (".docx", ".skops"):
        with zipfile.ZipFile(file) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif file.suffix == ".pdf":
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, flags=re.DOTALL):
            try:
                yield zlib.decompress(stream)
            except zlib.error:  # not packed: was searched as it is
                continue
        if shutil.which("pdftotext"):
            yield subprocess.run(["pdftotext", file, "-"], capture_output=True).stdout
    elif file.suffix in (".ipynb", ".html"):
        for packed in re.findall(rb"[A-Za-z0-9+/=\\n]{200,}", data):
            # Escaped line breaks and quotation marks are no part of it, nor is padding.
            clean = re.sub(rb"\\n|[^A-Za-z0-9+/]", b"", packed)
            yield base64.b64decode(clean[: len(clean) // 4 * 4])


def test_nothing_that_tells_who_a_patient_is_reaches_the_results(hospital):
    files = [file for file in hospital.rglob("*") if file.is_file()]
    assert {".docx", ".html", ".ipynb", ".parquet", ".pdf", ".png"} <= {f.suffix for f in files}
    found = [
        (str(file.relative_to(hospital)), secret)
        for file in files
        for text in contents(file)
        for lower in [text.lower()]
        for secret in SECRETS
        if secret.lower().encode() in lower or secret.encode("utf-16-le") in text
    ]
    assert found == []
    names = [secret for f in files for secret in SECRETS if secret.lower() in str(f).lower()]
    assert names == []


def test_the_search_finds_what_is_there(hospital, folder_study):
    """The other half: the folder holds all that was planted, and the search sees into files."""
    _, folder = folder_study
    header = (folder / "images/patient-of-HX-0.dcm").read_bytes()
    assert [s for s in SECRETS if s.encode() not in header + b"patient-of-HX"] == []
    patients = pd.read_parquet(hospital / "00_cohort/patients.parquet")["patient_id"]
    first = patients[0].encode()
    sheets = [hospital / "00_cohort/quality.parquet", hospital / "00_cohort/patients.parquet"]
    assert all(any(first in text for text in contents(file)) for file in sheets)


def test_simulated_patients_stay_labelled_when_they_come_as_a_folder(hospital):
    assert json.loads((hospital / "00_cohort/cohort.json").read_text())["simulated"] is True
