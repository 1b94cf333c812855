"""`thyro export` and `thyro predict`: their words, and what they do.

What takes seconds to load is loaded by the command that needs it: every command of `thyro` loads
this module.
"""

import argparse
import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from thyro import store
from thyro.frozen.archive import SUFFIX, FrozenError, to_bytes

if TYPE_CHECKING:
    import pandas as pd

    from thyro.frozen.model import FrozenModel
    from thyro.frozen.prediction import Prediction

ID_COLUMNS = ("patient_id", "patient", "id")
IMAGE, MASK, SPACING = "image", "mask", "spacing_mm"  # columns of a table of patients
FOLDER = "frozen"  # of a study's results


def add_parsers(commands: argparse._SubParsersAction) -> None:
    """Add both commands to the parser of `thyro`."""
    export = commands.add_parser("export", help="write a study's nomogram to one file, to hand on")
    export.add_argument("study")
    export.add_argument("--model", default="", help="letter of the nomogram, or its signature")
    export.add_argument("--recipe", default="", choices=["", "paper", "sound"])
    export.add_argument("--to", type=_file, help="default: results/STUDY/frozen/NOMOGRAM.thyro")
    export.add_argument("--workers", type=int, default=1, help="processes that fit models again")
    asking = commands.add_parser("predict", help="risk of patients by an exported nomogram")
    asking.add_argument("model", help="file that `thyro export` wrote, or the study it is of")
    asking.add_argument("--image", type=_file, help="DICOM, PNG, NIfTI ...")
    asking.add_argument("--mask", type=_file)
    asking.add_argument("--frame", type=int, help="of an image with several, from 0")
    asking.add_argument("--spacing-mm", type=float, help="side of a pixel, where none is told")
    asking.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="said")
    asking.add_argument("--id", default="patient", help="name of the patient in what is printed")
    asking.add_argument("--table", type=_file, help="CSV or XLSX, a row per patient")
    asking.add_argument("--features", type=_file, help="parquet or CSV: features already measured")
    asking.add_argument("--json", action="store_true", help="print JSON")
    asking.add_argument("--pictures", type=_file, help="folder for what was seen of the nodule")
    asking.add_argument("--pdf", type=_file, help="write one page per patient")


def export(arguments: argparse.Namespace) -> None:
    """Write the file, and print its card."""
    from thyro.frozen import card, freeze

    folder = f"results/{arguments.study}"
    model = freeze.freeze(
        folder,
        arguments.study,
        which=arguments.model,
        recipe=arguments.recipe,
        workers=arguments.workers,
        progress=store.progress_bar("fitting again"),
    )
    recipe = f"_{model.about['recipe']}" if model.about["recipe"] else ""
    name = f"{model.about['nomogram'].lower()}{recipe}{SUFFIX}"
    target = arguments.to or store.path(f"{folder}/{FOLDER}/{name}")
    members = card.with_card(model)
    with store.atomic(target) as temporary:
        temporary.write_bytes(to_bytes(members))
    print(members[card.CARD].decode())
    print(f"{target}: written")


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Let Python look for garbage once in 100,000 new objects, instead of 700.

    Loading networks, classifiers and pyradiomics makes a million objects and no garbage; looking
    through them took an eighth of the time until an answer.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_collecting_seldom()
def ask(arguments: argparse.Namespace) -> None:
    """Print the risk of one patient, or of those of a table."""
    from thyro.frozen import inputs, prediction, show
    from thyro.frozen import model as models

    model = models.load(_model_file(arguments.model))
    if arguments.table:
        if arguments.said or arguments.image or arguments.mask:
            raise FrozenError("--table: its columns say all; leave out --set, --image and --mask.")
        rows, seen = _of_table(model, arguments)
    else:
        rows = inputs.from_words(model, arguments.said, arguments.id)
        seen = {arguments.id: (arguments.image, arguments.mask, arguments.spacing_mm)}
    patients = inputs.as_frame(model, rows)
    features = pictures = None
    if model.reads_images:
        if arguments.features:
            features = _stored(model, arguments.features, patients.index)
        else:
            features, pictures = _measured(model, seen, arguments.frame)
    try:
        predictions = prediction.predict(model, patients, features)
    except ValueError as error:  # a level that no training patient had, for example
        raise FrozenError(str(error)) from error
    if arguments.pictures:
        from thyro.frozen import page

        for file in page.write_pictures(arguments.pictures, pictures or {}):
            print(f"{file}: written", file=sys.stderr)
    if arguments.pdf:
        from thyro.frozen import page

        page.write(arguments.pdf, model, predictions, pictures or {})
        print(f"{arguments.pdf}: written", file=sys.stderr)
    if arguments.json:
        print(json.dumps(show.as_json(model, predictions), indent=1, ensure_ascii=False))
    elif not arguments.pdf:
        print(_text(model, predictions))


