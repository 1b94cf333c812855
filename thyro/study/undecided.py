"""Keys of a study file that nobody has decided yet: `thyro init` marks them, `check` names them."""

from collections.abc import Iterator

import yaml

OPEN = "???"  # stands for a value that could not be told


def open_keys(text: str) -> list[str]:
    """Lines, one for each key that is still open: number, key, and the comment beside it.

    Parameters
    ----------
    text
        A study file, readable as YAML.
    """
    lines = text.splitlines()
    found = []
    for key, row in _open(yaml.compose(text, Loader=yaml.SafeLoader), ""):
        comment = lines[row].partition("#")[2].strip()
        found.append(
            f"line {row + 1}: `{key}` is open ({OPEN})" + (f": {comment}" if comment else "")
        )
    return found


def _open(node: yaml.Node | None, key: str) -> Iterator[tuple[str, int]]:
    """Key and row, counted from 0, of every open value below a node."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _open(value, f"{key}.{name.value}".lstrip("."))
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _open(value, f"{key}.{i}")
    elif isinstance(node, yaml.ScalarNode) and node.value.strip() == OPEN:
        yield key, node.start_mark.line
