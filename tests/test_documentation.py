"""The documentation: its blocks run, its links lead somewhere, and Sphinx has nothing to say."""

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.projects import ROOT, make_project
from thyro import cli
from thyro.study import Study, load_study

DOCS = ROOT / "docs"
PAGES = sorted(
    file
    for file in DOCS.rglob("*.md")
    if not {"_build", "generated"} & set(file.relative_to(DOCS).parts)
)
METHODS = sorted(DOCS.glob("methods/*.md"))
RUN = ("audit", "check", "example")  # commands of seconds, which the tests run; others take minutes
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A block of code of a page."""

    line: int
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(text.count("\n", 0, found.start()) + 2, found[1], found[2])
        for found in FENCE.finditer(text)
    ]


def named(pages: list[Path]) -> list:
    return [pytest.param(page, id=str(page.relative_to(DOCS))) for page in pages]


@cache
def generated():
    """docs/generated.py, as Sphinx loads it."""
    spec = importlib.util.spec_from_file_location("generated", DOCS / "generated.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def written() -> dict[str, str]:
    """Pages that the code writes, by their path below docs."""
    return {f"generated/{name}": text for name, text in generated().pages().items()}


# -- blocks ----------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path, monkeypatch, project):
    """A project with the studies smoke and demo, and the documentation beside it."""
    folder = tmp_path / "made"
    folder.mkdir()
    make_project(folder)
    (folder / "docs").symlink_to(DOCS)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("page", named([page for page in PAGES if blocks(page)]))
def test_every_block_of_a_page_runs(page, place, capsys):
    """In the order of the page, in a project of its own."""
    names = {"__name__": "docs"}
    for block in blocks(page):
        try:
            run(block, names)
        except BaseException as error:
            error.add_note(f"{page.relative_to(ROOT)}, line {block.line}")
            raise


def test_blocks_are_found():
    languages = [block.language for page in PAGES for block in blocks(page)]
    assert languages.count("python") >= len(METHODS) + 3
    assert languages.count("yaml") >= 15 and languages.count("bash") >= 7
    fences = sum(page.read_text(encoding="utf-8").count("\n```") for page in PAGES)
    trees = sum(page.read_text(encoding="utf-8").count("\n```{toctree}") for page in PAGES)
    assert fences == 2 * (len(languages) + trees)  # no block escapes


def run(block: Block, names: dict) -> None:
    """Run a block of Python, read a study, or try a command."""
    if block.language == "python":
        exec(compile(block.text, f"line {block.line}", "exec"), names)
    elif block.language == "yaml":
        study_of(block.text)
    elif block.language == "bash":
        for line in block.text.splitlines():
            command(shlex.split(line, comments=True))
    else:
        assert block.language in ("text", "markdown"), f"who runs {block.language}?"


def study_of(text: str) -> Study:
    """The study of a block: a file that it names, or some keys of one that extends `demo`."""
    file = re.match(r"# params/(\w+)\.yml\n", text)
    name = file[1] if file else "keys_of_a_page"
    told = text if "extends:" in text else f"extends: demo\n{text}"
    Path(f"params/{name}.yml").write_text(told, encoding="utf-8")
    return load_study(name, Path("params"))


def command(words: list[str]) -> None:
    """Run a command that takes seconds, and see that the program knows any other."""
    if not words:
        return
    if words[0] == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        assert {word for word in words[1:] if "=" not in word} <= set(targets), words
        studies = [word.split("=")[1] for word in words if word.startswith("STUDY=")]
        assert all((ROOT / f"params/{name}.yml").is_file() for name in studies), words
    elif words[0] == "cp":
        Path(words[2]).write_bytes(Path(words[1]).read_bytes())
    else:
        assert words[0] == "thyro", words
        try:
            cli._parser().parse_args(words[1:])
        except SystemExit:
            raise AssertionError(f"no such command: {shlex.join(words)}") from None
        if words[1] in RUN:
            cli.main(words[1:])


@pytest.mark.parametrize(
    ("language", "text", "message"),
    [
        ("python", "1 / 0", "division by zero"),
        ("yaml", "models: {classifier: [SVM]}", "models.classifier"),
        ("bash", "thyro chek smoke", "no such command"),
        ("bash", "make reprot", "reprot"),
        ("bash", "rm -r results", "rm"),
        ("julia", "1", "who runs julia"),
    ],
)
def test_a_wrong_block_fails(language, text, message, place, capsys):
    with pytest.raises(Exception, match=message):
        run(Block(1, language, text), {})


# -- links -----------------------------------------------------------------------------------------


def everything() -> Iterator[tuple[str, str]]:
    """Every Markdown page by its path below docs."""
    for page in PAGES:
        yield str(page.relative_to(DOCS)), page.read_text(encoding="utf-8")
    for name, text in written().items():
        if name.endswith(".md"):
            yield name, text


@cache
def anchors(name: str) -> frozenset[str]:
    """Anchors of the headings of a page, as GitHub and MyST make them."""
    text = dict(everything())[name]
    text = FENCE.sub("", text)
    headings = re.findall(r"^#{1,3} (.+)$", text, flags=re.MULTILINE)
    return frozenset(
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings
    )


def dead_links(name: str, text: str) -> list[str]:
    known = dict(everything())
    found = []
    plain = FENCE.sub("", text)
    for link in LINK.findall(plain) + PICTURE.findall(plain):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = Path(name).parent / file if file else Path(name)
        target = str(Path(*_resolved(target)))
        if target in known:
            if anchor and anchor not in anchors(target):
                found.append(link)
        elif not (DOCS / target).is_file():
            found.append(link)
    return found


def _resolved(path: Path) -> list[str]:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return parts


def test_no_link_is_dead():
    found = {name: dead for name, text in everything() if (dead := dead_links(name, text))}
    assert found == {}


def test_the_readme_leads_to_pages_that_are_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert {"docs/start.md", "docs/own_data.md", "docs/questions.md"} <= set(links)
    for link in links:
        file, _, anchor = link.partition("#")
        assert (ROOT / file).exists(), link
        assert not anchor or anchor in anchors(str(Path(file).relative_to("docs"))), link


def test_a_dead_link_is_found():
    text = "[a](start.md) [b](stat.md) [c](start.md#2-read-the-report) [d](#nowhere) ![e](no.png)"
    assert dead_links("questions.md", text) == ["stat.md", "#nowhere", "no.png"]


def test_every_page_is_in_a_list_of_contents():
    listed = set()
    for name, text in everything():
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            entries = [line for line in tree.splitlines() if line and not line.startswith(":")]
            listed |= {str(Path(*_resolved(Path(name).parent / entry))) for entry in entries}
    pages = {str(Path(name).with_suffix("")) for name in [*dict(everything()), *written()]}
    assert pages - listed == {"index"}
    assert listed <= pages


# -- pages of methods ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", named(METHODS))
def test_a_method_says_what_a_reader_needs(page):
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    wanted = ["Definition", "What can go wrong", "Checked against", "In the code", "References"]
    assert [heading for heading in headings if heading in wanted] == wanted
    assert "$$" in text and "https://doi.org/" in text
    assert any(block.language == "python" for block in blocks(page))


@pytest.mark.parametrize("page", named(METHODS))
def test_what_a_method_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    words = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    for word in words:
        if re.fullmatch(r"(thyro|tests|notebooks)/[\w/.]+", word):
            assert (ROOT / word).exists(), word
        room, _, name = word.partition(".")
        if room in generated().rooms() and name.isidentifier() and name != "json":
            model = Study.model_fields.get(room)
            keys = model.annotation.model_fields if model and model.annotation else {}
            assert name in keys or name in generated().face(room)[1], word


def test_rows_of_agreement_are_those_beside_the_reference_values():
    listed = (ROOT / "tests/golden/README.md").read_text(encoding="utf-8").splitlines()
    told = [
        (page.name, line)
        for page in METHODS
        for line in page.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| `\w+\.json` \|", line)
    ]
    assert len(told) >= 12
    assert [row for row in told if row[1] not in listed] == []


# -- pages that the code writes --------------------------------------------------------------------


def test_every_key_of_a_study_is_described():
    bare = [
        f"{heading}: {row.split('|')[1].strip()}"
        for heading, rows in sections(written()["generated/parameters.md"])
        for row in rows
        if row.startswith("| `") and not row.split(" | ")[1].strip()
    ]
    assert bare == [], "say it in a comment above the key in thyro/study, or at its end"


def test_keys_have_their_limits_and_defaults():
    page = written()["generated/parameters.md"]
    assert " | whole number, ≥ 64, ≤ 512, multiple of 32 | `224` |" in page
    assert " | `random`, `stratified`, `centre`," in page
    assert "| `title` | of the report | text | — |" in page
    assert "mapping to text or keys, as below" in page
    for name in Study.model_fields:
        assert f"| `{name}` |" in page


def test_every_command_is_told():
    page = written()["generated/commands.md"]
    for name in cli.COMMANDS:
        assert (f"## `thyro {name}`" in page) == (name != "workflow"), name
    assert "| `--data` | folder with the table and the images |" in page


def test_every_public_name_is_told():
    for room in generated().rooms():
        page = written()[f"generated/functions/{room}.md"]
        for name in generated().face(room)[1]:
            assert f"thyro.{room}.{name}\n" in page or f"| `{name}` |" in page, (room, name)


def sections(page: str) -> list[tuple[str, list[str]]]:
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    return [(head, body.splitlines()) for head, body in zip(parts[::2], parts[1::2], strict=True)]


# -- Sphinx ----------------------------------------------------------------------------------------


def test_the_site_builds_without_a_warning(tmp_path):
    missing = [
        name
        for name in ("sphinx", "myst_nb", "numpydoc", "pydata_sphinx_theme")
        if importlib.util.find_spec(name) is None
    ]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed; `make docs` installs it")
    words = ["-q", "-n", "-W", "--keep-going", "-b", "dummy", "-d", str(tmp_path / "trees")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(DOCS), str(tmp_path / "site")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
