"""The pages of the documentation that the code writes itself, as Markdown.

`docs/conf.py` has them written into `docs/generated` before each build: the keys of a study from
the typed model, the commands from their parser, the functions from the faces of the rooms,
agreement with R from the list beside the reference values, and the notebooks as they are. Nothing
here needs Sphinx, so tests read the same pages without it.
"""

import argparse
import ast
import importlib
import io
import json
import sys
import textwrap
import tokenize
import typing
from functools import cache
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from thyro import cli
from thyro.study import CLASSIFIERS, NETWORKS, Study, radiomic_classifiers

KEYS = """\
# Keys of a study file

A study is one file, `params/NAME.yml`. `extends: demo` takes what is not said from another file.
The tables are made from the typed model in `thyro/study`, which reads the file: an unknown key, a
wrong type or an impossible value stops with the key, what was found and what is accepted, before
anything runs. A dash stands where a key has to be said.
"""
EXTERNAL = (
    "Patients who are only ever predicted on. The keys of `cohort` up to its split; what is not "
    "said is as in `cohort`."
)
NOTEBOOKS = (
    "The notebooks as they are in the project, without outputs: the method, step by step. A study "
    "executes copies of them, and its report links every figure to its cell."
)
DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent


def pages() -> dict[str, str]:
    """Every page by its file below `docs/generated`."""
    written = {
        "parameters.md": parameters(),
        "commands.md": commands(),
        "agreement.md": agreement(),
        "functions.md": functions(),
        "notebooks.md": notebooks(),
    }
    written |= {f"functions/{room}.md": functions_of(room) for room in rooms()}
    return written | {
        f"notebooks/{file.name}": file.read_text(encoding="utf-8")
        for file in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }


def write(folder: Path) -> None:
    """Write the pages below `folder`; what has not changed keeps its time, for a quick rebuild."""
    for name, text in pages().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


# -- the keys of a study ---------------------------------------------------------------------------


def parameters() -> str:
    """Every key of a study file: what it means, what it accepts, and its default."""
    lines = [KEYS, *_keys(Study, "The study itself", sections=True)]
    inside: dict[str, type[BaseModel]] = {}
    for name, field in Study.model_fields.items():
        for model in _models(field.annotation):
            if name != "external":
                lines += _keys(model, f"`{name}`")
                inside |= {f"{name}.{key}": one for key, one in _nested(model).items()}
    lines += ["## `external`", "", EXTERNAL, ""]
    for where, model in inside.items():
        lines += _keys(model, f"`{where}`")
    return "\n".join([*lines, *_registries()])


def _registries() -> list[str]:
    """What the two registries hold, by name."""
    classifiers = [f"| `{name}` | {CLASSIFIERS[name].label} |" for name in radiomic_classifiers()]
    networks = [
        f"| `{name}` | {entry.width} | {entry.recipe} |" for name, entry in NETWORKS.items()
    ]
    return [
        "## Names of classifiers",
        "",
        "| Name | In the report |",
        "| --- | --- |",
        *classifiers,
        "",
        "## Names of networks",
        "",
        "| Name | Pooled features | Recipe |",
        "| --- | --- | --- |",
        *networks,
        "",
    ]


def _keys(model: type[BaseModel], title: str, *, sections: bool = False) -> list[str]:
    """Heading, first sentence and table of one section; keys that are sections lead to theirs."""
    described = descriptions(model)
    lines = [f"## {title}", "", _first(model), "", "| Key | Meaning | Accepts | Default |"]
    lines.append("| --- | --- | --- | --- |")
    for key, field in model.model_fields.items():
        inner = _models(field.annotation) if sections else []
        accepts = f"[keys](#{key})" if inner else accepted(model, key)
        said = described.get(key) or "".join(map(_first, inner))
        lines.append(f"| `{key}` | {said} | {accepts} | {shown_default(field)} |")
    return [*lines, ""]


def _first(model: type[BaseModel]) -> str:
    """First paragraph of the docstring of a section."""
    return " ".join((ast.get_docstring(_class(model)) or "").split("\n\n")[0].split())


def _models(annotation: object) -> list[type[BaseModel]]:
    """The sections that a type names, such as Variable in list[Variable]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models(part)]


def _nested(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Sections within one, by the keys that hold them."""
    return {
        key: inner
        for key, field in model.model_fields.items()
        for inner in _models(field.annotation)
    }


