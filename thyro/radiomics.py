"""The 1561 radiomics features of one nodule, from pyradiomics 3.0.1.

One slice is given to pyradiomics as a 3-D image one voxel thick and `force2D` stays off: only so
are there eight wavelet bands and fourteen 3-D shape features, and only so do 17 image types times
(18 first-order + 73 texture features) plus 14 shape features make 1561.

Reference: van Griethuysen et al. (2017), Cancer Research 77:e104-e107.
"""

import json
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from numbers import Real
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import SimpleITK as sitk
from radiomics import featureextractor, imageoperations
from radiomics import shape as pyradiomics_shape
from scipy import ndimage
from threadpoolctl import threadpool_limits

from thyro import processes

FEATURE_NAMES: tuple[str, ...] = tuple(
    json.loads(Path(__file__).with_name("feature_names.json").read_text())
)

# pyradiomics' filters; wavelet gives 8 image types and LBP3D 3, which makes 17.
FILTERS = (
    "Original",
    "Wavelet",
    "LBP3D",
    "Exponential",
    "Gradient",
    "Logarithm",
    "Square",
    "SquareRoot",
)

# Third letter of a band is the filter across slices: of one slice, high-pass is rounding noise.
NOISE_BANDS = ("wavelet-LLH", "wavelet-LHH", "wavelet-HLH", "wavelet-HHH")
FLAT_SHAPES = ("original_shape_Flatness", "original_shape_LeastAxisLength")

MINIMUM_PIXELS = 16
SLICE_THICKNESS_MM = 1.0  # a frame has no thickness; SimpleITK's own default

DEFAULT_SETTINGS: Mapping[str, object] = {"binWidth": 25}
# What may be set without changing the names of the features. force2D, label and the number of
# wavelet or LBP levels are therefore not among them.
SETTINGS = (
    "binCount",
    "binWidth",
    "correctMask",
    "distances",
    "geometryTolerance",
    "gldm_a",
    "gradientUseSpacing",
    "interpolator",
    "lbp3DIcosphereRadius",
    "lbp3DIcosphereSubdivision",
    "minimumROIDimensions",
    "minimumROISize",
    "normalize",
    "normalizeScale",
    "padDistance",
    "preCrop",
    "removeOutliers",
    "resampledPixelSpacing",
    "resegmentMode",
    "resegmentRange",
    "resegmentShape",
    "symmetricalGLCM",
    "voxelArrayShift",
    "wavelet",
    "weightingNorm",
)


def extract(image, mask, spacing_mm, settings: Mapping[str, object] | None = None) -> pd.Series:
    """Compute the 1561 features of one nodule.

    Parameters
    ----------
    image : array_like of float or uint8, shape (rows, columns)
        Grey levels, 0-255. Computed as float64, so both types give the same features.
    mask : array_like of bool, shape (rows, columns)
        The nodule: at least 16 pixels on two rows and two columns.
    spacing_mm : float or (float, float)
        Pixel size (row, column) in mm. Shape, TotalEnergy and the gradient image depend on it,
        nothing else. Give 1.0 for an image without spacing: lengths are then in pixels.
    settings : mapping, optional
        Settings of pyradiomics that replace its defaults; `SETTINGS` lists those allowed.

    Returns
    -------
    pandas.Series of float, shape (1561,)
        Indexed by `FEATURE_NAMES`, in that order. A value is NaN where pyradiomics itself has
        none: texture of a mask in which no two pixels touch.

    Raises
    ------
    ValueError
        If an argument is not as described, if pyradiomics cannot compute (a region as black as
        its surroundings), or if the names it returns are not exactly `FEATURE_NAMES`.
    """
    image, mask = _as_image(image), _as_mask(mask)
    if image.shape != mask.shape:
        raise ValueError(
            f"mask: expected the shape of the image, {image.shape}, got {mask.shape}. "
            "Resample the mask where the images are read."
        )
    row_mm, column_mm = _as_spacing(spacing_mm)
    extractor = _extractor(settings)
    spacing = (column_mm, row_mm, SLICE_THICKNESS_MM)
    with _quiet(), _shortcuts():
        try:
            values = extractor.execute(
                _as_slice(image, spacing), _as_slice(mask.astype(np.uint8), spacing)
            )
        except (ValueError, RuntimeError) as error:
            region = image[mask]
            raise ValueError(
                f"image: pyradiomics could not compute ({error}). The region has "
                f"{region.size} pixels and grey levels {region.min():g} to {region.max():g}; "
                "a region as black as its surroundings has no local pattern to describe."
            ) from error
    return _in_order(values)


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
        As in `extract`.
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
        As `extract`, with the patient named; or if an id comes twice or there is none.
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
        columns=list(FEATURE_NAMES),
    )


