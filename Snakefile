# What is stale and in which order: one rule per notebook run of thyro/study/plan.py, and the report.
# Called by `make report`; by hand: snakemake --cores 2 --config study=smoke
# (a study whose name looks like a number, by hand: --config 'study=!!str 007').
import json
import os
import shlex
import sys
from pathlib import Path

from thyro import run
from thyro.core.code_version import PACKAGE, files_behind
from thyro.study import job_arguments, load_study, result_arguments, threads_of

ASKED = config.get("asked", config)
NAME, DATA = str(ASKED["study"]), str(ASKED.get("data") or "")
STUDY = load_study(NAME, Path("params"))
ROOT = f"results/{NAME}"
LEFT = [f"{ROOT}/{file}" for job in STUDY.jobs.values() for file in job.left]
REPORT = [f"{ROOT}/report/{file}" for file in STUDY.report_files]


def code(*sources):
    """Files of the package behind notebooks or modules: a change makes what they made stale."""
    return [os.path.relpath(file) for file in files_behind(*map(Path, sources))]


rule all:
    input:
        # Asked for by name, so that one that was deleted is made again.
        REPORT,
        LEFT,


for job in STUDY.jobs.values():
    arguments = job_arguments(STUDY, NAME, job, data=DATA)

    rule:
        name: job.name
        input:
            notebook=f"notebooks/{job.notebook}.ipynb",
            code=code(f"notebooks/{job.notebook}.ipynb"),
            environment="requirements.lock",
            results=[f"{ROOT}/{file}" for file in job.inputs],
            outside=list(job.outside),
        output:
            [f"{ROOT}/{file}" for file in job.left],
        params:
            arguments=json.dumps(result_arguments(arguments)),
            data=run.fingerprint(DATA) if job.section == "cohort" else "",
            job=job.name,
            options=f"--data {shlex.quote(DATA)}" if DATA else "",
        threads: threads_of(STUDY, job)
        shell:
            "exec {sys.executable} -m thyro.cli run {params.job} {NAME:q} {params.options}"


rule report:
    input:
        results=LEFT,
        manuscript=sorted(str(file) for file in Path("report").rglob("*") if file.is_file()),
        code=code(PACKAGE / "report" / "manuscript.py"),
    output:
        REPORT,
    threads: 1
    shell:
        "exec {sys.executable} -m thyro.cli render {NAME:q}"
