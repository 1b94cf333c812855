"""The registry of classifiers, and the models that follow from it."""

import numpy as np
import pytest
from sklearn.base import is_classifier

from thyro.study import NETWORKS, PLANAR, ModelName, classifiers

EVERY = [*classifiers.radiomic_classifiers(), *NETWORKS]
KINDS = {name: classifiers.kind_of(name) for name in EVERY}
JOINED = ["radiomics+ResNet101", "radiomics+DenseNet121", "radiomics+EfficientNetLite0"]


def test_every_kind_has_a_family_and_a_classifier():
    joined = classifiers.kind_of(JOINED[0])
    assert {kind.family for kind in (*KINDS.values(), joined)} == set(classifiers.FAMILIES)
    assert {kind.classifier for kind in KINDS.values()} == set(classifiers.CLASSIFIERS)
    deep = {k.name: k for k in KINDS.values() if k.family == classifiers.DEEP}
    assert list(deep) == list(NETWORKS)
    assert {k.features for k in deep.values()} == set(NETWORKS)
    assert {k.classifier for k in deep.values()} == {classifiers.HEAD}


def test_a_colour_belongs_to_one_model():
    kinds = [classifiers.kind_of(name) for name in (*EVERY, *JOINED)]
    colours = [colour for kind in kinds for colour in kind.colours]
    assert len(set(colours)) == len(colours) == 2 * len(kinds)


def test_names_hold_no_mark_that_separates_the_parts_of_a_model():
    assert [name for name in EVERY if "_" in name or classifiers.JOIN in name] == []


@pytest.mark.parametrize("entry", classifiers.CLASSIFIERS.values(), ids=lambda entry: entry.name)
def test_every_setting_of_a_grid_makes_a_classifier_that_learns(entry):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 50)
    X = rng.normal(size=(100, 3)) + 3 * y[:, None]
    for settings in entry.grid:
        made = entry.make(settings, X.shape[1])
        assert is_classifier(made)
        assert made.fit(X, y).score(X, y) > 0.9
        assert entry.calibrated != hasattr(made, "predict_proba")


def test_the_kernel_of_the_publication_is_as_wide_as_the_features_are_many():
    make = classifiers.CLASSIFIERS["SVM"].make
    assert make({"C": 1.0, "gamma": 1}, 4).gamma == "scale"
    assert make({"C": 1.0, "gamma": 0.1}, 4).gamma == pytest.approx(0.1 / 4)


def test_a_stronger_penalty_shrinks_the_head():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 40)
    X = rng.normal(size=(80, 2)) + y[:, None]
    make = classifiers.CLASSIFIERS[classifiers.HEAD].make
    sizes = [np.abs(make({"penalty_strength": s}, 2).fit(X, y).coef_).sum() for s in (0.1, 10)]
    assert sizes[0] > sizes[1]


def test_the_principal_classifier_is_one():
    assert classifiers.PRINCIPAL in classifiers.radiomic_classifiers()


def test_joined_features_are_read_by_the_head_and_belong_to_a_recipe():
    paper, sound = (classifiers.kind_of(JOINED[i]) for i in (0, 2))
    assert paper.classifier == sound.classifier == classifiers.HEAD
    assert (paper.recipe, sound.recipe) == ("paper", "sound")
    assert classifiers.kind_of("ResNet101+nothing") is None
    assert classifiers.kind_of("nothing") is None
    with pytest.raises(KeyError, match="nothing"):
        classifiers.features_of(ModelName("SR", "nothing"))


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("SR_SVM", "SR_radiomics"),
        ("OR_KNN", "OR_radiomics"),
        ("BC_SVM", "BC_radiomics"),
        ("SR_ResNet101", "SR_ResNet101"),
        ("SR_EfficientNetLite0", "SR_EfficientNetLite0"),
        ("OR_EfficientNetLite0_frozen", "OR_EfficientNetLite0_frozen"),
        ("OR_radiomics+ResNet101", "OR_radiomics+ResNet101"),
    ],
)
def test_a_model_reads_one_table(name, table):
    assert classifiers.features_of(ModelName.read(name)) == table


def test_models_of_radiomic_features_read_the_set_of_the_recipe_and_networks_their_own():
    assert classifiers.features_of(ModelName("SR", "KNN"), PLANAR) == "SR_planar"
    assert classifiers.features_of(ModelName("SR", "ResNet101"), PLANAR) == "SR_ResNet101"
    joined = ModelName("SR", "radiomics+ResNet101")
    assert classifiers.features_of(joined, PLANAR) == "SR_planar+ResNet101"