def _text(model: "FrozenModel", predictions: "list[Prediction]") -> str:
    from thyro.frozen import prediction, show

    if len(predictions) == 1:
        return show.as_text(model, predictions[0])
    return prediction.as_table(predictions).to_csv(index=False).rstrip()


def _model_file(named: str) -> Path:
    """The file that is meant: by its name, or the only one that a study has exported."""
    file = Path(named).expanduser()
    if file.suffix == SUFFIX or file.is_file():
        return file
    found = sorted(store.path(f"results/{named}/{FOLDER}").glob(f"*{SUFFIX}"))
    if len(found) == 1:
        return found[0]
    if not found:
        raise FrozenError(f"{named}: nothing exported. Run `thyro export {named}` first.")
    listed = ", ".join(one.name for one in found)
    raise FrozenError(f"{named}: several are exported ({listed}); name the file.")


def _of_table(model: "FrozenModel", arguments: argparse.Namespace):
    """Rows of the table, and image, mask and pixel size of each patient."""
    import pandas as pd

    from thyro import cohort
    from thyro.frozen import inputs

    file = arguments.table
    if not file.is_file():
        raise FrozenError(f"--table {file}: no such file.")
    try:
        rows = cohort.read_spreadsheet(file.read_bytes(), file.name)
    except cohort.TableError as error:
        raise FrozenError(str(error)) from None
    ids = next((name for name in ID_COLUMNS if name in rows), None)
    index = rows[ids] if ids else pd.Series([f"row {k + 2}" for k in range(len(rows))])
    if index.duplicated().any() or index.eq("").any():
        raise FrozenError(f"{file.name}: column {ids} must name every patient once.")
    rows = rows.set_axis(pd.Index(index, name="patient_id"))
    named = [inputs.named_like(model, column) for column in rows]
    rows.columns = named
    used = [ids, IMAGE, MASK, SPACING]
    if unused := inputs.unused_columns(model, rows, used):
        print(f"not read: {', '.join(unused)}", file=sys.stderr)
    seen = {}
    if model.reads_images and not arguments.features:
        absent = [column for column in (IMAGE, MASK) if column not in rows]
        if absent:
            raise FrozenError(
                f"{file.name}: lacks the column {absent[0]}, a path from the folder of the table; "
                "or give measured features by --features FILE."
            )
        for patient, row in rows.iterrows():
            side = float(row[SPACING]) if SPACING in rows and row[SPACING] else None
            paths = (file.parent / row[column] for column in (IMAGE, MASK))
            seen[patient] = (*paths, side or arguments.spacing_mm)
    return rows, seen


def _stored(model: "FrozenModel", file: Path, patients: "pd.Index") -> "pd.DataFrame":
    """Features of a table that was measured before, of these patients."""
    import pandas as pd

    if not file.is_file():
        raise FrozenError(f"--features {file}: no such file.")
    if file.suffix == ".parquet":
        table = pd.read_parquet(file)
    else:
        table = pd.read_csv(file, dtype={name: str for name in ID_COLUMNS})
    for name in ID_COLUMNS:
        table = table.set_index(name) if name in table else table
    table.index = table.index.astype(str)
    if absent := [patient for patient in patients if patient not in table.index]:
        raise FrozenError(f"{file.name}: has no row of {absent[0]}.")
    return table.loc[patients]


def _measured(model: "FrozenModel", seen: dict, frame: int | None):
    """Features of every patient, and what the signature saw."""
    from thyro.frozen import measuring

    pictures = {}
    for patient, (image, mask, side) in seen.items():
        if image is None or mask is None:
            raise FrozenError(
                f"--image and --mask: {model.signature.name} is measured in an image; give both, "
                "or measured features by --features FILE."
            )
        pictures[patient] = measuring.read_case(model, image, mask, frame=frame, spacing_mm=side)
    return measuring.features_of(model, pictures), pictures


def _file(name: str) -> Path:
    """A file, from where the command was typed."""
    return Path(name).expanduser().resolve()
