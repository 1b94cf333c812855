"""Do the readers of images and tables bear any file: no strange exception, no hang, no flood?

`python -m tests.benchmarks.fuzz --examples 20000` takes seven minutes. Each reader
gets its share of drawn files in a process of its own, the same ones in every run, and small files
first that hold gigabytes. A file may be read, or refused with an exception that the reader
documents. Anything else is kept below `--keep`, with the arguments it was read with, and ends with
status 1: another exception or a warning, a result that is no image, mask or table, more than 5 s
of the processor, more than 1 GB (of the whole process), or a crash. The time of an XLSX grows with
its cells (12 s for 400 000 of them, in 700 MB), so that none of as many as are accepted is drawn.
"""

import argparse
import faulthandler
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tests.benchmarks import (
    fuzzed_dicom,
    fuzzed_pictures,
    fuzzed_tables,
    fuzzed_volumes,
)
from tests.benchmarks.fuzzed_bytes import called, damaged, one_in
from tests.cohort import test_bad_table
from thyro import cohort, imaging
from thyro.cohort import clinical_table, spreadsheet

SEED = 2024
LIMIT_S = 5
HUNG_S = 60  # beyond it, by the clock: the process ends, and says where it was
LIMIT_MB = 1000
CHECK_S = 0.02  # how often the memory of a reader is looked at
INPUT = "input"  # folder of the file that is being read
ARGUMENTS = "arguments.json"  # beside it
ODD_FRAMES = ("0", "1", "1e400", "nan", "x", "9" * 30)


@dataclass(frozen=True)
class Input:
    """Files, and how they are read."""

    files: dict[str, bytes]
    how: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Reader:
    """One way in: what it gets, what it does with it, and what it may raise."""

    inputs: st.SearchStrategy
    bombs: Callable[[], Iterator[Input]]
    read: Callable[[Path, Input], None]
    documented: tuple[type[Exception], ...]
    share: float  # of all inputs


class Wrong(Exception):
    """What was read is no image, mask or table."""


def need(holds: bool, what: str) -> None:
    if not holds:
        raise Wrong(what)


def check_image(image: np.ndarray, spacing: tuple | None) -> None:
    need(image.ndim == 2 and image.dtype == float, f"image {image.shape} {image.dtype}")
    need(0 <= image.min() and image.max() <= 255, "grey values beyond 0 to 255")
    if spacing is not None:
        need(len(spacing) == 2 and all(math.isfinite(s) and s > 0 for s in spacing), f"{spacing}")


def check_mask(mask: np.ndarray, shape: tuple) -> None:
    need(mask.dtype == bool and mask.shape == tuple(shape) and bool(mask.any()), f"{mask.shape}")


# Images and masks, one file at a time.


def read_file(folder: Path, given: Input) -> None:
    """As an image, or as the mask of one."""
    (name,), how = given.files, given.how
    if how["shape"] is None:
        check_image(*imaging.read_image(folder / name, frame=how["frame"]))
        return
    image = np.zeros(how["shape"])
    mask = imaging.read_mask(
        folder / name, image, label=how["label"], flip=how["flip"], component=how["component"]
    )
    check_mask(mask, image.shape)


@st.composite
def ways(draw, masks: int) -> dict:
    """How a file is read: once in `masks` times as the mask of an image, else as an image."""
    if not one_in(draw, masks):
        return {"shape": None, "frame": 1 if one_in(draw, 10) else None}
    return {"shape": fuzzed_pictures.USUAL} | draw(choices())


@st.composite
def choices(draw) -> dict:
    return {
        "label": draw(st.sampled_from([None, None, 1, 2, 255, "nodule"])),
        "flip": draw(st.sampled_from(["none", "none", "horizontal", "vertical", "both"])),
        "component": draw(st.sampled_from(["single", "largest", "all"])),
    }


@st.composite
def one_file(draw, files: st.SearchStrategy, masks: int = 2) -> Input:
    ending, data = draw(files)
    return Input({draw(called(ending)): data}, draw(ways(masks)))


def each_way(bombs: Callable) -> Callable[[], Iterator[Input]]:
    """Every bomb as an image and as a mask."""

    def made() -> Iterator[Input]:
        for ending, data in bombs():
            mask = {"label": None, "flip": "none", "component": "all"}
            for how in ({"shape": None, "frame": None}, {"shape": (8, 8)} | mask):
                yield Input({f"a.{ending}": data}, how)

    return made


