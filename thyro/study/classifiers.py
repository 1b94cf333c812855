"""The classifiers on selected features, each declared once, and the models that a study has.

`make` imports scikit-learn when it is called: the plan and the checks of a study file only need
the names. Fitting, tuning and storage are in `models`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thyro.study.names import PAPER, RANKED, SR, ImageSet, ModelName
from thyro.study.networks import NETWORKS

RADIOMICS = "radiomics"
DEEP = "deep"
FAMILIES = {RADIOMICS: "radiomic features", DEEP: "deep features"}  # panels of figures group by it


@dataclass(frozen=True)
class ClassifierEntry:
    """A classifier, as scikit-learn makes it from its settings."""

    name: str  # second part of a model's name, where it reads radiomic features
    label: str  # in sentences
    make: Callable[[Mapping[str, Any], int], Any]  # settings, number of features -> estimator
    grid: tuple[dict[str, Any], ...]  # settings; the first are the publication's, others are tried
    patients_needed: Callable[[Mapping[str, Any]], int] = lambda settings: 1  # to be fitted
    trusted: tuple[str, ...] = ()  # types in its file that are numbers alone and skops rejects
    calibrated: bool = False  # its decision value becomes a probability by Platt's sigmoid
    colours: tuple[str, str] = ("#525252", "#A6A6A6")  # for enhanced images, for original ones


@dataclass(frozen=True)
class Kind:
    """What models of one kind have in common, whichever images they read."""

    name: str  # second part of their names
    family: str  # of FAMILIES
    features: str  # "radiomics", or the network whose pooled features they read
    classifier: str  # of CLASSIFIERS
    label: str
    colours: tuple[str, str]  # for enhanced images, for original ones
    recipe: str = PAPER  # "paper": a model of Table 2; "sound": of the sound half alone
    variants: tuple[str, ...] = ("",)  # of its features, each with models of their own


def _svm(settings, n_features):
    from sklearn.svm import SVC

    # "scale" of z-scored features, or a share of it
    gamma = "scale" if settings["gamma"] == 1 else settings["gamma"] / n_features
    return SVC(kernel="rbf", C=settings["C"], gamma=gamma)


def _knn(settings, n_features):
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(settings["neighbours"], algorithm="brute")


def _logistic(settings, n_features):
    from sklearn.linear_model import LogisticRegression

    strength = settings["penalty_strength"]
    if not strength > 0:
        raise ValueError(f"penalty_strength: expected a positive number, got {strength}.")
    return LogisticRegression(C=1 / strength, max_iter=1000, tol=1e-8)


PRINCIPAL = "SVM"  # its models have a control, and are looked into
HEAD = "logistic"  # the classifier on pooled features of a network
# Of nomograms A and B where a study names no others: the publication's.
SIGNATURES = [str(ModelName(SR.name, kind)) for kind in (PRINCIPAL, "ResNet101")]
CLASSIFIERS = {
    entry.name: entry
    for entry in (
        ClassifierEntry(
            name="SVM",
            label="support vector machine",
            make=_svm,
            grid=tuple({"C": c, "gamma": g} for g in (1.0, 0.1) for c in (1.0, 0.1, 10.0)),
            calibrated=True,
            colours=("#08519C", "#6BAED6"),
        ),
        ClassifierEntry(
            name="KNN",
            label="k nearest neighbours",
            make=_knn,
            grid=tuple({"neighbours": k} for k in (5, 15, 25, 45)),
            patients_needed=lambda settings: settings["neighbours"],
            colours=("#A63603", "#FD8D3C"),
        ),
        ClassifierEntry(
            name=HEAD,
            label="logistic regression",
            make=_logistic,
            grid=tuple({"penalty_strength": s} for s in (1.0, 0.1, 10.0, 100.0)),
        ),
    )
}


def feature_models(families: Iterable[str]) -> list[str]:
    """Names of the models of given features: every classifier on every family."""
    return [f"{family}_{name}" for family in families for name in CLASSIFIERS]


def kinds() -> dict[str, Kind]:
    """Every kind of model: a classifier on radiomic features, or a head on those of a network."""
    radiomic = [
        Kind(entry.name, RADIOMICS, RADIOMICS, entry.name, entry.label, entry.colours)
        for entry in CLASSIFIERS.values()
        if entry.name != HEAD
    ]
    deep = [
        Kind(
            *(entry.name, DEEP, entry.name, HEAD, entry.name, entry.colours),
            recipe=entry.recipe,
            variants=entry.variants,
        )
        for entry in NETWORKS.values()
    ]
    return {kind.name: kind for kind in (*radiomic, *deep)}


def model_names(recipe: str = PAPER) -> list[ModelName]:
    """The models that only one recipe has: "paper", those of Table 2 in its order, or "sound"."""
    return [
        ModelName(images.name, kind.name, variant)
        for kind in kinds().values()
        if kind.recipe == recipe
        for variant in kind.variants
        for images in RANKED
    ]


def radiomic_models() -> list[str]:
    """Names of the models of Table 2 that read radiomic features."""
    return [str(name) for name in model_names() if kinds()[name.kind].family == RADIOMICS]


def given_settings(**given: Any) -> dict[str, dict[str, Any]]:
    """Settings that a study gives, such as `neighbours`, by the kinds of model that have them."""
    chosen = {
        kind.name: {key: given[key] for key in CLASSIFIERS[kind.classifier].grid[0] if key in given}
        for kind in kinds().values()
    }
    return {kind: settings for kind, settings in chosen.items() if settings}


def principal_models(image_sets: Sequence[ImageSet] = RANKED) -> list[ModelName]:
    """The principal classifier on each of these image sets, such as the control's."""
    return [ModelName(images.name, PRINCIPAL) for images in image_sets]


def features_of(model: ModelName, radiomic: str = RADIOMICS) -> str:
    """The table of features that a model reads, by its name: "OR_radiomics", "OR_ResNet101".

    `radiomic` is the set that models of radiomic features read: `RADIOMICS` or `PLANAR`.
    """
    model_kind = kinds()[model.kind]
    if model_kind.features == RADIOMICS:
        return str(ModelName(model.image_set, radiomic))
    return str(ModelName(model.image_set, model_kind.features, model.variant))
