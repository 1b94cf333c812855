"""Where patients come from: the simulation, or the user's folder. Both look alike afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thyro import imaging, simulate, store
from thyro.cohort import cells, clinical_table, example, spreadsheet
from thyro.study import Criterion, Source, Study, Variable

COLUMNS = {  # of the table that the simulation makes
    "id_column": "patient_id",
    "image_column": "image",
    "mask_column": "mask",
    "second_mask_column": "mask_2",
    "outcome_column": "y",
    "radiologist_column": "radiologist",
}


@dataclass(frozen=True)
class Opened:
    """A source whose table has been read; its images have not."""

    name: str  # "cohort" or "external"
    source: Source  # with the columns, criteria and variables of a simulated table filled in
    table: pd.DataFrame  # every cell as text
    folder: Path | None = None  # the user's
    made: simulate.SimulatedCohort | None = None

    @property
    def variables(self) -> list[dict]:
        """Declared clinical variables."""
        return [variable.model_dump() for variable in self.source.variables]

    @property
    def criteria(self) -> list[dict]:
        """Declared criteria, in the order of the flow chart."""
        return [criterion.model_dump() for criterion in self.source.criteria]

    @property
    def files(self) -> dict[str, str]:
        """Columns of the table that name files, or frames in them, as `imaging.Folder` calls them.

        Empty for a table of scores.
        """
        source = self.source
        columns = {
            "image": source.image_column,
            "mask": source.mask_column,
            "second_mask": source.second_mask_column,
            "frame": source.frame if isinstance(source.frame, str) else "",
        }
        return {name: column for name, column in columns.items() if column}

    def named(self, clinical: pd.DataFrame) -> list[str]:
        """What each row of the typed table names of its image: files and frame, as one text."""
        parts = [name for name in self.files if name != "second_mask"]  # which may come later
        texts = [clinical_table.text_column(clinical, self.files[name]) for name in parts]
        frame = str(self.source.frame) if isinstance(self.source.frame, int) else ""
        rows = zip(*texts, strict=True) if texts else [()] * len(clinical)
        return ["\0".join([*map(cells.plain, row), frame]) for row in rows]

    def cases(self, clinical: pd.DataFrame) -> Sequence:
        """Image and masks of some rows of the typed table, read or made when asked for."""
        if self.made is not None:
            return _Simulated(self.made, list(clinical.index))
        source = self.source
        names = pd.DataFrame(
            {
                part: clinical_table.text_column(clinical, column)
                for part, column in self.files.items()
            }
        )
        if isinstance(source.frame, int):
            names["frame"] = str(source.frame)
        return imaging.Folder(
            self.folder,
            names,
            mask_label=source.mask_label,
            mask_flip=source.mask_flip,
            component=source.mask_component,
            fill=source.mask_fill,
            spacing_mm=source.spacing_mm,
            border_px=tuple(source.border_px),
            blank_outside_scan=source.blank_outside_scan,
        )


def open_all(sources: Mapping[str, Source], *, data_dir: str, seed: int) -> list[Opened]:
    """Read or simulate the tables of a study.

    Parameters
    ----------
    sources
        "cohort" and, where there is one, "external".
    data_dir
        The user's folder.
    seed
        Of simulated sources.
    """
    streams = np.random.SeedSequence(seed).spawn(len(sources))
    return [
        _simulated(name, source, np.random.default_rng(stream))
        if source.source == "simulated"
        else Opened(
            name,
            source,
            read_source_table(
                data_dir,
                source.table,
                sheet=source.sheet,
                encoding=source.encoding,
                columns=used_columns(source),
                ids=id_columns(source),
            ),
            folder=store.path(data_dir),
        )
        for (name, source), stream in zip(sources.items(), streams, strict=True)
    ]


def id_columns(source: Source) -> list[str]:
    """Columns of the table that make up the id of a patient."""
    return [source.id_column] if isinstance(source.id_column, str) else list(source.id_column)


def used_columns(source: Source) -> set[str]:
    """Columns of the table that the study reads; what others hold does not matter.

    With the name that `one_per_patient` says, though it may be measured and no column.
    """
    single = [
        *(source.image_column, source.mask_column, source.second_mask_column),
        *(source.outcome_column, source.radiologist_column, source.view_column),
        *(source.one_per_patient, source.quality_column, getattr(source, "split_column", "")),
    ]
    single += [source.frame] if isinstance(source.frame, str) else []
    decided = [column for entry in source.criteria for column in (entry.column, entry.until)]
    declared = [variable.column or variable.name for variable in source.variables]
    every = (*id_columns(source), *single, *decided, *declared, *source.score_columns.values())
    return {column for column in every if column}


def read_source_table(data_dir: str, name: str, **reading: Any) -> pd.DataFrame:
    """The user's table, every cell as text; empty cells are "".

    Parameters
    ----------
    data_dir
        The user's folder, relative to the project.
    name
        The file in it: CSV or XLSX.
    reading
        Options of `spreadsheet.read`.

    Raises
    ------
    FileNotFoundError, ImageError, TableError
        If the folder or table is missing, or the file is not a table.
    """
    folder = store.path(data_dir)
    if not data_dir or not folder.is_dir():
        raise FileNotFoundError(f"{data_dir or 'DATA'}: no such folder. Say DATA=path/to/folder.")
    file = imaging.inside(folder, name, "table").relative_to(folder.resolve())
    return spreadsheet.read(store.read_bytes(f"{data_dir}/{file}"), name, **reading)


OF_CELLS = {"missing_values", "centre_column"}  # of a simulated study, that its folder keeps


def export(study: Study, folder: Path) -> dict[str, dict]:
    """Write the simulated patients of a study as a user's folder.

    Returns
    -------
    dict
        Sections `cohort` and, where there is one, `external` of a study that reads the folder.
    """
    given = {"cohort": study.cohort} | ({"external": study.external} if study.external else {})
    sections = {}
    for opened in open_all(given, data_dir="", seed=study.compute.seed):
        cases = opened.cases(opened.table)
        table = "patients.csv" if opened.name == "cohort" else f"{opened.name}.csv"
        example.write(
            folder,
            opened.table,
            ((case.image.astype(np.uint8), case.mask, case.second_mask) for case in cases),
            spacing_mm=list(opened.made.table["spacing_mm"]),
            name=table,
        )
        sections[opened.name] = {"table": table}
    sections["cohort"] |= {
        "source": "folder",
        "simulated": True,
        **COLUMNS,
        **study.cohort.model_dump(include=OF_CELLS, exclude_defaults=True),
        "decisions": "decisions.csv",  # not there before a reader saves it
        "criteria": [entry.model_dump(exclude_defaults=True) for entry in opened.source.criteria],
        "variables": [entry.model_dump(exclude_defaults=True) for entry in opened.source.variables],
    }
    return sections


def _simulated(name: str, source: Source, rng: np.random.Generator) -> Opened:
    made = simulate.simulate_cohort(
        source.n_patients,
        rng=rng,
        image_shape=tuple(source.image_shape),
        effect=source.effect,
        coarse_log_odds=source.coarse_log_odds,
        fine_log_odds=source.fine_log_odds,
        prevalence=source.prevalence,
        size_shift=source.size_shift,
        device=source.device,
        exclusions=source.exclusions,
        missing=source.missing,
        missing_at_random=source.missing_at_random,
    )
    table = simulate.source_table(made)
    # Both cohorts count their patients, and so their files, from 1.
    for column in ("patient_id", *(["image", "mask", "mask_2"] if name != "cohort" else [])):
        table[column] = f"{name}/" + table[column]
    described = {
        "variables": [Variable(**entry) for entry in simulate.clinical_variables()],
        "criteria": [Criterion(**entry) for entry in simulate.recorded_criteria()],
    }
    return Opened(name, source.model_copy(update=COLUMNS | described), table, made=made)


class _Simulated(Sequence):
    """Simulated images as a folder would give them: outlines are the readers', not the truth."""

    def __init__(self, made: simulate.SimulatedCohort, rows: list[int]):
        self._made, self._rows = made, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, i: int) -> imaging.Case:
        row, made = self._rows[i], self._made
        first, second = (masks[row] for masks in made.readers)
        spacing = tuple(made.table["spacing_mm"].iloc[row])
        image = made.images[row]
        seen = imaging.pixel_hash(image)
        return imaging.Case(image.astype(float), first, second, spacing, (), None, seen)