# A row of the user's table: an image and its masks.


@st.composite
def rows(draw) -> Input:
    """An image and masks that mostly fit, of all kinds, whose headers may be equally odd."""
    small = fuzzed_pictures.pictures() | fuzzed_volumes.volumes
    if one_in(draw, 3):
        image, mask = draw(st.sampled_from(fuzzed_dicom.segmentations()))
        if draw(st.booleans()):
            image, mask = with_places(draw, image, mask)
        image, mask = ("dcm", image), ("dcm", draw(fuzzed_dicom.segmentation_files(mask)))
    else:
        sound = fuzzed_pictures.valid("PNG").map(lambda data: ("png", data))
        dicom = fuzzed_dicom.images().map(lambda data: ("dcm", data))
        image = draw(sound | dicom | small)
        mask = image if one_in(draw, 8) else draw(sound | small)
    names = [f"a.{image[0]}", f"m.{mask[0]}", f"n.{mask[0]}"]
    files = dict(zip(names, (image[1], mask[1], draw(damaged(mask[1]))), strict=True))
    odd = st.text(max_size=12) | st.sampled_from(
        ["", " ", "..", "/", ".", "A.PNG", "a.png/x", "x" * 300, "a\0", "loop", "~"]
    )
    cells = [draw(odd) if one_in(draw, 15) else name for name in names]
    table = {
        "image": cells[0],
        "mask": cells[1],
        "second_mask": cells[2] if one_in(draw, 3) else "",
        "frame": draw(st.sampled_from(ODD_FRAMES)) if one_in(draw, 12) else "",
    }
    reading = draw(choices())
    options = {
        "mask_label": reading["label"],
        "mask_flip": reading["flip"],
        "component": reading["component"],
        "fill": draw(st.booleans()),
        "spacing_mm": draw(st.sampled_from([None, 0.1])),
        "border_px": (1, 2, 1, 0) if one_in(draw, 8) else (0, 0, 0, 0),
        "blank_outside_scan": draw(st.booleans()),
    }
    return Input(files, {"row": table, "options": options})


def with_places(draw, *files: bytes) -> list[bytes]:
    """DICOM files with the same odd numbers for the place and the size of their pixels."""
    numbers = st.sampled_from(["0", "1", "-1", "1e308", "1e-300", "1e200", "3"])
    old = [b"1\\0\\0\\0\\1\\0", b"0.2\\0.1", b"1\\2\\3"]
    counts = [len(text.split(b"\\")) for text in old]
    new = ["\\".join(draw(numbers) for _ in range(n)).encode() for n in counts]
    return [fuzzed_dicom.with_texts(data, dict(zip(old, new, strict=True))) for data in files]


def read_row(folder: Path, given: Input) -> None:
    (folder / "loop").symlink_to("loop")
    row = pd.DataFrame([given.how["row"]])
    case = imaging.Folder(folder, row, **given.how["options"])[0]
    check_image(case.image, case.spacing_mm)
    check_mask(case.mask, case.image.shape)
    need(all(isinstance(note, str) for note in case.notes), "a note that is no text")
    if case.second_mask is not None:
        check_mask(case.second_mask, case.image.shape)


def row_bombs() -> Iterator[Input]:
    """As large as is accepted: image and mask of one row."""
    side = fuzzed_pictures.PIXELS
    scan = fuzzed_pictures.noisy_png(side)
    mask = fuzzed_pictures.block_png(side)
    table = {"image": "a.png", "mask": "m.png", "second_mask": "", "frame": ""}
    for blank in (False, True):
        yield Input(
            {"a.png": scan, "m.png": mask}, {"row": table, "options": {"blank_outside_scan": blank}}
        )


# Tables.


@st.composite
def table_ways(draw, endings: tuple[str, ...]) -> dict:
    return {
        "name": f"t.{draw(st.sampled_from(endings))}",
        "sheet": "Sheet" if one_in(draw, 12) else "",
        "encoding": draw(st.sampled_from(fuzzed_tables.DECLARED)) if one_in(draw, 8) else "utf-8",
        "columns": draw(
            st.sampled_from([None, None, ["id", "clnm"], test_bad_table.COLUMNS.split(", ")])
        ),
        "ids": draw(st.sampled_from([[], ["id"]])),
    }


@st.composite
def one_table(draw, files: st.SearchStrategy, *endings: str) -> Input:
    how = draw(table_ways(endings))
    return Input({how["name"]: draw(files)}, how)


