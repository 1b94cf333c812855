"""Help that teaches: commands in the order of a user's day, an example of each, and completion.

Everything is made from the parser, so that a command that is added there appears here.
"""

import argparse
import shlex
from collections.abc import Iterator

# Commands of a day, each with an example; those that the parser has not are left out.
DAY = {
    "Begin": {
        "new": "thyro new my-project",
        "example": "thyro example try",
        "init": "thyro init mystudy --table cohort.xlsx --images folder",
        "check": "thyro check mystudy --data folder",
    },
    "Run": {
        "report": "thyro report smoke",
        "run": "thyro run mystudy --data folder --until 03_selection",
        "status": "thyro status mystudy",
        "render": "thyro render mystudy",
    },
    "Use": {
        "compare": "thyro compare mystudy demo",
        "predict": "thyro predict mystudy --table patient.csv",
        "export": "thyro export mystudy",
    },
    "Judge others": {"audit": "thyro audit predictions.csv --outcome metastasis"},
    "Keep": {"drift": "thyro drift smoke", "completion": 'eval "$(thyro completion bash)"'},
}
OTHERS = "Others"
HIDDEN = ("workflow",)  # for programs
SHELLS = ("bash", "zsh")
OF_STUDIES = ("study", "named", "a", "b")  # arguments that name a study


def teach(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Give a parser of commands its overview, and every command its example; returns it.

    Parameters
    ----------
    parser
        With its commands, each with a help text.
    """
    commands = _commands(parser)
    examples = {name: text for group in DAY.values() for name, text in group.items()}
    for name, sub in commands.choices.items():
        sub.formatter_class = argparse.RawDescriptionHelpFormatter
        about = _about(commands).get(name, "")
        sub.description = about[:1].upper() + about[1:] + "." if about else None
        if name in examples:
            sub.epilog = f"example:\n  {examples[name]}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(_overview(commands))
    parser.usage = f"{parser.prog} COMMAND ..."
    commands.help = argparse.SUPPRESS  # the overview lists them
    commands.metavar = "COMMAND"
    return parser


def _commands(parser: argparse.ArgumentParser) -> argparse._SubParsersAction:
    (found,) = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return found


def _about(commands: argparse._SubParsersAction) -> dict[str, str]:
    """What each command does, as its help says."""
    return {one.dest: one.help or "" for one in commands._choices_actions}


def _overview(commands: argparse._SubParsersAction) -> Iterator[str]:
    """Lines of the overview: groups, and in each the commands with an example."""
    about, shown = _about(commands), set(HIDDEN)
    for group, examples in DAY.items():
        there = {name: text for name, text in examples.items() if name in commands.choices}
        if there:
            yield f"{group}:"
        for name, text in there.items():
            yield f"  {name:12}{about.get(name, '')}\n{'':14}{text}"
        shown |= set(there)
    others = [name for name in commands.choices if name not in shown]
    if others:
        yield f"{OTHERS}:"
    for name in others:
        yield f"  {name:12}{about.get(name, '')}"
    yield "\n`thyro COMMAND --help` says more. STUDY is the name of a file in params/."


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """A script that completes commands, options, choices, studies and files in a shell.

    Parameters
    ----------
    parser
        With its commands.
    shell
        Of `SHELLS`. The script of zsh is that of bash, which zsh can run.
    """
    commands = _commands(parser)
    names = [name for name in commands.choices if name not in HIDDEN]
    cases = "\n".join(_case(name, commands.choices[name]) for name in names)
    head = "autoload -Uz bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return f"""{head}# Completion of thyro; made by `thyro completion {shell}`.
_thyro() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" words="" studies=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W {shlex.quote(" ".join([*names, "--help"]))} -- "$word"))
        return
    fi
    studies="$(ls params 2>/dev/null | sed -n 's/\\.yml$//p')"
    case "${{COMP_WORDS[1]}}" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _thyro thyro
"""


def _case(name: str, sub: argparse.ArgumentParser) -> str:
    """The words of one command: options, choices, and the studies where it takes one."""
    words = [option for action in sub._actions for option in action.option_strings]
    positional = [action for action in sub._actions if not action.option_strings]
    words += [str(one) for action in positional for one in action.choices or ()]
    studies = " $studies" if any(one.dest in OF_STUDIES for one in positional) else ""
    return f'        {name}) words="{" ".join(words)}{studies}" ;;'
