"""Ingesting a source of patients: typed rows, and images under pseudonyms.

Simulated patients and the user's own take the same way. The table is typed; rows that pass every
criterion known from it have their image and masks examined, once and in parallel, and written as
bare PNG; what is found decides with the reader who is included. All that is wrong with tables and
images is raised together, before anything is left in the results.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import delayed

from thyro import core, imaging, store
from thyro.cohort import (
    between,
    cells,
    clinical_table,
    feature_tables,
    image_flags,
    inclusion,
    near_copies,
)
from thyro.cohort import split as split_module
from thyro.cohort.decisions import DecisionFile
from thyro.cohort.flow import Flow
from thyro.cohort.ingested import FOLDERS, SCRATCH, Ingested, parts_of, scratch_place
from thyro.cohort.pseudonyms import image_pseudonyms, pseudonym_key, pseudonyms
from thyro.cohort.sources import Opened, open_all
from thyro.study import Cohort, Source

CHUNK = 8  # images that a worker examines before it reports
NO_SECRET = b"simulated patients have no secret"  # key of pseudonyms that hide nobody


def ingest(
    sources: Mapping[str, Source],
    *,
    data_dir: str,
    out_dir: str,
    seed: int,
    workers: int = 1,
) -> dict[str, Ingested]:
    """Read, examine and include the patients of every source, and write their images.

    Parameters
    ----------
    sources
        "cohort", and "external" where there is one.
    data_dir
        The user's folder.
    out_dir
        Where images/, masks/ and, with a second reader, masks_2/ are made anew.
    seed
        Of simulated sources.
    workers
        Processes that examine images.

    Raises
    ------
    CohortError
        With every problem of every table and image, by row.
    """
    intakes = [Intake(opened) for opened in open_all(sources, data_dir=data_dir, seed=seed)]
    with tempfile.TemporaryDirectory(dir=scratch_place(out_dir), prefix=SCRATCH) as scratch:
        problems = look_at_all(intakes, data_dir=data_dir, scratch=Path(scratch), workers=workers)
        clinical_table.stop_at(problems)
        ingested = {intake.opened.name: intake.include() for intake in intakes}
        if "external" in ingested:
            split_module.check_outcomes(ingested["external"].flow.frame["y"], "external")
        _publish_images(ingested, scratch, out_dir)
    return ingested


def look_at_all(
    intakes: Sequence["Intake"], *, data_dir: str, scratch: Path, workers: int
) -> list[str]:
    """Read tables, decisions and images of every source; returns all that is wrong with them."""
    key = pseudonym_key() if intakes[0].opened.folder else NO_SECRET
    names = dict.fromkeys(filter(None, (intake.opened.source.decisions for intake in intakes)))
    decided = [DecisionFile(data_dir, name) for name in names]
    problems = [line for intake in intakes for line in intake.read_table(key, data_dir)]
    problems += [line for file in decided for line in _take_decisions(file, intakes)]
    readable = [intake for intake in intakes if intake.clinical is not None]
    problems += [line for intake in readable for line in intake.foreseen()]
    problems += [line for intake in readable for line in intake.examine(scratch, workers)]
    return problems + (between_tables(*intakes) if len(readable) == 2 else [])


def _publish_images(ingested: Mapping[str, Ingested], scratch: str, out_dir: str) -> None:
    """Bring the images and masks of the included from the scratch folder to the results."""
    for part, folder in FOLDERS.items():
        files = {
            file: Path(scratch, f"{name}-{row}-{part}.png")
            for name, one in ingested.items()
            if part in parts_of(one.opened)
            for row, file in one.files(part).items()
        }
        store.replace_folder(out_dir, folder, files)


class Intake:
    """One source on its way in."""

    def __init__(self, opened: Opened):
        self.opened = opened
        self.clinical: pd.DataFrame | None = None
        self.features: dict[str, pd.DataFrame] = {}
        self.decisions: DecisionFile | None = None
        self.image_flags, self.cases = pd.DataFrame(), None
        self.prints = np.empty((0, near_copies.SIDE, near_copies.SIDE), np.int8)

    def read_table(self, key: bytes, data_dir: str) -> list[str]:
        """Type the table, and give patients and images their pseudonyms; returns what is wrong."""
        source = self.opened.source
        extra = [source.view_column, source.centre_column, getattr(source, "split_column", "")]
        extra += self.opened.files.values()
        if source.one_per_patient in self.opened.table:
            extra.append(source.one_per_patient)
        try:
            self.clinical, problems = clinical_table.read_clinical(
                self.opened.table,
                self.opened.variables,
                id_column=source.id_column,
                outcome_column=source.outcome_column,
                radiologist_column=source.radiologist_column,
                radiologist_grades=source.radiologist_yes_from is not None,
                scores=source.score_columns,
                score_kinds=source.score_kinds,
                criteria=self.opened.criteria,
                quality_column=source.quality_column,
                other_columns=list(dict.fromkeys(filter(None, extra))),
            )
        except clinical_table.CohortError as error:
            return self._named(error.problems)
        everybody = self.clinical["source_id"]
        self.ids = pd.Series(pseudonyms(everybody, key), everybody.index)
        named = image_pseudonyms(self.ids, self.opened.named(self.clinical), key)
        self.image_ids = pd.Series(named, everybody.index)
        self.told = inclusion.decided(self.clinical)
        self.features, wrong = feature_tables.read_families(self.opened, data_dir, everybody)
        problems += wrong
        self.clean = not problems
        return self._named(problems)

    def decide(self, file: DecisionFile) -> None:
        """Take the reader's decisions as if the table told them."""
        self.decisions = file
        decided = file.decided()
        words = [decided.get(*image) for image in zip(self.image_ids, self.told, strict=True)]
        self.clinical["quality"] = pd.Series(words, self.told.index, dtype=str)

    def _named(self, problems: Sequence[str]) -> list[str]:
        """Problems of the external table, told from those of the cohort's."""
        name = self.opened.name
        if name == "cohort":
            return list(problems)
        return [
            f"{name} {line}" if isinstance(line, cells.RowProblem) else f"{name}: {line}"
            for line in problems
        ]

    def foreseen(self) -> list[str]:
        """Where inclusion and split will stop, as far as the table tells before its images.

        After wrong cells, which count as empty, only lines about rows are sure.
        """
        source = self.opened.source
        measured = None
        if source.one_per_patient and source.one_per_patient not in self.opened.table:
            if source.one_per_patient not in image_flags.SIZES:
                return self._named(
                    [
                        f"`one_per_patient`: {source.one_per_patient!r} is no column of the table, "
                        f"and not measured. Measured are: {', '.join(image_flags.SIZES)}."
                    ]
                )
            sizes = -self.clinical.index.to_numpy(float)  # stands in for what will be measured
            measured = pd.DataFrame({source.one_per_patient: sizes}, index=self.clinical.index)
        try:
            y = self._included(measured, None).frame["y"]
            if isinstance(source, Cohort):
                # A plain random split is drawn later; too few outcomes are too few for any.
                self.split(y, how="stratified" if source.split == "random" else source.split)
        except clinical_table.CohortError as error:
            return self._named(
                [
                    line
                    for line in error.problems
                    if self.clean or isinstance(line, cells.RowProblem)
                ]
            )
        if isinstance(source, Cohort) or not self.clean:
            return []
        try:
            split_module.check_outcomes(y, self.opened.name)
        except clinical_table.CohortError as error:
            return error.problems  # which name the cohort
        return []

    def outcomes(self) -> pd.Series:
        """Outcome of every patient whom a table without images includes."""
        return self._included(None, None).frame["y"]

    def split(self, y: pd.Series, *, how: str = "", seed: int = 0) -> pd.Series:
        """Who trains and who tests, as 00 draws it with this seed; `how`: otherwise than it says.

        Raises
        ------
        CohortError
            Where the split cannot be drawn.
        """
        source = self.opened.source
        named = source.split_column or source.centre_column
        return split_module.split_by_patient(
            y,
            how=how or source.split,
            test_share=source.test_share,
            seed=seed,
            column=clinical_table.text_column(self.clinical, named)[y.index] if named else None,
            test_centres=source.test_centres,
            cohorts=source.cohorts,
        )

    def excluded_cells(self) -> list[str]:
        """Unusable cells of scores that are counted in the flow chart and in nothing else."""
        source = self.opened.source
        return self._named(
            clinical_table.excluded_cells(
                self.opened.table, self.clinical, source.score_columns, source.score_kinds
            )
        )

    def examine(self, scratch: Path, workers: int) -> list[str]:
        """Look at the images that matter; returns all problems."""
        if not self.opened.files:
            return []
        source = self.opened.source
        try:
            rows = inclusion.candidates(
                # What a file of decisions excludes is looked at, so that it can be taken back.
                self.clinical.assign(quality=self.told),
                criteria=self.opened.criteria,
                view_column=source.view_column,
                view=source.view,
            )
        except clinical_table.CohortError:  # said already
            return []
        self.cases = self.opened.cases(rows)
        results = self._look(rows.index, scratch, workers)
        problems = [line for result in results for line in result["problems"]]
        read = [result for result in results if result["measures"]]
        self.image_flags = pd.DataFrame(
            [result["measures"] for result in read],
            index=[result["row"] for result in read],
            columns=None if read else ["pixel_hash", "row_mm"],
        )
        self.prints = np.array([result["print"] for result in read])
        if read:
            rows = cells.row_number(self.image_flags.index)
            self.image_flags["frame_of_row"] = near_copies.first_rows(self.prints, rows)
        return self._named(problems + image_flags.spacing_problems(self.image_flags))

    def _look(self, rows: pd.Index, scratch: Path, workers: int) -> list[dict]:
        """What was found in each image, in order."""
        chunks = [range(i, min(i + CHUNK, len(rows))) for i in range(0, len(rows), CHUNK)]
        jobs = (
            delayed(_examine)(self.cases, chunk, rows[list(chunk)], scratch, self.opened.name)
            for chunk in chunks
        )
        done = core.pool(workers)(jobs)
        label = "simulating" if self.opened.made is not None else "checking images"
        return [
            result
            for results in store.progress_bar(label)(done, total=len(chunks))
            for result in results
        ]

    def seen(self) -> between.Seen:
        """What tells whether another cohort has the same images."""
        rows = self.image_flags.index
        return between.Seen(
            self.image_flags["pixel_hash"], self.prints, inclusion.decided(self.clinical)[rows]
        )

    def include(self) -> Ingested:
        """Decide who is studied; nothing can be wrong with table or images any more."""
        source, measured, flags = self.opened.source, self.image_flags, None
        if self.cases is not None:
            flags = image_flags.flag(
                measured, min_sharpness=source.min_sharpness, max_pixels=source.max_pixels
            )
            measured = measured.join(flags)
        flow = self._included(measured, flags)
        rows, ids = flow.frame.index, self.ids
        measured = measured.assign(
            patient_id=ids.reindex(measured.index),
            cohort=self.opened.name,
            table_row=cells.row_number(measured.index),
            included=measured.index.isin(rows),
        )
        if self.decisions:
            decided = inclusion.decided(self.clinical).reindex(measured.index)
            measured = measured.assign(
                image_id=self.image_ids.reindex(measured.index), decision=decided
            )
        truth = None
        if self.opened.made is not None:
            truth = self.opened.made.truth.loc[rows].assign(patient_id=ids[rows])
            truth.attrs = self.opened.made.truth.attrs
        return Ingested(
            *(self.opened, self.clinical, flow, ids[rows], measured, self.cases, truth),
            *(self.image_ids, self.told, self.decisions),
            features=feature_tables.by_patient(self.features, ids[rows]),
        )

    def _included(self, measured: pd.DataFrame | None, flags: pd.DataFrame | None) -> Flow:
        source = self.opened.source
        imputed = source.missing_values == "impute"
        return inclusion.include(
            self.clinical,
            [] if imputed else self.opened.variables,  # an empty cell excludes nobody then
            criteria=self.opened.criteria,
            view_column=source.view_column,
            view=source.view,
            one_per_patient=source.one_per_patient,
            measured=measured,
            flags=flags,
            exclude_flagged=() if flags is None else source.exclude_flagged,
            scores=source.score_columns,
        )


