"""The features of a whole cohort, patients in parallel."""

from collections.abc import Callable, Iterable, Mapping

import joblib
import numpy as np
import pandas as pd
import SimpleITK as sitk
from threadpoolctl import threadpool_limits

from thyro import processes, profiles, radiomics


def extract_cohort(
    patients: Iterable[str],
    read: Callable,
    *,
    settings: Mapping[str, object] | None = None,
    workers: int = 1,
    progress: Callable | None = None,
) -> pd.DataFrame:
    """Compute the features of many patients, in several processes.

    Parameters
    ----------
    patients : iterable of str
        Patient ids, each once.
    read : callable
        `read(patient_id)` gives (image, mask, spacing_mm). It runs in the workers, so it must be
        picklable when there is more than one.
    settings : mapping, optional
        As in `radiomics.extract`.
    workers : int, default 1
        Number of processes, each on one thread. joblib's loky, unless a
        `joblib.parallel_config` around the call names another backend (Dask on a cluster).
    progress : callable, optional
        Called as `progress(iterable, total=n)`, like tqdm.

    Returns
    -------
    pandas.DataFrame of float, shape (n_patients, 1561)
        Index `patient_id`, in the order given, whatever the number of workers.

    Raises
    ------
    ValueError
        As `radiomics.extract`, with the patient named; or if an id comes twice or there is none.
    """
    patients = list(patients)
    repeated = sorted({p for p in patients if patients.count(p) > 1})
    if not patients or repeated:
        raise ValueError(
            f"patients: expected each id once, and at least one, got {len(patients)} ids, "
            f"repeated: {repeated[:5]}."
        )
    jobs = (joblib.delayed(_extract_patient)(p, read, settings) for p in patients)
    rows = processes.pool(workers)(jobs)
    if progress is not None:
        rows = progress(rows, total=len(patients))
    return pd.DataFrame(
        np.vstack(list(rows)),
        index=pd.Index(patients, name="patient_id"),
        columns=list(profiles.PAPER.names),
    )


def _extract_patient(patient_id, read, settings):
    """Feature values of one patient; any error names the patient."""
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        with threadpool_limits(1):
            image, mask, spacing_mm = read(patient_id)
            return radiomics.extract(image, mask, spacing_mm, settings).to_numpy()
    except Exception as error:
        raise ValueError(f"patient {patient_id}: {error}") from error
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
