"""Which code made a value: the files of this package behind a notebook or a module.

Snakemake runs a notebook again when one of these files changed, and the caches forget what other
code computed. Both ask here. A room of the package is entered by its face (`__init__.py`), which
only says where each name is defined: the files behind the names that are used count, the others of
the room do not.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

NAME = "thyro"
PACKAGE = Path(__file__).parents[1]


def files_behind(*sources: Path, package: Path = PACKAGE) -> list[Path]:
    """Files of the package that the code in `sources` uses, directly or not, in order.

    Parameters
    ----------
    *sources : Path
        Notebooks or modules; a module of the package is among its own files.
    package : Path
        Folder of the package.

    Raises
    ------
    ImportError
        If a source takes a name from a face that does not have it.
    """
    waiting = [file for source in sources for file in _uses(source, package)]
    waiting += [source for source in sources if source.is_relative_to(package)]
    found = set()
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _uses(file, package) if file.suffix == ".py" else []
    return sorted(found)


@cache
def code_checksum(*modules: str) -> str:
    """Checksum of modules of this package and of all of it that they use.

    Comments and layout do not count.

    Parameters
    ----------
    *modules : str
        Names within the package: "radiomics.extractor".
    """
    files = files_behind(*(_file(module, PACKAGE) for module in modules), package=PACKAGE)
    total = hashlib.sha256()
    for file in files:
        content = ast.dump(_tree(file)).encode() if file.suffix == ".py" else file.read_bytes()
        total.update(f"{file.relative_to(PACKAGE)}\0".encode() + content + b"\0")
    return total.hexdigest()


@cache
def _tree(source: Path) -> ast.Module:
    text = source.read_text(encoding="utf-8")
    return ast.parse(_python(text) if source.suffix == ".ipynb" else text)


def _python(notebook: str) -> str:
    """The code cells of a notebook as Python; `%magic` and `!command` as IPython runs them."""
    from IPython.core.inputtransformer2 import TransformerManager  # slow, and for notebooks only

    code = [cell for cell in json.loads(notebook)["cells"] if cell["cell_type"] == "code"]
    return "\n".join(TransformerManager().transform_cell("".join(cell["source"])) for cell in code)


@cache
def _uses(source: Path, package: Path) -> list[Path]:
    """Files of the package that `source` names, and data files beside it that it reads."""
    tree = _tree(source)
    files, rooms = [], {}  # name in this source -> the room it stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and source.is_relative_to(package):
            files += _beside(source, node.value)
        for name, target in _imported(node, package):
            if target.name == "__init__.py":
                rooms[name] = target
            else:
                files.append(target)
    for name, attribute in _taken(tree, rooms):
        face = _face(rooms[name])
        if attribute is None:
            files += face.values()
        elif attribute in face:
            files.append(face[attribute])
        else:
            raise ImportError(f"{source}: {rooms[name].parent.name} has no {attribute}.")
    return files


def _imported(node: ast.AST, package: Path) -> Iterator[tuple[str, Path]]:
    """Names of the package that an import statement brings, and the file behind each."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == NAME and "." in alias.name:
                yield alias.asname or NAME, _file(alias.name.removeprefix(f"{NAME}."), package)
        return
    module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    if not isinstance(node, ast.ImportFrom) or module.split(".")[0] != NAME:
        return
    inside = module.removeprefix(NAME).removeprefix(".")
    for alias in node.names:
        if inside and _file(inside, package).name != "__init__.py":
            yield alias.asname or alias.name, _file(inside, package)
            continue
        face = _face(_file(inside, package)) if inside else {}
        if alias.name in face:
            yield alias.asname or alias.name, face[alias.name]
        elif (file := _file(f"{inside}.{alias.name}".strip("."), package)).is_file():
            yield alias.asname or alias.name, file
        elif inside:  # what the package itself defines, such as its version, makes no number
            raise ImportError(f"{NAME}.{inside} has no {alias.name}.")


def _file(module: str, package: Path) -> Path:
    """The file of a module, or the face of a room."""
    path = package.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _face(room: Path) -> dict[str, Path]:
    """Where each name of a room's face is defined."""
    return {
        name: file for node in _tree(room).body for name, file in _imported(node, _package_of(room))
    }


def _package_of(room: Path) -> Path:
    return next(folder for folder in room.parents if folder.name == NAME)


def _taken(tree: ast.AST, rooms: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """What is taken from each room, `statistics.auc_ci`; None where the room is passed on."""
    before_a_dot = set()
    for node in ast.walk(tree):  # from the outside in: an attribute comes before its name
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            before_a_dot.add(node.value)
            if node.value.id in rooms:
                yield node.value.id, node.attr
        elif isinstance(node, ast.Name) and node.id in rooms and node not in before_a_dot:
            yield node.id, None


def _beside(source: Path, value: object) -> list[Path]:
    """The data file that a module names and that lies beside it."""
    if not isinstance(value, str) or not 0 < len(value) < 100 or "/" in value:
        return []
    if not value.endswith((".json", ".js", ".css", ".csv")):
        return []
    file = source.with_name(value)
    return [file] if file.is_file() else []