def read_table(folder: Path, given: Input) -> None:
    """The cells as text, then typed by what a study declares."""
    how = dict(given.how)
    name = how.pop("name")
    table = spreadsheet.read((folder / name).read_bytes(), name, **how)
    need(len(table) > 0 and all(isinstance(c, str) for c in table.to_numpy().ravel()), "no text")
    clinical, problems = clinical_table.read_clinical(
        table,
        test_bad_table.VARIABLES,
        id_column="id",
        outcome_column="clnm",
        scores={"SVM": "svm"},
        criteria=test_bad_table.CRITERIA,
        quality_column="quality",
        other_columns=test_bad_table.OTHERS,
    )
    need(len(clinical) == len(table), "rows were lost")
    clinical_table.stop_at(problems)


def table_bombs() -> Iterator[Input]:
    for data in fuzzed_tables.bombs():
        yield Input({"t.xlsx": data}, {"name": "t.xlsx"})
    for data in (b"id,y\n" + b"a" * 2**26, b"id,y\n" + b"," * 2**22, b'id,y\n"' + b"a\n" * 2**22):
        yield Input({"t.csv": data}, {"name": "t.csv"})


def named(ending: str, files: st.SearchStrategy) -> st.SearchStrategy:
    return files.map(lambda data: (ending, data))


def dicom_bombs() -> list[tuple[str, bytes]]:
    return [("dcm", data) for data in fuzzed_dicom.bombs()]


IMAGES, TABLES = (imaging.ImageError,), (spreadsheet.TableError, cohort.CohortError)
READERS = {
    "pictures": Reader(
        one_file(fuzzed_pictures.pictures()),
        each_way(fuzzed_pictures.bombs),
        read_file,
        IMAGES,
        0.25,
    ),
    "volumes": Reader(
        one_file(fuzzed_volumes.volumes), each_way(fuzzed_volumes.bombs), read_file, IMAGES, 0.25
    ),
    "DICOM": Reader(
        one_file(named("dcm", fuzzed_dicom.images()), 20),
        each_way(dicom_bombs),
        read_file,
        IMAGES,
        0.2,
    ),
    "DICOM SEG": Reader(
        one_file(named("dcm", fuzzed_dicom.segmentation_files()), 1),
        lambda: iter(()),
        read_file,
        IMAGES,
        0.04,
    ),
    "rows of images": Reader(rows(), row_bombs, read_row, IMAGES, 0.08),
    "CSV": Reader(
        one_table(fuzzed_tables.csv_files(), *["csv"] * 20, "txt", "xlsx"),
        lambda: iter(()),
        read_table,
        TABLES,
        0.1,
    ),
    "XLSX": Reader(
        one_table(fuzzed_tables.xlsx_files(), *["xlsx"] * 20, "csv"),
        table_bombs,
        read_table,
        TABLES,
        0.08,
    ),
}


# The run.


@dataclass
class Tally:
    """What became of the inputs of one reader."""

    read: int = 0
    refused: Counter = field(default_factory=Counter)
    slowest: float = 0.0  # seconds
    faults: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return self.read + self.refused.total() + len(self.faults)


