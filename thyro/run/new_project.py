"""`thyro new`: a project of the user's own, with notebooks, studies and the manuscript.

In a clone they are taken from it; of an installed wheel they lie in the environment, where
`[tool.setuptools.data-files]` of pyproject.toml puts them.
"""

import shutil
from importlib import metadata
from pathlib import Path

import thyro
from thyro.study import StudyError

# What a project consists of, relative to its folder; pyproject.toml lists the same for the wheel.
FILES = (
    "Snakefile",
    "requirements.lock",
    "CITATION.cff",
    ".gitignore",
    ".github/*.json",
    "docs/audit_*.yml",
    "notebooks/*.ipynb",
    "params/*.yml",
    "report/*.*",
    "report/published/*.yml",
)
DELIVERED = "share/thyro"  # in an environment


def new_project(folder: Path) -> None:
    """Lay out a project in a new folder, and say what comes next.

    Raises
    ------
    StudyError
        If the folder holds something, or the installation lacks the files of a project.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StudyError(f"{folder}: not empty; name a new folder.")
    source = _source()
    for pattern in FILES:
        for file in sorted(source.glob(pattern)):
            target = folder / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    print(
        f"{folder}: notebooks, studies (params/) and the manuscript (report/). Next:\n"
        f"  cd {folder}\n"
        "  thyro report smoke      # 60 simulated patients, for a first look\n"
        "  thyro init mystudy --table cohort.xlsx --images folder\n"
        "  jupyter lab notebooks   # pip install jupyterlab brings it"
    )


def _source() -> Path:
    """The folder that holds the files of a project: the clone, or what a wheel brought."""
    clone = Path(thyro.__file__).resolve().parents[1]
    if (clone / "Snakefile").is_file():
        return clone
    for file in metadata.files("thyro") or ():
        if file.match(f"{DELIVERED}/Snakefile"):
            return Path(file.locate()).resolve().parent
    raise StudyError(
        "This installation has no notebooks to lay out: it was not made from a wheel of thyro. "
        "Install the wheel again, or work in a clone."
    )
