"""Every model at one threshold: what the page needs to move it, and the element that shows it.

Probabilities are embedded rounded and without patients: of each model, cohort and outcome a sorted
list, so that nobody's values of two models can be put together.
"""

import html
import json
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from thyro import figures, statistics
from thyro.report.results import Results
from thyro.study import PROTOCOLS, RADIOLOGIST, cohort_label

STEPS = 1000  # a probability p is embedded as the largest k with k / STEPS <= p
SHOWN = ("sound", "paper")  # protocols: what the study concludes from first
START = 0.30
DASHES = {"-": "", "--": "6 3", ":": "2 3", "-.": "6 2 2 2"}


def element(results: Results, predictions: Sequence[str], *, outcome: str) -> str:
    """The section of the page with the threshold, its plots and its table, as HTML.

    Parameters
    ----------
    results, predictions
        As in `embedded`.
    outcome : str
        As it reads after "risk of".
    """
    data = json.dumps(embedded(results, predictions), ensure_ascii=True, separators=(",", ":"))
    data = data.replace("<", "\\u003c")
    return (
        '<section class="thresholds" aria-labelledby="thresholds-title">'
        '<h3 id="thresholds-title">All models at one threshold</h3>'
        f"<p>Patients whose risk of {html.escape(outcome)} is at or above the threshold are called "
        "positive, whichever model gives the risk. Risks are embedded in this page in steps of "
        f"1/{STEPS}, without patients.</p>"
        '<div class="thresholds-body"><noscript><p>The threshold needs JavaScript; the tables hold '
        "the cut-offs that the study chose.</p></noscript></div>"
        f'<script type="application/json">{data}</script></section>'
    )


def embedded(results: Results, predictions: Sequence[str]) -> dict:
    """What the script of the page reads.

    Parameters
    ----------
    results : Results
        Predictions and outcomes of a study.
    predictions : sequence of str
        The tables of models (or of the user's scores) and, last, of nomograms, if there are any.

    Returns
    -------
    dict
        start, steps, cohorts (labels) and protocols: label, and models with name, colour, dash and
        `scores`: of each cohort the sorted steps of controls and of cases, each as differences.
    """
    cases = results.table("00_cohort/patients").set_index("patient_id")
    predicted = [results.table(name) for name in predictions]
    readings = {}
    if "radiologist" in cases:
        yes_from = results.values("00_cohort/cohort")["radiologist_yes_from"]
        readings[RADIOLOGIST] = _yes(cases["radiologist"], yes_from)
    scores = statistics.scores_by_protocol(predicted, cases.index, others=readings)
    order = [*dict.fromkeys(pd.concat(predicted)["model"]), *readings]
    chosen = {*predicted[-1]["model"], *readings}  # drawn at first
    cohorts = {name: cohort_label(name) for name in statistics.cohorts(cases["split"])}
    shown = [name for name in SHOWN if name in scores] or list(scores)
    return {
        "start": START,
        "steps": STEPS,
        "cohorts": list(cohorts.values()),
        "protocols": [
            {
                "label": _label(name),
                "models": [
                    model | {"chosen": model["name"] in chosen}
                    for model in _models(scores[name].filter(order), cases, list(cohorts))
                ],
            }
            for name in shown
        ],
    }


def steps(p: np.ndarray) -> np.ndarray:
    """The step of every probability: p >= k / STEPS if and only if its step is >= k."""
    return np.searchsorted(np.arange(STEPS + 1) / STEPS, p, side="right") - 1


def _models(scores: pd.DataFrame, cases: pd.DataFrame, cohorts: Sequence[str]) -> list[dict]:
    # a score on another scale has no threshold of probability; a missing one is not between
    names = [name for name in scores if scores[name].between(0, 1).all()]
    styles = figures.model_styles(names)
    return [
        {
            "name": name,
            "colour": styles[name][0],
            "dash": _dash(styles[name][1]),
            "scores": [
                [
                    _differences(
                        steps(scores.loc[cases["split"].eq(cohort) & cases["y"].eq(y), name])
                    )
                    for y in (0, 1)
                ]
                for cohort in cohorts
            ],
        }
        for name in names
    ]


def _differences(values: Iterable[int]) -> list[int]:
    """Sorted, each less the one before, which needs fewer digits."""
    return np.diff(np.sort(np.asarray(values)), prepend=0).tolist()


def _yes(reading: pd.Series, yes_from: float | None) -> pd.Series:
    """A reading as 0 or 1; a grade is yes from the reader's own cut-off on."""
    return reading if yes_from is None else reading.ge(yes_from).astype(float).mask(reading.isna())


def _dash(line: str | tuple) -> str:
    """matplotlib's line as SVG writes it."""
    return DASHES[line] if isinstance(line, str) else " ".join(f"{x:g}" for x in line[1])


def _label(protocol: str) -> str:
    if protocol not in PROTOCOLS:
        return protocol
    how = "cross-fitted" if PROTOCOLS[protocol].cross_fitted else "in-sample"
    return f"{PROTOCOLS[protocol].recipe.label} recipe, {how}"
