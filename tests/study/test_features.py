"""Tables of features: what each is called, and what it joins."""

from thyro.study import FROZEN, FeatureTable


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


def test_a_table_that_joins_others_has_parts_and_no_file():
    table = FeatureTable("OR", "radiomics+ResNet101")
    assert table.fused and not table.deep and not table.radiomic and table.tuned
    assert table.parts == (FeatureTable("OR", "radiomics"), FeatureTable("OR", "ResNet101"))
    assert (table.key, table.label) == ("radiomics+resnet101_or", "Radiomics+ResNet101 OR")
    alone = FeatureTable("OR", "planar")
    assert alone.parts == (alone,) and alone.radiomic and not alone.fused
