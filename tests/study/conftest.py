"""A study file of a test: `demo`, with some keys changed."""

from pathlib import Path

import pytest
import yaml

from thyro.study import files


@pytest.fixture
def changed(tmp_path):
    """Write `demo`, without its groups, with some keys changed as the study "mine"; its folder."""

    def write(**changes):
        raw = yaml.safe_load(Path("params/demo.yml").read_text())
        if changes.get("cohort", {}).get("source") == "folder":  # as where it extends demo
            files.leave_patients(raw)
        (tmp_path / "mine.yml").write_text(yaml.safe_dump(files._merge(raw, changes)))
        return tmp_path

    return write
