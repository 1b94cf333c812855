"""Names of models and nomograms are made and read in one place."""

import pytest

from thyro.study import Declared, names


@pytest.mark.parametrize("name", Declared().model_names(), ids=str)
def test_a_name_is_read_as_it_was_made(name):
    assert names.ModelName.read(str(name)) == name
    variant = names.ModelName(name.image_set, name.kind, names.TUNED)
    assert names.ModelName.read(str(variant)) == variant != name


@pytest.mark.parametrize("name", ["DL_score", "Radiologist", "Nomogram_A", "SR", "SR_", "", "sr_a"])
def test_other_names_are_those_of_scores(name):
    assert names.ModelName.read(name) is None


@pytest.mark.parametrize(
    ("signatures", "made"),
    [
        (["x"], {"Nomogram_A": "x", "Nomogram_C": None}),
        (["x", "y"], {"Nomogram_A": "x", "Nomogram_B": "y", "Nomogram_C": None}),
        (
            ["x", "y", "z"],
            {f"Nomogram_{k}": v for k, v in zip("ABDC", [*"xyz", None], strict=True)},
        ),
    ],
)
def test_the_last_nomogram_is_the_clinical_model(signatures, made):
    named = names.nomograms(signatures)
    assert {str(one): one.signature for one in named} == made
    assert str(named[-1]) == names.CLINICAL


def test_the_best_is_the_first_that_is_not_named_besides():
    ranked = ["SR_KNN", "SR_SVM", "OR_SVM"]
    assert names.with_best(["best", "SR_KNN"], ranked) == ["SR_SVM", "SR_KNN"]
    assert names.with_best(["OR_SVM"], ranked) == ["OR_SVM"]


def test_files_of_a_nomogram():
    first = names.nomograms(["x"])[0]
    assert first.file() == "nomogram_A"
    assert first.file(sound=True) == "nomogram_A_sound"


def test_the_control_is_no_image_set_of_the_study():
    assert [images.name for images in names.IMAGE_SETS.values() if images.control] == ["BC"]
    assert {key: images.key for key, images in names.IMAGE_SETS.items()} == {
        "OR": "or",
        "SR": "sr",
        "BC": "bc",
    }
    lines = [str(images.line) for images in names.IMAGE_SETS.values()]
    assert len(set(lines)) == len(lines)
