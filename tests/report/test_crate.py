import hashlib
import json
from pathlib import Path

import pytest

from thyro.report import crate
from thyro.report.passports import Passport

SOFTWARE = {
    "title": "thyro",
    "version": "0.1.0",
    "license": "Apache-2.0",
    "authors": [
        {"name": "The developers"},
        {"given-names": "Ada", "family-names": "Byron", "orcid": "https://orcid.org/0"},
    ],
}


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "results/demo"
    for name in ("notebooks/06_x.ipynb", "00_c/p.parquet", "06_x/a.parquet", "report/index.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def passport(read="00_c/p.parquet"):
    inputs = {"results/demo/00_c/p.parquet": digest(read), "report/published/x.yml": "0" * 64}
    return {
        "06_x": Passport("06_x", {}, inputs, ("06_x/a.parquet",), ("35e0",), 2.0, "10:00", "10:01")
    }


@pytest.fixture
def graph(study):
    file = crate.write_crate(
        study, passport(), title="A study", description="Simulated.", software=SOFTWARE
    )
    content = json.loads(file.read_text())
    assert content["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    return {entity["@id"]: entity for entity in content["@graph"]}


def references(node):
    if isinstance(node, dict):
        if set(node) == {"@id"}:
            yield node["@id"]
        for value in node.values():
            yield from references(value)
    if isinstance(node, list):
        for value in node:
            yield from references(value)


def test_it_is_a_crate_of_version_1_1(graph):
    descriptor = graph["ro-crate-metadata.json"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    root = graph[descriptor["about"]["@id"]]
    assert root["@type"] == "Dataset" and root["name"] == "A study"
    assert {"description", "datePublished", "license"} <= set(root)
    known = set(graph) | {"https://w3id.org/ro/crate/1.1"}
    assert {name for entity in graph.values() for name in references(entity)} <= known


def test_every_file_is_described_with_its_checksum(graph, study):
    files = [name for name, entity in graph.items() if "File" in entity["@type"]]
    assert set(files) == {part["@id"] for part in graph["./"]["hasPart"]}
    for name in files:
        assert graph[name]["sha256"] == digest((study / name).read_text())
    assert set(files) == {
        "notebooks/06_x.ipynb",
        "00_c/p.parquet",
        "06_x/a.parquet",
        "report/index.html",
    }


def test_a_notebook_is_an_action_with_instrument_object_and_result(graph):
    run = graph["#run-06_x"]
    assert run["@type"] == "CreateAction"
    assert [one["@id"] for one in run["instrument"]] == ["notebooks/06_x.ipynb", "#thyro"]
    assert run["object"] == [{"@id": "00_c/p.parquet"}]
    assert run["result"] == [{"@id": "06_x/a.parquet"}]
    assert (run["startTime"], run["endTime"]) == ("10:00", "10:01")


def test_software_has_version_licence_and_authors(graph):
    code = graph["#thyro"]
    assert code["version"] == "0.1.0"
    assert code["license"] == {"@id": "https://spdx.org/licenses/Apache-2.0"}
    assert graph["https://orcid.org/0"]["name"] == "Ada Byron"
    assert graph["https://orcid.org/0"]["@type"] == "Person"
    assert [graph[one["@id"]]["name"] for one in code["author"]] == ["The developers", "Ada Byron"]


def test_results_newer_than_the_report_are_named(graph, study):
    assert crate.changed_since(study) == []
    (study / "06_x/a.parquet").write_text("other")
    (study / "00_c/p.parquet").unlink()
    (study / "report/index.html").write_text("other")  # the report itself is no result
    assert crate.changed_since(study) == ["06_x/a.parquet", "00_c/p.parquet"]


def test_a_study_that_was_never_rendered_has_nothing_to_compare(tmp_path):
    assert crate.changed_since(tmp_path) == []


def test_a_notebook_that_read_other_results_is_named(study):
    assert crate.made_from_others(study, passport()) == []
    told = crate.made_from_others(study, passport(read="before"))
    assert told == ["06_x read another 00_c/p.parquet"]


def test_what_the_project_says_of_itself_is_enough():
    software = crate.read_software(Path(__file__).parents[2])
    assert {"title", "version", "license", "authors"} <= set(software)
