"""The features of a whole cohort: patients in parallel, each kept as soon as it is measured."""

import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
import SimpleITK as sitk
from threadpoolctl import threadpool_limits

from thyro import core, store
from thyro.radiomics import extractor, feature_sets
from thyro.radiomics.common_grid import CommonGrid

MOST_FAILURES = 0.1  # share of patients
SHOWN_FAILURES = 20
FEW = 12  # patients who are new: may be done before other processes have started,
START_SECONDS = 2  # which takes about so long
REASON_LENGTH = 300
NAME = r"[^\s\\/'\":;,][^\\/'\":;,]*"
FOLDERS = re.compile(rf"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:{NAME}[\\/])*(?=[^\s\\/])")
ENDED_TWICE = "the process that measured it ended unexpectedly, twice; it may need more memory"

# Warnings and SimpleITK's threads are set for a whole process, so its threads take turns.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Extraction:
    """Features of a cohort, and who could not be measured."""

    features: pd.DataFrame  # (n_patients, n_features), index patient_id; NaN where it failed
    levels: pd.DataFrame  # (n_patients, n_image_types): distinct grey levels after binning; same
    failures: pd.DataFrame  # columns patient_id, reason
    n_cached: int  # patients whose features were known from an earlier run


def extract_cohort(
    patients: Iterable[str],
    read: Callable,
    *,
    settings: Mapping[str, object] | None = None,
    feature_set: feature_sets.FeatureSet = feature_sets.PAPER,
    grid: CommonGrid | None = None,
    workers: int = 1,
    cluster: str = "",
    cache: core.Cache | None = None,
    progress: Callable | None = None,
) -> Extraction:
    """Compute the features of many patients, in several processes.

    A patient who cannot be measured does not stop the others. A process that ends takes nothing
    with it but the patients in its hands: they are measured again, each alone, and given up only if
    that ends its process, too.

    Parameters
    ----------
    patients : iterable of str
        Patient ids, each once.
    read : callable
        `read(patient_id)` gives (image, mask, spacing_mm). It runs in the workers, so it must be
        picklable when there is more than one. Where it has a method `checksum(patient_id)`, that
        decides whether they are the ones of an earlier run; else they are read for it.
    settings : mapping, optional
        As in `radiomics.extract`.
    feature_set : FeatureSet, default PAPER
        Which features.
    grid : CommonGrid, optional
        Resamples each frame before it is measured; by default it is measured as it is.
    workers : int, default 1
        Number of processes, each on one thread. 1 works in this process, which nothing then
        protects from a crash of compiled code.
    cluster : str, default ""
        Address of a Dask scheduler; empty for processes of this machine. See `core.as_done`.
        One thread per Dask worker: more would wait for each other.
    cache : core.Cache, optional
        What earlier runs measured, and where this one adds each patient at once. A few new ones
        are then measured in this process, as others take seconds to start. It needs a folder
        of its own for each image set and feature set: what this cohort has no use for is removed
        from it, once all but a tenth of the patients are measured.
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm.

    Returns
    -------
    Extraction
        In the order of `patients`, whatever the number of workers and whoever came first.

    Raises
    ------
    ValueError
        If an id comes twice or there is none.
    ConnectionError
        If the cluster cannot be used.
    OSError
        If the cache cannot be written.
    """
    patients = list(patients)
    repeated = sorted(p for p, times in Counter(patients).items() if times > 1)
    if not patients or repeated:
        raise ValueError(
            f"patients: expected each id once, and at least one, got {len(patients)} ids, "
            f"repeated: {repeated[:5]}."
        )
    task = _Task(read, settings, feature_set, grid)
    outcomes = _outcomes(task, patients, workers, cluster, cache)
    if progress is not None:
        outcomes = progress(outcomes, total=len(patients))
    row = {patient_id: i for i, patient_id in enumerate(patients)}
    values = np.full((len(patients), task.width), np.nan)
    keys, reasons, n_cached = set(), {}, 0
    for outcome in outcomes:
        if outcome.reason:
            reasons[outcome.patient_id] = outcome.reason
            continue
        values[row[outcome.patient_id]] = outcome.values
        keys.add(outcome.key)
        n_cached += outcome.cached
    if cache is not None:
        enough = len(reasons) <= MOST_FAILURES * len(patients)
        cache.keep(keys if enough else cache.keys())
    failed = [p for p in patients if p in reasons]
    columns = [*feature_set.names, *feature_set.image_types]
    measured = pd.DataFrame(values, pd.Index(patients, name="patient_id"), columns)
    return Extraction(
        features=measured[list(feature_set.names)],
        levels=measured[list(feature_set.image_types)],
        failures=pd.DataFrame(
            {"patient_id": failed, "reason": [reasons[p] for p in failed]}, dtype=str
        ),
        n_cached=n_cached,
    )


def check_failures(extraction: Extraction, *, most: float = MOST_FAILURES) -> None:
    """Stop where too few patients could be measured to go on with the others.

    Parameters
    ----------
    extraction : Extraction
    most : float, default 0.1
        Share of the patients who may have failed.

    Raises
    ------
    ValueError
        If more have, or all; with the patients and the reasons.
    """
    failures, n = extraction.failures, len(extraction.features)
    if len(failures) <= most * n and len(failures) < n:
        return
    shown = failures.head(SHOWN_FAILURES)
    lines = [f"  {row.patient_id}: {row.reason}" for row in shown.itertuples()]
    if len(failures) > len(shown):
        lines.append(f"  and {len(failures) - len(shown)} more")
    raise ValueError(
        f"features: {len(failures)} of {n} patients could not be measured; at most "
        f"{most:.0%} may fail. Correct their images or masks, or leave them out of the cohort.\n"
        + "\n".join(lines)
    )


