"""The command line: from a table, images or predictions to a report, and what to ask of it.

`make report` calls `thyro report STUDY`, which asks Snakemake what is stale; Snakemake calls
`thyro run JOB STUDY` for each notebook and `thyro render STUDY` at the end.
"""

import argparse
import os
import sys
from pathlib import Path

from thyro import frozen, run, store
from thyro.study import JOB_NAMES, StudyError, load_study


def main(argv: list[str] | None = None) -> None:
    """Entry point of `thyro` and of `python -m thyro.cli`; `argv` replaces the words typed."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command not in ANYWHERE:
            os.chdir(store.project_root())
        COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except (StudyError, FileNotFoundError, frozen.FrozenError) as error:
        raise SystemExit(f"thyro: {error}") from None
    except BrokenPipeError:  # whoever read the output has seen enough (`thyro status demo | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thyro", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="check study files")
    checking.add_argument("study", nargs="*", help="names; default: every file in params/")
    checking.add_argument("--data", help="folder; its tables are read, every cell of them")
    checking.add_argument("--page", action="store_true", help="look at the images, too, in a page")
    for command, text in (
        ("report", "run what is stale and render"),
        ("run", "run the notebooks that are stale, up to one of them"),
        ("render", "render the report from the executed notebooks"),
    ):
        sub = commands.add_parser(command, help=text)
        if command == "run":  # with JOB, that one alone, stale or not: Snakemake calls it so
            sub.add_argument("named", nargs="+", metavar="[JOB] STUDY", help="JOB: that run alone")
            sub.add_argument("--until", default="", metavar="NOTEBOOK", help="such as 03_selection")
        else:
            sub.add_argument("study")
        if command == "report":
            sub.add_argument("--dry-run", action="store_true", help="say what would run, and why")
        if command != "render":
            sub.add_argument("--data", default="", help="folder with the table and the images")
    status = commands.add_parser("status", help="which stage is fresh, which stale and why")
    status.add_argument("study")
    status.add_argument("--data", default="", help="folder; default: that of the last run")
    compare = commands.add_parser("compare", help="set two studies side by side")
    compare.add_argument("a", metavar="STUDY", help="their notebooks have run")
    compare.add_argument("b", metavar="STUDY")
    compare.add_argument("--out", default="", help="page (default: results/A_and_B.html)")
    drift = commands.add_parser("drift", help="compare a study with the numbers kept in .github")
    drift.add_argument("study")
    drift.add_argument("--renew", action="store_true", help="keep the numbers of now instead")
    audit = commands.add_parser("audit", help="judge predictions, or printed numbers, of others")
    text = "a table of predictions (CSV, XLSX), or printed numbers (as docs/audit_template.yml)"
    audit.add_argument("file", type=lambda name: Path(name).resolve(), help=text)
    run.add_table_options(audit)
    new = commands.add_parser("new", help="lay out a project of your own")
    new.add_argument("folder", type=Path, help="a new folder")
    example = commands.add_parser("example", help="write a simulated cohort as a user's folder")
    example.add_argument("folder", help="a new folder")
    example.add_argument("--study", default="smoke", help="whose patients (default: smoke)")
    run.add_init(commands)
    frozen.add_parsers(commands)
    completion = commands.add_parser("completion", help="print what lets a shell complete words")
    completion.add_argument("shell", choices=run.SHELLS)
    # What follows is Snakemake's; `report` alone calls this.
    commands.add_parser("workflow", prefix_chars="\0").add_argument("options", nargs="*")
    return run.teach(parser)


def _check(arguments: argparse.Namespace) -> None:
    """Check the studies that were named, or all of them."""
    for name in arguments.study or sorted(file.stem for file in Path("params").glob("*.yml")):
        stem = Path(name).name.removesuffix(".yml")  # params/demo.yml is demo
        study = run.check_study(stem)
        for line in frozen.check_models(study.cohort):
            print(line)
        if arguments.page:
            page, problems = run.write_check_page(stem, study, arguments.data or "")
            print(f"{os.path.relpath(page)}: tables, images and flags, to look at")
            if problems:
                raise StudyError("\n  ".join([f"params/{stem}.yml: to be mended:", *problems]))
        elif arguments.data is not None:
            for line in run.check_tables(stem, study, arguments.data, with_images=True):
                print(line)
        print(f"params/{stem}.yml is valid")
        if (folder := store.path(f"results/{stem}")).joinpath("report").is_dir():
            from thyro import report  # slow, so only where there is one

            for file in report.changed_since(folder):
                print(f"results/{stem}/{file} is not what the report was rendered from")


def _check_models(study: str) -> None:
    """Stop where frozen models lack what they need: images are read for long before it shows."""
    frozen.check_models(load_study(study, store.path("params")).cohort)


def _report(arguments: argparse.Namespace) -> None:
    if arguments.dry_run:
        run.print_status(arguments.study, data=arguments.data)
    else:
        _check_models(arguments.study)
        run.bring_up_to_date(arguments.study, data=arguments.data)


def _run(arguments: argparse.Namespace) -> None:
    """All notebooks that are stale, up to one; or a single one, as Snakemake asks for it."""
    *job, study = arguments.named
    if not job:
        _check_models(study)
        run.bring_up_to_date(study, data=arguments.data, until=arguments.until, render=False)
    elif len(job) == 1 and job[0] in JOB_NAMES and not arguments.until:
        run.run_notebook(study, job[0], data=arguments.data)
    else:
        raise SystemExit(
            "thyro: say `thyro run STUDY --until NOTEBOOK`, or `thyro run JOB STUDY` with one of "
            f"{', '.join(JOB_NAMES)}."
        )


def _audit(arguments: argparse.Namespace) -> None:
    """A report on a table of predictions; or the checks of a file of printed numbers, printed.

    Of these also which lack their numbers.
    """
    if arguments.file.suffix.lower() not in (".yml", ".yaml"):
        out, options = run.table_options(arguments)
        return run.audit_table(arguments.file, out, **options)
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


def _compare(arguments: argparse.Namespace) -> None:
    from thyro import report  # slow, so only for those who ask

    a, b = arguments.a, arguments.b
    page = Path(arguments.out) if arguments.out else store.path(f"results/{a}_and_{b}.html")
    try:
        report.write_comparison(a, b, page)
    except report.ReportError as error:
        raise SystemExit(f"thyro: {error}") from None


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
    "report": _report,
    "run": _run,
    "status": lambda a: run.print_status(a.study, data=a.data),
    "render": _render,
    "audit": _audit,
    "compare": _compare,
    "drift": _drift,
    "init": run.init_study,
    "example": lambda a: run.write_example(Path(a.folder), a.study),
    "new": lambda a: run.new_project(a.folder),
    "export": frozen.export,
    "predict": frozen.ask,
    "completion": lambda a: print(run.completion(_parser(), a.shell), end=""),
    "workflow": lambda a: run.run_snakemake(a.options),
}
ANYWHERE = ("new", "predict")  # need no project around them


if __name__ == "__main__":
    main()
