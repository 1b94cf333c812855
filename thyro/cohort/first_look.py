"""What the intake finds in a user's folder, to be looked at before anything is in the results."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from thyro import imaging
from thyro.cohort import cells, image_flags
from thyro.cohort.centres import check_centres
from thyro.cohort.clinical_table import CohortError, text_column
from thyro.cohort.ingested import Ingested
from thyro.cohort.intake import Intake, look_at_all
from thyro.cohort.levels import check_regressions
from thyro.cohort.patches import check_patches
from thyro.cohort.sources import open_all
from thyro.cohort.split import check_split, split_by_patient
from thyro.study import Source


@dataclass(frozen=True)
class FirstLook:
    """Tables and images as they are, right or wrong.

    Attributes
    ----------
    problems : list of str
        All that stops a run, each with its row.
    notes : list of str
        Cells that cannot be used and that no result holds.
    ingested : dict of str to Ingested
        Who would be studied, by source; empty where tables or images are wrong.
    split : Series
        "train", "test" or another cohort of everybody in the table of the cohort; empty where
        nobody can be split.
    examined : DataFrame
        One row per image that could be read: `cohort`, `table_row`, and a bool for every flag.
    """

    problems: list[str]
    notes: list[str]
    ingested: dict[str, Ingested]
    split: pd.Series
    examined: pd.DataFrame
    scratch: Path

    def cases(self) -> Iterator[tuple]:
        """(title, image, mask, flags in words) of every image that could be read, by row."""
        for row in self.examined.itertuples():
            stem = f"{row.cohort}-{row.Index}"
            image, _ = imaging.read_image(self.scratch / f"{stem}-image.png")
            mask = imaging.read_mask(self.scratch / f"{stem}-mask.png", image)
            title = f"row {row.table_row}" + (", external" if row.cohort == "external" else "")
            yield title, image, mask, ", ".join(f for f in image_flags.FLAGS if getattr(row, f))


@contextmanager
def first_look(
    sources: Mapping[str, Source],
    *,
    data_dir: str,
    scratch: Path,
    seed: int,
    screened: Mapping[str, Any],
    harmonised: Mapping[str, Any],
    trained_px: int,
    workers: int = 1,
) -> Iterator[FirstLook]:
    """Read every table and image as notebook 00 does, and keep what was seen while it lasts.

    Parameters
    ----------
    sources, data_dir, workers
        As in `ingest`.
    scratch
        Folder in which bare images lie until the context ends.
    seed, screened, harmonised, trained_px
        As the notebook has them: of the split, and of what would stop 01, 03 or 05.

    Raises
    ------
    TableError, FileNotFoundError, ImageError
        If a table cannot be opened.
    """
    intakes = [Intake(opened) for opened in open_all(sources, data_dir=data_dir, seed=0)]
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        problems = look_at_all(intakes, data_dir=data_dir, scratch=Path(folder), workers=workers)
        ingested: dict[str, Ingested] = {}
        split = pd.Series(dtype=object)
        if not problems:
            try:
                ingested = {intake.opened.name: intake.include() for intake in intakes}
                split = _split(ingested["cohort"], seed)
                problems = [
                    *check_regressions(ingested, split, **screened),
                    *check_centres(ingested, split, how=sources["cohort"].split, **harmonised),
                ]
                if sources["cohort"].has_images:
                    main = ingested["cohort"]
                    problems += check_split(split, main.image_flags["pixel_hash"])
                    problems += check_patches(main, split, trained_px)
            except CohortError as error:
                problems = error.problems
        readable = [intake for intake in intakes if intake.clinical is not None]
        notes = [line for intake in readable for line in intake.excluded_cells()]
        yield FirstLook(problems, notes, ingested, split, _examined(readable), Path(folder))


def _split(main: Ingested, seed: int) -> pd.Series:
    """The split that a run would draw."""
    source, included = main.opened.source, main.flow.frame
    column = source.split_column or source.centre_column
    return split_by_patient(
        included["y"],
        how=source.split,
        test_share=source.test_share,
        seed=seed,
        column=text_column(included, column) if column else None,
        test_centres=source.test_centres,
        cohorts=source.cohorts,
    )


def _examined(intakes: Sequence[Intake]) -> pd.DataFrame:
    """Flags of every image that could be read."""
    parts = [
        image_flags.flag(
            intake.image_flags,
            min_sharpness=intake.opened.source.min_sharpness,
            max_pixels=intake.opened.source.max_pixels,
        ).assign(cohort=intake.opened.name, table_row=cells.row_number(intake.image_flags.index))
        for intake in intakes
        if len(intake.image_flags)
    ]
    return pd.concat(parts) if parts else pd.DataFrame()
