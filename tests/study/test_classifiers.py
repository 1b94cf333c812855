"""The registry of classifiers, and the models that follow from it."""

import numpy as np
import pytest
from sklearn.base import is_classifier

from thyro.study import BC, NETWORKS, PLANAR, SOUND, ModelName, classifiers, feature_tables


def test_the_models_of_the_paper_in_the_order_of_table_2():
    assert [str(name) for name in classifiers.model_names()] == [
        "SR_SVM",
        "OR_SVM",
        "SR_KNN",
        "OR_KNN",
        "SR_ResNet101",
        "OR_ResNet101",
        "SR_DenseNet121",
        "OR_DenseNet121",
    ]


def test_the_sound_half_has_a_network_of_its_own_tuned_and_frozen():
    assert [str(name) for name in classifiers.model_names(SOUND)] == [
        "SR_EfficientNetLite0",
        "OR_EfficientNetLite0",
        "SR_EfficientNetLite0_frozen",
        "OR_EfficientNetLite0_frozen",
    ]


def test_every_kind_has_a_family_and_a_classifier():
    kinds = classifiers.kinds()
    assert {kind.family for kind in kinds.values()} == set(classifiers.FAMILIES)
    assert {kind.classifier for kind in kinds.values()} == set(classifiers.CLASSIFIERS)
    deep = {k.name: k for k in kinds.values() if k.family == classifiers.DEEP}
    assert list(deep) == list(NETWORKS)
    assert {k.features for k in deep.values()} == set(NETWORKS)
    assert {k.classifier for k in deep.values()} == {classifiers.HEAD}


def test_a_colour_belongs_to_one_model():
    colours = [colour for kind in classifiers.kinds().values() for colour in kind.colours]
    assert len(set(colours)) == len(colours) == 2 * len(classifiers.kinds())


def test_names_hold_no_mark_that_separates_the_parts_of_a_model():
    assert [name for name in classifiers.kinds() if "_" in name] == []


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


def test_the_principal_classifier_has_a_control():
    assert classifiers.PRINCIPAL in classifiers.CLASSIFIERS
    assert [str(n) for n in classifiers.principal_models()] == ["SR_SVM", "OR_SVM"]
    assert [str(n) for n in classifiers.principal_models([BC])] == ["BC_SVM"]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("SR_SVM", "SR_radiomics"),
        ("OR_KNN", "OR_radiomics"),
        ("BC_SVM", "BC_radiomics"),
        ("SR_ResNet101", "SR_ResNet101"),
        ("SR_EfficientNetLite0", "SR_EfficientNetLite0"),
        ("OR_EfficientNetLite0_frozen", "OR_EfficientNetLite0_frozen"),
    ],
)
def test_a_model_reads_one_table(name, table):
    assert classifiers.features_of(ModelName.read(name)) == table
    assert table in [one.name for one in feature_tables()]


def test_models_of_radiomic_features_read_the_set_of_the_recipe_and_networks_their_own():
    assert classifiers.features_of(ModelName("SR", "KNN"), PLANAR) == "SR_planar"
    assert classifiers.features_of(ModelName("SR", "ResNet101"), PLANAR) == "SR_ResNet101"
    assert classifiers.radiomic_models() == ["SR_SVM", "OR_SVM", "SR_KNN", "OR_KNN"]


def test_settings_go_to_the_kinds_that_have_them():
    given = classifiers.given_settings
    assert given(neighbours=7) == {"KNN": {"neighbours": 7}}
    assert given(penalty_strength=2.0) == dict.fromkeys(NETWORKS, {"penalty_strength": 2.0})
    assert given(unknown=1) == {}
