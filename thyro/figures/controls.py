"""What an analyst turns in JupyterLab: a penalty, a threshold, a patient, the values of a nomogram.

Each takes results of a notebook and displays controls with the picture that they make
(`live_figure`); an executed notebook that is only read shows the first picture.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from thyro.figures.explanations import Example
from thyro.figures.live import View, choice, live_figure, slider_of
from thyro.figures.nomogram import Nomogram, draw_nomogram, nomogram_height
from thyro.figures.performance import DecisionCurve, RocCurve, draw_decision_curve, draw_roc
from thyro.figures.selection import (
    LassoResult,
    distributions_figure,
    draw_coefficients,
    draw_lasso_path,
)
from thyro.figures.style import SMALL, WIDTH
from thyro.figures.ultrasound import draw_heatmap_overlay, draw_image
from thyro.study import cohort_label
from thyro.tables import number, p_value, percent

ROWS = 20  # of a table below a picture
DRAWN = 4  # features at once
ANY = "any step"
STEPS = 100  # of a slider over a continuous value
POINT = "#D55E00"  # what a control points at


class Metrics(Protocol):
    """What is told of a threshold (`statistics.Metrics`)."""

    tp: int
    fn: int
    fp: int
    tn: int
    sensitivity: float
    specificity: float
    ppv: float
    npv: float


def lasso_control(
    lassos: Mapping[str, LassoResult], *, origin: str = "", patience: int = 30
) -> widgets.VBox:
    """Move the penalty along the path of a LASSO and see which features it keeps.

    Parameters
    ----------
    lassos : mapping of title to selection.LassoResult
    origin : str
        As in `live_figure`.
    patience : int, default 30
        Coefficients that are drawn at most, the largest ones.
    """
    first = next(iter(lassos.values()))
    places = range(max(len(each.lambdas) for each in lassos.values()))

    def draw(signature: str, penalty: int) -> View:
        found = lassos[signature]
        place = min(penalty, len(found.lambdas) - 1)
        value = found.lambdas[place]
        row = found.path.iloc[place]
        kept = row[row.ne(0)].sort_values(key=np.abs, ascending=False)
        fig, axes = plt.subplots(1, 3, figsize=(WIDTH, 3.0), width_ratios=(1, 1, 1.1))
        draw_lasso_path(found, axes[:2])
        for ax in axes[:2]:
            ax.axvline(np.log(value), color=POINT, lw=1.4)
        draw_coefficients(kept.head(patience), axes[2])
        words = (
            f"{signature}, λ = {value:.3g} (log λ {np.log(value):.2f}): {len(kept)} features kept, "
            f"cross-validated deviance {number(found.cv_mean[place])}; λ of the minimum "
            f"{found.lambda_min:.3g}, within one standard error {found.lambda_1se:.3g}."
        )
        return View(fig, words)

    start = int(np.argmin(np.abs(first.lambdas - first.lambda_min)))
    controls = {
        "signature": choice(list(lassos), "Signature"),
        "penalty": slider_of([(str(k + 1), k) for k in places], start, "Penalty, large to small"),
    }
    return live_figure(draw, controls, origin=origin)


def feature_control(
    logs: Mapping[str, pd.DataFrame],
    values: Mapping[str, pd.DataFrame],
    y: Sequence[int],
    *,
    groups: Sequence[str],
    origin: str = "",
) -> widgets.VBox:
    """Sort and search the selection log; the first features of the list are drawn by outcome.

    Parameters
    ----------
    logs : mapping of title to DataFrame, index feature
        `Selection.log`: step, reason, p, rho, coefficient and more.
    values : mapping of title to DataFrame
        Of the training patients, rows in the order of `y`.
    y : array_like of int, shape (n_train,)
    groups : (str, str)
        Names of the outcome 0 and 1.
    origin : str
        As in `live_figure`.
    """
    orders = {"p, smallest first": "p", "coefficient, largest first": "coefficient", "name": ""}
    steps = list(dict.fromkeys(step for log in logs.values() for step in log["step"]))

    def draw(signature: str, sort_by: str, step: str, contains: str) -> View:
        log = logs[signature]
        shown = log if step == ANY else log[log["step"].eq(step)]
        shown = shown[shown.index.str.contains(contains, case=False, regex=False)]
        if shown.empty:
            raise ValueError(f"No feature of {signature} is called so and left at {step}.")
        if column := orders[sort_by]:
            size = shown[column].abs() * (1 if column == "p" else -1)
            shown = shown.loc[size.sort_values(kind="stable").index]
        else:
            shown = shown.sort_index()
        names = list(shown.index[:DRAWN])
        fig = distributions_figure(values[signature], y, names, groups=groups)
        words = f"{len(shown)} of {len(log)} features of {signature}; the first {len(names)} drawn."
        return View(fig, words, _table(_log_as_text(shown.head(ROWS)), len(shown)))

    controls = {
        "signature": choice(list(logs), "Features"),
        "sort_by": choice(list(orders), "Sort by"),
        "step": choice([ANY, *steps], "Left at"),
        "contains": widgets.Text("", description="Name contains", continuous_update=False),
    }
    return live_figure(draw, controls, origin=origin)


def threshold_control(
    curves: Mapping[str, Mapping[str, RocCurve]],
    decisions: Mapping[str, Sequence[DecisionCurve]],
    at: Callable[[str, str, float], Metrics],
    *,
    shown: Sequence[float] = (0, 1),
    start: float = 0.3,
    origin: str = "",
) -> widgets.VBox:
    """Move the threshold of a model: its point on the ROC and decision curve, and who is called.

    Parameters
    ----------
    curves : mapping of cohort to mapping of model to statistics.RocCurve
    decisions : mapping of cohort to sequence of statistics.DecisionCurve
        Of the same cohorts; models without a curve cannot be chosen.
    at : callable
        Of cohort, model and threshold: `statistics.Metrics`.
    shown : (float, float), default (0, 1)
        Thresholds at the ends of the decision curves.
    start : float, default 0.3
    origin : str
        As in `live_figure`.
    """
    by_name = {cohort: {one.model: one for one in every} for cohort, every in decisions.items()}
    models = [name for name in next(iter(curves.values())) if name in next(iter(by_name.values()))]
    last = list(curves)[-1]

    def draw(cohort: str, model: str, threshold: float) -> View:
        found = at(cohort, model, threshold)
        n = found.tp + found.fn + found.fp + found.tn
        decision = by_name[cohort][model]
        benefit = float(np.interp(threshold, decision.threshold, decision.net_benefit))
        fig, (roc, use) = plt.subplots(1, 2, figsize=(WIDTH, 3.2), width_ratios=(1, 1.3))
        draw_roc({model: curves[cohort][model]}, roc, title=cohort_label(cohort))
        roc.plot(1 - found.specificity, found.sensitivity, "o", ms=7, color=POINT, zorder=5)
        draw_decision_curve(decision, use, shown=shown)
        if shown[0] <= threshold <= shown[1]:
            use.plot(threshold, benefit, "o", ms=7, color=POINT, zorder=5)
        words = (
            f"{model}, {cohort_label(cohort)}: at {threshold:.2f} or above {found.tp + found.fp} "
            f"of {n} patients are called positive; net benefit {number(benefit)} per patient."
        )
        return View(fig, words, _confusion(found))

    controls = {
        "cohort": choice(
            [(cohort_label(one), one) for one in [last, *list(curves)[:-1]]], "Cohort"
        ),
        "model": choice(models, "Model"),
        "threshold": widgets.FloatSlider(
            start, min=0.01, max=0.99, step=0.01, description="Threshold", continuous_update=False
        ),
    }
    return live_figure(draw, controls, origin=origin)


def heat_map_control(
    looks: Mapping[str, Mapping[str, Example | None]], *, origin: str = ""
) -> widgets.VBox:
    """Choose a network and a patient; the crop that the network saw stands beside its heat map.

    Parameters
    ----------
    looks : mapping of network to mapping of label to deep.Example or None
    origin : str
        As in `live_figure`.
    """
    labels = list(dict.fromkeys(label for each in looks.values() for label in each))

    def draw(network: str, patient: str) -> View:
        seen = looks[network].get(patient)
        if seen is None:
            raise ValueError(f"{network} has no patient called {patient}.")
        fig, (plain, heated) = plt.subplots(1, 2, figsize=(WIDTH, 3.6))
        draw_image(seen.crop, plain, mask=seen.mask, title="What the network saw")
        draw_heatmap_overlay(seen.crop, seen.heat, heated, mask=seen.mask)
        heated.set_title("Evidence for the outcome", size=SMALL + 1)
        return View(fig, f"{network}, {seen.patient_id}: predicted {number(seen.p, 2)}.")

    controls = {"network": choice(list(looks), "Network"), "patient": choice(labels, "Patient")}
    return live_figure(draw, controls, origin=origin)


def lesion_control(
    patients: Sequence[str],
    read: Callable[[str], tuple],
    features: pd.DataFrame,
    places: pd.DataFrame,
    *,
    origin: str = "",
) -> widgets.VBox:
    """Choose a patient: the outlined nodule, and its features with their place among patients.

    Parameters
    ----------
    patients : sequence of patient_id
    read : callable
        Of a patient_id: image, mask and pixel size (mm), as `imaging.Frames` does.
    features, places : DataFrame, index patient_id
        Values, and the share of training patients with this value or less (0-1).
    origin : str
        As in `live_figure`.
    """

    def draw(patient: str, contains: str) -> View:
        image, mask, spacing_mm = read(patient)
        names = features.columns[features.columns.str.contains(contains, case=False, regex=False)]
        fig, ax = plt.subplots(figsize=(0.7 * WIDTH, 0.55 * WIDTH))
        draw_image(image, ax, mask=mask, title=str(patient), spacing_mm=spacing_mm)
        told = pd.DataFrame(
            {
                "Feature": names[:ROWS],
                "Value": [f"{features.at[patient, name]:.5g}" for name in names[:ROWS]],
                "Percentile of training patients": [
                    number(100 * places.at[patient, name], 0) for name in names[:ROWS]
                ],
            }
        )
        words = f"{patient}: {mask.sum()} pixels in the outline; {len(names)} such features."
        return View(fig, words, _table(told, len(names)))

    search = widgets.Text("original_", description="Feature contains", continuous_update=False)
    controls = {"patient": choice([str(one) for one in patients], "Patient"), "contains": search}
    return live_figure(draw, controls, origin=origin)


def nomogram_control(
    nomogram: Nomogram,
    risk: Callable[[Mapping[str, object]], tuple[float, float, float]],
    *,
    start: Mapping[str, object],
    labels: Mapping[str, str] | None = None,
    outcome: str = "metastasis",
    origin: str = "",
) -> widgets.VBox:
    """Set the values of a patient and read the points and the risk off the nomogram.

    Parameters
    ----------
    nomogram : nomogram.Nomogram
    risk : callable
        Of the values by term: risk with its interval (0-1).
    start : mapping of term to value
        The patient who is shown first.
    labels, outcome
        As in `draw_nomogram`.
    origin : str
        As in `live_figure`.
    """
    terms = {f"term_{k}": axis.term for k, axis in enumerate(nomogram.axes)}
    shown = {axis.term: (labels or {}).get(axis.term, axis.term) for axis in nomogram.axes}

    def draw(**values) -> View:
        patient = {terms[name]: value for name, value in values.items()}
        points = {term: nomogram.points(term, value) for term, value in patient.items()}
        height = nomogram_height(nomogram) + 0.3
        fig, ax = plt.subplots(figsize=(WIDTH, height))
        draw_nomogram(nomogram, ax, labels=labels, outcome=outcome, marked=points)
        p, low, high = risk(patient)
        told = pd.DataFrame(
            {
                "Factor": [shown[term] for term in patient],
                "Value": [f"{v:.3g}" if isinstance(v, float) else str(v) for v in patient.values()],
                "Points": [number(value, 1) for value in points.values()],
            }
        )
        words = (
            f"Total {number(sum(points.values()), 1)} points; risk of {outcome} {percent(p)} "
            f"({percent(low)} to {percent(high)})."
        )
        return View(fig, words, _table(told, len(told)))

    controls = {
        name: _axis_control(nomogram.axes[k], start[term], shown[term])
        for k, (name, term) in enumerate(terms.items())
    }
    return live_figure(draw, controls, origin=origin)


def _axis_control(axis, value, label: str):
    """A list of levels, or a slider over the drawn axis; as it stands for the patient."""
    if axis.kind == "categorical":
        listed = choice([(str(level), level) for level, _ in axis.ticks], label)
        listed.value = value
        return listed
    low, high = float(axis.ticks[0][0]), float(axis.ticks[-1][0])
    return widgets.FloatSlider(
        float(np.clip(value, low, high)),
        min=low,
        max=high,
        step=(high - low) / STEPS,
        description=label,
        readout_format=".3g",
        continuous_update=False,
    )


def _log_as_text(log: pd.DataFrame) -> pd.DataFrame:
    """The selection log with numbers as they are read."""
    return pd.DataFrame(
        {
            "Feature": log.index,
            "Left at": log["step"],
            "Reason": log["reason"],
            "P": ["" if np.isnan(p) else p_value(p) for p in log["p"]],
            "Copy of": log["partner"].fillna(""),
            "ρ": ["" if np.isnan(rho) else number(rho, 2) for rho in log["rho"]],
            "Coefficient": ["" if np.isnan(c) else number(c) for c in log["coefficient"]],
        }
    )


def _confusion(found: Metrics) -> str:
    """The confusion matrix and what follows from it, as HTML."""
    matrix = pd.DataFrame(
        {
            "": ["Called positive", "Called negative"],
            "With the outcome": [found.tp, found.fn],
            "Without": [found.fp, found.tn],
        }
    )
    shares = {
        "Sensitivity": found.sensitivity,
        "Specificity": found.specificity,
        "PPV": found.ppv,
        "NPV": found.npv,
    }
    told = pd.DataFrame({name: [percent(value)] for name, value in shares.items()})
    return _table(matrix, len(matrix)) + _table(told, 1)


def _table(frame: pd.DataFrame, of: int) -> str:
    """A table as HTML, escaped, with a line where rows are left out."""
    more = f"<p>{of - len(frame)} more rows: search for a name.</p>" if of > len(frame) else ""
    return frame.to_html(index=False, border=0, escape=True) + more