class _Outcome(NamedTuple):
    """What became of one patient."""

    patient_id: str
    key: str = ""  # under which the values are kept
    values: np.ndarray | None = None  # of the features, then the levels of the image types
    reason: str = ""  # why there are no values
    cached: bool = False


@dataclass(frozen=True, eq=False, repr=False)  # Dask hashes what it runs, and names it by repr
class _Task:
    """Measures a patient, here or in another process."""

    read: Callable
    settings: Mapping[str, object] | None
    feature_set: feature_sets.FeatureSet
    grid: CommonGrid | None = None

    @property
    def width(self):
        """How many values a patient has."""
        return len(self.feature_set.names) + len(self.feature_set.image_types)

    def __call__(self, patient_id):
        """The outcome; an error becomes its reason."""
        try:
            case = self.read(patient_id)
            key = self.key(self.source(patient_id, case), self.recipe())
            with _one_at_a_time, _one_thread():
                if self.grid is not None:
                    case = self.grid(patient_id, *case)
                found = extractor.extract_with_levels(
                    *case, self.settings, feature_set=self.feature_set
                )
            return _Outcome(patient_id, key, np.append(found.features, found.levels))
        except Exception as error:
            return _Outcome(patient_id, reason=_reason(error))

    def source(self, patient_id, case=None):
        """Checksum of what was read, `case`, or would be, and the pixels it is resampled to."""
        pixel_mm = self.grid.side(patient_id) if self.grid else 0.0
        if hasattr(self.read, "checksum"):
            return f"{self.read.checksum(patient_id)} {pixel_mm}"
        return f"{_checksum(*(case or self.read(patient_id)))} {pixel_mm}"

    def recipe(self):
        """Checksum of what the features depend on, other than the patient."""
        features = [self.feature_set.name, self.feature_set.names, self.feature_set.filters]
        parts = [
            dict(self.settings or {}),
            features,
            store.versions(),
            core.code_checksum("radiomics.extractor", "radiomics.common_grid"),
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    @staticmethod
    def key(source, recipe):
        """Under which the values are kept."""
        return hashlib.sha256(f"{source} {recipe}".encode()).hexdigest()


def _outcomes(
    task: _Task, patients: list[str], workers: int, cluster: str, cache: core.Cache | None
) -> Iterator[_Outcome]:
    """One outcome per patient: first those known, then the others as they are measured."""
    if cache is None:
        yield from _measured(task, patients, workers, cluster)
        return
    known = _recalled(task, patients, cache) if cache.keys() else {}
    yield from known.values()
    left = [patient_id for patient_id in patients if patient_id not in known]
    # A crash here would end the run, and the same again each time: once is enough.
    if 0 < len(left) <= FEW and not cluster and not cache.is_unfinished():
        cache.mark_unfinished()
        until = time.monotonic() + START_SECONDS
        n_here = 0
        while n_here < len(left) and time.monotonic() < until:
            yield _kept(task(left[n_here]), cache)
            n_here += 1
        left = left[n_here:]
    for outcome in _measured(task, left, workers, cluster):
        yield _kept(outcome, cache)


def _kept(outcome: _Outcome, cache: core.Cache) -> _Outcome:
    """The outcome, once its values are in the cache."""
    if outcome.values is not None:
        cache.save(outcome.key, outcome.values)
    return outcome


def _recalled(task: _Task, patients: list[str], cache: core.Cache) -> dict[str, _Outcome]:
    """Outcomes of an earlier run, by patient."""
    known, recipe = {}, task.recipe()
    for patient_id in patients:
        try:
            key = task.key(task.source(patient_id), recipe)
        except Exception:  # happens again where the patient is measured, and is reported there
            continue
        values = cache.load(key)
        if values is not None and values.shape == (task.width,):
            known[patient_id] = _Outcome(patient_id, key, values, cached=True)
    return known


def _measured(task: _Task, patients: list[str], workers: int, cluster: str) -> Iterator[_Outcome]:
    """Outcomes in the order in which they come, whatever happens to the processes."""
    left = dict.fromkeys(patients)
    suspects = []  # were under way when a process ended: each is measured again, with no other
    while left:
        batch, taken = suspects[:1] or list(left), []
        jobs = _noted(batch, taken, joblib.delayed(task))
        with suppress(core.ProcessEnded):
            for outcome in core.as_done(jobs, workers, cluster=cluster):
                del left[outcome.patient_id]
                yield outcome
        lost = [patient_id for patient_id in taken if patient_id in left]
        if not suspects:
            suspects = lost
            continue
        for patient_id in lost:
            del left[patient_id]
            yield _Outcome(patient_id, reason=ENDED_TWICE)
        suspects = suspects[1:]


def _noted(patients, taken, job):
    """A job for each patient, who is added to `taken` when it is asked for."""
    for patient_id in patients:
        taken.append(patient_id)
        yield job(patient_id)


def _checksum(image, mask, spacing_mm):
    """Checksum of image, mask and pixel size."""
    total = hashlib.sha256()
    for part in (image, mask, np.asarray(spacing_mm, dtype=float)):
        array = np.ascontiguousarray(part)
        total.update(f"{array.dtype.str} {array.shape} ".encode())
        total.update(array)
    return total.hexdigest()


@contextmanager
def _one_thread():
    """Let no library start threads of its own: there is a process for every core."""
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _reason(error):
    """The error in one short line, files without their folders."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.strerror}: {PurePath(error.filename or '').name}".rstrip(": ")
    elif not isinstance(error, ValueError | OSError):
        text = f"{type(error).__name__}: {text}".rstrip(": ")
    text = FOLDERS.sub("", " ".join(text.split()))
    return text if len(text) <= REASON_LENGTH else f"{text[:REASON_LENGTH]} ..."
