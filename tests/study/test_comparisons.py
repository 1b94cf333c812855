"""The families of comparisons: what is in them, and that no contrast is in two."""

from itertools import combinations

from thyro.study import Declared, comparisons

IMAGES = [str(name) for name in Declared().model_names()]
NOMOGRAMS = ["Nomogram_A", "Nomogram_C", "Radiologist"]
BESIDE = ["BC_SVM", "Penalised"]


def test_the_control_belongs_to_the_image_models():
    scored, group = [*IMAGES, *NOMOGRAMS, *BESIDE], Declared().control_group()
    families = comparisons.comparison_families(IMAGES, NOMOGRAMS, scored, control_group=group)
    assert families["image"] == [
        IMAGES,
        ["SR_SVM", "OR_SVM", "BC_SVM"],
    ]
    assert families["nomogram"] == [NOMOGRAMS, ["Nomogram_C", "Penalised"]]
    pairs = {
        family: {frozenset(pair) for group in groups for pair in combinations(group, 2)}
        for family, groups in families.items()
    }
    assert not pairs["image"] & pairs["nomogram"]


def test_a_study_of_scores_has_no_control():
    families = comparisons.comparison_families(
        ["a", "b"], NOMOGRAMS, ["a", "b", *NOMOGRAMS, "Penalised"]
    )
    assert families["image"] == [["a", "b"]]
    assert families["nomogram"] == [NOMOGRAMS, ["Nomogram_C", "Penalised"]]
