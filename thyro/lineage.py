"""Which code made a value: what was computed by other code is not the same value."""

import ast
import hashlib
from functools import cache
from pathlib import Path


@cache
def code(*modules: str) -> str:
    """Checksum of modules of this package and of all of it that they import.

    Comments and layout do not count.

    Parameters
    ----------
    *modules : str
        Names within the package: "radiomics".
    """
    waiting, trees = list(modules), {}
    while waiting:
        name = waiting.pop()
        if name not in trees:
            trees[name] = ast.parse(Path(__file__).with_name(f"{name}.py").read_text("utf-8"))
            waiting += _imported(trees[name])
    text = "\n".join(f"{name} {ast.dump(trees[name])}" for name in sorted(trees))
    return hashlib.sha256(text.encode()).hexdigest()


def _imported(tree: ast.AST) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "thyro":
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("thyro."):
            names.append(node.module.split(".")[1])
    return names
