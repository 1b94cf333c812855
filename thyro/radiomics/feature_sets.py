"""Which features are measured: image types, classes, names, and what may be set.

`PAPER` gives one slice to pyradiomics as a 3-D image one voxel thick: only so are there eight
wavelet bands and fourteen 3-D shape features, and only so do 17 image types times (18 first-order +
73 texture features) plus 14 shape features make 1561. `PLANAR` takes the slice for what it is, a
plane: four bands, shape in 2-D, and no feature that is rounding noise.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import pandas as pd

# What changes image or mask before anything is measured.
PREPARATION = (
    "correctMask",
    "geometryTolerance",
    "interpolator",
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
)
# What may be set without changing the names of the features. force2D, label and the number of
# wavelet or LBP levels are therefore not among them.
SETTINGS = (
    "binCount",
    "binWidth",
    "distances",
    "gldm_a",
    "gradientUseSpacing",
    "lbp3DIcosphereRadius",
    "lbp3DIcosphereSubdivision",
    "symmetricalGLCM",
    "voxelArrayShift",
    "wavelet",
    "weightingNorm",
    *PREPARATION,
)
LOG_SIGMAS_MM = (1.0, 2.0)  # width of the Laplacian of Gaussian; pixels where no size is known

# Features that grow or fall with the number of pixels, whatever these show: lengths, areas, and
# sums over pixels or over their grey levels that nothing divides by their number.
GROWS = {
    "shape": (
        *("LeastAxisLength", "MajorAxisLength", "MinorAxisLength", "MeshVolume", "VoxelVolume"),
        *("Maximum2DDiameterColumn", "Maximum2DDiameterRow", "Maximum2DDiameterSlice"),
        *(
            "Maximum3DDiameter",
            "Sphericity",
            "SurfaceArea",
            "SurfaceVolumeRatio",
        ),  # a slab 1 mm thick
    ),
    "shape2D": (
        *("MajorAxisLength", "MaximumDiameter", "MeshSurface", "MinorAxisLength", "Perimeter"),
        *("PerimeterSurfaceRatio", "PixelSurface"),
    ),
    "firstorder": ("Energy", "TotalEnergy"),
    "glrlm": ("GrayLevelNonUniformity", "RunLengthNonUniformity"),
    "glszm": ("GrayLevelNonUniformity", "SizeZoneNonUniformity"),
    "gldm": ("DependenceNonUniformity", "GrayLevelNonUniformity"),
    "ngtdm": ("Busyness", "Coarseness", "Strength"),
}


@dataclass(frozen=True)
class FeatureSet:
    """A set of features.

    Attributes
    ----------
    name
        "paper" or "planar".
    planar
        Whether the slice is given as a plane, not as a volume.
    filters
        pyradiomics' name of each image filter, with the filter's own settings.
    list_names
        Gives the names of the features; they are read when they are first asked for.
    noise_types
        Image types that hold nothing but rounding noise.
    flat
        Features that are the same for every nodule.
    """

    name: str
    filters: Mapping[str, Mapping[str, object]]
    list_names: Callable[[], tuple[str, ...]]
    planar: bool = False
    noise_types: tuple[str, ...] = ()
    flat: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every feature, in the order of the results: image type, class and feature joined by _."""
        return self.list_names()

    @property
    def image_types(self) -> tuple[str, ...]:
        """Every image type, in the order of the results."""
        return tuple(dict.fromkeys(name.split("_")[0] for name in self.names))

    def describe(self) -> pd.DataFrame:
        """One row per feature with its image type, class and name.

        Returns
        -------
        pandas.DataFrame, shape (n_features, 4)
            Columns `name`, `image_type`, `feature_class`, `feature`, in the order of `names`.
        """
        parts = [name.split("_", 2) for name in self.names]
        table = pd.DataFrame(parts, columns=["image_type", "feature_class", "feature"])
        table.insert(0, "name", self.names)
        return table

    def degenerate(self) -> tuple[str, ...]:
        """Names of the features that cannot carry information about a single slice.

        They are computed, so that the count is the published one, and kept out of selection by the
        caller.
        """
        return tuple(
            name
            for name in self.names
            if name in self.flat or name.split("_")[0] in self.noise_types
        )

    def of_size(self) -> tuple[str, ...]:
        """Names of the features that depend on the size of the nodule by construction."""
        parts = ((name, *name.split("_")[1:]) for name in self.names)
        return tuple(
            name
            for name, feature_class, feature in parts
            if feature in GROWS.get(feature_class, ())
        )


@cache
def _paper_names() -> tuple[str, ...]:
    return tuple(json.loads(Path(__file__).with_name("feature_names.json").read_text("utf-8")))


