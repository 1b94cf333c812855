"""A sidecar says what made a file: notebook, parameters, inputs, commit, versions, device."""

import ast
import hashlib
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from thyro import store
from thyro.store import files, provenance
from thyro.study import NETWORKS

# Packages of which no version can change a number: they draw, write, run, or check.
NOT_OF_NUMBERS = {
    "distributed",
    "filelock",
    "ipykernel",
    "ipython",
    "ipywidgets",
    "joblib",
    "matplotlib",
    "matplotlib-inline",
    "nbformat",
    "openpyxl",
    "papermill",
    "pydantic",
    "pydantic-core",
    "pypandoc-binary",
    "python-docx",
    "pyyaml",
    "rich",
    "safetensors",
    "skops",
    "snakemake",
    "threadpoolctl",
    "tqdm",
    "traitlets",
    "typst",
}


def imported():
    """Distributions that modules of the package import, by what provides each module."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in Path("thyro").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = [a.name for node in nodes if isinstance(node, ast.Import) for a in node.names]
    names += [n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level]
    tops = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"thyro"}
    provided = importlib.metadata.packages_distributions()
    return {provided[top][0].lower().replace("_", "-") for top in tops}


def test_every_package_that_is_imported_changes_numbers_or_is_known_not_to():
    listed = {package.lower() for package in provenance.PACKAGES}
    assert imported() - listed - NOT_OF_NUMBERS == set()
    assert listed & NOT_OF_NUMBERS == set()


def test_an_installation_brings_every_package_that_is_imported():
    # A clone installs the lock, and would not notice; a wheel brings what is declared.
    declared = tomllib.loads(Path("pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[<>=]", one)[0].lower() for one in declared}
    assert (imported() | {package.lower() for package in provenance.PACKAGES}) - names == set()


def test_every_package_that_changes_numbers_is_locked_and_used():
    lock = Path("requirements.lock").read_text().lower()
    assert [p for p in provenance.PACKAGES if f"\n{p.lower()}==" not in lock] == []
    # pydicom finds its decoders itself, and the registry names packages of weights
    decoders = {"pyjpegls", "pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg"}
    weights = {entry.package.replace("_", "-") for entry in NETWORKS.values() if entry.package}
    assert {p.lower() for p in provenance.PACKAGES} - imported() == decoders | weights


def test_versions_are_those_that_are_installed():
    versions = store.versions()
    assert list(versions) == ["python", *store.PACKAGES]
    assert versions["SimpleITK"] == importlib.metadata.version("SimpleITK")
    assert versions["python"] == sys.version.split()[0]


def test_what_was_read_is_among_the_inputs_with_its_checksum(project):
    (project / "data/x").write_bytes(b"given")
    assert files.read_bytes("data/x") == b"given"
    assert provenance.provenance()["inputs"] == {"data/x": hashlib.sha256(b"given").hexdigest()}


def test_a_file_written_by_hand_and_outside_git_says_so(project, monkeypatch):
    monkeypatch.delenv(provenance.NOTEBOOK, raising=False)
    files.write_json(1, "results", "a")
    sidecar = json.loads((project / "results/a.json.json").read_text())
    assert sidecar["notebook"] == "by hand" and sidecar["commit"] == "unknown"
    assert sidecar["parameters"] == {} and sidecar["versions"] == store.versions()
    monkeypatch.setenv(provenance.NOTEBOOK, "06_statistics")
    assert provenance.provenance()["notebook"] == "06_statistics"


def test_the_commit_has_a_plus_where_files_differ(project):
    git = ["git", "-C", str(project), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    (project / "params/a.yml").write_text("1")
    for words in (["init"], ["add", "."], ["commit", "-m", "x"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    clean = provenance.commit()
    assert len(clean) == 12
    (project / "params/a.yml").write_text("2")
    provenance.commit.cache_clear()
    assert provenance.commit() == f"{clean}+"


def cuda(initialised):
    """A torch that has a CUDA device, and used it or not."""
    return SimpleNamespace(
        cuda=SimpleNamespace(
            is_initialized=lambda: initialised, get_device_name=lambda: "NVIDIA H100"
        ),
        version=SimpleNamespace(cuda="12.8"),
    )


@pytest.mark.parametrize("torch", [None, cuda(False)], ids=["never loaded", "loaded, not used"])
def test_the_processor_is_recorded_where_no_accelerator_computed(monkeypatch, torch):
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert provenance.device().startswith("CPU ") and "H100" not in provenance.device()


def test_the_accelerator_that_computed_is_recorded(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", cuda(True))
    assert provenance.device() == "NVIDIA H100 (CUDA 12.8)"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "processor\t: 0\nmodel name\t: AMD EPYC 7B13\nmodel name\t: AMD EPYC 7B13\n",
            "AMD EPYC 7B13",
        ),
        ("model name\t: \n", "arm"),
        (None, "arm"),
    ],
)
def test_the_name_of_the_processor(monkeypatch, text, name):
    def read(self, **options):
        if text is None:
            raise FileNotFoundError
        return text

    monkeypatch.setattr(provenance.Path, "read_text", read)
    monkeypatch.setattr(provenance.platform, "processor", lambda: "arm")
    assert provenance._processor.__wrapped__() == name


def test_asking_for_the_device_loads_no_torch():
    code = "import sys; from thyro.store import provenance; provenance.device()"
    code += "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_person_runs_what_no_study_runs(monkeypatch):
    monkeypatch.delenv(provenance.NOTEBOOK, raising=False)
    assert store.by_hand() and provenance.provenance()["notebook"] == "by hand"
    monkeypatch.setenv(provenance.NOTEBOOK, "00_cohort")
    assert not store.by_hand() and provenance.provenance()["notebook"] == "00_cohort"
