"""Results as pictures: result and axes in, axes out. Computes nothing."""

from thyro.figures.contact_sheets import contact_sheet_pages, show_page
from thyro.figures.diagrams import draw_network, draw_process
from thyro.figures.explanations import draw_energy, draw_explanations, draw_importance, draw_sanity
from thyro.figures.flow_chart import draw_flow, flow_height
from thyro.figures.nomogram import draw_nomogram, nomogram_height
from thyro.figures.performance import (
    MODEL_COLOURS,
    draw_calibration,
    draw_coefficients,
    draw_decision_curve,
    draw_delong_matrix,
    draw_lasso_path,
    draw_roc,
    label_origin,
    model_styles,
    panel_letters,
    use_style,
)
from thyro.figures.protocols import draw_frequency, draw_optimism, draw_repeats
from thyro.figures.radiomics import (
    draw_correlation_map,
    draw_filtered,
    draw_stability,
    filtered_height,
)
from thyro.figures.selection import draw_correlation, draw_distributions, draw_tuning, draw_volcano
from thyro.figures.super_resolution import draw_agreement, draw_gains, draw_spectrum, draw_training
from thyro.figures.ultrasound import draw_image, draw_pair, draw_profile
from thyro.figures.wipe import wipe_html

__all__ = [
    "MODEL_COLOURS",
    "contact_sheet_pages",
    "draw_agreement",
    "draw_calibration",
    "draw_coefficients",
    "draw_correlation",
    "draw_correlation_map",
    "draw_decision_curve",
    "draw_delong_matrix",
    "draw_distributions",
    "draw_energy",
    "draw_explanations",
    "draw_filtered",
    "draw_flow",
    "draw_frequency",
    "draw_gains",
    "draw_image",
    "draw_importance",
    "draw_lasso_path",
    "draw_network",
    "draw_nomogram",
    "draw_optimism",
    "draw_pair",
    "draw_process",
    "draw_profile",
    "draw_repeats",
    "draw_roc",
    "draw_sanity",
    "draw_spectrum",
    "draw_stability",
    "draw_training",
    "draw_tuning",
    "draw_volcano",
    "filtered_height",
    "flow_height",
    "label_origin",
    "model_styles",
    "nomogram_height",
    "panel_letters",
    "show_page",
    "use_style",
    "wipe_html",
]