def describe_features() -> pd.DataFrame:
    """Supplementary Table 2: one row per feature with its image type, class and name.

    Returns
    -------
    pandas.DataFrame, shape (1561, 4)
        Columns `name`, `image_type`, `feature_class`, `feature`, in the order of `extract`.
    """
    parts = [name.split("_", 2) for name in FEATURE_NAMES]
    table = pd.DataFrame(parts, columns=["image_type", "feature_class", "feature"])
    table.insert(0, "name", FEATURE_NAMES)
    return table


def degenerate_features() -> tuple[str, ...]:
    """Names of the 366 features that cannot carry information about a single slice.

    The four wavelet bands with a high-pass filter across slices hold rounding noise (364
    features), and Flatness and LeastAxisLength are zero. They are computed, so that the count
    is the published one, and kept out of selection by the caller.
    """
    return tuple(
        name for name in FEATURE_NAMES if name in FLAT_SHAPES or name.split("_")[0] in NOISE_BANDS
    )


def _extract_patient(patient_id, read, settings):
    """Feature values of one patient; any error names the patient."""
    threads = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        with threadpool_limits(1):
            image, mask, spacing_mm = read(patient_id)
            return extract(image, mask, spacing_mm, settings).to_numpy()
    except Exception as error:
        raise ValueError(f"patient {patient_id}: {error}") from error
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)


def _as_image(image):
    image = np.asarray(image)
    if image.ndim != 2 or image.dtype.kind not in "uif":
        raise ValueError(
            "image: expected grey levels, shape (rows, columns), "
            f"got {image.dtype} of shape {image.shape}."
        )
    image = image.astype(float)
    if not np.isfinite(image).all() or image.min() < 0 or image.max() > 255:
        raise ValueError(
            "image: expected finite grey levels from 0 to 255, "
            f"found {np.nanmin(image):g} to {np.nanmax(image):g} and "
            f"{np.count_nonzero(~np.isfinite(image))} values that are not finite."
        )
    return image


def _as_mask(mask):
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.dtype != bool:
        raise ValueError(
            "mask: expected bool, shape (rows, columns), "
            f"got {mask.dtype} of shape {mask.shape}. Say which label is the nodule: mask == 1."
        )
    rows, columns = np.nonzero(mask)
    if len(rows) < MINIMUM_PIXELS or np.ptp(rows) == 0 or np.ptp(columns) == 0:
        raise ValueError(
            f"mask: expected at least {MINIMUM_PIXELS} pixels on two rows and two columns, "
            f"got {len(rows)} pixels."
        )
    return mask


def _as_spacing(spacing_mm):
    if isinstance(spacing_mm, Real):
        spacing_mm = (spacing_mm, spacing_mm)
    spacing = np.asarray(spacing_mm if spacing_mm is not None else [], dtype=float)
    if spacing.shape != (2,) or not np.isfinite(spacing).all() or spacing.min() <= 0:
        raise ValueError(
            "spacing_mm: expected a positive number or (row, column) in mm, "
            f"got {spacing_mm!r}. Where the spacing is unknown give 1.0: shape is then in pixels."
        )
    return tuple(spacing.tolist())


def _as_slice(array, spacing):
    """A SimpleITK image one voxel thick; `spacing` in SimpleITK's order (x, y, z)."""
    slice_image = sitk.GetImageFromArray(array[None])
    slice_image.SetSpacing(spacing)
    return slice_image


