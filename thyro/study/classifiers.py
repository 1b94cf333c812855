"""The classifiers on selected features, each declared once, and the kinds of model made of them.

Which of them a study uses is in its `Declared`. `make` imports scikit-learn when it is called: the
plan and the checks of a study file only need the names. Fitting, tuning and storage are in
`models`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from thyro.study.names import PAPER, SOUND, ModelName
from thyro.study.networks import NETWORKS

RADIOMICS = "radiomics"
DEEP = "deep"
FUSED = "fused"
FAMILIES = {  # panels of figures group by it
    RADIOMICS: "radiomic features",
    DEEP: "deep features",
    FUSED: "joined features",
}
JOIN = "+"  # between the families of a fused one: "radiomics+ResNet101"


@dataclass(frozen=True)
class ClassifierEntry:
    """A classifier of scikit-learn or in its form, made from its settings."""

    name: str  # second part of a model's name, where it reads radiomic features
    label: str  # in sentences
    make: Callable[[Mapping[str, Any], int], Any]  # settings, number of features -> estimator
    grid: tuple[dict[str, Any], ...]  # settings; the first where none are tuned, others are tried
    patients_needed: Callable[[Mapping[str, Any]], int] = lambda settings: 1  # to be fitted
    trusted: tuple[str, ...] = ()  # types in its file that are numbers alone and skops rejects
    published: bool = False  # whether Li et al. have it
    calibrated: bool = False  # its decision value becomes a probability by Platt's sigmoid
    colours: tuple[str, str] = ("#525252", "#A6A6A6")  # for enhanced images, for original ones


@dataclass(frozen=True)
class Kind:
    """What models of one kind have in common, whichever images they read."""

    name: str  # second part of their names
    family: str  # of FAMILIES
    features: str  # "radiomics", the network whose pooled features they read, or both, joined
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


def _elastic_net(settings, n_features):
    from sklearn.linear_model import LogisticRegression

    # saga is the one solver with both penalties; of z-scored features it is quick to converge.
    return LogisticRegression(
        C=1 / settings["penalty_strength"],
        l1_ratio=settings["l1_ratio"],
        solver="saga",
        max_iter=5000,
        tol=1e-4,
        random_state=0,
    )


def _forest(settings, n_features):
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=100, min_samples_leaf=settings["leaf"], random_state=0, n_jobs=1
    )


LEAF = 5  # patients in a leaf of a boosted tree, at least


def _boosting(settings, n_features):
    from lightgbm import LGBMClassifier

    # One thread and rows in one order: the same trees on every machine and in every run.
    return LGBMClassifier(
        n_estimators=settings["trees"],
        num_leaves=settings["leaves"],
        learning_rate=0.05,
        min_child_samples=LEAF,
        random_state=0,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )


PRINCIPAL = "SVM"  # its models have a control, and are looked into
HEAD = "logistic"  # the classifier on pooled features of a network
# Of fused kinds, one after the other in the order of the networks: dark, light.
FUSED_COLOURS = (
    ("#8C1D57", "#E377AF"),
    ("#00505C", "#4FB3C1"),
    ("#5C4A00", "#C2A83E"),
    ("#3A3A98", "#9A9AE0"),
    ("#2F5D1E", "#8FC275"),
    ("#7A2E0E", "#D98B62"),
)
CLASSIFIERS = {
    entry.name: entry
    for entry in (
        ClassifierEntry(
            name="SVM",
            label="support vector machine",
            published=True,
            make=_svm,
            grid=tuple({"C": c, "gamma": g} for g in (1.0, 0.1) for c in (1.0, 0.1, 10.0)),
            calibrated=True,
            colours=("#08519C", "#6BAED6"),
        ),
        ClassifierEntry(
            name="KNN",
            label="k nearest neighbours",
            published=True,
            make=_knn,
            grid=tuple({"neighbours": k} for k in (5, 15, 25, 45)),
            patients_needed=lambda settings: settings["neighbours"],
            colours=("#A63603", "#FD8D3C"),
        ),
        ClassifierEntry(
            name="ElasticNet",
            label="logistic regression with elastic net",
            make=_elastic_net,
            grid=tuple(
                {"penalty_strength": s, "l1_ratio": share}
                for s in (1.0, 10.0)
                for share in (0.5, 0.1, 0.9)
            ),
            colours=("#1B5E20", "#7CB97F"),
        ),
        ClassifierEntry(
            name="RandomForest",
            label="random forest",
            make=_forest,
            grid=tuple({"leaf": leaf} for leaf in (5, 15)),
            trusted=("sklearn.tree._tree.Tree",),
            colours=("#4A148C", "#B085D6"),
        ),
        ClassifierEntry(
            name="LightGBM",
            label="gradient boosted trees",
            make=_boosting,
            grid=tuple({"trees": n, "leaves": k} for k in (7, 15) for n in (50, 100)),
            patients_needed=lambda settings: 4 * LEAF,  # of fewer no tree can be made
            trusted=(
                *("lightgbm.basic.Booster", "lightgbm.sklearn.LGBMClassifier"),
                "collections.OrderedDict",
            ),
            colours=("#B71C5A", "#F2A0C0"),
        ),
        ClassifierEntry(
            name=HEAD,
            label="logistic regression",
            published=True,
            make=_logistic,
            grid=tuple({"penalty_strength": s} for s in (1.0, 0.1, 10.0, 100.0)),
        ),
    )
}


def feature_models(families: Iterable[str], classifiers: Iterable[str]) -> list[str]:
    """Names of the models of given features: every classifier on every family."""
    named = list(classifiers)
    return [f"{family}_{name}" for family in families for name in named]


def radiomic_classifiers() -> list[str]:
    """Names of the classifiers that a study may put on radiomic features."""
    return [name for name in CLASSIFIERS if name != HEAD]


def kind_of(name: str) -> Kind | None:
    """The kind of model that goes by this name in the registries; None where none does."""
    if JOIN in name:
        return _fused(name)
    if name in NETWORKS:
        network = NETWORKS[name]
        return Kind(
            *(name, DEEP, name, HEAD, name, network.colours),
            recipe=network.recipe,
            variants=network.variants,
        )
    if name in radiomic_classifiers():
        entry = CLASSIFIERS[name]
        return Kind(name, RADIOMICS, RADIOMICS, name, entry.label, entry.colours)
    return None


def _fused(name: str) -> Kind | None:
    """A head on joined features; of the sound recipe alone where a network of it is among them."""
    parts = name.split(JOIN)
    networks = [NETWORKS[part] for part in parts if part in NETWORKS]
    if len(networks) + parts.count(RADIOMICS) < len(parts):
        return None
    order = sum(list(NETWORKS).index(network.name) for network in networks)
    return Kind(
        *(name, FUSED, name, HEAD, f"{' and '.join(parts)}, joined"),
        FUSED_COLOURS[order % len(FUSED_COLOURS)],
        recipe=SOUND if any(network.recipe == SOUND for network in networks) else PAPER,
    )


def features_of(model: ModelName, radiomic: str = RADIOMICS) -> str:
    """The table of features that a model reads, by its name: "OR_radiomics", "OR_ResNet101".

    `radiomic` is the set that models of radiomic features read: `RADIOMICS` or `PLANAR`.

    Raises
    ------
    KeyError
        If no kind of model goes by the model's.
    """
    kind = kind_of(model.kind)
    if kind is None:
        raise KeyError(model.kind)
    parts = [radiomic if part == RADIOMICS else part for part in kind.features.split(JOIN)]
    return str(ModelName(model.image_set, JOIN.join(parts), model.variant))
