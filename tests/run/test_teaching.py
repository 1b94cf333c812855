"""Help lists every command with its example, and shells complete what the parser knows."""

import argparse
import shutil
import subprocess

import pytest

from thyro import cli
from thyro.run import teaching

EXAMPLES = [text for group in teaching.DAY.values() for text in group.values()]


@pytest.fixture
def parser():
    return cli._parser()


def test_the_overview_names_every_command_once_in_the_order_of_a_day(parser):
    text = parser.format_help()
    listed = [line.split()[0] for line in text.split("\n") if line.startswith("  ")]
    names = [name for name in cli.COMMANDS if name not in teaching.HIDDEN]
    assert sorted(set(listed) & {*names}) == sorted(names)
    assert text.index("\nBegin:") < text.index("\nRun:") < text.index("\nJudge others:")
    assert "workflow" not in text
    assert max(map(len, text.split("\n"))) <= 100


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if name not in teaching.HIDDEN])
def test_every_command_has_an_example_that_it_understands(parser, name):
    sub = teaching._commands(parser).choices[name]
    assert "example:\n  " in sub.format_help()
    example = sub.epilog.split("\n")[1].strip()
    words = example.removeprefix('eval "$(').removesuffix(')"').split()
    assert words[0] == "thyro" and parser.parse_args(words[1:]).command == name


def test_a_command_that_no_group_knows_is_listed_among_others():
    parser = argparse.ArgumentParser(prog="thyro")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("sing", help="a song")
    commands.add_parser("report", help="a report")
    text = teaching.teach(parser).format_help()
    assert "Others:\n  sing        a song" in text and "Keep:" not in text
    assert text.index("Run:") < text.index("Others:")


def completed(parser, folder, *words, shell="bash"):
    """What the shell offers for the last of `words`."""
    script = teaching.completion(parser, shell)
    typed = " ".join(f'"{word}"' for word in ("thyro", *words))
    asked = f"COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _thyro"
    ask = f'{script}\n{asked}; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", ask], cwd=folder, capture_output=True, text=True)
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_a_shell_completes_commands_options_choices_and_studies(parser, tmp_path):
    (tmp_path / "params").mkdir()
    (tmp_path / "params/mine.yml").write_text("")
    assert completed(parser, tmp_path, "st") == ["status"]
    assert sorted(completed(parser, tmp_path, "report", "--d")) == ["--data", "--dry-run"]
    assert completed(parser, tmp_path, "report", "m") == ["mine"]
    assert completed(parser, tmp_path, "completion", "z") == ["zsh"]
    assert "workflow" not in completed(parser, tmp_path, "")


def test_the_script_of_zsh_loads_what_it_needs(parser):
    script = teaching.completion(parser, "zsh")
    assert script.startswith("autoload -Uz bashcompinit && bashcompinit\n")
    if shutil.which("zsh"):
        subprocess.run(["zsh", "-n", "-c", script], check=True)
