"""The features of pyradiomics 3.0.1 in a fraction of its time.

What pyradiomics makes of the texture matrices before its formulas, and the formulas of shape, are
its own. What goes is what it does around them: each class looks up its features by inspection,
converts images to arrays and bins the grey levels again, and Python's own functions look for the
ends of the bins. Written anew, each with tests against pyradiomics, are the first-order features,
the diagonals of the co-occurrences, and what `matrices`, `formulas`, `filters` and `shape` say of
themselves.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import ModuleType

import numpy as np
import SimpleITK as sitk
from radiomics import base, firstorder, glcm, gldm, glrlm, glszm, imageoperations, ngtdm, shape
from radiomics import shape2D as shape_2d

from thyro.radiomics import feature_sets, filters, formulas, matrices
from thyro.radiomics import shape as fast_shape


def measure(
    frame: np.ndarray,
    mask: np.ndarray,
    spacing: tuple[float, ...],
    outline: np.ndarray,
    settings: Mapping[str, object],
    feature_set: feature_sets.FeatureSet,
) -> tuple[dict[str, float], dict[str, int]]:
    """All features of a set, and how many grey levels each image type has after binning.

    Parameters
    ----------
    frame, mask : ndarray of float and bool, shape (1, rows, columns) or (rows, columns)
        The whole frame, as a slice of a volume or as a plane.
    spacing : tuple of float
        In mm, in SimpleITK's order (x, y, z) or (x, y).
    outline : ndarray of bool, the shape of the mask
        What shape is measured on: the mask, unless part of it was taken out by its grey levels.
    settings
        Settings of pyradiomics; `binWidth` may be a mapping of image type to width.
    feature_set
        Which filters and features.

    Returns
    -------
    features : dict
        Value of each feature by pyradiomics' name. NaN where pyradiomics has none.
    levels : dict
        Distinct grey levels in the nodule by image type: what texture has to tell apart.

    Raises
    ------
    ValueError
        If the grey levels cannot be binned.
    """
    wanted = _classes(feature_set.names)
    of_shape = _measure(SHAPES, _Region(outline, spacing), settings, wanted.get("original", {}))
    values = {f"original_{feature}": value for feature, value in of_shape.items()}
    region = _Region(mask, spacing)
    filtered = filters.filtered(frame, mask, spacing, feature_set.filters, settings)
    textures, levels = {}, {}
    for image_type, inside in filtered:
        if image_type not in wanted:  # a band of a wavelet whose other bands are
            continue
        classes, binned = wanted[image_type], _settings_of(image_type, settings)
        region.bin(inside, binned)
        levels[image_type] = len(region.levels)
        of_type = _measure({"firstorder": _FirstOrder}, region, binned, classes)
        # Texture sees nothing but the bins, and some image types have them all alike.
        texture = tuple((name, classes[name]) for name in TEXTURES if name in classes)
        bins = (region.binned_inside.tobytes(), texture)
        if bins not in textures:
            textures[bins] = _measure(TEXTURES, region, binned, classes)
        of_type |= textures[bins]
        values |= {f"{image_type}_{feature}": value for feature, value in of_type.items()}
    return values, levels


def _settings_of(image_type, settings):
    """The settings with the width of the bins of this image type."""
    width = settings.get("binWidth")
    return {**settings, "binWidth": width[image_type]} if isinstance(width, Mapping) else settings


def _measure(by, region, settings, classes):
    """Value of each feature of the classes `by` that are wanted."""
    return {
        f"{name}_{feature}": value
        for name, measured_by in by.items()
        if name in classes
        for feature, value in measured_by(region, region, **settings).features(classes[name])
    }


@cache
def _classes(names):
    """Features of each class of each image type, in order."""
    by_type = {}
    for name in names:
        image_type, feature_class, feature = name.split("_", 2)
        by_type.setdefault(image_type, {}).setdefault(feature_class, []).append(feature)
    return {
        image_type: {feature_class: tuple(features) for feature_class, features in classes.items()}
        for image_type, classes in by_type.items()
    }


class _Region:
    """What all classes of features share: the nodule's box, and one filtered image in it."""

    def __init__(self, mask, spacing):
        self.mask = mask[filters.box(mask)]
        self.image = None
        self._spacing = spacing

    def GetSpacing(self):
        """As pyradiomics asks its images."""
        return self._spacing

    def GetDimension(self):
        """As pyradiomics asks its images."""
        return self.mask.ndim

    def bin(self, inside, settings):
        """Take the values inside the mask, shape (n_pixels,), and their grey levels."""
        self.inside = inside
        self.image = np.zeros(self.mask.shape)
        self.image[self.mask] = inside
        edges = _bin_edges(inside, settings)
        self.binned_inside = np.digitize(inside, edges)
        self.binned = np.zeros(self.mask.shape, dtype=int)
        self.binned[self.mask] = self.binned_inside
        counts = np.bincount(self.binned_inside)
        self.levels = np.flatnonzero(counts)
        self.counts = counts[self.levels]


