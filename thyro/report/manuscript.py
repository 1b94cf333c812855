"""From the results of a study to the manuscript: texts joined, staged and rendered.

Every section has a module in `words` whose `texts` says it; here they are only joined.
"""

from collections.abc import Callable
from functools import partial

from thyro import nomogram, store, tables
from thyro.clinical import LogisticFit
from thyro.nomogram import Nomogram
from thyro.report import render
from thyro.report.results import Results
from thyro.report.words import (
    features,
    models,
    performance,
    provenance,
    published,
    recovery,
    usefulness,
)
from thyro.report.words import nomogram as words_nomogram
from thyro.report.words import study as words_study
from thyro.report.words import super_resolution as words_super_resolution
from thyro.study import PENALISED, Study, nomograms

OF_EVERY_STUDY = (words_nomogram, performance, usefulness, published, provenance)
OF_IMAGES = (words_super_resolution, features, models)


def make_report(results: str, name: str, study: Study) -> None:
    """Stage and render the report of a study.

    Parameters
    ----------
    results : str
        Folder that the notebooks wrote to, relative to the project; `notebooks/` in it holds their
        executed copies and how long each took.
    name : str
        Of the study.
    study : Study
    """
    folder, left = store.path(results), Results(results)
    strings = variables(results, name, study)
    staged = render.stage(
        folder,
        store.path("report"),
        strings,
        tables={"provenance": provenance.rows(study, left), "recovery": recovery.rows(left)},
        elements={"calculator": _calculator(nomogram.calculator_fragment, left, study)},
    )
    page = partial(nomogram.calculator_page, title=strings["study"]["title"])
    alone = _calculator(page, left, study)
    render.render(staged, folder / "report", beside={"calculator.html": alone})


def variables(results: str, name: str, study: Study) -> dict:
    """The tree of display strings and flags behind `{{< var ... >}}`.

    What a study does not have (images, an external cohort, a truth) has no strings; the flag says
    so, and the manuscript leaves the passage out.

    Parameters
    ----------
    results : str
        Folder that the notebooks wrote to, relative to the project.
    name : str
        Of the study.
    study : Study
    """
    left = Results(results)
    tree = words_study.texts(study, left, name=name)
    sections = [*OF_EVERY_STUDY]
    if tree["has"]["images"]:
        sections += OF_IMAGES
    if tree["has"]["recovery"]:
        sections.append(recovery)
    for section in sections:
        tree |= section.texts(study, left)
    return tree


def _calculator(write: Callable[..., str], results: Results, study: Study) -> str:
    """The nomograms that the report draws, and the penalised model, to be used."""
    about = results.values("00_cohort/cohort")
    signatures = study.nomogram.signatures
    files = {str(name): name.file() for name in nomograms(signatures)}
    files["All candidates, penalised"] = PENALISED.lower()
    made = {name: results.values(f"05_nomogram/{file}") for name, file in files.items()}
    return write(
        {name: LogisticFit.from_dict(parts["fit"]) for name, parts in made.items()},
        {name: Nomogram.from_dict(parts["nomogram"]) for name, parts in made.items()},
        labels=tables.display_names(about["variables"]) | {s: f"{s} signature" for s in signatures},
        units={name: entry.get("unit") or "" for name, entry in about["variables"].items()},
        outcome=study.outcome,
        origin=about["label"],
        level=study.statistics.level,
    )
