"""The tables of features of a study: 02 measures them, 03 selects from them, 04 reads."""

from dataclasses import dataclass

from thyro.study.classifiers import DEEP, FUSED, JOIN, RADIOMICS
from thyro.study.names import FROZEN, PLANAR, ModelName
from thyro.study.networks import NETWORKS

FEATURE_SETS = {RADIOMICS: "paper", PLANAR: "planar"}  # in names of files -> of `radiomics`


@dataclass(frozen=True)
class FeatureTable:
    """Features of one kind, of every patient, measured in one image set."""

    image_set: str  # "OR"
    features: str  # "radiomics", "planar", the network that they are of, or some of them, joined
    variant: str = ""  # "frozen": of a network that was not tuned

    @property
    def family(self) -> str:
        """Of `FAMILIES`."""
        if JOIN in self.features:
            return FUSED
        return DEEP if self.features in NETWORKS else RADIOMICS

    @property
    def parts(self) -> tuple["FeatureTable", ...]:
        """The tables that it joins; of any other, itself."""
        if self.family != FUSED:
            return (self,)
        return tuple(FeatureTable(self.image_set, part) for part in self.features.split(JOIN))

    @property
    def radiomic(self) -> bool:
        """Whether its features are radiomic ones alone."""
        return self.family == RADIOMICS

    @property
    def deep(self) -> bool:
        """Whether a network gave all of them."""
        return self.family == DEEP

    @property
    def fused(self) -> bool:
        """Whether families are joined in it."""
        return self.family == FUSED

    @property
    def tuned(self) -> bool:
        """Whether a network gave features in it that this study may have tuned."""
        return any(part.deep and part.variant != FROZEN for part in self.parts)

    @property
    def name(self) -> str:
        """As models are named: "OR_radiomics", "OR_ResNet101", "OR_EfficientNetLite0_frozen"."""
        return str(ModelName(self.image_set, self.features, self.variant))

    @property
    def key(self) -> str:
        """In names of the files of 03: "radiomics_or", "efficientnetlite0_frozen_or"."""
        parts = (self.features, self.variant, self.image_set)
        return "_".join(part for part in parts if part).lower()

    @property
    def file(self) -> str:
        """The table in `02_features`, without ending: "radiomics_or", "deep_resnet101_or".

        One that joins others has no file there.
        """
        return f"deep_{self.key}" if self.deep else self.key

    @property
    def robustness(self) -> str:
        """How stable radiomic features are, in `02_features`, without ending."""
        return f"robustness_{self.key}"

    @property
    def label(self) -> str:
        """For readers: "Radiomics OR", "ResNet101 OR", "EfficientNetLite0 frozen OR"."""
        features = self.features if self.deep else self.features[0].upper() + self.features[1:]
        return " ".join(part for part in (features, self.variant, self.image_set) if part)
