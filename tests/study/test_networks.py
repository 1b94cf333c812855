"""The registry of networks says of each what `deep` needs; nothing of it loads torch."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from thyro.study import networks

ENTRIES = networks.NETWORKS.values()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_parts_of_an_entry_are_modules_of_its_network(entry):
    torch = pytest.importorskip("torch")
    module = entry.build().eval()
    parts = dict(module.named_modules())
    for name in (*entry.backbone, *entry.head, entry.cam_layer, *entry.redrawn):
        assert name in parts, name
    assert not set(entry.backbone) & set(entry.head)
    with torch.no_grad():
        assert module(torch.zeros(1, 3, 64, 64)).flatten(1).shape == (1, entry.width)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_entry_is_cited_and_has_a_file_of_weights(entry):
    assert f"{{{entry.citation}," in Path("report/references.bib").read_text()
    # torch compares the beginning of the checksum in the name with the file.
    assert re.fullmatch(rf"https://.*/{entry.key}-[0-9a-f]{{8}}\.pth", entry.address)


def test_names_of_files_differ():
    assert len({entry.key for entry in ENTRIES}) == len(networks.NETWORKS)


def test_names_are_read_without_torch_or_scikit_learn():
    code = "import sys, thyro.study as s; s.model_names(), s.JOBS; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "sklearn", "monai", "pandas"} & set(done.stdout.split())
