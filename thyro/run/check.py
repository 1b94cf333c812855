"""Everything about a study that can be known before its first notebook runs."""

from pathlib import Path

from thyro import store
from thyro.study import (
    Study,
    StudyError,
    Variable,
    check_candidates,
    check_notebook,
    check_subgroups,
    job_arguments,
    load_study,
)


def check_study(name: str, *, data: str | None = None) -> Study:
    """Read a study and see that it can run: its keys, notebooks, device, files and folder.

    Parameters
    ----------
    name
        Of a file in `params/`.
    data
        Folder with the user's table and images, relative to the project; "" where none was named,
        None where nothing is going to run.

    Raises
    ------
    StudyError
        Naming the file, key or folder.
    """
    study = load_study(name, store.path("params"))
    _check_device(name, study)
    _check_checkpoints(name, study)
    _check_published(name, study)
    _check_simulated_variables(name, study)
    _check_letters(name, study)
    for job in study.jobs.values():
        notebook = store.path(f"notebooks/{job.notebook}.ipynb")
        check_notebook(job_arguments(study, name, job, data=data), notebook)
    if data is not None:
        _check_data(name, study, data)
        check_tables(name, study, data)
    return study


def _check_device(name: str, study: Study) -> None:
    if study.compute.device != "cuda":
        return
    import torch  # slow, so only for those who ask

    if not torch.cuda.is_available():
        raise StudyError(
            f"params/{name}.yml: `compute.device` is cuda, but PyTorch sees no CUDA device "
            "here. Use cpu, or install a CUDA build of PyTorch."
        )


def _check_checkpoints(name: str, study: Study) -> None:
    """The files of weights that the study names; relative ones are of the project."""
    for key, file in study.checkpoints.items():
        if not store.path(file).is_file():
            raise StudyError(f"params/{name}.yml: `{key}`: {file} is not there. Name a file.")


def _check_published(name: str, study: Study) -> None:
    """The printed numbers that the study has audited; a relative file is of the project."""
    if not study.published:
        return
    from thyro import audit  # slow, so only for those who ask

    try:
        audit.audit(audit.read(store.path(study.published)))
    except (FileNotFoundError, ValueError) as error:
        raise StudyError(f"params/{name}.yml: `published`: {error}") from None


def _check_simulated_variables(name: str, study: Study) -> None:
    """The simulation has its own variables, which a study file does not list."""
    named = study.nomogram.candidates or study.statistics.subgroups
    if study.cohort.source != "simulated" or not named:
        return
    from thyro import simulate  # slow, so only for those who ask

    try:
        known = [Variable(**variable) for variable in simulate.clinical_variables()]
        check_candidates(study.nomogram.candidates, known)
        check_subgroups(study.statistics.subgroups, known)
    except ValueError as error:
        raise StudyError(f"params/{name}.yml: {error}.") from None


def _check_letters(name: str, study: Study) -> None:
    """Every text of the study file that figures show can be drawn with the fonts that are here."""
    shown = {"title": study.title, "outcome": study.outcome}
    shown |= {f"outcome_levels: {level}": level for level in study.outcome_levels}
    for source in filter(None, (study.cohort, study.external)):
        for variable in source.variables:
            texts = [variable.label, variable.unit, *variable.levels, variable.missing or ""]
            shown |= {f"{variable.name}: {text}": text for text in texts}
        shown |= {f"criteria: {entry.label}": entry.label for entry in source.criteria}
    foreign = {key: text for key, text in shown.items() if not text.isascii()}
    if not foreign:
        return
    from thyro import figures  # slow, so only for those who ask

    lines = [
        f"params/{name}.yml: `{key}` holds {letters}, which no font of this machine can draw."
        for key, text in foreign.items()
        if (letters := figures.without_glyph(text))
    ]
    if lines:
        remedy = f"Install one of {', '.join(figures.STAND_INS)}, or write it in other letters."
        raise StudyError("\n".join([*lines, remedy]))


def _check_data(name: str, study: Study, data: str) -> None:
    """The folder of the user, and the tables in it."""
    if study.cohort.source == "simulated":
        if data:
            raise StudyError(
                f"params/{name}.yml simulates its patients and reads no folder. Say which study "
                "reads DATA: make report STUDY=mystudy DATA=path/to/folder."
            )
        return
    if not data:
        raise StudyError(f"params/{name}.yml reads a folder: say DATA=path/to/folder.")
    if not store.path(data).exists():
        raise StudyError(f"DATA: {data} is not there. Name an existing folder.")
    for section, source in (("cohort", study.cohort), ("external", study.external)):
        if source and not _is_there(store.path(data), source.table):
            raise StudyError(
                f"table of `{section}`: {Path(data, source.table)} is not there. "
                f"See `table` in params/{name}.yml."
            )
        if source and source.decisions:
            _check_decisions(name, section, source.decisions, store.path(data).resolve())


def check_tables(name: str, study: Study, data: str) -> list[str]:
    """Read the tables of a study without images, with every cell of theirs.

    Returns
    -------
    list of str
        What is wrong in rows that a criterion of the study excludes.

    Raises
    ------
    StudyError
        With all problems, by row.
    """
    if study.cohort.has_images:
        return []
    from thyro import cohort, imaging  # slow, so only where it is needed

    given = {"cohort": study.cohort} | ({"external": study.external} if study.external else {})
    try:
        return cohort.check_tables(given, data_dir=data)
    except (cohort.CohortError, cohort.TableError, imaging.ImageError) as error:
        raise StudyError(f"params/{name}.yml: {error}") from None


def _check_decisions(name: str, section: str, decisions: str, folder: Path) -> None:
    """The file of a reader's decisions need not be there, but must have its place in the folder."""
    place = (folder / decisions).resolve()
    if place.is_dir() or not place.is_relative_to(folder):
        raise StudyError(
            f"params/{name}.yml: `{section}.decisions`: {decisions} is a folder, or a link out of "
            "the data folder. Name a CSV in it; it need not be there yet."
        )


def _is_there(folder: Path, table: str) -> bool:
    """Whether a table is in the folder, perhaps in another spelling, as it will be read."""
    if (folder / table).exists():
        return True
    from thyro import imaging  # slow, so only where it is needed

    try:
        return imaging.inside(folder, table, "table").exists()
    except imaging.ImageError:
        return False
