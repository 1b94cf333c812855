"""The cohort: who of the user's table is studied, counted at every step, under a pseudonym.

Nothing is dropped in silence. What is wrong with the table stops with every row named; what is
merely missing excludes the patient and appears in the flow chart.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from thyro.cohort import cells
from thyro.cohort.clinical_table import TEXT, CohortError, criterion_name, stop_at, text_column
from thyro.cohort.flow import FLAG_REASONS, Flow

# Flags that depend on who else is there, and the measure that is equal where images are the same.
SAME_IMAGE = {"duplicate": "pixel_hash", "copy": "frame_of_row"}


def candidates(
    clinical: pd.DataFrame,
    *,
    criteria: Sequence[Mapping] = (),
    view_column: str = "",
    view: str = "",
) -> pd.DataFrame:
    """Rows whose images decide: no criterion, no reader and no view of theirs excludes them.

    Parameters
    ----------
    clinical, criteria, view_column, view
        As in `include`.

    Raises
    ------
    CohortError
        If no row of the table has the view.
    """
    out = decided(clinical) == "exclude"
    for i in range(len(criteria)):
        out |= clinical[criterion_name(i)]
    return clinical[~(out | _other_view(clinical, view_column, view))]


def include(
    clinical: pd.DataFrame,
    variables: Sequence[Mapping],
    *,
    criteria: Sequence[Mapping] = (),
    view_column: str = "",
    view: str = "",
    one_per_patient: str = "",
    measured: pd.DataFrame | None = None,
    flags: pd.DataFrame | None = None,
    exclude_flagged: Sequence[str] = (),
    scores: Collection[str] = (),
    unit: str = "",
) -> Flow:
    """Leave one row per patient that meets all criteria and is complete, counting the others.

    A row leaves at the first step that it fails, in this order: criteria as listed; the reader's
    decision on the image; flags of the image, unless the reader keeps it; view; further rows of the
    patient; outcome, required variables, radiologist's reading and scores that are not recorded.
    The flag "duplicate" excludes copies of images that stay at all other steps: an image is not
    lost because its first copy leaves later.

    Parameters
    ----------
    clinical
        From `read_clinical`.
    variables
        Declared variables; one that is not `required` excludes nobody.
    criteria
        As given to `read_clinical`; `label` says whom the criterion excludes.
    view_column, view
        Rows with another text in this column are set aside; "" takes all.
    one_per_patient
        Column of `clinical` or, with numbers, of `measured` whose largest value picks the row of a
        patient, among rows with an outcome and, of equals, the first. "" means that rows are
        patients.
    measured, flags
        What was found in the examined images, and bools, by the index of `clinical`; rows that
        other steps exclude need not be there.
    exclude_flagged
        Columns of `flags` that exclude; "duplicate" by `pixel_hash` of `measured`.
    scores
        Names of models whose score every patient needs.
    unit
        What a row of the table is, in words; "" says "patient", or "image" where patients repeat.

    Raises
    ------
    CohortError
        If a patient has several rows and nothing says which one is analysed, no row has the view,
        a cell of `one_per_patient` is no number or not measured, or nobody is left.
    """
    unit = unit or ("image" if clinical["source_id"].duplicated().any() else "patient")
    decision = decided(clinical)
    kept, refused = decision == "keep", decision == "exclude"
    by_criterion = [
        (entry["label"], clinical[criterion_name(i)]) for i, entry in enumerate(criteria)
    ]
    by_flag = {} if flags is None else _flagged(clinical, flags, exclude_flagged, kept)
    other_view = _other_view(clinical, view_column, view)
    needed = _needed(clinical, variables, scores)

    single = [out for _, out in by_criterion] + [refused, other_view]
    single += [out for flag, out in by_flag.items() if flag not in SAME_IMAGE]
    rows = clinical[~pd.concat(single, axis=1).any(axis=1)]
    size = _sizes(rows, one_per_patient, measured) if one_per_patient else None
    complete = clinical[list(needed)].notna().all(axis=1)
    for flag in [flag for flag in SAME_IMAGE if flag in by_flag]:
        by_flag[flag] = _copies(rows, size, complete, kept, measured[SAME_IMAGE[flag]])
        rows = rows[~by_flag[flag]]

    assessed = {"label": f"Assessed ({unit}s)", "n": len(clinical), "excluded": False, "unit": unit}
    flow = Flow(clinical, [assessed])
    for reason, out in by_criterion:
        flow = flow.drop(out, reason, declared=True)
    flow = flow.drop(refused, "image quality, reader's decision")
    for flag, out in by_flag.items():
        flow = flow.drop(out, FLAG_REASONS[flag])
    flow = flow.drop(other_view, f"view other than {cells.plain(view)}")
    if size is not None:
        flow = flow.drop(_further_rows(flow.frame, size), f"further {unit} of the same patient")
    _check_one_row_each(flow.frame)
    for column, what in needed.items():
        flow = flow.drop(flow.frame[column].isna(), f"{what} not recorded")
    _check_somebody_left(flow)
    return flow


def _flagged(
    clinical: pd.DataFrame, flags: pd.DataFrame, names: Sequence[str], kept: pd.Series
) -> dict[str, pd.Series]:
    """Rows that each flag excludes: those that carry it and that the reader does not keep."""
    return {name: flags[name].reindex(clinical.index, fill_value=False) & ~kept for name in names}


def _needed(
    clinical: pd.DataFrame, variables: Sequence[Mapping], scores: Collection[str]
) -> dict[str, str]:
    """Columns that have to be filled, and how the flow chart calls them."""
    needed = {"y": "outcome"}
    needed |= {v["name"]: v["label"] for v in variables if v.get("required", True)}
    needed |= {"radiologist": "radiologist's reading"} if "radiologist" in clinical else {}
    return needed | {name: f"score of {name}" for name in scores}


def _check_one_row_each(rows: pd.DataFrame) -> None:
    """Raise where a patient still has several rows."""
    again = rows[rows.duplicated("source_id", keep=False)]
    remedy = "the same patient; `one_per_patient` says which row to take"
    repeated = again.groupby("source_id", sort=False).groups.values()
    stop_at(
        [line for index in repeated for line in cells.row_lines(index, remedy)],
        "The table repeats patients:",
    )


def _check_somebody_left(flow: Flow) -> None:
    """Raise, with the count of every step, where nobody is left."""
    if flow.frame.empty:
        counts = [f"{step['label']}: {step['n']}" for step in flow.steps if step["n"]]
        raise CohortError(f"No patient is left. {'; '.join(counts)}.")


def decided(clinical: pd.DataFrame) -> pd.Series:
    """What the reader decided on each image: "keep", "exclude" or ""."""
    return clinical.get("quality", pd.Series("", index=clinical.index))


def _other_view(clinical: pd.DataFrame, view_column: str, view: str) -> pd.Series:
    """Rows that show another view than the one that is analysed."""
    if not view_column:
        return pd.Series(False, index=clinical.index)
    there = text_column(clinical, view_column).map(cells.plain)
    if not (there == cells.plain(view)).any():
        raise CohortError(
            f"{view_column}: no row has the view {view!r}. There: {cells.counted(there)}."
        )
    return there != cells.plain(view)


def _sizes(rows: pd.DataFrame, column: str, measured: pd.DataFrame | None) -> pd.Series:
    """Numbers of a column of the table, or else measured, that pick the row of a patient."""
    problems: list[str] = []
    if {column, column + TEXT} & {*rows}:
        texts = text_column(rows, column).astype(object).fillna("").map(str)
        if len(rows) and (texts.map(cells.plain) == rows["source_id"]).all():
            raise CohortError(f"`one_per_patient`: {column!r} is the column of the ids.")
        size = pd.Series(cells.column(texts, cells.number, problems), texts.index, dtype=float)
        unknown, what = texts == "", "empty"
    else:
        numeric = [] if measured is None else list(measured.select_dtypes("number"))
        if column not in numeric:
            choice = f" Measured: {', '.join(sorted(numeric))}." if numeric else ""
            raise CohortError(
                f"`one_per_patient`: {column!r} is neither a column of the table nor a measured "
                f"number.{choice}"
            )
        size = measured[column].reindex(rows.index)
        unknown, what = size.isna(), "not measured"
    several = rows.duplicated("source_id", keep=False)
    problems += cells.row_lines(
        rows.index[several & unknown],
        f"{column}: {what}, expected a number that picks the row of the patient",
    )
    stop_at(problems)
    return size


def _further_rows(rows: pd.DataFrame, size: pd.Series) -> pd.Series:
    """Rows of patients who are analysed by another row, with a larger value."""
    order = pd.DataFrame({"recorded": rows["y"].notna(), "size": size[rows.index]})
    first = order.sort_values(["recorded", "size"], ascending=False).index  # equals in order
    return rows.loc[first].duplicated("source_id").reindex(rows.index)


def _copies(
    rows: pd.DataFrame,
    size: pd.Series | None,
    complete: pd.Series,
    kept: pd.Series,
    image: pd.Series,
) -> pd.Series:
    """Rows with the `image` of a row further up, among `rows` that stay at every other step.

    Another row of a patient may move up where a copy leaves, so the search is repeated until all
    images that stay differ, or the reader keeps them.
    """
    copies = pd.Series(False, index=rows.index)
    while True:
        left = rows[~copies]
        if size is not None:
            left = left[~_further_rows(left, size)]
        images = image.reindex(left.index[complete[left.index]]).dropna()
        again = images.index[images.duplicated() & ~kept[images.index]]
        if again.empty:
            return copies
        copies[again] = True


def patient_table(
    frame: pd.DataFrame,
    variables: Sequence[str],
    *,
    patient_ids: Sequence[str],
    split: pd.Series,
    paths: Mapping[str, Sequence[str]] | None = None,
    spacing_mm: Sequence[tuple[float, float]] | None = None,
    centre: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row per included patient, as every later stage reads it.

    Parameters
    ----------
    frame
        `y`, the clinical variables and, if there is one, `radiologist`.
    patient_ids
        Pseudonyms, one per row.
    split
        "train", "test" or "external", by the index of `frame`.
    paths
        Files in the results, one per row: `image`, `mask` and, with a second reader, `mask_2`.
    spacing_mm
        (row, column) of each patient, in mm; missing where the image does not tell it.
    centre
        Of each patient, where the study names a column of centres.

    Returns
    -------
    DataFrame
        patient_id, y, split, centre, variables, radiologist, image, mask, mask_2, spacing_mm,
        spacing_known, as far as they are given; nothing else of the user's table, and no id of a
        hospital. Where the size of a pixel is not known it is 1, so that lengths are in pixels.
    """
    reading = ["radiologist"] if "radiologist" in frame else []
    # Grades may have halves.
    integers = [name for name in ("y", *reading) if (frame[name] % 1 == 0).all()]
    table = frame[["y", *reading]].astype(dict.fromkeys(integers, int)).join(frame[list(variables)])
    table["patient_id"] = list(patient_ids)
    table["split"] = split
    if centre is not None:
        table["centre"] = list(centre)
    files = [name for name in ("image", "mask", "mask_2") if name in (paths or {})]
    for name in files:
        table[name] = list(paths[name])
    if spacing_mm is not None:
        sides = np.asarray(spacing_mm, dtype=float)
        known = np.isfinite(sides).all(axis=1)
        table["spacing_mm"] = np.where(known[:, None], sides, 1.0).tolist()
        table["spacing_known"] = known
    order = ["patient_id", "y", "split", "centre", *variables, *reading, *files]
    order += ["spacing_mm", "spacing_known"]
    return table[[name for name in order if name in table]].reset_index(drop=True)