def accepted(model: type[BaseModel], key: str) -> str:
    """What a key accepts, in words, from the model's JSON schema."""
    schema = model.model_json_schema()
    return _accepted(schema["properties"][key])


def _accepted(rule: dict) -> str:
    if "$ref" in rule:
        return "keys, as below"
    if "anyOf" in rule:
        return " or ".join(dict.fromkeys(_accepted(one) for one in rule["anyOf"]))
    if "enum" in rule or "const" in rule:
        return ", ".join(f"`{_yaml(value)}`" for value in rule.get("enum", [rule.get("const")]))
    if rule.get("type") == "array":
        fewest, most = rule.get("minItems"), rule.get("maxItems")
        count = str(fewest) if fewest and fewest == most else ""
        if not count:
            count = " ".join(
                [f"{fewest} or more" if fewest else "", f"at most {most}" if most else ""]
            ).strip()
        of = _accepted(rule["items"]) if "items" in rule else "anything"
        return f"list ({count}) of {of}" if count else f"list of {of}"
    if rule.get("type") == "object":
        values = [*rule.get("patternProperties", {}).values(), rule.get("additionalProperties")]
        return f"mapping to {_accepted(values[0])}"
    words = {"integer": "whole number", "string": "text", "boolean": "`true`, `false`"}
    kind = {"null": "`null`", "number": "number"} | words
    return kind[rule["type"]] + _limits(rule)


def _limits(rule: dict) -> str:
    """Limits of a number, or the pattern of a text."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {rule[limit]:g}" for limit, sign in signs.items() if limit in rule]
    if "multipleOf" in rule:
        limits.append(f"multiple of {rule['multipleOf']:g}")
    if "pattern" in rule:
        limits.append(f"as `{rule['pattern']}`")
    return f", {', '.join(limits)}" if limits else ""


def shown_default(field: FieldInfo) -> str:
    """The default of a key as a study file would say it; a dash where there is none."""
    if field.is_required():
        return "—"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return ""  # that of each of its keys
    return f"`{_yaml(value)}`"


def _yaml(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """What comments of the source say of every key: those above its line, and at its end.

    A comment that a blank line follows is the heading of a group, and describes no key.
    """
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if one.__module__.startswith("thyro."):
            found |= _commented(one)
    return {key: found[key] for key in model.model_fields if key in found}


def _commented(model: type) -> dict[str, str]:
    """Comments of the keys that a class itself declares."""
    comments, alone = _comments(_source(model.__module__))
    found = {}
    for node in _class(model).body:
        if not isinstance(node, ast.AnnAssign):
            continue
        lines = list(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        above = node.lineno - 1
        while above in alone:
            lines.insert(0, above)
            above -= 1
        said = " ".join(comments[line] for line in lines if line in comments)
        if said:
            found[ast.unparse(node.target)] = said.replace("|", r"\|")
    return found


def _comments(source: str) -> tuple[dict[int, str], set[int]]:
    """Text of the comments by line, and the lines that hold nothing else."""
    texts, alone = {}, set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            texts[token.start[0]] = token.string.lstrip("# ")
            if token.line.strip().startswith("#"):
                alone.add(token.start[0])
    return texts, alone


@cache
def _source(module: str) -> str:
    return Path(sys.modules[module].__file__ or "").read_text(encoding="utf-8")


@cache
def _class(model: type) -> ast.ClassDef:
    """The definition of a class in its module."""
    for node in ast.walk(ast.parse(_source(model.__module__))):
        if isinstance(node, ast.ClassDef) and node.name == model.__name__:
            return node
    raise LookupError(f"{model} is not in {model.__module__}")


# -- commands --------------------------------------------------------------------------------------


def commands() -> str:
    """Every command with its arguments, from the parser."""
    parser = cli._parser()
    lines = ["# Commands", "", f"{parser.description} `thyro COMMAND --help` says the same.", ""]
    for name, sub, text in _commands(parser):
        lines += [f"## `thyro {name}`", "", _sentence(text), ""]
        if more := [line for line in (sub.description, sub.epilog) if line and line != text]:
            lines += ["\n\n".join(more), ""]
        lines += ["```text", sub.format_usage().removeprefix("usage: ").strip(), "```", ""]
        told = [action for action in sub._actions if action.dest != "help"]
        if told:
            lines += ["| Argument | |", "| --- | --- |", *map(_argument, told), ""]
    return "\n".join(lines)


def _commands(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser, str]]:
    """(name, parser, help) of every command that has a line of help; others are internal."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help for choice in action._choices_actions}
            for name, sub in action.choices.items():
                if helps.get(name):
                    found.append((name, sub, helps[name] or ""))
    return found


