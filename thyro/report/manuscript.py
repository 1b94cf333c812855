"""From the results of a study to the manuscript: texts joined, staged and rendered.

Every section has a module in `words` whose `texts` says it; here they are only joined.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from thyro import nomogram, store, tables
from thyro.clinical import LogisticFit
from thyro.nomogram import Nomogram
from thyro.report import alive, checklists, evidence, places, render, thresholds, wipe
from thyro.report.alternatives import results_of_figures
from thyro.report.passports import notebook_passports
from thyro.report.results import Results
from thyro.report.sources import Source, TracedResults, find_sources, marked
from thyro.report.words import (
    by_number,
    centres,
    features,
    findings,
    gaps,
    models,
    performance,
    provenance,
    published,
    recovery,
    subgroups,
    usefulness,
)
from thyro.report.words import feature_models as words_feature_models
from thyro.report.words import nomogram as words_nomogram
from thyro.report.words import scores as words_scores
from thyro.report.words import study as words_study
from thyro.report.words import super_resolution as words_super_resolution
from thyro.study import PENALISED, Study, nomograms

OF_EVERY_STUDY = (
    words_nomogram,
    performance,
    usefulness,
    findings,
    provenance,
)
WHERE_ASKED = {"subgroups": subgroups, "audit": published, "reference": by_number}  # by flag
OF_IMAGES = (features, models)


def make_report(results: str, name: str, study: Study) -> list[str]:
    """Stage and render the report of a study.

    Parameters
    ----------
    results : str
        Folder that the notebooks wrote to, relative to the project; `notebooks/` in it holds their
        executed copies and how long each took.
    name : str
        Of the study.
    study : Study

    Returns
    -------
    list of str
        Results that were made from others than those that lie there now, one sentence each.
    """
    folder, left = store.path(results), Results(results)
    study = signed(study, left)
    strings, found = _told(results, name, study)
    sources = store.path("report")
    proofs = places.find_places(sources, folder / "notebooks", strings)
    recovered, asked = TracedResults(results), TracedResults(results)
    answered = _answers(study, asked, strings["has"])
    made = {"provenance": provenance.rows(study, left), "recovery": recovery.rows(recovered)}
    made |= {one: checklists.rows(answers, proofs) for one, answers in answered.items()}
    settings = ["report/checklists.yml", f"params/{name}.yml"]
    made_from = dict.fromkeys(answered, [*settings, *asked.read])
    made_from |= {"provenance": provenance.files(study), "recovery": [*recovered.read]}
    staged = render.stage(
        folder,
        sources,
        marked(strings, found),
        tables=made,
        elements=_elements(study, left, folder, strings["has"]),
    )
    alone = {}
    if study.has_nomograms:
        page = partial(nomogram.calculator_page, title=strings["study"]["title"])
        alone["calculator.html"] = _calculator(page, left, study)
    records = notebook_passports(folder)
    render.render(
        staged,
        folder / "report",
        beside=alone | alive.notebook_files(folder, staged, records),
        finish=partial(
            alive.finished,
            manuscript_dir=staged,
            records=records,
            sources=found,
            described=results_of_figures(strings),
            made_from=made_from,
        ),
    )
    title, statement = strings["study"]["title"], strings["origin"]["statement"]
    return alive.record(folder, records, title=title, description=statement)


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
    return _told(results, name, signed(study, Results(results)))[0]


def signed(study: Study, results: Results) -> Study:
    """The study with the signatures that its nomograms have: "best" is a model after the run."""
    if not study.has_nomograms:
        return study
    names = results.values("05_nomogram/scalars")["signatures"]
    nomogram = study.nomogram.model_copy(update={"signatures": names})
    return study.model_copy(update={"nomogram": nomogram})


def _told(results: str, name: str, study: Study) -> tuple[dict, dict[str, Source]]:
    """The variables, and the source of each that holds a number."""
    tree: dict = {}
    found: dict[str, Source] = {}

    def tell(texts: Callable[..., dict], **keywords: str) -> None:
        left = TracedResults(results)
        with tables.noted() as written:
            told = texts(study, left, **keywords)
        tree.update(told)
        found.update(find_sources(told, left.read, written))

    if not study.has_nomograms:
        tell(words_scores.texts, name=name)
        if study.cohort.features:
            tell(words_feature_models.texts)
        tell(provenance.texts)
        return tree, found
    tell(words_study.texts, name=name)
    sections = [*OF_EVERY_STUDY]
    if tree["has"]["enhanced"]:
        sections.append(words_super_resolution)
    if tree["has"]["images"]:
        sections += OF_IMAGES
    if tree["has"]["recovery"]:
        sections.append(recovery)
    sections += [module for flag, module in WHERE_ASKED.items() if tree["has"][flag]]
    sections += [gaps] if tree["has"]["imputed"] else []
    sections += [centres] if tree["has"]["centres"] else []
    for section in sections:
        tell(section.texts)
    tree |= checklists.texts(_answers(study, Results(results), tree["has"]))
    return tree, found


def _answers(
    study: Study, results: Results, has: Mapping[str, bool]
) -> dict[str, list[checklists.Answer]]:
    """The checklists, answered; without images only that of prediction models is asked."""
    if not study.has_nomograms:  # the items ask how a model was developed
        return {}
    items = checklists.read_checklists(store.path("report/checklists.yml"))
    facts, authors = evidence.facts(study, results, has), study.authors.model_dump()
    return {
        name: [checklists.answer(item, facts, authors) for item in asked]
        for name, asked in items.items()
        if has["images"] or name == checklists.OF_EVERY_STUDY
    }


def _predictions(study: Study) -> list[str]:
    """Tables of what the models, or the scores of the user's table, and the nomograms predict."""
    if not study.has_nomograms:
        return [study.jobs["06_scores"].reads["scores"].removesuffix(".parquet")]
    reads = study.jobs["06_statistics"].reads
    named = ("model_predictions", "nomogram_predictions")
    return [reads[one].removesuffix(".parquet") for one in named]


def _elements(study: Study, left: Results, folder: Path, has: Mapping[str, bool]) -> dict[str, str]:
    """What only the HTML shows: nomograms to be used, models at one threshold, images to wipe."""
    elements = {"thresholds": thresholds.element(left, _predictions(study), outcome=study.outcome)}
    if study.has_nomograms:
        elements["calculator"] = _calculator(nomogram.calculator_fragment, left, study)
        elements["wipe"] = wipe.element(folder / "notebooks") if has["enhanced"] else ""
    return elements


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
