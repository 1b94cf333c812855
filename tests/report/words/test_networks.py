"""What the text says of networks follows the study, their weights and the settings that ran."""

from dataclasses import asdict

import pytest

from thyro.deep import FineTuningSettings
from thyro.report.words import networks
from thyro.study import NETWORKS, Declared

DECLARED, RAN = Declared(), asdict(FineTuningSettings())
WEIGHTS = {
    "ResNet101": "random initial weights",
    "DenseNet121": "random initial weights",
    "EfficientNetLite0": "ImageNet weights of a package (a_file.pth); last block tuned",
}


def test_every_network_of_the_study_is_cited_once():
    made = networks.networks(DECLARED, WEIGHTS, RAN)
    cited, named = made["saw"] + made["sound"], [NETWORKS[name] for name in DECLARED.networks]
    assert all(cited.count(f"{one.name} [@{one.citation}]") == 1 for one in named)


def test_networks_are_said_to_be_tuned_as_the_settings_that_ran_have_it():
    ran = asdict(FineTuningSettings(epochs=7))
    assert networks.training(ran, 2) == (
        "The last block of these networks was tuned on the training cohort, for at most 7 epochs "
        "with the optimiser AdamW (learning rate 0.0001, weight decay 0.0001, patients of the "
        "rarer outcome weighing more); 15% of these patients were watched to end it early."
    )
    frozen = ran | {"trained": "none"}
    ours = "not tuned on these patients; the publication tuned its networks."
    assert networks.training(frozen, 2) == f"These networks were {ours}"
    assert networks.training(frozen, 1) == f"This network was {ours}"
    plain = networks.training(
        ran | {"trained": "whole", "class_weights": False, "weight_decay": 0.0, "optimiser": "SGD"},
        2,
    )
    assert plain.startswith("All layers of these networks were tuned")
    assert "the optimiser SGD (learning rate 0.0001); 15%" in plain


def test_random_weights_carry_a_caution():
    random, trained = "random initial weights, no pre-training", "weights from the file a.pt"
    both = {"ResNet101": random, "DenseNet121": random}
    made = networks.networks(DECLARED, WEIGHTS | both, RAN)
    assert f"those here: {random}." in made["unknown"]
    assert made["caution"] == (
        "Of ResNet101 and DenseNet121 such a map means little: but for what was tuned here, the "
        "filters are random."
    )
    made = networks.networks(DECLARED, WEIGHTS | {"ResNet101": trained}, RAN)
    assert f"those here: {trained} and random initial weights." in made["unknown"]
    assert made["caution"].startswith("Of DenseNet121 such a map")
    lacking = "random initial weights: ImageNet weights could not be had (no network)"
    assert networks.networks(DECLARED, dict.fromkeys(NETWORKS, lacking), RAN)["caution"]
    assert networks.networks(DECLARED, dict.fromkeys(NETWORKS, trained), RAN)["caution"] == ""


def test_a_study_tells_of_the_networks_that_it_has_and_of_no_other():
    one = networks.networks(Declared(image_sets=("or",), networks=("DenseNet121",)), WEIGHTS, RAN)
    assert one["saw"] == (
        "The network DenseNet121 [@huang2017] saw a rectangle around the nodule, of OR images, "
        "with random initial weights."
    )
    assert one["training"].startswith("The last block of this network was tuned")
    assert one["short"].endswith(
        "Its pooled features passed through the LASSO to a logistic regression."
    )
    assert one["sound"] == ""
    alone = networks.networks(Declared(networks=("EfficientNetLite0",)), WEIGHTS, RAN)
    assert alone["saw"] == alone["training"] == alone["caution"] == ""
    assert alone["sound"].startswith("The network EfficientNetLite0 [@tan2019] saw a rectangle")
    assert "for at most" in alone["sound"] and "same way" not in alone["sound"]
    none = networks.networks(Declared(networks=()), {}, RAN)
    assert {text for key, text in none.items() if key != "images"} == {""}


@pytest.mark.parametrize("trained", ["none", "last_block", "whole"])
def test_the_network_of_the_sound_half_says_its_own_weights_and_tuning(trained):
    ran = asdict(FineTuningSettings(trained=trained, epochs=7))
    told = networks.networks(DECLARED, WEIGHTS, ran)["sound"]
    assert told.startswith(
        "The sound recipe has a network of its own, EfficientNetLite0 [@tan2019], with ImageNet "
        r"weights of a package (a\_file.pth); last block tuned. "
    )
    assert told.endswith("tuned in the same way.") == (trained == "last_block")
    assert ("for at most 7 epochs" in told) == (trained != "last_block")
