"""`thyro init`: a first study file from the user's own table."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from thyro import store
from thyro.study import StudyError, open_keys

if TYPE_CHECKING:  # slow, so only for those who ask
    from thyro.cohort import FoundImages, Roles
    from thyro.run.first_study import FirstStudy

SHOWN = 12  # rows and files that the terminal names before it counts the others
NAME = re.compile(r"[\w][\w.-]*")
ASKED = {  # roles that no study can do without
    "id": "Which column tells patients apart?",
    "outcome": "Which column is the outcome?",
}


def add_init(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options to those of `thyro`."""
    parser = commands.add_parser("init", help="write a first study file from your own table")
    place = _resolved
    parser.add_argument("study", help="name of the new study: params/STUDY.yml")
    parser.add_argument("--table", required=True, type=place, help="CSV or XLSX, a row per image")
    parser.add_argument("--images", type=place, help="folder of images and masks, below or beside")
    parser.add_argument("--sheet", default="", help="of an XLSX with several tables")
    for role, question in ASKED.items():
        parser.add_argument(f"--{role}", default="", metavar="COLUMN", help=question)


def _resolved(name: str) -> Path:
    """A place as the user sees it, before the command goes to the project."""
    return Path(name).resolve()


def init_study(arguments: argparse.Namespace) -> None:
    """Write `params/STUDY.yml`, and say what is open and what comes next.

    Raises
    ------
    StudyError
        If the study is there already, or the table cannot be read; nothing is written then.
    """
    from thyro import cohort, figures  # slow, so only for those who ask
    from thyro.run.first_study import FirstStudy

    file = store.path(f"params/{arguments.study}.yml")
    if not NAME.fullmatch(arguments.study):
        raise StudyError(f"{arguments.study!r}: name a study with letters, digits, _ and - alone.")
    if file.exists():
        raise StudyError(
            f"params/{file.name} is there already, and is left as it is. Name another study, or "
            "move it away."
        )
    folder = _data_folder(arguments.table, arguments.images)
    try:
        opened = cohort.open_table(
            arguments.table.read_bytes(), arguments.table.name, sheet=arguments.sheet
        )
    except cohort.TableError as error:
        raise StudyError(f"{error}\nMend the table, then call `thyro init` again.") from None
    told = {role: name for role in ASKED if (name := getattr(arguments, role))}
    _check_told(told, opened.frame.columns, arguments.table.name)
    roles = cohort.guess_roles(opened.frame, comma=opened.comma, told=told)
    asked = _asked(roles, input) if sys.stdin.isatty() else {}
    if asked:
        roles = cohort.guess_roles(opened.frame, comma=opened.comma, told=told | asked)
    images = None
    if arguments.images or roles.of("image"):
        columns = [n for n, c in roles.contents.items() if c.distinct > len(opened.frame) / 4]
        columns = [*roles.of("image"), *roles.of("mask"), *columns]
        files = cohort.image_files(arguments.images or folder)
        below = arguments.images.relative_to(folder).as_posix() if arguments.images else "."
        files = [name if below == "." else f"{below}/{name}" for name in files]
        images = cohort.find_images(opened.frame, list(dict.fromkeys(columns)), files)
    study = FirstStudy(
        name=arguments.study,
        table=arguments.table.relative_to(folder).as_posix(),
        folder=os.path.relpath(folder, store.project_root()),
        opened=opened,
        roles=roles,
        images=images,
        readable=lambda text: not figures.without_glyph(text),
    )
    text = study.text()
    with store.atomic(file) as temporary:
        temporary.write_text(text, encoding="utf-8")
    _tell(study, text, images if arguments.images else None)  # else it is all that lies there


def _data_folder(table: Path, images: Path | None) -> Path:
    """The folder that holds the table and, below it, the images.

    Raises
    ------
    StudyError
        If one of them is not there, or nothing but the root of the disk holds both.
    """
    if not table.is_file():
        raise StudyError(f"--table: {table} is not there. Name a CSV or XLSX.")
    if images is None:
        return table.parent
    if not images.is_dir():
        raise StudyError(f"--images: {images} is no folder. Name the one with images and masks.")
    folder = Path(os.path.commonpath([table.parent, images]))
    if folder in (Path(folder.anchor), Path.home()):
        raise StudyError(
            f"{table} and {images} have no folder of their own in common; put the table beside "
            "the folder of images."
        )
    return folder


def _check_told(told: dict[str, str], columns: Iterable[str], table: str) -> None:
    there = list(columns)
    for role, name in told.items():
        if name not in there:
            named = ", ".join(there[:30])
            raise StudyError(f"--{role}: {table} has no column {name!r}. It has: {named}.")


def _asked(roles: "Roles", ask: Callable[[str], str]) -> dict[str, str]:
    """What the user says at the terminal of open roles; an empty answer leaves one open."""
    answers = {}
    for role, question in ASKED.items():
        columns = roles.open_to(role)
        if roles.of(role) or not columns:
            continue
        print(question)
        for number, name in enumerate(columns, start=1):
            print(f"  {number}  {name}: {roles.guesses[name].evidence}")
        answer = ask("Number, or nothing to decide later: ").strip()
        if answer.isdigit() and 1 <= int(answer) <= len(columns):
            answers[role] = columns[int(answer) - 1]
    return answers


def _tell(study: "FirstStudy", text: str, images: "FoundImages | None") -> None:
    """Say what was written, which keys are open, and which files and rows do not match."""
    from thyro import cohort  # slow, so only for those who ask

    guesses = study.roles.guesses.values()
    print(f"params/{study.name}.yml: {len(guesses)} columns, read as a study of {study.door}.")
    if images:
        for found in (images.images[:1], images.masks[:1]):
            for one in found:
                rows = (
                    f"; without one: row {cohort.numbered_rows(one.missing)}" if one.missing else ""
                )
                print(f"  {one.form}: {one.evidence}{rows}")
        if images.unused:
            more = f" and {len(images.unused) - SHOWN} more" if len(images.unused) > SHOWN else ""
            print(f"  files of no row: {', '.join(images.unused[:SHOWN])}{more}")
    undecided = open_keys(text)
    for line in undecided:
        print(f"  {line}")
    first = "Decide what is open, then call" if undecided else "Read it, then call"
    print(f"{first}\n  thyro check {study.name} --data {study.folder} --page")
