"""The registry of networks says of each what `deep` needs; nothing of it loads torch."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from thyro.study import FROZEN, PAPER, SOUND, networks

ENTRIES = networks.NETWORKS.values()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_parts_of_an_entry_are_modules_of_its_network(entry):
    torch = pytest.importorskip("torch")
    module = entry.build().eval()
    parts = dict(module.named_modules())
    for name in (*entry.backbone, *entry.head, entry.cam_layer, *entry.redrawn):
        assert name in parts, name
    # A part that both pass, such as an activation, has nothing to train.
    for name in set(entry.backbone) & set(entry.head):
        assert not list(parts[name].parameters()), name
    with torch.no_grad():
        assert module(torch.zeros(1, 3, 64, 64)).flatten(1).shape == (1, entry.width)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_entry_is_cited_and_has_a_file_of_weights(entry):
    assert f"{{{entry.citation}," in Path("report/references.bib").read_text()
    # The beginning of the checksum in the name is compared with the file.
    key, place = entry.key, "models" if entry.package else "https://.*"
    key = key.replace("efficientnet", "efficientnet-")
    assert re.fullmatch(rf"{place}/{key}-[0-9a-f]{{8}}\.pth", entry.address)


def test_the_sound_half_has_one_network_with_weights_of_its_own():
    paper, sound = ([e for e in ENTRIES if e.recipe == recipe] for recipe in (PAPER, SOUND))
    assert [entry.name for entry in paper[:2]] == ["ResNet101", "DenseNet121"]
    assert [entry.name for entry in sound] == ["EfficientNetLite0"]
    for entry in paper:
        assert entry.variants == ("",) and entry.starts_from("a.pth") == "a.pth"
        assert [entry.tuned_as(what) for what in ("none", "whole")] == ["none", "whole"]
    for entry in sound:
        assert entry.variants == ("", FROZEN) and entry.starts_from("random") == "imagenet"
        assert {entry.tuned_as(what) for what in ("none", "whole")} == {"last_block"}


def test_names_of_files_differ():
    assert len({entry.key for entry in ENTRIES}) == len(networks.NETWORKS)


def test_names_are_read_without_torch_or_scikit_learn():
    code = "import sys, thyro.study as s; s.Declared().model_names(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "sklearn", "monai", "pandas"} & set(done.stdout.split())
