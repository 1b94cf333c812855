"""Notebook 02: the 1561 features of pyradiomics, measured fast, and how stable they are."""

from thyro.radiomics.binning import bin_widths
from thyro.radiomics.centres import AFTER, BEFORE, centre_differences, difference_table
from thyro.radiomics.cohort_extraction import check_failures, extract_cohort
from thyro.radiomics.combat import Combat, combat
from thyro.radiomics.common_grid import CommonGrid
from thyro.radiomics.definitions import FEATURE_TERMS, describe_feature
from thyro.radiomics.exclusions import DEGENERATE, DISTINCT, STABILITY, set_aside
from thyro.radiomics.extractor import extract
from thyro.radiomics.feature_sets import FEATURE_SETS, PAPER, PLANAR, only, part_of
from thyro.radiomics.filters import filtered_images
from thyro.radiomics.harmonisation import (
    both_ways,
    harmonisation,
    harmonised,
    unseen_patients,
)
from thyro.radiomics.ibsi import compare_with_ibsi
from thyro.radiomics.sizes import nodule_sizes
from thyro.radiomics.stability import (
    extract_perturbed,
    reader_dice,
    stability_sample,
    stability_table,
)
from thyro.radiomics.summaries import (
    agreement_medians,
    agreement_scalars,
    effective_bins,
    failure_table,
    feature_set_tables,
    feature_summary,
    image_set_agreement,
    measured_as,
    measuring,
    stability_medians,
    stability_summary,
)

__all__ = [
    "AFTER",
    "BEFORE",
    "DEGENERATE",
    "DISTINCT",
    "FEATURE_SETS",
    "FEATURE_TERMS",
    "PAPER",
    "PLANAR",
    "STABILITY",
    "Combat",
    "CommonGrid",
    "agreement_medians",
    "agreement_scalars",
    "bin_widths",
    "both_ways",
    "centre_differences",
    "check_failures",
    "combat",
    "compare_with_ibsi",
    "describe_feature",
    "difference_table",
    "effective_bins",
    "extract",
    "extract_cohort",
    "extract_perturbed",
    "failure_table",
    "feature_set_tables",
    "feature_summary",
    "filtered_images",
    "harmonisation",
    "harmonised",
    "image_set_agreement",
    "measured_as",
    "measuring",
    "nodule_sizes",
    "only",
    "part_of",
    "reader_dice",
    "set_aside",
    "stability_medians",
    "stability_sample",
    "stability_summary",
    "stability_table",
    "unseen_patients",
]
