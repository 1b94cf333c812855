"""What a study is: its settings, its files, its names, and the plan of its notebook runs."""

from thyro.study.arguments import check_notebook, job_arguments, result_arguments
from thyro.study.files import StudyError, load_study
from thyro.study.plan import JOBS, Job
from thyro.study.settings import Cohort, Criterion, Source, Study, SuperResolution, Variable

__all__ = [
    "JOBS",
    "Cohort",
    "Criterion",
    "Job",
    "Source",
    "Study",
    "StudyError",
    "SuperResolution",
    "Variable",
    "check_notebook",
    "job_arguments",
    "load_study",
    "result_arguments",
]
