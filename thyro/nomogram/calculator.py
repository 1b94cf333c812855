"""The nomogram as an interactive calculator: one HTML file that needs no network and no kernel."""

import base64
import hashlib
import html
import json
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from scipy import stats

from thyro.clinical import LogisticFit
from thyro.core import as_level
from thyro.nomogram.axes import Nomogram


@cache
def _beside(name: str) -> str:
    """Text of the script or the style, which lie beside this module.

    In the script every text from the study enters by textContent, never as markup.
    """
    return "\n" + Path(__file__).with_name(name).read_text(encoding="utf-8")


def calculator_fragment(
    fits: Mapping[str, LogisticFit],
    nomograms: Mapping[str, Nomogram],
    *,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    outcome: str = "metastasis",
    origin: str = "",
    level: float = 0.95,
    heading: str = "h2",
) -> str:
    """An HTML element with controls for every nomogram, to stand in any page.

    Parameters
    ----------
    fits : mapping of name to clinical.LogisticFit
    nomograms : mapping of name to Nomogram
        Of the same fits; the points are theirs.
    labels : mapping of term to display name, optional
    units : mapping of term to unit, optional
    outcome : str
        As it reads after "Risk of".
    origin : str
        Where the patients come from, shown above.
    level : float, default 0.95
        Coverage of the interval of the risk (Wald, on the log odds).
    heading : "h1" or "h2"
        Element of its title: the first of a page of its own.

    Returns
    -------
    str
        Style, data and script are inside; nothing is loaded.
    """
    labels, units = dict(labels or {}), dict(units or {})
    model = {
        "outcome": outcome,
        "level": f"{100 * as_level(level):g}",
        "z": float(stats.norm.isf((1 - level) / 2)),
        "nomograms": {
            name: _model(fit, nomograms[name], labels, units) for name, fit in fits.items()
        },
    }
    data = json.dumps(model, ensure_ascii=True).replace("<", "\\u003c")
    where = f'<p class="tc-origin">{html.escape(origin)}</p>' if origin else ""
    return (
        f"<style>{_beside('calculator.css')}</style>"
        '<section class="thyro-calculator" aria-label="Nomogram calculator">'
        f"<{heading}>Risk of {html.escape(outcome)}</{heading}>{where}"
        "<p>Not for clinical use. For reading the nomogram of a study.</p>"
        "<form><noscript><p>The calculator needs JavaScript.</p></noscript></form>"
        f'<script type="application/json">{data}</script>'
        f"</section><script>{_beside('calculator.js')}</script>"
    )


def calculator_page(
    fits: Mapping[str, LogisticFit],
    nomograms: Mapping[str, Nomogram],
    *,
    title: str,
    **keywords: Any,
) -> str:
    """A whole HTML file with the calculator.

    Its content security policy lets in the style and script of the file itself and nothing else.

    Parameters
    ----------
    fits, nomograms
        As in `calculator_fragment`.
    title : str
        Of the browser's window.
    **keywords
        The others of `calculator_fragment`.
    """
    calculator = calculator_fragment(fits, nomograms, heading="h1", **keywords)
    allowed = base64.b64encode(hashlib.sha256(_beside("calculator.js").encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        "<style>:root { color-scheme: light dark; } body { margin: 1.5rem auto; padding: 0 1rem; "
        "max-width: 48rem; }</style></head>"
        f'<body class="tc-page"><main>{calculator}</main></body></html>\n'
    )


def _model(
    fit: LogisticFit, nomogram: Nomogram, labels: Mapping[str, str], units: Mapping[str, str]
) -> dict:
    """What the script needs of one nomogram."""
    terms = []
    for term in fit.terms:
        axis = nomogram.axis(term)
        coefficients = fit.coefficients[fit.block(term)].tolist()
        known = {"name": term, "label": labels.get(term, term), "coefficients": coefficients}
        if term in fit.levels:
            levels = fit.levels[term]
            effects = [0.0, *coefficients]
            shown = [_with_merged(level, fit.merged.get(term, {})) for level in levels]
            known |= {"levels": shown, "least": min(effects)}
        else:
            low, high = axis.low, axis.high
            whole = all(float(v).is_integer() for v in (low, high)) and high - low >= 10
            start = (low + high) / 2
            known |= {
                "low": low,
                "high": high,
                "start": round(start) if whole else float(f"{start:.3g}"),
                "step": 1 if whole else None,
                "unit": units.get(term, ""),
                "knots": list(fit.knots.get(term, [])),
                "least": _least(fit, nomogram, term),
            }
        terms.append(known)
    return {
        "intercept": float(fit.coefficients[0]),
        "covariance": fit.covariance.tolist(),
        "scale": nomogram.points_per_unit,
        "terms": terms,
    }


def _with_merged(level: Hashable, into: Mapping) -> str:
    """A level as it is offered, with the rare ones that count as it: "Middle, or Full"."""
    rare = [one for one, goal in into.items() if goal == level]
    return ", or ".join(str(one) for one in (level, *rare))


def _least(fit: LogisticFit, nomogram: Nomogram, term: str) -> float:
    """Contribution of a continuous term to the log odds where its axis has 0 points."""
    axis = nomogram.axis(term)
    if axis.knots:
        return axis.origin / nomogram.points_per_unit
    value, points = axis.ticks[0]
    return float(fit.coefficients[fit.block(term)][0]) * value - points / nomogram.points_per_unit
