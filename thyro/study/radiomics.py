"""What a study tells pyradiomics beside the width of the bins: image types, classes, settings.

Every key is one that the fast way of measuring is proved to follow (`tests/radiomics`); others of
pyradiomics are refused, as they would give features of other names or of no slice.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from thyro.study.fields import Distinct, Positive, Section

ImageType = Literal[
    "Original",
    "Wavelet",
    "LBP",
    "LoG",
    "Exponential",
    "Gradient",
    "Logarithm",
    "Square",
    "SquareRoot",
]
FeatureClass = Literal["shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
Size = Annotated[float, Field(gt=0)]
Interpolator = Literal["sitkBSpline", "sitkLinear", "sitkNearestNeighbor"]


class Radiomics(Section):
    """Of both sets of features; what is left out is as pyradiomics has it by default."""

    image_types: Annotated[list[ImageType], Distinct] = []  # empty: all that a set has
    classes: Annotated[list[FeatureClass], Distinct] = []  # empty: all
    bin_count: Annotated[int, Field(ge=2, le=256)] | None = None  # classical: not `bin_width`
    distances: list[Positive] = Field(default=[1], min_length=1)  # of neighbours, in pixels
    symmetrical_glcm: bool = True
    weighting: Literal["none", "manhattan", "euclidean", "infinity"] = "none"  # of directions
    gldm_alpha: Annotated[int, Field(ge=0)] = 0  # grey levels apart that still depend
    voxel_shift: Annotated[float, Field(ge=0)] = 0  # added before energies are summed
    wavelet: str = "coif1"  # as PyWavelets calls it
    gradient_in_mm: bool = True
    lbp_radius: Positive = 1  # of patterns on a sphere, in pixels
    lbp_subdivision: Annotated[int, Field(ge=0, le=3)] = 1
    normalise: bool = False  # grey levels of the frame to mean 0 and SD `normalise_scale`
    normalise_scale: Size = 100.0
    outliers: Size | None = None  # SD beyond which normalised grey levels are cut
    grey_range: list[float] | None = Field(default=None, min_length=2, max_length=2)
    grey_range_mode: Literal["absolute", "relative", "sigma"] = "absolute"
    resample_mm: list[Size] | None = Field(default=None, min_length=2, max_length=2)
    interpolator: Interpolator = "sitkBSpline"  # of `resample_mm`: classical set, (row, column)

    @model_validator(mode="after")
    def _something_is_measured(self):
        if self.image_types and "Original" not in self.image_types:
            raise ValueError("`image_types` must hold Original, whose features the report shows")
        if self.classes == ["shape"]:
            raise ValueError("`classes` needs one beside shape, which sees the outline alone")
        return self

    @model_validator(mode="after")
    def _keys_go_together(self):
        alone = {
            "outliers": (self.outliers is not None, self.normalise, "normalise: true"),
            "grey_range_mode": (
                self.grey_range_mode != "absolute",
                self.grey_range is not None,
                "grey_range",
            ),
            "interpolator": (
                self.interpolator != "sitkBSpline",
                self.resample_mm is not None,
                "resample_mm",
            ),
        }
        for key, (said, has, other) in alone.items():
            if said and not has:
                raise ValueError(f"`{key}` needs `{other}`")
        if sorted(set(self.distances)) != self.distances:
            raise ValueError(f"`distances` must rise, got {self.distances}")
        if self.grey_range is not None and self.grey_range[0] >= self.grey_range[1]:
            raise ValueError(f"`grey_range` must rise, got {self.grey_range}")
        return self

    @model_validator(mode="after")
    def _wavelet_is_known(self):
        if self.wavelet != "coif1":
            import pywt  # half a second, so only for those who ask

            if self.wavelet not in pywt.wavelist(kind="discrete"):
                raise ValueError(
                    f"`wavelet` {self.wavelet!r} is no discrete wavelet of PyWavelets, such as "
                    "haar, db4, sym5 or coif1"
                )
        return self

    @property
    def changes_images(self) -> bool:
        """Whether images are changed before they are filtered, in both sets."""
        return self.normalise or self.grey_range is not None

    def settings(self, *, planar: bool) -> dict[str, Any]:
        """What pyradiomics is told of a set that is not its default."""
        default = Radiomics()
        told = {
            "distances": self.distances,
            "symmetricalGLCM": self.symmetrical_glcm,
            "weightingNorm": None if self.weighting == "none" else self.weighting,
            "gldm_a": self.gldm_alpha,
            "voxelArrayShift": self.voxel_shift,
            "wavelet": self.wavelet,
            "gradientUseSpacing": self.gradient_in_mm,
            "lbp3DIcosphereRadius": self.lbp_radius,
            "lbp3DIcosphereSubdivision": self.lbp_subdivision,
            "normalize": self.normalise,
            "normalizeScale": self.normalise_scale if self.normalise else None,
            "removeOutliers": self.outliers,
            "resegmentRange": self.grey_range,
            "resegmentMode": self.grey_range_mode,
        }
        if not planar:
            mm = self.resample_mm
            told["binCount"] = self.bin_count
            told["resampledPixelSpacing"] = [mm[1], mm[0], 0] if mm else None
            told["interpolator"] = self.interpolator
        own = {
            "distances": default.distances,
            "symmetricalGLCM": True,
            "gldm_a": 0,
            "voxelArrayShift": 0,
            "wavelet": default.wavelet,
            "gradientUseSpacing": True,
            "lbp3DIcosphereRadius": 1,
            "lbp3DIcosphereSubdivision": 1,
            "normalize": False,
            "resegmentMode": "absolute",
            "interpolator": "sitkBSpline",
        }
        return {key: value for key, value in told.items() if value != own.get(key)}
