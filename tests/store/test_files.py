"""Writing and reading below results/: atomic, with neighbours, nothing lost on the way."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from thyro.cohort import pseudonyms, sources
from thyro.imaging import frames as frames_module
from thyro.store import checkpoints, files, paths, progress, provenance


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project as working directory."""
    for folder in ("params", "notebooks", "data"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    paths.project_root.cache_clear()
    provenance.commit.cache_clear()
    provenance._read.clear()
    yield tmp_path
    paths.project_root.cache_clear()
    provenance.commit.cache_clear()


def test_a_table_comes_back_with_its_levels(project):
    frame = pd.DataFrame(
        {"margin": pd.Categorical(["b"], categories=["a", "b"]), "x": [0.1]}, index=["P001"]
    )
    files.write_table(frame, "results/s/00", "patients")
    back = files.read_table("results/s/00/patients.parquet")
    pd.testing.assert_frame_equal(back, frame)


def test_every_file_has_a_neighbour_that_names_its_inputs(project):
    files.write_json({"a": 1}, "results/s/00", "first")
    files.read_json("results/s/00/first.json")
    files.write_json({"b": np.float64(2), "c": float("nan")}, "results/s/01", "second")
    neighbour = json.loads((project / "results/s/01/second.json.json").read_text())
    assert set(neighbour["inputs"]) == {"results/s/00/first.json"}
    assert {"notebook", "parameters", "commit", "versions", "seconds", "device"} <= set(neighbour)
    assert files.read_json("results/s/01/second.json") == {"b": 2, "c": None}


def test_a_write_that_fails_leaves_the_old_file(project):
    files.write_json([1], "results/s", "a")
    with pytest.raises(TypeError):
        files.write_json([object()], "results/s", "a")
    with pytest.raises(RuntimeError), files.atomic(project / "results/s/a.json") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert files.read_json("results/s/a.json") == [1]
    assert sorted(f.name for f in (project / "results/s").iterdir()) == ["a.json", "a.json.json"]


def test_a_file_that_is_not_there_says_what_to_do(project):
    with pytest.raises(FileNotFoundError, match="Run the notebooks before this one"):
        files.read_table("results/s/00/patients.parquet")


def test_outside_a_project_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.project_root.cache_clear()
    with pytest.raises(FileNotFoundError, match="not inside a thyro project"):
        paths.project_root()
    paths.project_root.cache_clear()


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_the_users_table_is_read_as_text(project, name):
    frame = pd.DataFrame({"id": ["007", "8"], "age": ["", "41.5"], "note": ["NA", "ü"]})
    file = project / "data" / name
    if name.endswith("csv"):
        file.write_text(frame.to_csv(index=False), encoding="utf-8-sig")  # with byte-order mark
    else:
        frame.to_excel(file, index=False)
    back = sources.read_source_table("data", name)
    assert back.to_dict("list") == frame.to_dict("list")


@pytest.mark.parametrize(
    ("folder", "name", "message"),
    [
        ("absent", "t.csv", "absent: no such folder. Say DATA="),
        ("", "t.csv", "DATA: no such folder"),
        ("data", "t.csv", "table 't.csv' is not in the data folder"),
        ("data", "../t.csv", "outside the data folder"),
    ],
)
def test_a_table_that_is_not_there_is_named(project, folder, name, message):
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        sources.read_source_table(folder, name)


def test_frames_reads_one_image_set(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    frames = [("images/a.png", image), ("masks/a.png", image > 50)]
    frames_module.write_images(iter(frames), "results/s/00", total=2)
    row = {"patient_id": "P1", "spacing_mm": [0.2, 0.1]}
    paths_of = {"image": "results/s/00/images/a.png", "mask": "results/s/00/masks/a.png"}
    table = pd.DataFrame([row | paths_of | {"image_set": s} for s in ("or", "sr")])
    files.write_table(table, "results/s/01", "images")
    got, mask, spacing = frames_module.Frames("results/s/01/images.parquet", "or")("P1")
    assert np.array_equal(got, image) and np.array_equal(mask, image > 50)
    assert spacing == (0.2, 0.1)


def test_the_checksum_of_a_frame_changes_with_what_is_read(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    row = {"patient_id": "P1", "image_set": "or", "spacing_mm": [0.2, 0.1]}
    row |= {"image": "results/s/00/a.png", "mask": "results/s/00/m.png"}

    def checksum(image, mask, **changed):
        frames_module.write_image(image, "results/s/00", "a.png")
        frames_module.write_image(mask, "results/s/00", "m.png")
        files.write_table(pd.DataFrame([row | changed]), "results/s/01", "images")
        return frames_module.Frames("results/s/01/images.parquet", "or").checksum("P1")

    other = image.copy()
    other[3, 4] += 1
    first = checksum(image, image > 50)
    assert first == checksum(image, image > 50)
    changed = {
        checksum(other, image > 50),
        checksum(image, image > 51),
        checksum(image, image > 50, spacing_mm=[0.1, 0.2]),
    }
    assert len(changed | {first}) == 4


def test_image_pairs_are_8_bit_frames_of_two_sets(project):
    image = np.arange(96, dtype=np.uint8).reshape(8, 12)
    frames = [("or/a.png", image), ("sr/a.png", image + 9), ("masks/a.png", image > 50)]
    frames_module.write_images(iter(frames), "results/s/00", total=3)
    row = {"patient_id": "P1", "spacing_mm": [0.2, 0.1], "mask": "results/s/00/masks/a.png"}
    sets = [row | {"image_set": s, "image": f"results/s/00/{s}/a.png"} for s in ("or", "sr")]
    files.write_table(pd.DataFrame(sets), "results/s/01", "images")
    pair = frames_module.image_pairs("results/s/01/images.parquet", "or", "sr")("P1")
    assert [got.dtype for got in pair] == [np.uint8] * 2
    assert np.array_equal(pair[0], image) and np.array_equal(pair[1], image + 9)


def test_bytes_come_back_as_they_were(project):
    files.write_bytes(b"weights", "results/s/01", "generator.safetensors")
    assert files.read_bytes("results/s/01/generator.safetensors") == b"weights"
    with pytest.raises(FileNotFoundError, match="Run the notebooks before this one first"):
        files.read_bytes("results/s/01/other.safetensors")


def test_a_checkpoint_is_replaced_and_removed(project):
    checkpoint = checkpoints.Checkpoint("results/s/01", "training")
    assert checkpoint.load() is None
    for data in (b"one", b"two"):
        checkpoint.save(data)
        assert checkpoints.Checkpoint("results/s/01", "training").load() == data
    assert [file.name for file in (project / "results/s/01").iterdir()] == [".training.safetensors"]
    checkpoint.remove()
    checkpoint.remove()
    assert checkpoint.load() is None


def test_progress_under_papermill_goes_to_a_file(project, monkeypatch):
    target = project / "job.progress"
    monkeypatch.setenv(progress.PROGRESS_FILE, str(target))
    assert list(progress.progress_bar("patients")(range(3))) == [0, 1, 2]
    assert json.loads(target.read_text()) == {"label": "patients", "done": 3, "total": 3}


def test_the_key_of_the_pseudonyms_stays_outside_the_results(tmp_path, monkeypatch):
    for name in ("params", "notebooks"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    paths.project_root.cache_clear()
    monkeypatch.setenv(pseudonyms.PSEUDONYM_KEY, "results/mine/key")
    with pytest.raises(ValueError, match="must lie outside the results"):
        pseudonyms.pseudonym_key()
    # Relative to the project, wherever a notebook runs.
    monkeypatch.setenv(pseudonyms.PSEUDONYM_KEY, "keys/mine")
    key = pseudonyms.pseudonym_key()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert pseudonyms.pseudonym_key() == key and len(key) == 32
    (tmp_path / "keys/mine").write_text("no key")
    with pytest.raises(ValueError, match="does not hold a key of pseudonyms"):
        pseudonyms.pseudonym_key()
    paths.project_root.cache_clear()


def test_pages_go_on_in_another_file_and_old_ones_do_not_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PAGES_PER_FILE", 2)
    shown = []

    def pages(n):
        return (Figure(figsize=(1, 1), layout="none") for _ in range(n))

    def names():
        return sorted(file.name for file in tmp_path.glob("*.pdf"))

    files.write_pages(pages(5), str(tmp_path), "sheet", show=shown.append)
    assert names() == ["sheet.pdf", "sheet_2.pdf", "sheet_3.pdf"] and len(shown) == 5
    files.write_pages(pages(2), str(tmp_path), "sheet")
    assert names() == ["sheet.pdf"]
    files.write_pages(pages(0), str(tmp_path), "sheet")
    assert list(tmp_path.iterdir()) == []
