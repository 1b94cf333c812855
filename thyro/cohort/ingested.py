"""What is left of a source of patients once its table and images have been read."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from thyro import store
from thyro.cohort import cells, inclusion
from thyro.cohort.clinical_table import text_column
from thyro.cohort.decisions import DecisionFile
from thyro.cohort.flow import Flow
from thyro.cohort.sources import Opened

SIMULATED = "Simulated data"  # on every page of invented patients
FOLDERS = {"image": "images", "mask": "masks", "mask_2": "masks_2"}  # of a patient's files
SCRATCH = ".examined-"  # begins the name of a folder for images while they are read


def scratch_place(out_dir: str) -> Path:
    """Folder for scratch files on the disk of the results, without those of a killed run."""
    folder = store.path(out_dir).parent
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(left)
    return folder


def parts_of(opened: Opened) -> list[str]:
    """Files that patients of the source have; none for a table of scores."""
    parts = {"image": "image", "mask": "mask", "second_mask": "mask_2"}
    return [part for column, part in parts.items() if column in opened.files]


@dataclass(frozen=True)
class Ingested:
    """The patients of one source, after everything but the split."""

    opened: Opened
    assessed: pd.DataFrame  # every row of the table, typed
    flow: Flow  # its frame: the included, with the index of the table
    patient_ids: pd.Series  # pseudonyms of the included, by row of the table
    image_flags: pd.DataFrame  # one row per examined image, by row of the table; may be empty
    cases: Sequence | None  # what was examined, in the order of `image_flags`; read when asked for
    truth: pd.DataFrame | None  # what made the included, where they are simulated
    image_ids: pd.Series  # pseudonyms of all images, by row of the table
    told: pd.Series  # what the table itself says of each: "keep", "exclude" or ""
    decisions: DecisionFile | None = None  # of the reader; another source may have the same
    features: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # by family, of the included

    def patients(self, split: pd.Series | str, out_dir: str) -> pd.DataFrame:
        """The included as every later notebook reads them; see `inclusion.patient_table`."""
        frame = self.flow.frame
        split = pd.Series(split, index=frame.index)
        if self.cases is None:
            paths = spacing = None
        else:
            paths = {part: self._paths(part, out_dir) for part in parts_of(self.opened)}
            sides = self.image_flags.loc[frame.index, ["row_mm", "column_mm"]]
            spacing = sides.to_numpy()
        return inclusion.patient_table(
            frame,
            [variable["name"] for variable in self.opened.variables],
            patient_ids=self.patient_ids,
            split=split,
            paths=paths,
            spacing_mm=spacing,
            centre=centre_of(self),
        )

    def files(self, part: str) -> dict[int, str]:
        """Name of the file of every patient who has this part, by row of the table."""
        second = self.image_flags["second_reader"]
        return {
            row: f"{patient}.png"
            for row, patient in self.patient_ids.items()
            if part != "mask_2" or second[row]
        }

    def _paths(self, part: str, out_dir: str) -> list[str | None]:
        files = self.files(part)
        folder = f"{out_dir}/{FOLDERS[part]}"
        return [
            f"{folder}/{files[row]}" if row in files else None for row in self.patient_ids.index
        ]

    def scores(self) -> pd.DataFrame:
        """Scores of the table as predictions: patient_id, model, p, protocol, fold."""
        names = list(self.opened.source.score_columns)
        wide = self.flow.frame[names].set_axis(self.patient_ids.rename("patient_id"))
        long = wide.rename_axis(columns="model").stack().rename("p").reset_index()
        return long.assign(protocol="paper", fold=pd.array([pd.NA] * len(long), dtype="Int64"))


def centre_of(one: "Ingested") -> pd.Series | None:
    """Centre of every included patient, by row of the table; None where no column is named."""
    column, frame = one.opened.source.centre_column, one.flow.frame
    if not column:
        return None
    return text_column(frame, column).astype(object).fillna("").map(cells.plain).astype(str)


def stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Patients of all sources; where cohorts have names of the user, an external one comes last."""
    split = parts[0]["split"]
    table = pd.concat(parts, ignore_index=True)
    if isinstance(split.dtype, pd.CategoricalDtype):
        names = dict.fromkeys([*split.cat.categories, *table["split"]])
        table["split"] = pd.Categorical(table["split"], list(names))
    return table


def families(ingested: Mapping[str, Ingested]) -> dict[str, pd.DataFrame]:
    """Features of the included patients of all sources, by family: "features_<family>"."""
    names = ingested["cohort"].features
    return {
        f"features_{name}": pd.concat([one.features[name] for one in ingested.values()])
        for name in names
    }


def known_truth(ingested: Mapping[str, Ingested]) -> pd.DataFrame | None:
    """What made the included patients of all sources, or None where nobody knows.

    attrs["coefficients"] is the model of the cohort; that of an external one may have another
    intercept.
    """
    if ingested["cohort"].truth is None:
        return None
    truth = pd.concat([one.truth for one in ingested.values()], ignore_index=True)
    truth.attrs = ingested["cohort"].truth.attrs
    return truth
