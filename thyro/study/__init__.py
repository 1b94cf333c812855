"""What a study is: its settings, its files, its names, and the plan of its notebook runs."""

from thyro.study.arguments import (
    check_notebook,
    job_arguments,
    result_arguments,
    threads_of,
)
from thyro.study.classifiers import (
    CLASSIFIERS,
    FAMILIES,
    HEAD,
    ClassifierEntry,
    Kind,
    kinds,
    model_names,
)
from thyro.study.cohorts import Cohort, Criterion, Source, Variable, check_candidates
from thyro.study.features import FEATURE_SETS, FeatureTable, feature_tables
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
from thyro.study.plan import JOBS, RECORDS, Job
from thyro.study.settings import Study, SuperResolution
from thyro.study.thresholds import threshold_points

__all__ = [
    "BC",
    "CLASSIFIERS",
    "CLINICAL",
    "COHORTS",
    "FAMILIES",
    "FEATURE_SETS",
    "HEAD",
    "IMAGE_SETS",
    "JOBS",
    "NETWORKS",
    "OR",
    "PENALISED",
    "PLANAR",
    "RADIOLOGIST",
    "RANKED",
    "RECORDS",
    "SR",
    "STUDIED",
    "ClassifierEntry",
    "Cohort",
    "Criterion",
    "FeatureTable",
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
    "check_candidates",
    "check_notebook",
    "feature_tables",
    "job_arguments",
    "kinds",
    "load_study",
    "model_names",
    "nomograms",
    "result_arguments",
    "threads_of",
    "threshold_points",
]
