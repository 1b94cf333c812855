"""What a study declares: its models, its tables of features, and what is compared."""

import pytest

from thyro.study import (
    BC,
    OR,
    SOUND,
    SR,
    Declared,
    FeatureTable,
    ModelName,
)

PAPERS = ["ResNet101", "DenseNet121"]
SOUND_ONE = "EfficientNetLite0"
ORIGINALS = Declared(image_sets=("or",), classifiers=("KNN",), networks=())
JOINED = Declared(networks=("ResNet101",), fused=(("radiomics", "ResNet101"),))


def named(models):
    return [str(name) for name in models]


def test_the_models_of_the_paper_in_the_order_of_table_2():
    assert [str(name) for name in Declared().model_names()] == [
        "SR_SVM",
        "OR_SVM",
        "SR_KNN",
        "OR_KNN",
        "SR_ResNet101",
        "OR_ResNet101",
        "SR_DenseNet121",
        "OR_DenseNet121",
    ]
    features = [Declared().kinds()[name.kind].features for name in Declared().model_names()]
    assert features[2:5] == ["radiomics", "radiomics", "ResNet101"]


def test_the_sound_half_has_a_network_of_its_own_tuned_and_frozen():
    assert [str(name) for name in Declared().model_names(SOUND)] == [
        "SR_EfficientNetLite0",
        "OR_EfficientNetLite0",
        "SR_EfficientNetLite0_frozen",
        "OR_EfficientNetLite0_frozen",
    ]


def test_their_order_is_that_of_the_selection():
    kinds = [*PAPERS, SOUND_ONE, f"{SOUND_ONE} frozen"]
    networks = [f"{kind} {images}" for kind in kinds for images in ("OR", "SR")]
    assert [table.label for table in Declared().feature_tables()] == [
        *("Radiomics OR", "Radiomics SR", "Radiomics BC", "Planar OR", "Planar SR"),
        *networks,
    ]


def test_one_image_set_has_its_own_and_the_control_no_networks():
    assert [table.name for table in Declared().feature_tables(SR)] == [
        *("SR_radiomics", "SR_planar"),
        *(f"SR_{name}" for name in (*PAPERS, SOUND_ONE)),
        f"SR_{SOUND_ONE}_frozen",
    ]
    assert Declared().feature_tables(BC) == [FeatureTable("BC", "radiomics")]


def test_every_name_is_one_of_a_model():
    for table in Declared().feature_tables():
        parts = (table.image_set, table.features, table.variant)
        assert ModelName.read(table.name) == ModelName(*parts)


def test_models_of_table_2_read_what_the_paper_measured():
    assert [table.name for table in Declared().model_tables()] == [
        *("OR_radiomics", "SR_radiomics"),
        *(f"{images}_{name}" for name in PAPERS for images in ("OR", "SR")),
    ]


def test_models_of_the_sound_half_read_its_network_tuned_and_frozen():
    assert [table.name for table in Declared().model_tables(SOUND)] == [
        *(f"OR_{SOUND_ONE}", f"SR_{SOUND_ONE}"),
        *(f"OR_{SOUND_ONE}_frozen", f"SR_{SOUND_ONE}_frozen"),
    ]


def test_recipes_read_both_sets_of_radiomic_features():
    kinds = [*PAPERS, SOUND_ONE, f"{SOUND_ONE}_frozen"]
    assert [table.name for table in Declared().recipe_tables()] == [
        *("OR_radiomics", "SR_radiomics", "OR_planar", "SR_planar"),
        *(f"{images}_{kind}" for kind in kinds for images in ("OR", "SR")),
    ]


def test_the_principal_classifier_has_a_control_where_images_are_enhanced():
    assert named(Declared().principal_models()) == ["SR_SVM", "OR_SVM"]
    assert named(Declared().principal_models([BC])) == ["BC_SVM"]
    assert Declared().control_group() == ["SR_SVM", "OR_SVM", "BC_SVM"]
    assert ORIGINALS.control == () and ORIGINALS.control_group() == []
    assert named(ORIGINALS.principal_models()) == ["OR_KNN"]


def test_radiomic_models_are_those_of_table_2_without_a_network():
    assert Declared().radiomic_models() == ["SR_SVM", "OR_SVM", "SR_KNN", "OR_KNN"]
    assert JOINED.radiomic_models() == Declared().radiomic_models()


def test_enhanced_images_are_paired_with_original_ones():
    assert Declared().enhancement_pairs() == [("SR_SVM", "OR_SVM"), ("SR_KNN", "OR_KNN")]
    assert len(Declared().image_pairs()) == 4
    assert ORIGINALS.enhancement_pairs() == ORIGINALS.image_pairs() == []


def test_settings_go_to_the_kinds_that_have_them():
    given = Declared().given_settings
    assert given(neighbours=7) == {"KNN": {"neighbours": 7}}
    heads = [*PAPERS, SOUND_ONE]
    assert given(penalty_strength=2.0) == dict.fromkeys(heads, {"penalty_strength": 2.0})
    assert given(unknown=1) == {}


def test_original_images_alone_have_no_enhanced_ones_and_no_control():
    assert ORIGINALS.studied == ORIGINALS.measured == (OR,) and not ORIGINALS.enhanced
    assert named(ORIGINALS.models_of(SOUND)) == ["OR_KNN"] == ORIGINALS.signatures
    assert [table.name for table in ORIGINALS.feature_tables()] == ["OR_radiomics", "OR_planar"]


def test_joined_features_have_a_model_in_every_image_set_and_a_table_for_each_recipe():
    assert named(JOINED.model_names())[-2:] == ["SR_radiomics+ResNet101", "OR_radiomics+ResNet101"]
    assert [table.name for table in JOINED.recipe_tables()][-4:] == [
        *("OR_radiomics+ResNet101", "SR_radiomics+ResNet101"),
        *("OR_planar+ResNet101", "SR_planar+ResNet101"),
    ]
    of_networks = Declared(networks=("ResNet101", "DenseNet121"), fused=(tuple(PAPERS),))
    joined = [table.name for table in of_networks.feature_tables() if table.fused]
    assert joined == ["OR_ResNet101+DenseNet121", "SR_ResNet101+DenseNet121"]


def test_joined_with_a_network_of_the_sound_recipe_they_belong_to_it():
    declared = Declared(fused=(("radiomics", SOUND_ONE),))
    assert named(declared.model_names()) == named(Declared().model_names())
    assert "SR_radiomics+EfficientNetLite0" in named(declared.models_of(SOUND))


@pytest.mark.parametrize("declared", [Declared(), ORIGINALS, JOINED])
def test_a_notebook_is_told_it_as_json_and_reads_the_same(declared):
    assert Declared.of(declared.to_dict()) == declared


def test_signatures_are_of_radiomic_features_and_of_a_network_of_the_papers_recipe():
    assert Declared().signatures == ["SR_SVM", "SR_ResNet101"]
    assert Declared(networks=(SOUND_ONE,)).signatures == ["SR_SVM"]
