"""Paths are the project's, wherever one works; a file is written whole or not at all."""

import os

import pytest

from thyro.store import files, paths


def test_outside_a_project_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.project_root.cache_clear()
    with pytest.raises(FileNotFoundError, match="not inside a thyro project"):
        paths.project_root()
    paths.project_root.cache_clear()


@pytest.mark.parametrize("folder", [".", "notebooks", "results/s/notebooks"])
def test_a_relative_path_is_the_projects_wherever_one_works(project, monkeypatch, folder):
    """papermill works in the project, `make lab` in notebooks/, an executed copy beside itself."""
    (project / "data/start.safetensors").write_bytes(b"weights")
    (project / folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(project / folder)
    paths.project_root.cache_clear()
    assert paths.project_root() == project.resolve()
    assert paths.path("data/start.safetensors") == project.resolve() / "data/start.safetensors"
    assert files.read_bytes("data/start.safetensors") == b"weights"


def test_an_absolute_path_needs_no_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.project_root.cache_clear()
    assert paths.path(tmp_path / "a") == tmp_path / "a"
    paths.project_root.cache_clear()


def test_what_ended_well_takes_the_place_at_once(tmp_path):
    target = tmp_path / "new/folder/a.txt"
    with paths.atomic(target) as temporary:
        temporary.write_text("one")
        assert temporary.parent == target.parent and not target.exists()
        assert str(os.getpid()) in temporary.name  # two processes do not meet
    assert target.read_text() == "one"
    with pytest.raises(KeyboardInterrupt), paths.atomic(target) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "one" and list(target.parent.iterdir()) == [target]
