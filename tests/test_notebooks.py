"""The notebooks as files: without outputs, thin, seven steps, one cell of typed parameters."""

import ast
import json
import re
from pathlib import Path

import pytest

from thyro.core import code_version
from thyro.study import plan

NOTEBOOKS = sorted(Path("notebooks").glob("*.ipynb"))


def cells(path, kind="code"):
    found = json.loads(path.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def test_there_is_one_for_every_stage():
    assert [path.stem for path in NOTEBOOKS] == sorted({job.notebook for job in plan.ALL.values()})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_without_outputs(path):
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_call_the_package_and_define_nothing(path):
    for cell in cells(path):
        for line in source(cell).splitlines():
            assert not line.lstrip().startswith(("def ", "class ", "lambda ")), line


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_title_parameters_imports_come_first_and_saving_last(path):
    every = json.loads(path.read_text())["cells"]
    assert source(every[0]).startswith(f"# {path.stem[:2]} ")
    assert {"reads ", "writes "} <= {
        word for word in ("reads ", "writes ") if word in source(every[0]).lower()
    }
    assert every[1]["metadata"]["tags"] == ["parameters"]
    assert "from thyro import" in source(every[2])
    assert "store.write_" in source(every[-1])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_reader_is_told_where_to_go_next(path):
    first = source(json.loads(path.read_text())["cells"][0])
    named = [other.stem for other in NOTEBOOKS if other.stem in first.split("Next: ")[1]]
    assert named or "`thyro report`" in first
    assert all(int(name[:2]) > int(path.stem[:2]) for name in named)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_change_by_hand_is_told(path):
    assert "tables.notice(study.changed_parameters(globals()," in source(cells(path)[1])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_control_is_a_picture_of_its_own_and_saves_nothing(path):
    for cell in filter(is_control, cells(path)):
        assert "_control(" in source(cell) and "store." not in source(cell)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_files_are_reached_through_store_only(path):
    text = "\n".join(source(cell) for cell in cells(path))
    for forbidden in ("open(", "read_csv", "to_csv", "to_parquet", "read_parquet", "savefig"):
        assert forbidden not in text


# Any study runs these: its lesions, its reader and its publication, if any, are told by code.
OF_ONE_STUDY = r"\bTables? \d|\bFigures? \d|the paper\b|nodule|thyroid|metasta|radiologist"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_words_are_true_for_every_study(path):
    prose = [source(cell) for cell in cells(path, "markdown")]
    lines = [line for cell in cells(path) for line in source(cell).splitlines()]
    prose += [line.partition("  # ")[2] for line in lines]
    assert [text for text in prose if re.search(OF_ONE_STUDY, text, re.IGNORECASE)] == []


# A cell that fits half a screen is read at a glance: its longest may list the settings of one call.
LINES_OF_A_CELL = 24
# Four screens of some forty lines: what a reader goes through without losing the thread.
LINES_OF_A_NOTEBOOK = 175
# 06 asks one short question after the other (discrimination, cut-offs, comparisons, recipes, size,
# net benefit, a reader, calibration, reclassification, groups of patients, an audit), and some of
# them twice, for the publication's figures and for the study's own; none needs what another found:
# two and a half screens more lose nobody. 04 makes the models, asks how
# much is luck and looks into them, and leaves out what a study has not; it also says what becomes
# of a centre that was never seen, and 06 what each centre says.
LONGER = {"04_models": 200, "06_statistics": 288}
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


NO_METHOD = ("#", "tables.notice(")  # lines that compute nothing


def method(path):
    """Code of the cells without parameters, controls of an open notebook, and empty lines."""
    for cell in cells(path):
        if "parameters" not in cell["metadata"].get("tags", []) and not is_control(cell):
            lines = source(cell).splitlines()
            yield [
                line for line in lines if line.strip() and not line.lstrip().startswith(NO_METHOD)
            ]


def is_control(cell):
    return cell["id"].endswith("-control")


def loops(path):
    for lines in method(path):
        tree = ast.parse("\n".join(lines))
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While))


def depth(node):
    """How deep comprehensions stand in each other, and how many loops one has."""
    below = max((depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return below + (len(node.generators) if isinstance(node, COMPREHENSIONS) else 0)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_reader_sees_the_method_in_one_pass(path):
    lengths = [len(lines) for lines in method(path)]
    assert max(lengths) <= LINES_OF_A_CELL
    assert sum(lengths) <= LONGER.get(path.stem, LINES_OF_A_NOTEBOOK)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_loop_calls_one_function(path):
    for loop in loops(path):
        (only,) = loop.body
        assert isinstance(only, ast.Expr | ast.Assign) and isinstance(only.value, ast.Call), (
            f"line {loop.lineno}: {ast.unparse(loop)}"
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_comprehensions_are_at_most_two_deep(path):
    for lines in method(path):
        assert depth(ast.parse("\n".join(lines))) <= 2, lines


def behind(path):
    return {str(file.relative_to(code_version.PACKAGE)) for file in code_version.files_behind(path)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_notebook_imports_makes_it_stale(path):
    assert {"store/files.py", "figures/style.py", "core/checks.py"} <= behind(path)


def test_a_change_of_the_super_resolution_reaches_its_notebooks_only():
    users = [path.stem for path in NOTEBOOKS if "super_resolution/enhancement.py" in behind(path)]
    assert users == ["01_super_resolution", "04_frozen_models"]  # the latter by models of others
