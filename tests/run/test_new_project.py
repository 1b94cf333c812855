"""A project of the user's own, laid out from a clone or from a wheel."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

import thyro
from tests.projects import thyro as command
from thyro.run.new_project import DELIVERED, FILES, new_project
from thyro.study import StudyError

ROOT = Path(thyro.__file__).resolve().parents[1]


def listed(patterns):
    return {str(file.relative_to(ROOT)) for one in patterns for file in ROOT.glob(one)}


def test_a_project_has_what_a_study_needs(tmp_path):
    folder = tmp_path / "mine"
    new_project(folder)
    made = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert made == listed(FILES) and "notebooks/06_statistics.ipynb" in made
    assert ".pseudonym_key" in (folder / ".gitignore").read_text()
    done = command(folder, "check", "smoke", "demo")
    assert done.returncode == 0, done.stderr
    assert "params/smoke.yml is valid" in done.stdout


def test_a_folder_that_holds_something_stays_as_it_is(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StudyError, match="not empty; name a new folder"):
        new_project(tmp_path)
    with pytest.raises(StudyError, match="not empty; name a new folder"):
        new_project(tmp_path / "mine.txt")
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_the_wheel_brings_the_same_files():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    places = declared["data-files"]
    assert listed(one for files in places.values() for one in files) == listed(FILES)
    for place, files in places.items():  # each lies where it lies in a clone
        inside = place.removeprefix(DELIVERED).removeprefix("/")
        assert {str(Path(one).parent) for one in files} == {inside or "."}


@pytest.mark.slow
def test_a_wheel_can_be_built_and_holds_them(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT / "thyro", source / "thyro", ignore=shutil.ignore_patterns("__pycache__"))
    for name in listed([*FILES, "pyproject.toml", "README.md", "LICENSE"]):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    done = subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    data = {name.partition(f"/{DELIVERED}/")[2] for name in names if f"/{DELIVERED}/" in name}
    assert data == listed(FILES)
    code = {str(file.relative_to(source)) for file in (source / "thyro").rglob("*.*")}
    assert code <= set(names)  # styles, scripts and tables too


def test_of_an_installed_package_the_environment_has_the_files(tmp_path, monkeypatch):
    place = tmp_path / "environment" / DELIVERED
    (place / "params").mkdir(parents=True)
    (place / "Snakefile").write_text("")
    (place / "params/smoke.yml").write_text("title: A")
    monkeypatch.setattr(thyro, "__file__", str(tmp_path / "lib/thyro/__init__.py"))
    file = metadata.PackagePath(f"../{DELIVERED}/Snakefile")
    file.dist = metadata.PathDistribution(tmp_path / "environment/lib/thyro.dist-info")
    monkeypatch.setattr(metadata, "files", lambda name: [file])
    new_project(tmp_path / "mine")
    assert (tmp_path / "mine/params/smoke.yml").read_text() == "title: A"
    monkeypatch.setattr(metadata, "files", lambda name: None)
    with pytest.raises(StudyError, match="no notebooks to lay out"):
        new_project(tmp_path / "other")
