"""The tables of features: which there are, in which order, and what each is called."""

from thyro.study import (
    BC,
    NETWORKS,
    SR,
    FeatureTable,
    ModelName,
    feature_tables,
    model_tables,
    recipe_tables,
)


def test_their_order_is_that_of_the_selection():
    networks = [f"{name} {images}" for name in NETWORKS for images in ("OR", "SR")]
    assert [table.label for table in feature_tables()] == [
        *("Radiomics OR", "Radiomics SR", "Radiomics BC", "Planar OR", "Planar SR"),
        *networks,
    ]


def test_one_image_set_has_its_own_and_the_control_no_networks():
    assert [table.name for table in feature_tables(SR)] == [
        *("SR_radiomics", "SR_planar"),
        *(f"SR_{name}" for name in NETWORKS),
    ]
    assert feature_tables(BC) == [FeatureTable("BC", "radiomics")]


def test_names_of_radiomic_features():
    table = FeatureTable("OR", "planar")
    assert (table.key, table.file, table.robustness) == (
        *("planar_or", "planar_or"),
        "robustness_planar_or",
    )
    assert not table.deep


def test_names_of_deep_features():
    table = FeatureTable("SR", "ResNet101")
    assert (table.key, table.file) == ("resnet101_sr", "deep_resnet101_sr")
    assert table.label == "ResNet101 SR" and table.deep


def test_every_name_is_one_of_a_model():
    for table in feature_tables():
        assert ModelName.read(table.name) == ModelName(table.image_set, table.features)


def test_models_of_table_2_read_neither_the_control_nor_planar_features():
    assert [table.name for table in model_tables()] == [
        *("OR_radiomics", "SR_radiomics"),
        *(f"{images}_{name}" for name in NETWORKS for images in ("OR", "SR")),
    ]


def test_recipes_read_both_sets_of_radiomic_features():
    assert [table.name for table in recipe_tables()] == [
        *("OR_radiomics", "SR_radiomics", "OR_planar", "SR_planar"),
        *(f"{images}_{name}" for name in NETWORKS for images in ("OR", "SR")),
    ]
