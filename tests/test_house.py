"""The house as files: each module has its test beside it, is short, and says its types."""

import ast
from pathlib import Path

import pytest

from tests.conftest import SLOW

LONGEST = 400  # lines
MODULES = sorted(f for f in Path("thyro").rglob("*.py") if not f.name.startswith("__"))


def mirror(module: Path) -> Path:
    """thyro/statistics/delong.py is tested by tests/statistics/test_delong.py."""
    inside = module.relative_to("thyro")
    return Path("tests", inside.parent, f"test_{inside.name}")


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_its_test(module):
    assert mirror(module).is_file(), f"{mirror(module)} is missing"
    names = [node.name for node in ast.walk(tree(mirror(module))) if hasattr(node, "name")]
    assert any(name and name.startswith("test_") for name in names)


@pytest.mark.parametrize("module", sorted(Path("thyro").rglob("*.py")), ids=str)
def test_no_module_is_too_long_to_read(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("room", sorted(Path("thyro").rglob("__init__.py"))[1:], ids=str)
def test_a_face_lists_names_and_does_nothing(room):
    body = tree(room).body
    assert ast.get_docstring(tree(room))
    for node in body[1:]:
        listed = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        assert listed or isinstance(node, ast.ImportFrom), ast.unparse(node)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_public_functions_say_their_types(module):
    untyped = [
        f"{module}:{function.lineno} {function.name}: {', '.join(missing)}"
        for function in public(tree(module))
        if (missing := without_type(function))
    ]
    assert untyped == []


@pytest.mark.parametrize("name", SLOW)
def test_what_is_named_as_slow_is_there(name):
    assert Path("tests", name).exists()


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def public(node: ast.Module | ast.ClassDef):
    """Functions of a module, and methods of its classes, that have no underscore before them."""
    for item in node.body:
        if isinstance(item, ast.ClassDef) and not item.name.startswith("_"):
            yield from public(item)
        dunder = item.name.startswith("__") if hasattr(item, "name") else False
        if isinstance(item, ast.FunctionDef) and (dunder or not item.name.startswith("_")):
            yield item


def without_type(function: ast.FunctionDef) -> list[str]:
    """Arguments without a type, and "return"."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    arguments += [one for one in (given.vararg, given.kwarg) if one]
    missing = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
    return missing + ["return"] * (function.returns is None and function.name != "__init__")


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("def f(a: int, *b: int, c: str = '', **d: int) -> None: ...", []),
        ("def f(a, *, b): ...", ["a", "b", "return"]),
        ("def f(*a, **b) -> int: ...", ["a", "b"]),
        ("def _f(a): ...", []),
        ("class C:\n    def __init__(self, a): ...", ["a"]),
        ("class C:\n    def g(self): ...\n    def _h(self): ...", ["return"]),
        ("class _C:\n    def g(self): ...", []),
    ],
)
def test_a_missing_type_is_found(code, missing):
    assert [
        name for function in public(ast.parse(code)) for name in without_type(function)
    ] == missing
