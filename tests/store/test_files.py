"""Files below results/ come back as they were written, each with a sidecar."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from thyro.store import files, paths


def test_a_table_comes_back_with_its_levels(project):
    frame = pd.DataFrame(
        {"margin": pd.Categorical(["b"], categories=["a", "b"]), "x": [0.1]}, index=["P001"]
    )
    files.write_table(frame, "results/s/00", "patients")
    back = files.read_table("results/s/00/patients.parquet")
    pd.testing.assert_frame_equal(back, frame)


def test_every_file_has_a_sidecar_that_names_its_inputs(project):
    files.write_json({"a": 1}, "results/s/00", "first")
    files.read_json("results/s/00/first.json")
    files.write_json({"b": np.float64(2), "c": float("nan")}, "results/s/01", "second")
    sidecar = json.loads((project / "results/s/01/second.json.json").read_text())
    assert set(sidecar["inputs"]) == {"results/s/00/first.json"}
    assert {"notebook", "parameters", "commit", "versions", "seconds", "device"} <= set(sidecar)
    assert files.read_json("results/s/01/second.json") == {"b": 2, "c": None}


def test_a_write_that_fails_leaves_the_old_file(project):
    files.write_json([1], "results/s", "a")
    with pytest.raises(TypeError):
        files.write_json([object()], "results/s", "a")
    with pytest.raises(RuntimeError), paths.atomic(project / "results/s/a.json") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert files.read_json("results/s/a.json") == [1]
    assert sorted(f.name for f in (project / "results/s").iterdir()) == ["a.json", "a.json.json"]


def test_a_file_that_is_not_there_says_what_to_do(project):
    with pytest.raises(FileNotFoundError, match="Run the notebooks before this one"):
        files.read_table("results/s/00/patients.parquet")


def test_bytes_come_back_as_they_were(project):
    files.write_bytes(b"weights", "results/s/01", "generator.safetensors")
    assert files.read_bytes("results/s/01/generator.safetensors") == b"weights"
    with pytest.raises(FileNotFoundError, match="Run the notebooks before this one first"):
        files.read_bytes("results/s/01/other.safetensors")


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


def test_a_figure_is_written_as_picture_and_drawing(project):
    figure = Figure(figsize=(1, 1), layout="none")
    files.write_figure(figure, "results/s/06", "roc")
    first = {suffix: files.read_bytes(f"results/s/06/roc.{suffix}") for suffix in ("png", "pdf")}
    assert first["png"].startswith(b"\x89PNG") and first["pdf"].startswith(b"%PDF")
    assert (project / "results/s/06/roc.pdf.json").is_file()
    files.write_figure(figure, "results/s/06", "roc")  # no time of day inside
    assert first["pdf"] == files.read_bytes("results/s/06/roc.pdf")


def test_several_go_under_their_names(project):
    frames = {"fate": pd.DataFrame({"p": [0.5]}), "kept": pd.DataFrame({"weight": [1.0, 2.0]})}
    files.write_tables(frames, "results/s/03")
    files.write_figures({"lasso": Figure(figsize=(1, 1), layout="none")}, "results/s/03")
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(files.read_table(f"results/s/03/{name}.parquet"), frame)
    written = {file.name for file in (project / "results/s/03").glob("lasso.*")}
    assert written == {f"lasso.{suffix}" for suffix in ("png", "png.json", "pdf", "pdf.json")}


def test_a_folder_that_is_replaced_keeps_nothing_of_before(project):
    for patient in ("a", "b"):
        (project / f"{patient}.png").write_bytes(patient.encode())
    files.replace_folder("results/s/00", "images", {"1.png": project / "a.png"})
    files.replace_folder("results/s/00", "images", {"2.png": project / "b.png"})
    kept = {file.name: file.read_bytes() for file in (project / "results/s/00/images").iterdir()}
    assert kept == {"2.png": b"b"}
    files.replace_folder("results/s/00", "images", {})
    assert not (project / "results/s/00/images").exists()


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(3), np.array([1.5, np.inf]), (1, 2)])
def test_numbers_of_numpy_become_plain_ones(project, value):
    files.write_json({1: value}, "results/s", "a")
    plain = {"float32": 0.5, "int64": 3, "ndarray": [1.5, None], "tuple": [1, 2]}
    assert files.read_json("results/s/a.json") == {"1": plain[type(value).__name__]}
