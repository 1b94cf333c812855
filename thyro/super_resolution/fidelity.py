"""How close an image is to its original, and how sharp: PSNR, SSIM, power spectrum, edges.

Frames are two-dimensional, grey, 0-255. PSNR and SSIM need a reference, so they judge images that
were degraded first; what super-resolution adds to an original has none.
"""

from collections.abc import Iterable, Mapping
from itertools import product

import numpy as np
import pandas as pd
from scipy import ndimage, stats
from scipy.signal.windows import hann
from skimage.metrics import structural_similarity

from thyro.core import as_columns, as_level, as_one_of

WHITE = 255.0
HELD_OUT = ("test", "external")  # cohorts, in the order of every table
METHODS = {  # of reconstruction, in the order of every table, and what readers call them
    "sr": "Super-resolution",
    "pixel": "Without adversary",
    "least_squares": "Least squares",
    "matched": "Matched filter",
    "lanczos": "Lanczos",
    "bicubic": "Bicubic",
}
MEASURES = ("psnr", "ssim", "sharpness")
SSIM_WINDOW_PX = 11
SMALLEST_PX = 16  # side of an image of which a spectrum says anything
RING_PX = 2.0  # on either side of the outline
NEAR_PX = 8  # the ring, and the four standard deviations at which derivatives are cut


