"""Nothing that can run code is ever loaded: no pickle, no joblib dump, weights only."""

from pathlib import Path

import pytest

FILES = sorted(Path("thyro").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nothing_unsafe_is_loaded(path):
    source = path.read_text()
    assert "import pickle" not in source and "joblib.dump" not in source
    for line in source.splitlines():
        if "torch.load(" in line and "safetensors.torch.load(" not in line:
            assert "weights_only=True" in line