def _examine(
    cases: Sequence, chunk: range, rows: Sequence[int], scratch: Path, name: str
) -> list[dict]:
    """Read some cases, write their pixels to `<name>-<row>-<part>.png`, and measure them."""
    results = []
    for i, row in zip(chunk, rows, strict=True):
        try:
            case = cases[i]
        except imaging.ImageError as error:
            problems = [p for line in error.problems for p in cells.row_lines([row], line)]
            results.append({"problems": problems, "measures": {}, "row": int(row)})
            continue
        pixels = np.rint(case.image).astype(np.uint8)
        parts = {"image": pixels, "mask": case.mask, "mask_2": case.second_mask}
        for part, array in parts.items():
            if array is not None:
                imaging.write_image(array, str(scratch), f"{name}-{row}-{part}.png")
        sides = case.spacing_mm or (np.nan, np.nan)
        measures = image_flags.measure(
            pixels, case.mask, case.spacing_mm, case.coloured, case.other_labels_px
        )
        measures |= {"row_mm": sides[0], "column_mm": sides[1], "notes": "; ".join(case.notes)}
        measures |= {"pixel_hash": case.pixel_hash, "second_reader": case.second_mask is not None}
        seen = near_copies.print_of(case.image)
        results.append({"problems": [], "measures": measures, "row": int(row), "print": seen})
    return results


