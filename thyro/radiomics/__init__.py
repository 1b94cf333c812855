"""Notebook 02: the 1561 features of pyradiomics, measured fast, and how stable they are."""

from thyro.radiomics.cohort_extraction import check_failures, extract_cohort
from thyro.radiomics.definitions import FEATURE_TERMS, describe_feature
from thyro.radiomics.extractor import extract
from thyro.radiomics.feature_sets import FEATURE_SETS, PAPER, PLANAR
from thyro.radiomics.filters import filtered_images
from thyro.radiomics.ibsi import compare_with_ibsi
from thyro.radiomics.stability import (
    extract_perturbed,
    reader_dice,
    stability_sample,
    stability_table,
    unstable_features,
)
from thyro.radiomics.summaries import (
    agreement_medians,
    agreement_scalars,
    failure_table,
    feature_set_tables,
    feature_summary,
    image_set_agreement,
    stability_medians,
    stability_summary,
)

__all__ = [
    "FEATURE_SETS",
    "FEATURE_TERMS",
    "PAPER",
    "PLANAR",
    "agreement_medians",
    "agreement_scalars",
    "check_failures",
    "compare_with_ibsi",
    "describe_feature",
    "extract",
    "extract_cohort",
    "extract_perturbed",
    "failure_table",
    "feature_set_tables",
    "feature_summary",
    "filtered_images",
    "image_set_agreement",
    "reader_dice",
    "stability_medians",
    "stability_sample",
    "stability_summary",
    "stability_table",
    "unstable_features",
]
