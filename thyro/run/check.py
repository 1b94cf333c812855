"""Everything about a study that can be known before its first notebook runs."""

from pathlib import Path

from thyro import store
from thyro.study import Study, StudyError, check_notebook, job_arguments, load_study


def check_study(name: str, *, data: str | None = None) -> Study:
    """Everything about a study that can be known before its first notebook runs.

    Raises
    ------
    params.StudyError
        Naming the file, key or folder.
    """
    study = load_study(name, store.path("params"))
    if study.compute.device == "cuda":
        import torch  # slow, so only for those who ask

        if not torch.cuda.is_available():
            raise StudyError(
                f"params/{name}.yml: `compute.device` is cuda, but PyTorch sees no CUDA device "
                "here. Use cpu, or install a CUDA build of PyTorch."
            )
    for job in study.jobs.values():
        notebook = store.path(f"notebooks/{job.notebook}.ipynb")
        check_notebook(job_arguments(study, name, job, data=data), notebook)
    if study.cohort.source == "simulated" and data:
        raise StudyError(
            f"params/{name}.yml simulates its patients and reads no folder. Say which study reads "
            "DATA: make report STUDY=mystudy DATA=path/to/folder."
        )
    if study.cohort.source == "folder" and data is not None:
        if not data:
            raise StudyError(f"params/{name}.yml reads a folder: say DATA=path/to/folder.")
        tables = [("cohort", study.cohort), ("external", study.external)]
        needed = [("DATA", Path(data), "Name an existing folder.")]
        needed += [
            (f"table of `{section}`", Path(data, part.table), f"See `table` in params/{name}.yml.")
            for section, part in tables
            if part
        ]
        for what, file, remedy in needed:
            if not store.path(file).exists():
                raise StudyError(f"{what}: {file} is not there. {remedy}")
    return study
