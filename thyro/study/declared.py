"""What a study uses of the registries: image sets, classifiers, networks, and families joined.

Made from the study file, handed to the plan and, as a parameter, to the notebooks. Which models and
tables of features there are is asked here and nowhere else.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from thyro.study.classifiers import (
    CLASSIFIERS,
    JOIN,
    PRINCIPAL,
    RADIOMICS,
    Kind,
    features_of,
    kind_of,
)
from thyro.study.comparisons import comparison_families
from thyro.study.features import FEATURE_SETS, FeatureTable
from thyro.study.names import BC, OR, PAPER, PLANAR, SOUND, SR, ImageSet, ModelName
from thyro.study.networks import NETWORKS


@dataclass(frozen=True)
class Declared:
    """The image sets and models of a study; the default has those of the publication.

    Besides, the default has the network of the sound recipe.
    """

    image_sets: tuple[str, ...] = (OR.key, SR.key)  # the original ones, perhaps enhanced ones
    classifiers: tuple[str, ...] = ("SVM", "KNN")  # of CLASSIFIERS, on radiomic features
    networks: tuple[str, ...] = ("ResNet101", "DenseNet121", "EfficientNetLite0")  # of NETWORKS
    fused: tuple[tuple[str, ...], ...] = ()  # families joined before selection

    @classmethod
    def of(cls, parts: Mapping[str, Sequence]) -> "Declared":
        """From `to_dict`, as a notebook is told it."""
        fused = tuple(tuple(one) for one in parts["fused"])
        plain = {key: tuple(parts[key]) for key in ("image_sets", "classifiers", "networks")}
        return cls(**plain, fused=fused)

    def to_dict(self) -> dict[str, list]:
        """As JSON knows it."""
        return {
            key: [list(one) if isinstance(one, tuple) else one for one in value]
            for key, value in asdict(self).items()
        }

    @property
    def studied(self) -> tuple[ImageSet, ...]:
        """Image sets of the models, in the order of columns and panels."""
        return tuple(images for images in (OR, SR) if images.key in self.image_sets)

    @property
    def ranked(self) -> tuple[ImageSet, ...]:
        """The same, in the order of Table 2."""
        return self.studied[::-1]

    @property
    def enhanced(self) -> bool:
        """Whether super-resolution is part of the study."""
        return SR in self.studied

    @property
    def control(self) -> tuple[ImageSet, ...]:
        """The bicubic images, which tell super-resolution from resampling; none without it."""
        return (BC,) if self.enhanced else ()

    @property
    def measured(self) -> tuple[ImageSet, ...]:
        """One run of 02 each."""
        return (*self.studied, *self.control)

    @property
    def principal(self) -> str:
        """The classifier whose models have a control, and are looked into."""
        return PRINCIPAL if PRINCIPAL in self.classifiers else self.classifiers[0]

    @property
    def signatures(self) -> list[str]:
        """Of nomograms where a study names none: one of radiomic features, one of a network."""
        of_paper = [name for name in self.networks if NETWORKS[name].recipe == PAPER]
        kinds = [self.principal, *of_paper[:1]]
        return [str(ModelName(self.ranked[0].name, kind)) for kind in kinds]

    def kinds(self) -> dict[str, Kind]:
        """Every kind of model: classifiers on radiomic features, heads on deep and joined ones."""
        names = [*self.classifiers, *self.networks, *(JOIN.join(one) for one in self.fused)]
        found = {name: kind_of(name) for name in names}
        return {name: kind for name, kind in found.items() if kind is not None}

    def model_names(self, recipe: str = PAPER) -> list[ModelName]:
        """The models that only one recipe has: "paper", those of Table 2 in its order, or "sound".

        Those of the paper's recipe are made by the sound one too (`models_of`).
        """
        return [
            ModelName(images.name, kind.name, variant)
            for kind in self.kinds().values()
            if kind.recipe == recipe
            for variant in kind.variants
            for images in self.ranked
        ]

    def models_of(self, recipe: str) -> list[ModelName]:
        """Every model that a recipe makes: those of Table 2, and its own."""
        return self.model_names(PAPER) + (self.model_names(SOUND) if recipe == SOUND else [])

    def radiomic_models(self) -> list[str]:
        """Names of the models of Table 2 that read radiomic features alone."""
        kinds = self.kinds()
        return [str(one) for one in self.model_names() if kinds[one.kind].features == RADIOMICS]

    def principal_models(self, image_sets: Sequence[ImageSet] | None = None) -> list[ModelName]:
        """The principal classifier on each of these image sets, such as the control's."""
        of = self.ranked if image_sets is None else image_sets
        return [ModelName(images.name, self.principal) for images in of]

    def control_group(self) -> list[str]:
        """The principal classifier on the study's images and the control; [] without a control."""
        of = (*self.ranked, *self.control) if self.control else ()
        return [str(name) for name in self.principal_models(of)]

    def enhancement_pairs(self) -> list[tuple[str, str]]:
        """Every classifier of radiomic features on enhanced images, and on original ones."""
        return [pair for pair in self.image_pairs() if pair[0] in self.radiomic_models()]

    def image_pairs(self) -> list[tuple[str, str]]:
        """Models of Table 2 that differ in the images alone: on enhanced ones, on original ones."""
        if not self.enhanced:
            return []
        kinds = dict.fromkeys(name.kind for name in self.model_names())
        return [(str(ModelName(SR.name, kind)), str(ModelName(OR.name, kind))) for kind in kinds]

    def comparison_families(
        self, image_models: Iterable[str], nomograms: Iterable[str], scored: Collection[str]
    ) -> dict[str, list[list[str]]]:
        """The comparisons that the study makes, as `comparisons.comparison_families`."""
        return comparison_families(
            list(image_models), list(nomograms), scored, control_group=self.control_group()
        )

    def given_settings(self, **given: Any) -> dict[str, dict[str, Any]]:
        """Settings that a study gives, such as `neighbours`, by the kinds that have them."""
        chosen = {}
        for kind in self.kinds().values():
            known = CLASSIFIERS[kind.classifier].grid[0]
            chosen[kind.name] = {key: given[key] for key in known if key in given}
        return {kind: settings for kind, settings in chosen.items() if settings}

    def feature_tables(self, images: ImageSet | None = None) -> list[FeatureTable]:
        """Every table of features, or those of one image set, in the order of the selection.

        Of both recipes. In the control only the radiomic features of the paper are measured.
        """
        wanted = [(RADIOMICS, "", self.measured), (PLANAR, "", self.studied)]
        wanted += [
            (name, variant, self.studied)
            for name in self.networks
            for variant in NETWORKS[name].variants
        ]
        wanted += [(name, "", self.studied) for name in self._joined()]
        return [
            FeatureTable(one.name, features, variant)
            for features, variant, image_sets in wanted
            for one in image_sets
            if images in (None, one)
        ]

    def _joined(self) -> list[str]:
        """Names of joined features: with radiomic ones of the paper's recipe, and of the sound."""
        joined = [JOIN.join(one) for one in self.fused]
        first = OR.name  # which does not matter
        tables = [
            FeatureTable(first, features_of(ModelName(first, name), radiomic).partition("_")[2])
            for name in joined
            for radiomic in FEATURE_SETS
        ]
        return list(dict.fromkeys(table.features for table in tables))

    def model_tables(self, recipe: str = PAPER) -> list[FeatureTable]:
        """Those that the models of a recipe read (`model_names`), in the same order.

        Radiomic ones are the paper's.
        """
        return self._read_by(self.model_names(recipe), RADIOMICS)

    def recipe_tables(self) -> list[FeatureTable]:
        """Those that models read under any recipe, in the same order: all but the control's."""
        return self._read_by(self.models_of(SOUND), *FEATURE_SETS)

    def _read_by(self, names: list[ModelName], *radiomic: str) -> list[FeatureTable]:
        read = {features_of(name, one) for name in names for one in radiomic}
        return [table for table in self.feature_tables() if table.name in read]
