"""A project of its own for a test, and the same as the working directory."""

import pytest

from tests.projects import make_project
from thyro.store import paths


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


@pytest.fixture
def here(project, monkeypatch):
    """The project, in which this process now works."""
    monkeypatch.chdir(project)
    paths.project_root.cache_clear()
    yield project
    paths.project_root.cache_clear()
