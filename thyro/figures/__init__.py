"""Results as pictures: results in, axes or a figure out. Computes nothing."""

from thyro.figures.agreement import agreement_figure, draw_agreement
from thyro.figures.browser import browse_images
from thyro.figures.calibration import calibration_figure, draw_calibration
from thyro.figures.centres import components_figure, forest_figure
from thyro.figures.contact_sheets import contact_sheet_pages, show_page
from thyro.figures.contrasts import contrasts_figure, draw_contrasts
from thyro.figures.correlation import (
    correlation_figure,
    correlation_map_figure,
    draw_correlation,
    draw_correlation_map,
)
from thyro.figures.diagrams import draw_network, draw_process, process_figure
from thyro.figures.explanations import (
    draw_energy,
    draw_explanations,
    draw_importance,
    draw_sanity,
    explanations_figure,
    importance_figure,
    sanity_figure,
)
from thyro.figures.fine_tuning import draw_tuning, tuning_figure
from thyro.figures.flow_chart import draw_flow, flow_figure, flow_height
from thyro.figures.fonts import STAND_INS, without_glyph
from thyro.figures.instability import draw_instability, instability_figure
from thyro.figures.nomogram import draw_nomogram, nomogram_height, nomograms_figure
from thyro.figures.performance import (
    delong_figure,
    draw_decision_curve,
    draw_delong_matrix,
    draw_roc,
    performance_figure,
    roc_figure,
)
from thyro.figures.protocols import (
    draw_frequency,
    draw_protocols,
    draw_repeats,
    frequency_figure,
    protocols_figure,
    repeats_figure,
)
from thyro.figures.radiomics import (
    draw_filtered,
    draw_stability,
    filtered_figure,
    filtered_height,
    stability_figure,
)
from thyro.figures.selection import (
    coefficients_figure,
    distributions_figure,
    draw_coefficients,
    draw_distributions,
    draw_lasso_path,
    draw_volcano,
    lasso_figure,
    volcano_figure,
)
from thyro.figures.style import by_family, label_origin, model_styles, panel_letters, use_style
from thyro.figures.subgroups import draw_groups, subgroups_figure
from thyro.figures.super_resolution import (
    draw_gains,
    draw_spectrum,
    draw_training,
    gains_figure,
    spectrum_figure,
    super_resolution_figure,
    training_figure,
)
from thyro.figures.ultrasound import crops_figure, draw_image, draw_pair, draw_profile
from thyro.figures.usefulness import draw_calibration_lines, usefulness_figure
from thyro.figures.wipe import wipe_html

__all__ = [
    "STAND_INS",
    "agreement_figure",
    "browse_images",
    "by_family",
    "calibration_figure",
    "coefficients_figure",
    "components_figure",
    "contact_sheet_pages",
    "contrasts_figure",
    "correlation_figure",
    "correlation_map_figure",
    "crops_figure",
    "delong_figure",
    "distributions_figure",
    "draw_agreement",
    "draw_calibration",
    "draw_calibration_lines",
    "draw_coefficients",
    "draw_contrasts",
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
    "draw_groups",
    "draw_image",
    "draw_importance",
    "draw_instability",
    "draw_lasso_path",
    "draw_network",
    "draw_nomogram",
    "draw_pair",
    "draw_process",
    "draw_profile",
    "draw_protocols",
    "draw_repeats",
    "draw_roc",
    "draw_sanity",
    "draw_spectrum",
    "draw_stability",
    "draw_training",
    "draw_tuning",
    "draw_volcano",
    "explanations_figure",
    "filtered_figure",
    "filtered_height",
    "flow_figure",
    "flow_height",
    "forest_figure",
    "frequency_figure",
    "gains_figure",
    "importance_figure",
    "instability_figure",
    "label_origin",
    "lasso_figure",
    "model_styles",
    "nomogram_height",
    "nomograms_figure",
    "panel_letters",
    "performance_figure",
    "process_figure",
    "protocols_figure",
    "repeats_figure",
    "roc_figure",
    "sanity_figure",
    "show_page",
    "spectrum_figure",
    "stability_figure",
    "subgroups_figure",
    "super_resolution_figure",
    "training_figure",
    "tuning_figure",
    "use_style",
    "usefulness_figure",
    "volcano_figure",
    "wipe_html",
    "without_glyph",
]
