"""The command line: check a study, run one notebook, render, or do all of it.

`make report` calls `thyro report STUDY`, which asks Snakemake what is stale; Snakemake calls
`thyro run JOB STUDY` for each notebook and `thyro render STUDY` at the end.
"""

import argparse
import os
from pathlib import Path

from thyro import run, store
from thyro.study import JOB_NAMES, StudyError, load_study


def main(argv: list[str] | None = None) -> None:
    """Entry point of `thyro` and of `python -m thyro.cli`; `argv` replaces the words typed."""
    arguments = _parser().parse_args(argv)
    try:
        os.chdir(store.project_root())
        COMMANDS[arguments.command](arguments)
    except (StudyError, FileNotFoundError) as error:
        raise SystemExit(f"thyro: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thyro", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check study files")
    checking.add_argument("study", nargs="*", help="names; default: every file in params/")
    checking.add_argument("--data", help="folder; tables that come without images are read")
    for command, text in (
        ("report", "run what is stale and render"),
        ("run", "run one notebook"),
        ("render", "render the report from the executed notebooks"),
    ):
        sub = commands.add_parser(command, help=text)
        if command == "run":
            sub.add_argument("job", choices=JOB_NAMES)
        sub.add_argument("study")
        if command != "render":
            sub.add_argument("--data", default="", help="folder with the table and the images")
    drift = commands.add_parser("drift", help="compare a study with the numbers kept in .github")
    drift.add_argument("study")
    drift.add_argument("--renew", action="store_true", help="keep the numbers of now instead")
    audit = commands.add_parser("audit", help="recompute the printed numbers of a publication")
    audit.add_argument(
        "file", type=lambda name: Path(name).resolve(), help="as docs/audit_template.yml"
    )
    example = commands.add_parser("example", help="write a simulated cohort as a user's folder")
    example.add_argument("folder", help="a new folder")
    example.add_argument("--study", default="smoke", help="whose patients (default: smoke)")
    # What follows is Snakemake's; `report` alone calls this.
    commands.add_parser("workflow", prefix_chars="\0").add_argument("options", nargs="*")
    return parser


def _check(arguments: argparse.Namespace) -> None:
    """Check the studies that were named, or all of them."""
    for name in arguments.study or sorted(file.stem for file in Path("params").glob("*.yml")):
        stem = Path(name).name.removesuffix(".yml")  # params/demo.yml is demo
        study = run.check_study(stem)
        if arguments.data is not None:
            for line in run.check_tables(stem, study, arguments.data):
                print(line)
        print(f"params/{stem}.yml is valid")
        if (folder := store.path(f"results/{stem}")).joinpath("report").is_dir():
            from thyro import report  # slow, so only where there is one

            for file in report.changed_since(folder):
                print(f"results/{stem}/{file} is not what the report was rendered from")


def _audit(arguments: argparse.Namespace) -> None:
    """Print the checks of a file of printed numbers, and which of them lack their numbers."""
    from thyro import audit, tables  # slow, so only for those who ask

    try:
        found = audit.audit_file(arguments.file).findings
    except ValueError as error:
        raise SystemExit(f"thyro: {error}") from None
    print(tables.show(tables.audit(found)).data)
    for row in found[found["verdict"].eq(audit.NOT_PRINTED)].itertuples():
        print(f"{row.id} {row.topic}: not printed ({row.printed})")


def _render(arguments: argparse.Namespace) -> None:
    from thyro import report  # slow, so only for those who ask

    study = load_study(arguments.study, store.path("params"))
    try:
        with run.recorded_render(arguments.study):
            told = report.make_report(f"results/{arguments.study}", arguments.study, study)
    except report.ReportError as error:
        raise SystemExit(f"thyro: {error}") from None
    for disagreement in told:
        print(f"{disagreement} than lies there now; run it again")


def _drift(arguments: argparse.Namespace) -> None:
    """Stop with every number that moved beyond its tolerance."""
    from thyro import report  # slow, so only for those who ask

    if arguments.renew:
        print(f"{report.renew(arguments.study)}: written")
    elif moved := report.compared(arguments.study):
        remedy = f"If that is meant, `thyro drift {arguments.study} --renew`, and say why."
        raise SystemExit("\n".join([*moved, remedy]))
    else:
        print(f"results/{arguments.study}: no number moved beyond its tolerance")


COMMANDS = {
    "check": _check,
    "report": lambda a: run.bring_up_to_date(a.study, data=a.data),
    "run": lambda a: run.run_notebook(a.study, a.job, data=a.data),
    "render": _render,
    "audit": _audit,
    "drift": _drift,
    "example": lambda a: run.write_example(Path(a.folder), a.study),
    "workflow": lambda a: run.run_snakemake(a.options),
}


if __name__ == "__main__":
    main()