def _take_decisions(file: DecisionFile, intakes: Sequence[Intake]) -> list[str]:
    """Give the decisions of a file to the cohorts that name it; returns what is wrong with it."""
    asking = [intake for intake in intakes if intake.opened.source.decisions == file.name]
    if any(intake.clinical is None for intake in asking):
        return file.problems()
    told: dict[str, str] = {}
    for intake in asking:
        told |= dict(zip(intake.image_ids, intake.told, strict=True))
        intake.decide(file)
    return file.problems(told)


def between_tables(first: Intake, second: Intake) -> list[str]:
    """What is wrong between two cohorts: the same patient, the same image, another unit."""
    problems = split_module.check_disjoint(
        first.clinical["source_id"], second.clinical["source_id"]
    )
    if first.image_flags.empty or second.image_flags.empty:  # scores, or nothing could be read
        return problems
    shared = between.shared_images(first.seen(), second.seen())
    place = second.opened.name
    problems += [f"{place} row {cells.row_number(row)}: {what}" for row, what in shared.items()]
    known = [one.image_flags["row_mm"].notna().all() for one in (first, second)]
    if known[0] != known[1]:
        problems.append(
            "one of the two cohorts tells the size of its pixels and the other does not; give "
            "`spacing_mm`"
        )
    return problems
