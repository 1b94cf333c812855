# What is stale and in which order: one rule per notebook run of thyro/study/plan.py, and the report.
# Called by `make report`; by hand: snakemake --cores 2 --config study=smoke
import json
import os
import shlex
import sys
from pathlib import Path

from thyro import run
from thyro.study import job_arguments, load_study, result_arguments
from thyro.core.code_version import PACKAGE, files_behind

# Snakemake reads what looks like a number as one.
NAME, DATA = str(config["study"]), str(config.get("data") or "")
STUDY = load_study(NAME, Path("params"))
ROOT = f"results/{NAME}"


def code(*sources):
    """Files of the package behind notebooks or modules: a change makes what they made stale."""
    return [os.path.relpath(file) for file in files_behind(*map(Path, sources))]



rule all:
    input:
        f"{ROOT}/report/index.html",
        # Asked for by name, so that one that was deleted is made again.
        [f"{ROOT}/notebooks/{job.name}.ipynb" for job in STUDY.jobs.values()],
        [f"{ROOT}/{job.folder}/{file}" for job in STUDY.jobs.values() for file in job.writes],


for job in STUDY.jobs.values():
    arguments = job_arguments(STUDY, NAME, job, data=DATA)

    rule:
        name: job.name
        input:
            notebook=f"notebooks/{job.notebook}.ipynb",
            code=code(f"notebooks/{job.notebook}.ipynb"),
            environment="requirements.lock",
            results=[f"{ROOT}/{file}" for file in (*job.reads.values(), *job.files)],
        output:
            executed=f"{ROOT}/notebooks/{job.name}.ipynb",
            results=[f"{ROOT}/{job.folder}/{file}" for file in job.writes],
        params:
            arguments=json.dumps(result_arguments(arguments)),
            data=run.fingerprint(DATA) if job.section == "cohort" else "",
            job=job.name,
            options=f"--data {shlex.quote(DATA)}" if DATA else "",
        threads: run.threads_of(STUDY, job)
        shell:
            "exec {sys.executable} -m thyro.cli run {params.job} {NAME} {params.options}"


rule report:
    input:
        notebooks=[f"{ROOT}/notebooks/{job}.ipynb" for job in STUDY.jobs],
        manuscript=sorted(str(file) for file in Path("report").rglob("*") if file.is_file()),
        code=code(PACKAGE / "report" / "manuscript.py"),
    output:
        multiext(f"{ROOT}/report/", "index.html", "thyro.pdf", "thyro.docx"),
    threads: 1
    shell:
        "exec {sys.executable} -m thyro.cli render {NAME}"