PAPER = FeatureSet(
    name="paper",
    # Wavelet gives 8 image types and LBP3D 3, which makes 17.
    filters={
        name: {}
        for name in (
            "Original",
            "Wavelet",
            "LBP3D",
            "Exponential",
            "Gradient",
            "Logarithm",
            "Square",
            "SquareRoot",
        )
    },
    list_names=_paper_names,
    # Third letter of a band is the filter across slices: of one slice, high-pass is rounding noise.
    noise_types=("wavelet-LLH", "wavelet-LHH", "wavelet-HLH", "wavelet-HHH"),
    flat=("original_shape_Flatness", "original_shape_LeastAxisLength"),
)


@cache
def _planar_names() -> tuple[str, ...]:
    """Nine of shape, and the paper's 91 for each image type."""
    shapes = (
        "Elongation",
        "MajorAxisLength",
        "MaximumDiameter",
        "MeshSurface",
        "MinorAxisLength",
        "Perimeter",
        "PerimeterSurfaceRatio",
        "PixelSurface",
        "Sphericity",
    )
    types = ["original", "wavelet-LH", "wavelet-HL", "wavelet-HH", "wavelet-LL", "lbp-2D"]
    types += [f"log-sigma-{sigma:.1f}-mm-3D".replace(".", "-") for sigma in LOG_SIGMAS_MM]
    types += ["exponential", "gradient", "logarithm", "square", "squareroot"]
    rest = [
        name.removeprefix("original_")
        for name in _paper_names()
        if name.startswith("original_") and "_shape_" not in name
    ]
    return tuple(
        [f"original_shape2D_{name}" for name in shapes]
        + [f"{image_type}_{name}" for image_type in types for name in rest]
    )


PLANAR = FeatureSet(
    name="planar",
    filters={
        "Original": {},
        "Wavelet": {},
        "LBP2D": {},
        "LoG": {"sigma": list(LOG_SIGMAS_MM)},
        "Exponential": {},
        "Gradient": {},
        "Logarithm": {},
        "Square": {},
        "SquareRoot": {},
    },
    list_names=_planar_names,
    planar=True,
)
LBP, LOG = "LBP", "LoG"  # what a study calls the filters that have another name in each set
FILTERS = {"LBP2D": LBP, "LBP3D": LBP}  # pyradiomics' name -> the study's
FAMILIES = {"log": LOG, "lbp": LBP, "squareroot": "SquareRoot"}  # begin of an image type -> same


def part_of(
    feature_set: FeatureSet, *, image_types: Sequence[str] = (), classes: Sequence[str] = ()
) -> FeatureSet:
    """The features of some image types and classes of a set.

    Parameters
    ----------
    feature_set : FeatureSet
    image_types : sequence of str
        Filters, as pyradiomics names them, but LBP for those in the plane and on a sphere; one
        that the set has not is no part of it. Empty: all.
    classes : sequence of str
        As pyradiomics names them; shape is that of the plane in the planar set. Empty: all.

    Returns
    -------
    FeatureSet
        The set itself where all is wanted. Features keep their names and their order.
    """
    if not image_types and not classes:
        return feature_set
    kept = tuple(
        row.name
        for row in feature_set.describe().itertuples(index=False)
        if (not image_types or filter_of(row.image_type) in image_types)
        and (not classes or row.feature_class.removesuffix("2D") in classes)
    )
    filters = {
        name: own
        for name, own in feature_set.filters.items()
        if not image_types or FILTERS.get(name, name) in image_types
    }
    return replace(feature_set, filters=filters, list_names=partial(tuple, kept))


def only(feature_set: FeatureSet, names: Collection[str]) -> FeatureSet:
    """Some features of a set, by name: no image is filtered and no matrix counted for others.

    Parameters
    ----------
    feature_set : FeatureSet
    names : collection of str
        All of the set, in any order; none measures nothing.

    Returns
    -------
    FeatureSet
        Features keep their names and their order.

    Raises
    ------
    ValueError
        If a name is none of the set.
    """
    if strange := sorted(set(names) - set(feature_set.names)):
        raise ValueError(f"names: {strange[0]!r} is no feature of the set {feature_set.name}.")
    kept = tuple(name for name in feature_set.names if name in set(names))
    read = {filter_of(name.split("_")[0]) for name in kept}
    filters = {
        name: own for name, own in feature_set.filters.items() if FILTERS.get(name, name) in read
    }
    return replace(feature_set, filters=filters, list_names=partial(tuple, kept))


def filter_of(image_type: str) -> str:
    """The filter of an image type: "wavelet-LH" is of Wavelet, "log-sigma-1-0-mm-3D" of LoG."""
    first = image_type.split("-")[0]
    return FAMILIES.get(first, first.capitalize())


FEATURE_SETS = {feature_set.name: feature_set for feature_set in (PAPER, PLANAR)}
