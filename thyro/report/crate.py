"""The report as an RO-Crate: its files, their checksums, and the notebooks that made them.

`ro-crate-metadata.json` lies in the folder of the study, which holds results, notebooks and report,
and follows RO-Crate 1.1 (https://w3id.org/ro/crate/1.1); the checksum is a term of its profile for
workflow runs.
"""

import hashlib
import json
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from thyro.report.passports import Passport

FILE = "ro-crate-metadata.json"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
]
TYPES = {".parquet": "application/vnd.apache.parquet", ".ipynb": "application/x-ipynb+json"}
LICENCE = "https://spdx.org/licenses/"


def write_crate(
    study_dir: Path,
    passports: Mapping[str, Passport],
    *,
    title: str,
    description: str,
    software: Mapping[str, Any],
) -> Path:
    """Write the crate of a study that was just rendered, and return its file.

    Parameters
    ----------
    study_dir : Path
        Folder of `results/`.
    passports : mapping of notebook to Passport
    title, description : str
        Of the study; the description says where the data come from.
    software : mapping
        What `CITATION.cff` says: title, version, license, authors.
    """
    notebooks = [f"notebooks/{name}.ipynb" for name in passports]
    outputs = [file for passport in passports.values() for file in passport.outputs]
    report = sorted(
        path.relative_to(study_dir).as_posix()
        for path in (study_dir / "report").rglob("*")
        if path.is_file()
    )
    read = [file for passport in passports.values() for file in _inside(passport, study_dir)]
    files = list(dict.fromkeys([*report, *notebooks, *outputs, *read]))
    licence = f"{LICENCE}{software['license']}"
    authors = list(_authors(software.get("authors", [])))
    code = {
        "@id": "#thyro",
        "@type": "SoftwareApplication",
        "name": software["title"],
        "version": str(software["version"]),
        "license": _reference(licence),
        "author": [_reference(author["@id"]) for author in authors],
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": description,
        "datePublished": datetime.now(UTC).date().isoformat(),
        # of the code; the results of a study are the user's, who alone can license them
        "license": "The licence of the software does not cover the data of the study.",
        "hasPart": [_reference(file) for file in files],
        "mentions": [_reference(f"#run-{name}") for name in passports],
    }
    described = {
        "@id": FILE,
        "@type": "CreativeWork",
        "about": _reference("./"),
        "conformsTo": _reference("https://w3id.org/ro/crate/1.1"),
    }
    terms = {"@id": licence, "@type": "CreativeWork", "name": software["license"]}
    graph = [described, root, code, terms, *authors]
    graph += [_file(study_dir, file) for file in files]
    graph += [_run(passport, study_dir) for passport in passports.values()]
    target = study_dir / FILE
    crate = {"@context": CONTEXT, "@graph": graph}
    unfinished = target.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(crate, indent=1, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(target)
    return target


def read_software(project: Path) -> dict[str, Any]:
    """What `CITATION.cff` of the project says of the software."""
    return yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))


def changed_since(study_dir: Path) -> list[str]:
    """Results that are not those of the last rendering, or are gone; empty without a crate.

    Parameters
    ----------
    study_dir : Path
        Folder of `results/`.
    """
    file = study_dir / FILE
    if not file.is_file():
        return []
    graph = json.loads(file.read_text(encoding="utf-8"))["@graph"]
    recorded = {entity["@id"]: entity["sha256"] for entity in graph if "sha256" in entity}
    return [
        name
        for name, digest in recorded.items()
        if not name.startswith("report/") and _checksum(study_dir / name) != digest
    ]


def made_from_others(study_dir: Path, passports: Mapping[str, Passport]) -> list[str]:
    """Notebooks that read another version of a result than the one that lies there now.

    Returns
    -------
    list of str
        "06_statistics read another 05_nomogram/predictions.parquet", one for each such input.
    """
    digests: dict[str, str] = {}
    told = []
    for passport in passports.values():
        for file, digest in _inside(passport, study_dir).items():
            if file not in digests:
                digests[file] = _checksum(study_dir / file)
            if digests[file] != digest:
                told.append(f"{passport.notebook} read another {file}")
    return told


def _run(passport: Passport, study_dir: Path) -> dict:
    """One execution of a notebook."""
    action = {
        "@id": f"#run-{passport.notebook}",
        "@type": "CreateAction",
        "name": f"Execution of notebook {passport.notebook}",
        "description": f"Code at commit {', '.join(passport.commits) or 'unknown'}",
        "instrument": [_reference(f"notebooks/{passport.notebook}.ipynb"), _reference("#thyro")],
        "object": [_reference(file) for file in _inside(passport, study_dir)],
        "result": [_reference(file) for file in passport.outputs],
    }
    times = {"startTime": passport.started, "endTime": passport.ended}
    return action | {name: time for name, time in times.items() if time}


def _inside(passport: Passport, study_dir: Path) -> dict[str, str]:
    """Inputs of a notebook that are results of the same study and still there, with checksums."""
    found = {
        file.partition(f"results/{study_dir.name}/")[2]: digest
        for file, digest in passport.inputs.items()
    }
    return {name: digest for name, digest in found.items() if name and (study_dir / name).is_file()}


def _file(study_dir: Path, name: str) -> dict:
    path = study_dir / name
    kind: str | list[str] = "File"
    if name.startswith("notebooks/"):
        kind = ["File", "SoftwareSourceCode"]
    entity = {
        "@id": name,
        "@type": kind,
        "name": path.name,
        "contentSize": str(path.stat().st_size),
        "encodingFormat": TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "text/plain",
        "sha256": _checksum(path),
    }
    if "SoftwareSourceCode" in kind:
        entity["programmingLanguage"] = "Python"
    return entity


def _authors(authors: Iterable[Mapping[str, str]]) -> Iterator[dict]:
    for author in authors:
        person = "family-names" in author
        parts = [author.get("given-names", ""), author.get("family-names", "")]
        name = author.get("name") or " ".join(filter(None, parts))
        entity = {"@id": author.get("orcid") or f"#author-{name.replace(' ', '-')}", "name": name}
        yield entity | {"@type": "Person" if person else "Organization"}


def _reference(name: str) -> dict[str, str]:
    return {"@id": name}


def _checksum(path: Path) -> str:
    """SHA-256 of a file; "" if it is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
