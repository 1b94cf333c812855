"""The tables of features, each declared once: 02 measures them, 03 selects from them, 04 reads."""

from dataclasses import dataclass

from thyro.study.classifiers import features_of, model_names
from thyro.study.names import BC, OR, PLANAR, SR, STUDIED, ImageSet, ModelName
from thyro.study.networks import NETWORKS

RADIOMICS = "radiomics"
FEATURE_SETS = {RADIOMICS: "paper", PLANAR: "planar"}  # in names of files -> of `radiomics`
MEASURED = (*STUDIED, BC)  # one run of 02 each


@dataclass(frozen=True)
class FeatureTable:
    """Features of one kind, of every patient, measured in one image set."""

    image_set: str  # "OR"
    features: str  # "radiomics", "planar", or the network that they are of

    @property
    def deep(self) -> bool:
        """Whether a network gave them."""
        return self.features in NETWORKS

    @property
    def name(self) -> str:
        """As models are named: "OR_radiomics", "OR_ResNet101"."""
        return str(ModelName(self.image_set, self.features))

    @property
    def key(self) -> str:
        """In names of the files of 03: "radiomics_or", "resnet101_or"."""
        return f"{self.features}_{self.image_set}".lower()

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
        """For readers: "Radiomics OR", "ResNet101 OR"."""
        features = self.features if self.deep else self.features.capitalize()
        return f"{features} {self.image_set}"


def feature_tables(images: ImageSet | None = None) -> list[FeatureTable]:
    """Every table of features, or those of one image set, in the order of the selection.

    In the control only the radiomic features of the paper are measured.
    """
    measured = {RADIOMICS: MEASURED} | {name: (OR, SR) for name in (PLANAR, *NETWORKS)}
    return [
        FeatureTable(one.name, features)
        for features, image_sets in measured.items()
        for one in image_sets
        if images in (None, one)
    ]


def model_tables() -> list[FeatureTable]:
    """Those that the models of Table 2 read under the paper's recipe, in the same order."""
    return _read_by(RADIOMICS)


def recipe_tables() -> list[FeatureTable]:
    """Those that the models of Table 2 read under any recipe, in the same order."""
    return _read_by(*FEATURE_SETS)


def _read_by(*radiomic: str) -> list[FeatureTable]:
    read = {features_of(name, one) for name in model_names() for one in radiomic}
    return [table for table in feature_tables() if table.name in read]
