"""The tables of features, each declared once: 02 measures them, 03 selects from them, 04 reads."""

from dataclasses import dataclass

from thyro.study.classifiers import features_of, model_names
from thyro.study.names import BC, FROZEN, OR, PAPER, PLANAR, SOUND, SR, STUDIED, ImageSet, ModelName
from thyro.study.networks import NETWORKS

RADIOMICS = "radiomics"
FEATURE_SETS = {RADIOMICS: "paper", PLANAR: "planar"}  # in names of files -> of `radiomics`
MEASURED = (*STUDIED, BC)  # one run of 02 each


@dataclass(frozen=True)
class FeatureTable:
    """Features of one kind, of every patient, measured in one image set."""

    image_set: str  # "OR"
    features: str  # "radiomics", "planar", or the network that they are of
    variant: str = ""  # "frozen": of a network that was not tuned

    @property
    def deep(self) -> bool:
        """Whether a network gave them."""
        return self.features in NETWORKS

    @property
    def tuned(self) -> bool:
        """Whether a network gave them that this study may have tuned."""
        return self.deep and self.variant != FROZEN

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
        """The table in `02_features`, without ending: "radiomics_or", "deep_resnet101_or"."""
        return f"deep_{self.key}" if self.deep else self.key

    @property
    def robustness(self) -> str:
        """How stable radiomic features are, in `02_features`, without ending."""
        return f"robustness_{self.key}"

    @property
    def label(self) -> str:
        """For readers: "Radiomics OR", "ResNet101 OR", "EfficientNetLite0 frozen OR"."""
        features = self.features if self.deep else self.features.capitalize()
        return " ".join(part for part in (features, self.variant, self.image_set) if part)


def feature_tables(images: ImageSet | None = None) -> list[FeatureTable]:
    """Every table of features, or those of one image set, in the order of the selection.

    Of both recipes. In the control only the radiomic features of the paper are measured.
    """
    kinds = [(RADIOMICS, "", MEASURED), (PLANAR, "", (OR, SR))]
    kinds += [
        (one.name, variant, (OR, SR)) for one in NETWORKS.values() for variant in one.variants
    ]
    return [
        FeatureTable(one.name, features, variant)
        for features, variant, image_sets in kinds
        for one in image_sets
        if images in (None, one)
    ]


def model_tables(recipe: str = PAPER) -> list[FeatureTable]:
    """Those that the models of a recipe read (`model_names`), in the same order.

    Radiomic ones are the paper's.
    """
    return _read_by(model_names(recipe), RADIOMICS)


def recipe_tables() -> list[FeatureTable]:
    """Those that models read under any recipe, in the same order: all but the control's."""
    return _read_by([*model_names(PAPER), *model_names(SOUND)], *FEATURE_SETS)


def _read_by(names: list[ModelName], *radiomic: str) -> list[FeatureTable]:
    read = {features_of(name, one) for name in names for one in radiomic}
    return [table for table in feature_tables() if table.name in read]