def _extractor(settings):
    """A pyradiomics extractor for exactly the features of `FEATURE_NAMES`."""
    settings = dict(settings or {})
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown:
        raise ValueError(
            f"settings: {', '.join(unknown)} not accepted. Settings that keep the 1561 names: "
            f"{', '.join(SETTINGS)}."
        )
    with _quiet():
        extractor = featureextractor.RadiomicsFeatureExtractor(
            additionalInfo=False, **{**DEFAULT_SETTINGS, **settings}
        )
        extractor.disableAllImageTypes()
        for image_filter in FILTERS:
            extractor.enableImageTypeByName(image_filter)
        # pyradiomics' own default would add GLCM SumAverage and MCC (75 textures, not 73).
        extractor.disableAllFeatures()
        features = describe_features().groupby("feature_class")["feature"].unique()
        extractor.enableFeaturesByName(**{name: list(names) for name, names in features.items()})
    return extractor


def _in_order(values):
    """The values as a Series in the order of `FEATURE_NAMES`, none missing and none more."""
    missing = [name for name in FEATURE_NAMES if name not in values]
    surplus = sorted(set(values) - set(FEATURE_NAMES))
    if missing or surplus:
        raise ValueError(
            f"pyradiomics returned {len(values)} features instead of {len(FEATURE_NAMES)}: "
            f"{len(missing)} missing ({', '.join(missing[:3])} ...), "
            f"{len(surplus)} unexpected ({', '.join(surplus[:3])} ...). It drops an image type "
            "without an error when a package is absent or too new: LBP-3D needs trimesh and "
            "scipy below 1.17."
        )
    series = pd.Series([float(values[name]) for name in FEATURE_NAMES], index=FEATURE_NAMES)
    infinite = series.index[np.isinf(series)]
    if len(infinite):
        raise ValueError(
            f"pyradiomics returned {len(infinite)} infinite values, first {infinite[0]}."
        )
    return series


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence pyradiomics' log lines, and the warnings of scipy and numpy about its code."""
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


class _SliceMesh:
    """Stands in for pyradiomics' C module of shape, for masks one voxel thick.

    The C code compares every vertex of the mesh with every other: seconds for a large nodule.
    The same numbers follow from less. Farthest vertices lie on the outline, so the C code is
    asked for the diameters of the outline alone. Surface and volume are sums over the 2x2
    neighbourhoods of the mask, so a count of the 16 possible ones is enough.
    """

    @staticmethod
    def calculate_coefficients(mask, spacing):
        """Surface (mm2), volume (mm3) and the four diameters (mm) of a mask padded by zeros."""
        if len(mask) != 3:  # resampling across slices was asked for
            return _MESH.calculate_coefficients(mask, spacing)
        plane = mask[1]
        inside = ndimage.binary_erosion(plane, np.ones((3, 3)))
        outline = np.zeros_like(mask)
        outline[1] = plane & ~inside
        diameters = _MESH.calculate_coefficients(outline, spacing)[2]
        surface, volume = _neighbourhoods(plane) @ _neighbourhood_sizes(tuple(spacing))
        return surface, volume, diameters


_MESH = pyradiomics_shape.cShape


@contextmanager
def _shortcuts() -> Iterator[None]:
    """Replace what is slow in pyradiomics by what gives the same numbers, for one extraction."""
    pyradiomics_shape.cShape = _SliceMesh
    # Every class looks for the ends of its bins among all pixels, with Python's own functions.
    imageoperations.min, imageoperations.max = np.min, np.max
    try:
        yield
    finally:
        pyradiomics_shape.cShape = _MESH
        del imageoperations.min, imageoperations.max


def _neighbourhoods(plane):
    """How often each of the 16 possible 2x2 neighbourhoods occurs, shape (16,)."""
    plane = plane.astype(int)
    code = plane[:-1, :-1] + 2 * plane[:-1, 1:] + 4 * plane[1:, :-1] + 8 * plane[1:, 1:]
    return np.bincount(code.ravel(), minlength=16)


@lru_cache
def _neighbourhood_sizes(spacing):
    """Surface and volume that each 2x2 neighbourhood adds, shape (16, 2).

    Solved from the C code's own answers for every mask of 3x3 pixels, so that its triangle
    table need not be copied here.
    """
    counts, sizes = [], []
    for pixels in product((False, True), repeat=9):
        mask = np.zeros((3, 5, 5), dtype=bool)
        mask[1, 1:4, 1:4] = np.reshape(pixels, (3, 3))
        counts.append(_neighbourhoods(mask[1]))
        sizes.append(_MESH.calculate_coefficients(mask, np.array(spacing))[:2])
    return np.linalg.lstsq(np.array(counts), np.array(sizes), rcond=None)[0]
