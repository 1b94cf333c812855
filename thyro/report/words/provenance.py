"""Words on how the results were made: by which code, on what, in what time."""

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from thyro import store, tables
from thyro.report.results import Results
from thyro.report.words.phrases import listed
from thyro.study import Study

DEVICES = {"cpu": "the CPU", "cuda": "a CUDA device"}


def texts(study: Study, results: Results) -> dict:
    """How the results were made, by their sidecars, and when they were rendered.

    Returns
    -------
    dict
        run.
    """
    folder = store.path(results.folder)
    made = sidecars(folder)
    today = datetime.date.today()
    seconds = sum(record["seconds"] for record in records(study, folder).values())
    return {
        "run": {
            "commit": commits(sidecar["commit"] for sidecar in made),
            "date": f"{today.day} {today:%B %Y}",
            "seconds": f"{seconds:,.0f}",
            "seed": str(study.compute.seed),
            "device": f"{DEVICES[study.compute.device]} "
            f"({_distinct(sidecar['device'].removeprefix('CPU ') for sidecar in made)})",
            **versions([sidecar["versions"] for sidecar in made]),
        }
    }


def rows(study: Study, results: Results) -> list[dict[str, str]]:
    """Rows of the provenance table: each executed notebook, its time and its peak memory."""
    return [
        {
            "Notebook": job,
            "Seconds": tables.number(record["seconds"], 1),
            "Peak memory, MB": f"{record['peak_mb']:,}",
        }
        for job, record in records(study, store.path(results.folder)).items()
    ]


def files(study: Study) -> list[str]:
    """The files behind `rows`, relative to the folder of the study."""
    return [f"notebooks/{job}.json" for job in study.jobs]


def records(study: Study, folder: Path) -> dict[str, dict]:
    """What the run of every notebook of the study took, by job."""
    return {
        job: json.loads((folder / f"notebooks/{job}.json").read_text(encoding="utf-8"))
        for job in study.jobs
    }


def sidecars(folder: Path) -> list[dict]:
    """The sidecars of all files that the notebooks of a study left, in the order of stages.

    A sidecar whose file is gone is left aside.
    """
    found = sorted(folder.glob("[0-9]*/*.json"))
    return [
        json.loads(file.read_text(encoding="utf-8"))
        for file in found
        if file.with_suffix("").is_file()
    ]


def versions(recorded: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Versions of Python and of every package that a sidecar names, each as often as it differs."""
    packages = dict.fromkeys(name for own in recorded for name in own if name != "python")
    told = {name: _distinct(own[name] for own in recorded if name in own) for name in packages}
    return {
        "python": _distinct(own["python"] for own in recorded),
        "packages": ", ".join(f"{name} {version}" for name, version in told.items()),
    }


def commits(named: Iterable[str]) -> str:
    """Every commit once; a plus behind one is explained where there is any."""
    text = _distinct(named)
    return f"{text} (+: with changes that were not committed)" if "+" in text else text


def _distinct(values: Iterable[str]) -> str:
    """ "a", or "a and b" where results were made by more than one, in the order of the stages."""
    return listed(list(dict.fromkeys(values)))
