"""What figures show, in words for readers who cannot see them: the results of this study."""

import re
from collections.abc import Mapping

from thyro.report.shortcodes import numbered

# Identifier of a figure -> a sentence made of variables of the manuscript.
RESULTS = {
    "fig-flow": "{cohort.n} patients included, {cohort.excluded} excluded; {cohort.n_train} in "
    "the training cohort and {cohort.n_test} in the test cohort.",
    "regfig-sr": "{sr.verdict}",
    "fig-optimism": "{protocols.training}",
    "fig-repeats": "The AUC in the held-out part {repeats.aucs}.",
    "fig-usefulness": "Calibration in the test cohort {calibration.test}.",
    "suppfig-agreement": "Median intraclass correlation of {agreement.n} features "
    "{agreement.sr_median}.",
    "suppfig-sanity": "{explained.sanity}",
    "suppfig-importance": "{explained.importance}",
    "suppfig-frequency": "{repeats.frequency}",
    "suppfig-instability": "{validation.instability}",
}
VARIABLE = re.compile(r"\{([\w.]+)\}")


def results_of_figures(tree: Mapping) -> dict[str, str]:
    """Sentences of the figures whose variables the study has, by identifier of the figure."""
    found = {}
    for figure, sentence in RESULTS.items():
        known = {name: _text(tree, name) for name in VARIABLE.findall(sentence)}
        if all(known.values()):
            found[numbered(figure, tree)] = VARIABLE.sub(
                lambda match, known=known: known[match[1]], sentence
            )
    return found


def _text(tree: Mapping, name: str) -> str:
    """A variable as it is printed; "" where the study has none."""
    group, _, key = name.partition(".")
    value = tree.get(group, {}).get(key, "")
    return value if isinstance(value, str) else ""
