"""What a study is: its settings, its files, its names, and the plan of its notebook runs."""

from thyro.study.arguments import check_notebook, job_arguments, result_arguments
from thyro.study.classifiers import (
    CLASSIFIERS,
    FAMILIES,
    HEAD,
    ClassifierEntry,
    Kind,
    kinds,
    model_names,
)
from thyro.study.files import StudyError, load_study
from thyro.study.names import (
    BC,
    CLINICAL,
    COHORTS,
    IMAGE_SETS,
    OR,
    PENALISED,
    PLANAR,
    RADIOLOGIST,
    RANKED,
    SR,
    STUDIED,
    ImageSet,
    ModelName,
    NomogramName,
    nomograms,
)
from thyro.study.networks import NETWORKS, NetworkEntry
from thyro.study.plan import JOBS, Job
from thyro.study.settings import Cohort, Criterion, Source, Study, SuperResolution, Variable

__all__ = [
    "BC",
    "CLASSIFIERS",
    "CLINICAL",
    "COHORTS",
    "FAMILIES",
    "HEAD",
    "IMAGE_SETS",
    "JOBS",
    "NETWORKS",
    "OR",
    "PENALISED",
    "PLANAR",
    "RADIOLOGIST",
    "RANKED",
    "SR",
    "STUDIED",
    "ClassifierEntry",
    "Cohort",
    "Criterion",
    "ImageSet",
    "Job",
    "Kind",
    "ModelName",
    "NetworkEntry",
    "NomogramName",
    "Source",
    "Study",
    "StudyError",
    "SuperResolution",
    "Variable",
    "check_notebook",
    "job_arguments",
    "kinds",
    "load_study",
    "model_names",
    "nomograms",
    "result_arguments",
]