def _bin_edges(values, settings):
    """As `imageoperations.getBinEdges`, whose ends are found by Python's min and max."""
    if settings.get("binCount") is not None or np.isnan(values).any():
        return imageoperations.getBinEdges(values, **settings)
    # The edges depend on nothing but the ends.
    return imageoperations.getBinEdges(np.array([values.min(), values.max()]), **settings)


class _Shared(base.RadiomicsFeaturesBase):
    """Stands between a class of pyradiomics and its base, and takes what the region has.

    `super().__init__` in a class of pyradiomics comes here, as Python looks for the next class of
    the one that was made.
    """

    logger = logging.getLogger(__name__)

    def __init__(self, region, _, **settings):
        self.region = region
        self.settings, self.label, self.voxelBased = settings, 1, False
        self.inputImage = region
        self.maskArray = region.mask
        self.imageArray = region.image
        self.coefficients = {}
        self._initSegmentBasedCalculation()

    def _initSegmentBasedCalculation(self):
        pass

    def _applyBinning(self, matrix):
        self.coefficients["grayLevels"] = self.region.levels
        self.coefficients["Ng"] = int(self.region.levels[-1])
        return self.region.binned

    def features(self, names):
        """Name and value of each feature; as in pyradiomics, NaN where a formula fails."""
        self._initCalculation()
        for name in names:
            try:
                value = float(np.squeeze(getattr(self, f"get{name}FeatureValue")()))
            except Exception:
                value = np.nan
            yield name, value


class _FirstOrder(firstorder.RadiomicsFirstOrder, _Shared):
    """Eighteen numbers of one list of values, in a few passes over it."""

    def features(self, names):
        if np.isnan(self.region.inside).any():  # pyradiomics leaves these out, formula by formula
            yield from super().features(names)
            return
        values = self._values()
        yield from ((name, float(values[name])) for name in names)

    def _values(self):
        # The gradient image is single precision.
        x = self.region.inside.astype(float)
        shift = self.settings.get("voxelArrayShift", 0)
        p10, p25, median, p75, p90 = np.percentile(np.sort(x), [10, 25, 50, 75, 90])
        low, high = x.min(), x.max()
        mean = x.sum() / x.size
        deviation = x - mean
        squared = deviation**2
        second, third, fourth = (
            part.sum() / x.size for part in (squared, squared * deviation, squared**2)
        )
        spread = second if second != 0 else 1  # pyradiomics' way with a flat region
        robust = x[(x >= p10) & (x <= p90)]
        energy = ((x + shift) ** 2).sum()
        share = self.region.counts / x.size
        return {
            "10Percentile": p10,
            "90Percentile": p90,
            "Energy": energy,
            "Entropy": -(share * np.log2(share + np.spacing(1))).sum(),
            "InterquartileRange": p75 - p25,
            "Kurtosis": fourth / spread**2,
            "Maximum": high,
            "Mean": mean,
            "MeanAbsoluteDeviation": np.abs(deviation).sum() / x.size,
            "Median": median,
            "Minimum": low,
            "Range": high - low,
            "RobustMeanAbsoluteDeviation": np.abs(robust - robust.mean()).mean(),
            "RootMeanSquared": np.sqrt(energy / x.size),
            "Skewness": third / spread**1.5,
            "TotalEnergy": energy * np.multiply.reduce(self.pixelSpacing),
            "Uniformity": (share**2).sum(),
            "Variance": np.sqrt(second) ** 2,
        }


class _Texture(_Shared):
    """A class whose matrix is counted by `matrices` and described by `formulas`."""

    def features(self, names):
        """Name and value of each feature."""
        with _replaced(sys.modules[type(self).__bases__[0].__module__], "cMatrices", matrices):
            self._initCalculation()
        values = self._values()
        yield from ((name, float(values[name])) for name in names)


