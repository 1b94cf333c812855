"""Simulated patients as a folder that a user could have, with a study file that reads it."""

from pathlib import Path

import yaml

from thyro import store
from thyro.study import StudyError, load_study


def write_example(folder: Path, name: str) -> None:
    """Write the simulated patients of a study as a user's folder, with a study file to run it.

    Raises
    ------
    StudyError
        If the study simulates nobody, or the folder holds something.
    """
    study = load_study(name, store.path("params"))
    if study.cohort.source != "simulated":
        raise StudyError(f"params/{name}.yml: only a simulated study makes an example.")
    if folder.exists() and any(folder.iterdir()):
        raise StudyError(f"{folder}: not empty; name a new folder.")
    from thyro import cohort  # two seconds of image libraries, which no other command needs

    sections = cohort.export(study, folder)
    about = {"extends": name, "title": f"Example: {study.title}"} | sections
    file = folder / "example.yml"
    file.write_text(yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=100))
    print(
        f"{folder}: DICOM images, NIfTI masks and tables of simulated patients. To run them:\n"
        f"  cp {file} params/example.yml\n  make report STUDY=example DATA={folder}"
    )