def _argument(action: argparse.Action) -> str:
    name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    if action.choices and not isinstance(action, argparse._SubParsersAction):
        choices = ", ".join(f"`{choice}`" for choice in action.choices)
        return f"| `{name}` | {action.help + ': ' if action.help else 'one of '}{choices} |"
    return f"| `{name}` | {(action.help or '').replace('|', chr(92) + '|').replace('%%', '%')} |"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


# -- functions, agreement, notebooks ---------------------------------------------------------------


def rooms() -> list[str]:
    """Rooms of the package that list what others may use."""
    faces = sorted((ROOT / "thyro").glob("*/__init__.py"))
    return [face.parent.name for face in faces]


def face(room: str) -> tuple[str, list[str]]:
    """The sentence of a room, and the names that it lists."""
    module = importlib.import_module(f"thyro.{room}")
    return " ".join((module.__doc__ or "").split("\n\n")[0].split()), sorted(module.__all__)


def documented(room: str, name: str) -> bool:
    """Whether a room lists a function or class of this name, which then has an entry."""
    return (
        room in rooms()
        and name in face(room)[1]
        and callable(getattr(importlib.import_module(f"thyro.{room}"), name))
    )


def functions() -> str:
    """The list of rooms."""
    lines = [
        "# Functions",
        "",
        "What each room lets others use, with its docstring. `from thyro import statistics`, then "
        "`statistics.delong_test(...)`.",
        "",
        "| Room | |",
        "| --- | --- |",
        *(f"| [`{room}`](functions/{room}.md) | {face(room)[0]} |" for room in rooms()),
        "",
    ]
    return "\n".join([*lines, *_toctree((f"functions/{room}" for room in rooms()), hidden=True)])


def functions_of(room: str) -> str:
    """Everything that a room lists, for autodoc; of constants their value, where it is short."""
    sentence, names = face(room)
    module = importlib.import_module(f"thyro.{room}")
    plain = [name for name in names if not callable(getattr(module, name))]
    lines = [f"# `{room}`", "", sentence, ""]
    lines += ["```{eval-rst}", f".. py:module:: thyro.{room}", ""]
    for name in names:
        if name not in plain:
            kind = "class" if isinstance(getattr(module, name), type) else "function"
            lines += [f".. auto{kind}:: thyro.{room}.{name}", *_options(kind), ""]
    lines += ["```", ""]
    if plain:
        lines += ["## Constants", "", "| Name | Value |", "| --- | --- |"]
        lines += [f"| `{name}` | {_value(getattr(module, name))} |" for name in plain]
    return "\n".join([*lines, ""])


def _options(kind: str) -> list[str]:
    return ["   :members:"] if kind == "class" else []


def _value(value: object) -> str:
    text = repr(value)
    return f"`{text}`" if len(text) <= 80 and "0x" not in text else f"{type(value).__name__}"


def agreement() -> str:
    """How near thyro is to R and to other programs: the list beside the reference values."""
    listed = (ROOT / "tests/golden/README.md").read_text(encoding="utf-8")
    body = listed.split("\n", 1)[1].strip()
    return (
        textwrap.dedent(
            """\
        # Agreement with R

        Inputs and outputs of trusted programs lie in `tests/golden`; the tests compare thyro with
        each of them, and `make test` prints at its end how far each file is off. What follows is
        the list beside these files, `tests/golden/README.md`.

        """
        )
        + body
        + "\n"
    )


def notebooks() -> str:
    """The list of notebooks."""
    files = sorted(file.stem for file in (ROOT / "notebooks").glob("*.ipynb"))
    return "\n".join(
        [
            "# Notebooks",
            "",
            NOTEBOOKS,
            "",
            *_toctree(f"notebooks/{name}" for name in files),
        ]
    )


def _toctree(entries: typing.Iterable[str], *, hidden: bool = False) -> list[str]:
    return ["```{toctree}", ":hidden:" if hidden else ":maxdepth: 1", "", *entries, "```", ""]