def psnr_ssim(original: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """Peak signal-to-noise ratio and structural similarity of two frames.

    PSNR is 10 log10(255^2 / mean squared difference) over all pixels. SSIM is that of Wang et al.
    as scikit-image computes it: Gaussian window of 11 x 11 pixels and SD 1.5, K1 0.01, K2 0.03,
    range 255, population (co)variances, averaged over the pixels whose window lies inside the
    frame (5 px of the border are left out).

    Parameters
    ----------
    original, other : array, shape (rows, columns)
        Grey, 0-255; at least 11 pixels each way.

    Returns
    -------
    dict
        `psnr` in dB, infinite for identical frames, and `ssim`, 1 for identical frames.

    Raises
    ------
    ValueError
        If the frames differ in shape or are smaller than the window.

    References
    ----------
    Wang, Bovik, Sheikh, Simoncelli (2004), IEEE Trans. Image Process. 13:600-612.
    """
    original, other = np.asarray(original, float), np.asarray(other, float)
    if original.shape != other.shape or original.ndim != 2 or min(original.shape) < SSIM_WINDOW_PX:
        raise ValueError(
            f"original, other: expected two frames of one shape, at least {SSIM_WINDOW_PX} x "
            f"{SSIM_WINDOW_PX} pixels, got {original.shape} and {other.shape}."
        )
    error = np.mean((original - other) ** 2)
    ssim = structural_similarity(
        original,
        other,
        data_range=WHITE,
        gaussian_weights=True,
        sigma=1.5,
        K1=0.01,
        K2=0.03,
        use_sample_covariance=False,
    )
    psnr = 10 * np.log10(WHITE**2 / error) if error > 0 else np.inf
    return {"psnr": float(psnr), "ssim": float(ssim)}


def fidelity_gains(
    fidelity: pd.DataFrame, *, over: str = "bicubic", level: float = 0.95
) -> pd.DataFrame:
    """Mean PSNR, SSIM and sharpness per cohort and method, and the mean gain over one of them.

    The gain is the difference to that method in the same patient; intervals are those of t over
    patients, which a single patient does not have.

    Parameters
    ----------
    fidelity : DataFrame
        One row per held-out patient and method, indexed by `patient_id`: `split` ("test",
        "external"), `method` (of `METHODS`), `psnr` in dB, `ssim`, `sharpness` (share of the
        original's). Every patient of a cohort has the same methods, `over` among them.
    over : str, default "bicubic"
        The method that the others are compared with.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per split, method and measure (of `MEASURES`), unrounded: split, method, measure,
        n (patients), mean, ci_low, ci_high, gain, gain_low, gain_high. The gain of `over` itself is
        NaN, and so are intervals over one patient.

    Raises
    ------
    ValueError
        If a patient lacks a method or has one twice, a name is unknown, or a number is missing or
        infinite.
    """
    level = as_level(level)
    as_one_of(over, "over", METHODS)
    frame = _checked(fidelity)
    rows = []
    for split, cohort in frame.groupby(pd.Categorical(frame["split"], HELD_OUT), observed=True):
        by_patient = _by_patient(cohort, over)
        for method, measure in product(by_patient["psnr"], MEASURES):
            values = by_patient[measure][method]
            gain = values - (by_patient[measure][over] if method != over else np.nan)
            rows.append(
                {"split": split, "method": method, "measure": measure, "n": len(values)}
                | _mean_and_interval(values, level, ("mean", "ci_low", "ci_high"))
                | _mean_and_interval(gain, level, ("gain", "gain_low", "gain_high"))
            )
    return pd.DataFrame(rows)


def generator_margins(fidelity: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """How far the generator exceeds each other method in the same patients.

    Parameters
    ----------
    fidelity, level
        As `fidelity_gains` takes them; "sr" is among the methods.

    Returns
    -------
    DataFrame
        One row per method other than "sr", split and measure, unrounded: over (the method), split,
        measure, n (patients), gain, gain_low, gain_high.
    """
    others = [method for method in METHODS if method in set(fidelity["method"]) - {"sr"}]
    gains = pd.concat(
        [fidelity_gains(fidelity, over=other, level=level).assign(over=other) for other in others],
        ignore_index=True,
    )
    columns = ["over", "split", "measure", "n", "gain", "gain_low", "gain_high"]
    return gains.loc[gains["method"].eq("sr"), columns].reset_index(drop=True)


def _checked(fidelity: pd.DataFrame) -> pd.DataFrame:
    """`fidelity` with `patient_id` as a column; known names, finite numbers, no row twice."""
    keys = ["patient_id", "split", "method"]
    frame = as_columns(fidelity.reset_index(), [*keys, *MEASURES], "fidelity")
    for name, accepted in (("split", HELD_OUT), ("method", METHODS)):
        for value in frame[name].unique():
            as_one_of(value, f"fidelity: {name}", accepted)
    infinite = ~np.isfinite(frame[list(MEASURES)]).all(axis=1)
    if infinite.any():
        patient, _, method = frame.loc[infinite, keys].iloc[0]
        raise ValueError(
            f"fidelity: expected finite numbers, found an infinite one for {patient} ({method}): "
            "that image is identical to its original, or the original has no edge at its outline. "
            "Leave out frames of one grey value."
        )
    twice = frame[keys].duplicated()
    if twice.any():
        patient, split, method = frame.loc[twice, keys].iloc[0]
        raise ValueError(f"fidelity: {patient} ({split}) has more than one row of {method}.")
    return frame


def _by_patient(cohort: pd.DataFrame, over: str) -> pd.DataFrame:
    """One row per patient, one column per measure and method; none is missing."""
    methods = [name for name in METHODS if name in {over, *cohort["method"]}]
    wide = cohort.pivot(index="patient_id", columns="method", values=list(MEASURES))
    wide = wide.reindex(columns=pd.MultiIndex.from_product([MEASURES, methods]))
    absent = wide["psnr"].isna()
    if absent.any(axis=None):
        patient = absent.any(axis=1).idxmax()
        raise ValueError(
            f"fidelity: expected a row of {', '.join(methods)} for every patient of a cohort; "
            f"{patient} has none of {absent.loc[patient].idxmax()}."
        )
    return wide


def _mean_and_interval(
    values: pd.Series, level: float, names: tuple[str, str, str]
) -> dict[str, float]:
    n = len(values)
    half = stats.t.isf((1 - level) / 2, n - 1) * values.std() / np.sqrt(n)  # NaN of one patient
    return dict(
        zip(names, (values.mean(), values.mean() - half, values.mean() + half), strict=True)
    )


def power_spectrum(image: np.ndarray, *, bins: int = 64) -> pd.Series:
    """Radially averaged power spectrum of an image: how much of it is coarse and how much fine.

    The mean is removed and a Hann window keeps the borders from pretending to be edges. Scaled so
    that white noise of variance v reads 10 log10(v) at every frequency: power per unit of the
    frequency plane, whatever the size and shape of the image.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255; need not be square; at least 16 pixels each way.
    bins : int, default 64
        Rings of equal width between 0 and 0.5 cycles per pixel, at most half as many as the
        longer side has pixels, so that none is empty. Corners beyond 0.5 are left out.

    Returns
    -------
    Series of float, shape (n_bins,)
        `power` in dB re 1 grey level squared, indexed by `frequency`, the middle of each ring, in
        cycles per pixel.

    Raises
    ------
    ValueError
        If the image is not two-dimensional, too small, not finite, or of one grey value.
    """
    image = np.asarray(image, dtype=float)
    if image.ndim != 2 or min(image.shape) < SMALLEST_PX or not np.isfinite(image).all():
        raise ValueError(
            f"image: expected finite grey values, shape (rows, columns) of at least {SMALLEST_PX} "
            f"x {SMALLEST_PX} pixels, got shape {image.shape}."
        )
    window = np.outer(*(hann(side, sym=False) for side in image.shape))
    # The mean under the window, so that nothing of it leaks into the lowest ring.
    seen = window * (image - np.average(image, weights=window))
    if np.ptp(image) == 0 or not seen.any():
        raise ValueError("image: expected more than one grey value; its spectrum has no power.")
    power = np.abs(np.fft.fft2(seen)) ** 2 / np.sum(window**2)
    radius = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, image.shape), indexing="ij"))

    bins = min(bins, max(image.shape) // 2)
    # Rings are open below and closed above: the mean is in none, 0.5 in the last. The smallest
    # shift keeps a frequency that should equal an edge from being rounded past it.
    ring = np.ceil(radius * 2 * bins - 1e-9).astype(int)
    inside = (ring >= 1) & (ring <= bins)
    summed = np.bincount(ring[inside], power[inside], minlength=bins + 1)[1:]
    mean = summed / np.bincount(ring[inside], minlength=bins + 1)[1:]
    middle = (np.arange(bins) + 0.5) / (2 * bins)
    return pd.Series(10 * np.log10(mean), pd.Index(middle, name="frequency"), name="power")


def spectra_and_sharpness(
    cases: Iterable[tuple[str, Mapping[str, np.ndarray], np.ndarray, tuple[slice, slice]]],
    *,
    bins: int = 64,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How fine the images of each set are: their mean spectrum, and the sharpness of every outline.

    Parameters
    ----------
    cases : iterable of (patient_id, images, mask, part)
        `images` holds the versions of a frame by image set, all of one shape; `mask` is the nodule;
        `part` the rows and columns of the scan, which alone enter the spectrum. Taken one at a
        time.
    bins : int, default 64
        As `power_spectrum`. Frames may differ in size: the fewest rings of any are used for all.

    Returns
    -------
    spectrum : DataFrame
        image_set, frequency (cycles per pixel), power (dB, mean over patients, each counting once).
    sharpness : DataFrame
        patient_id, image_set, edge_sharpness.

    Raises
    ------
    ValueError
        If there is no case, and as `power_spectrum` and `edge_sharpness`.
    """
    curves, rows = {}, []
    for patient, images, mask, part in cases:
        for name, image in images.items():
            curves.setdefault(name, []).append(power_spectrum(image[part], bins=bins))
            sharpness = edge_sharpness(image, mask)
            rows.append({"patient_id": patient, "image_set": name, "edge_sharpness": sharpness})
    if not rows:
        raise ValueError("cases: expected at least one, got none.")
    rings = min((curve.index for several in curves.values() for curve in several), key=len)
    means = {
        name: np.mean([np.interp(rings, curve.index, curve) for curve in several], axis=0)
        for name, several in curves.items()
    }
    spectrum = pd.DataFrame(means, index=rings).melt(
        var_name="image_set", value_name="power", ignore_index=False
    )
    return spectrum.reset_index()[["image_set", "frequency", "power"]], pd.DataFrame(rows)


def edge_sharpness(image: np.ndarray, mask: np.ndarray) -> float:
    """Mean gradient magnitude along the outline of the nodule.

    Taken over the pixels within 2 px of the outline, on either side of it, from Gaussian
    derivatives (SD 1 px). The border of the image is no outline. Noise and added texture raise it
    as a sharper edge does, and only images on one grid can be compared.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Grey, 0-255.
    mask : array of bool, shape (rows, columns)
        The nodule.

    Returns
    -------
    float
        Grey levels per pixel.

    Raises
    ------
    ValueError
        If the shapes differ, or the mask is empty or covers the whole image.
    """
    image, mask = np.asarray(image, dtype=float), np.asarray(mask, dtype=bool)
    if image.shape != mask.shape or image.ndim != 2:
        raise ValueError(
            f"mask: expected the shape of the image, {image.shape}, two-dimensional, "
            f"got {mask.shape}."
        )
    if mask.all() or not mask.any():
        kind = "covers the whole image" if mask.any() else "is empty"
        raise ValueError(f"mask: expected a nodule with an outline, but it {kind}.")
    # The nodule and what the widest kernel sees around its outline: the same, and much less work.
    box = tuple(
        slice(max(0, inside[0] - NEAR_PX), inside[-1] + 1 + NEAR_PX)
        for inside in (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    )
    image, mask = image[box], mask[box]
    # Of the two distances one is zero: inside to the nearest tissue, outside to the nodule.
    away = ndimage.distance_transform_edt(mask) + ndimage.distance_transform_edt(~mask)
    gradient = ndimage.gaussian_gradient_magnitude(image, sigma=1.0, mode="nearest")
    return float(gradient[away <= RING_PX].mean())
