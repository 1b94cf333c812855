"""The lock, the conda environment and the package agree."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([A-Za-z0-9_.]+)$")


def name(text):
    """A distribution name as the index compares it."""
    return re.sub(r"[-_.]+", "-", text).lower()


def pins(lines):
    found = [PIN.match(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    assert all(found), "every line of the lock is an exact pin"
    return {name(match[1]): match[2] for match in found}


LOCK = pins(Path("requirements.lock").read_text().splitlines())
CONDA = yaml.safe_load(Path("environment.yml").read_text())["dependencies"]


def test_the_lock_holds_every_dependency():
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {name(re.split(r"[<>=]", item)[0]) for item in wanted} <= set(LOCK)


def test_the_conda_environment_agrees_with_the_lock_and_brings_quarto():
    assert any(item.startswith("quarto") for item in CONDA)
    pinned = dict(re.split("=", item) for item in CONDA if re.fullmatch(r"[^<>=]+=[^<>=]+", item))
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    assert f">={pinned.pop('python')}," in project["requires-python"]
    assert {"numpy", "scipy", "pandas"} <= set(pinned)
    assert pinned == {package: LOCK[package] for package in pinned}


@pytest.mark.parametrize("package", ["numpy", "scipy", "pandas", "pyradiomics", "scikit-learn"])
def test_what_runs_is_what_is_locked(package):
    assert importlib.metadata.version(package) == LOCK[package]


def test_scipy_still_has_what_lbp_needs():
    assert tuple(map(int, LOCK["scipy"].split(".")[:2])) < (1, 17)


def test_no_registry_is_named():
    for file in ("requirements.lock", "pyproject.toml", "Makefile", "environment.yml"):
        assert "://" not in Path(file).read_text(), file


@pytest.mark.parametrize("rule", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_the_code_reads_as_agreed(rule):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *rule, "."], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
