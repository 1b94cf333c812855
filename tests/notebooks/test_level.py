"""`statistics.level` of a study reaches every interval and every heading of its notebooks."""

import ast
import importlib
import inspect
import json
from pathlib import Path

import pytest

from thyro.study import job_arguments, load_study

NOTEBOOKS = sorted(Path("notebooks").glob("*.ipynb"))
METHODS = {"table", "risk", "intervals"}  # of results, which take a level as well


def code(path: Path) -> list[ast.AST]:
    """Every node of the code of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return [node for source in sources for node in ast.walk(ast.parse(source))]


def rooms(nodes: list[ast.AST]) -> set[str]:
    """Rooms of thyro that a notebook imports."""
    imports = [n for n in nodes if isinstance(n, ast.ImportFrom) and n.module == "thyro"]
    return {name.name for node in imports for name in node.names}


def takes_level(call: ast.Call, known: set[str]) -> bool:
    """Whether a call is of a function of a room, or of a method, with the parameter `level`."""
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    if isinstance(function.value, ast.Name) and function.value.id in known:
        room = importlib.import_module(f"thyro.{function.value.id}")
        return "level" in inspect.signature(getattr(room, function.attr)).parameters
    return function.attr in METHODS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_whatever_takes_a_level_is_given_that_of_the_study(path):
    nodes = code(path)
    known = rooms(nodes)
    # Of these the estimate alone is taken, which has no level.
    bare = {id(n.value) for n in nodes if isinstance(n, ast.Attribute) and n.attr == "auc"}
    calls = [n for n in nodes if isinstance(n, ast.Call) and id(n) not in bare]
    calls = [call for call in calls if takes_level(call, known)]
    without = [
        f"{ast.unparse(call.func)}, line {call.lineno} of its cell"
        for call in calls
        if not any(k.arg == "level" and ast.unparse(k.value) == "level" for k in call.keywords)
    ]
    assert without == []


def test_the_level_is_a_parameter_of_every_notebook_with_an_interval():
    study = load_study("smoke", Path("params"))
    statistics = study.statistics.model_copy(update={"level": 0.9})
    study = study.model_copy(update={"statistics": statistics})
    told = {job: job_arguments(study, "smoke", study.jobs[job]).get("level") for job in study.jobs}
    names = ["01_super_resolution", "03_selection", "04_models", "05_nomogram", "06_statistics"]
    given = {job: level for job, level in told.items() if level is not None}
    assert given == dict.fromkeys(names, 0.9)