def peak_mb() -> float:
    """Of this process; `ru_maxrss` would begin with the peak of the one that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def run(
    name: str,
    reader: Reader,
    examples: int,
    keep: Path,
    *,
    first: Iterable[Path] = (),
    limit_s: float = LIMIT_S,
) -> Tally:
    """Give a reader its inputs.

    Parameters
    ----------
    name : str
        Of the reader.
    reader : Reader
    examples : int
        How many inputs are drawn.
    keep : Path
        Folder of what goes wrong.
    first : iterable of Path
        Kept inputs that come before the drawn ones.
    limit_s : float
        An input that takes longer is a fault; one that takes twice as long ends the process.
    """
    tally = Tally()

    def one(given: Input) -> None:
        number = tally.inputs + 1
        with tempfile.TemporaryDirectory() as scratch:
            place = keep / f"{name} {number}"
            write(given, place)
            folder = Path(scratch, "data")
            shutil.copytree(place / INPUT, folder)
            faulthandler.dump_traceback_later(limit_s + HUNG_S, exit=True, file=sys.__stderr__)
            began = time.process_time()
            fault = ""
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    reader.read(folder, given)
                outcome = ""
            except reader.documented as error:
                outcome = type(error).__name__
                fault = "" if str(error).strip() else "refused without a word"
            except Exception as error:
                outcome, fault = "", f"{type(error).__name__}: {error}"
                (place / "traceback.txt").write_text(traceback.format_exc(), errors="replace")
            seconds = time.process_time() - began  # others may share the processor
            faulthandler.cancel_dump_traceback_later()
        tally.slowest = max(tally.slowest, seconds)
        if seconds > limit_s:
            fault = fault or f"took {seconds:.1f} s"
        if not fault:
            shutil.rmtree(place)
            tally.read += not outcome
            tally.refused += Counter([outcome] if outcome else [])
            return
        tally.faults.append(f"{place}: {fault}"[:400])
        print(f"  {tally.faults[-1]!a}", flush=True)

    for place in first:
        one(kept(place))
    draw(reader.inputs, examples, one)
    return tally


def draw(inputs: st.SearchStrategy, examples: int, use: Callable[[Input], None]) -> None:
    """Call `use` with the same inputs in every run."""

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(inputs)
    def each(given: Input) -> None:
        use(given)

    each()


def write(given: Input, place: Path) -> None:
    """The files and how they are read, to look at again."""
    folder = place / INPUT
    shutil.rmtree(place, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, data in given.files.items():
        (folder / name).write_bytes(data)
    (place / ARGUMENTS).write_text(json.dumps(given.how))


def kept(place: Path) -> Input:
    """What `write` wrote."""
    return Input(
        {file.name: file.read_bytes() for file in sorted((place / INPUT).iterdir())},
        json.loads((place / ARGUMENTS).read_text()),
    )


def watched(name: str, examples: int, keep: Path) -> bool:
    """Run one reader in a process of its own, and end it before it fills the memory.

    What unpacks to gigabytes is made here, since it takes gigabytes to make.
    """
    bombs = keep / f"bombs of {name}"
    for i, given in enumerate(READERS[name].bombs()):
        write(given, bombs / f"{i:03d}")
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.benchmarks.fuzz"]
    command += ["--examples", str(examples), "--keep", str(keep), "--reader", name]
    command += ["--first", str(bombs)]
    process = subprocess.Popen(command)
    page_mb = resource.getpagesize() / 2**20
    flood = False
    while process.poll() is None:
        memory = Path(f"/proc/{process.pid}/statm").read_text().split()
        if memory and int(memory[1]) * page_mb > LIMIT_MB:
            flood = True
            process.kill()
        time.sleep(CHECK_S)
    shutil.rmtree(bombs, ignore_errors=True)
    if flood:
        print(f"{name}: more than {LIMIT_MB} MB, see the last folder in {keep}", flush=True)
    elif process.returncode:
        print(f"{name}: ended with status {process.returncode}, see the folders in {keep}")
    return process.returncode == 0


def keep_libraries_quiet() -> None:
    """Leave the terminal to Python: what libraries of C print goes nowhere."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        kept_open = os.fdopen(os.dup(number), "w")
        setattr(sys, name, kept_open)
        setattr(sys, f"__{name}__", kept_open)
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--examples", type=int, default=2000, help="inputs of all readers")
    parser.add_argument("--keep", type=Path, default=Path("results/fuzz"), help="folder of faults")
    parser.add_argument("--reader", choices=READERS, help="one, in this process")
    parser.add_argument("--first", type=Path, help="folder of inputs that it reads first")
    asked = parser.parse_args()
    if asked.reader:
        keep_libraries_quiet()
        first = sorted(asked.first.glob("*")) if asked.first else []
        tally = run(asked.reader, READERS[asked.reader], asked.examples, asked.keep, first=first)
        refused = ", ".join(f"{n} {kind}" for kind, n in sorted(tally.refused.items()))
        print(
            f"{asked.reader:<15} {tally.inputs:6d} inputs: {tally.read:5d} read, "
            f"refused: {refused}; slowest {tally.slowest:.2f} s, peak memory {peak_mb():.0f} MB, "
            f"{len(tally.faults)} faults",
            flush=True,
        )
        return 1 if tally.faults or peak_mb() > LIMIT_MB else 0
    began = time.monotonic()
    passed = [
        watched(name, round(asked.examples * reader.share), asked.keep)
        for name, reader in READERS.items()
    ]
    print(f"{'all borne' if all(passed) else 'NOT ALL BORNE'}, {time.monotonic() - began:.0f} s")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
