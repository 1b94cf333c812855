"""The tables of features: which there are, in which order, and what each is called."""

from thyro.study import (
    BC,
    FROZEN,
    NETWORKS,
    SOUND,
    SR,
    FeatureTable,
    ModelName,
    feature_tables,
    model_tables,
    recipe_tables,
)

PAPERS = ["ResNet101", "DenseNet121"]
SOUND_ONE = "EfficientNetLite0"


def test_their_order_is_that_of_the_selection():
    kinds = [*PAPERS, SOUND_ONE, f"{SOUND_ONE} frozen"]
    networks = [f"{kind} {images}" for kind in kinds for images in ("OR", "SR")]
    assert [table.label for table in feature_tables()] == [
        *("Radiomics OR", "Radiomics SR", "Radiomics BC", "Planar OR", "Planar SR"),
        *networks,
    ]


def test_one_image_set_has_its_own_and_the_control_no_networks():
    assert [table.name for table in feature_tables(SR)] == [
        *("SR_radiomics", "SR_planar"),
        *(f"SR_{name}" for name in NETWORKS),
        f"SR_{SOUND_ONE}_frozen",
    ]
    assert feature_tables(BC) == [FeatureTable("BC", "radiomics")]


def test_names_of_radiomic_features():
    table = FeatureTable("OR", "planar")
    assert (table.key, table.file, table.robustness) == (
        *("planar_or", "planar_or"),
        "robustness_planar_or",
    )
    assert not table.deep and not table.tuned


def test_names_of_deep_features():
    table = FeatureTable("SR", "ResNet101")
    assert (table.key, table.file) == ("resnet101_sr", "deep_resnet101_sr")
    assert table.label == "ResNet101 SR" and table.deep and table.tuned
    frozen = FeatureTable("SR", "ResNet101", FROZEN)
    assert (frozen.key, frozen.file) == ("resnet101_frozen_sr", "deep_resnet101_frozen_sr")
    assert frozen.label == "ResNet101 frozen SR" and frozen.deep and not frozen.tuned


def test_every_name_is_one_of_a_model():
    for table in feature_tables():
        parts = (table.image_set, table.features, table.variant)
        assert ModelName.read(table.name) == ModelName(*parts)


def test_models_of_table_2_read_what_the_paper_measured():
    assert [table.name for table in model_tables()] == [
        *("OR_radiomics", "SR_radiomics"),
        *(f"{images}_{name}" for name in PAPERS for images in ("OR", "SR")),
    ]


def test_models_of_the_sound_half_read_its_network_tuned_and_frozen():
    assert [table.name for table in model_tables(SOUND)] == [
        *(f"OR_{SOUND_ONE}", f"SR_{SOUND_ONE}"),
        *(f"OR_{SOUND_ONE}_frozen", f"SR_{SOUND_ONE}_frozen"),
    ]


def test_recipes_read_both_sets_of_radiomic_features():
    kinds = [*PAPERS, SOUND_ONE, f"{SOUND_ONE}_frozen"]
    assert [table.name for table in recipe_tables()] == [
        *("OR_radiomics", "SR_radiomics", "OR_planar", "SR_planar"),
        *(f"{images}_{kind}" for kind in kinds for images in ("OR", "SR")),
    ]