class _Glcm(glcm.RadiomicsGLCM, _Texture):
    def _values(self):
        return formulas.of_cooccurrences(self.P_glcm[0], self.coefficients)

    def _calculateCoefficients(self):
        """As in pyradiomics, but for the sums over diagonals: one pass instead of one each."""
        levels = self.coefficients["grayLevels"]
        n = self.coefficients["Ng"]
        p = self.P_glcm
        i, j = np.meshgrid(levels.astype(float), levels.astype(float), indexing="ij", sparse=True)
        eps = np.spacing(1)
        self.coefficients |= {
            "eps": eps,
            "i": i,
            "j": j,
            "kValuesSum": np.arange(2, 2 * n + 1, dtype=float),
            "kValuesDiff": np.arange(n, dtype=float),
            "px": p.sum(2, keepdims=True),
            "py": p.sum(1, keepdims=True),
            "ux": np.sum(i[None, :, :, None] * p, (1, 2), keepdims=True),
            "uy": np.sum(j[None, :, :, None] * p, (1, 2), keepdims=True),
            "pxAddy": _sums_by(levels[:, None] + levels - 2, p, 2 * n - 1),
            "pxSuby": _sums_by(np.abs(levels[:, None] - levels), p, n),
            "HXY": -np.sum(p * np.log2(p + eps), (1, 2)),
        }


def _sums_by(key, p, n):
    """Sum of `p` (1, levels, levels, angles) where `key` (levels, levels) is 0, 1 ... n - 1."""
    order = np.argsort(key, axis=None, kind="stable")
    present, starts = np.unique(key.ravel()[order], return_index=True)
    sums = np.zeros((1, n, p.shape[3]))  # no angle where no two pixels touch
    sums[0, present] = np.add.reduceat(p.reshape(key.size, p.shape[3])[order], starts, axis=0)
    return sums


class _Glrlm(glrlm.RadiomicsGLRLM, _Texture):
    def _values(self):
        parts = (self.coefficients[name][0] for name in ("pg", "pr"))
        lengths = (self.coefficients[name] for name in ("ivector", "jvector"))
        n = self.coefficients["Nr"][0]
        return formulas.of_lengths(self.P_glrlm[0], *parts, *lengths, n, formulas.RUNS)


class _Glszm(glszm.RadiomicsGLSZM, _Texture):
    def _values(self):
        parts = (self.coefficients[name][0, :, None] for name in ("pg", "ps"))
        lengths = (self.coefficients[name] for name in ("ivector", "jvector"))
        n = self.coefficients["Nz"]
        return formulas.of_lengths(self.P_glszm[0, ..., None], *parts, *lengths, n, formulas.ZONES)


class _Gldm(gldm.RadiomicsGLDM, _Texture):
    def _values(self):
        parts = (self.coefficients[name][0, :, None] for name in ("pg", "pd"))
        lengths = (self.coefficients[name] for name in ("ivector", "jvector"))
        n, words = self.coefficients["Nz"], formulas.DEPENDENCES
        return formulas.of_lengths(self.P_gldm[0, ..., None], *parts, *lengths, n, words)


class _Ngtdm(ngtdm.RadiomicsNGTDM, _Texture):
    def _values(self):
        parts = (self.coefficients[name][0] for name in ("p_i", "s_i", "ivector", "Nvp"))
        return formulas.of_tones(*parts)


class _Shape(shape.RadiomicsShape, _Shared):
    def _initSegmentBasedCalculation(self):
        self.inputMask = sitk.GetImageFromArray(self.maskArray.astype(np.uint8))
        with _replaced(shape, "cShape", fast_shape):
            super()._initSegmentBasedCalculation()


@contextmanager
def _replaced(module: ModuleType, name: str, ours: ModuleType) -> Iterator[None]:
    """Let a module of pyradiomics ask one of this room instead of its C code.

    It asks in the middle of methods that also find axes and leave out empty levels, and takes no
    argument that says whom; the alternative would be a copy of these methods. In this process only
    and not for several threads at once: the extraction of a cohort lets threads take turns.
    """
    its_own = getattr(module, name)
    setattr(module, name, ours)
    try:
        yield
    finally:
        setattr(module, name, its_own)


class _Shape2D(shape_2d.RadiomicsShape2D, _Shared):
    def _initSegmentBasedCalculation(self):
        self.inputMask = sitk.GetImageFromArray(self.maskArray.astype(np.uint8))
        super()._initSegmentBasedCalculation()


SHAPES = {"shape": _Shape, "shape2D": _Shape2D}
TEXTURES = {
    "glcm": _Glcm,
    "glrlm": _Glrlm,
    "glszm": _Glszm,
    "gldm": _Gldm,
    "ngtdm": _Ngtdm,
}
