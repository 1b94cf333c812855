"""Tables and figures load neither networks nor pyradiomics, which take seconds to load."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "monai", "radiomics", "lightning_fabric")


@pytest.mark.parametrize("room", ["tables", "figures"])
def test_what_formats_and_draws_loads_neither_networks_nor_pyradiomics(room):
    code = f"import sys, thyro.{room}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
