"""The layer rule: imports point down, never sideways, never up."""

import ast
from pathlib import Path

import pytest

LAYERS = [
    {
        "checks",
        "splines",
        "smoothing",
        "likelihood",
        "bmode",
        "cells",
        "spreadsheet",
        "pixels",
        "processes",
        "profiles",
        "lineage",
    }
    | {"fast_filters", "fast_shape", "definitions", "scaling"},
    {"fast_radiomics", "checkpoints"},
    {
        "logistic",
        "groups",
        "delong",
        "lasso",
        "neck",
        "networks",
        "clinical_table",
        "dicom",
        "formats",
    },
    {"phantom", "split", "masks", "gan", "degradation"},
    {"sr_state", "tuning_run"},
    {
        "statistics",
        "calibration",
        "decision",
        "reclassification",
        "casemix",
        "fidelity",
        "agreement",
        "tuning",
    },
    {"performance", "adversarial", "validation"},
    {"cohort", "simulate", "imaging", "quality", "example", "sr", "radiomics", "deep"}
    | {"selection", "models", "clinical", "penalised", "adequacy", "nomogram", "recovery", "ibsi"},
    {"rounding", "jobs", "boxes", "extraction", "protocols", "explanations", "importance"},
    {"study", "baseline", "flow_chart", "robustness", "filters"},
    {
        "params",
        "calculator",
        "wording",
        "figures",
        "pictures",
        "diagrams",
        "model_figures",
        "nomogram_figures",
        "paper",
    }
    | {"crossref", "shortcodes", "reference_docx"},
    {"store", "tables", "sheets", "truth", "viewer", "sr_figures", "sr_wording"}
    | {"feature_wording", "model_wording", "protocol_figures", "explanation_figures"}
    | {"feature_figures"},
    {"supplement", "sources", "terminal", "cache"},
    {"render", "intake"},
    {"manuscript", "inspection"},
    {"cli"},
]
LEVEL = {module: level for level, layer in enumerate(LAYERS) for module in layer}
FILES = sorted(Path("thyro").glob("[!_]*.py"))


def imported(path):
    """Modules of the package that the file at `path` imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "thyro":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("thyro."):
            yield node.module.split(".")[1]


def test_every_module_has_a_layer():
    assert {path.stem for path in FILES} == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_imports_point_down(path):
    for module in imported(path):
        assert LEVEL[module] < LEVEL[path.stem], f"{path} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_unsafe_is_loaded(path):
    source = path.read_text()
    assert "import pickle" not in source and "joblib.dump" not in source
    for line in source.splitlines():
        if "torch.load(" in line and "safetensors.torch.load(" not in line:
            assert "weights_only=True" in line
