"""The nomogram as an interactive calculator: one HTML file that needs no network and no kernel."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping

from scipy import stats

from thyro.core import as_level

_STYLE = """
.thyro-calculator { font: 16px/1.45 system-ui, sans-serif; color: #1b1b1b; max-width: 46rem;
  border: 1px solid #b8b8b8; border-radius: 6px; padding: 1rem 1.2rem; background: #fff; }
.thyro-calculator h2 { font-size: 1.15rem; margin: 0 0 .3rem; }
.thyro-calculator p { margin: .3rem 0; }
.thyro-calculator .tc-origin { color: #8f3a3a; font-weight: 600; }
.thyro-calculator fieldset { border: 0; border-top: 1px solid #ddd; margin: .8rem 0 0; padding: 0; }
.thyro-calculator legend { font-weight: 600; padding: .4rem 0 0; }
.thyro-calculator .tc-term { display: grid; grid-template-columns: 13rem 1fr 6rem; gap: .2rem .8rem;
  align-items: center; padding: .45rem 0; border-bottom: 1px solid #eee; }
.thyro-calculator .tc-number { display: flex; gap: .6rem; align-items: center; }
.thyro-calculator input[type=range] { flex: 1; min-width: 5rem; }
.thyro-calculator input[type=number] { width: 6rem; }
.thyro-calculator input, .thyro-calculator select, .thyro-calculator button { font: inherit;
  padding: .2rem .35rem; max-width: 100%; }
.thyro-calculator :focus-visible { outline: 3px solid #0b57d0; outline-offset: 1px; }
.thyro-calculator [aria-invalid=true] { outline: 2px solid #b00020; }
.thyro-calculator .tc-points { text-align: right; font-variant-numeric: tabular-nums; }
.thyro-calculator .tc-bar { grid-column: 2 / 4; height: 5px; background: #ececec; }
.thyro-calculator .tc-bar i { display: block; height: 5px; width: 0; background: #0072b2; }
.thyro-calculator .tc-message { grid-column: 1 / 4; color: #b00020; min-height: 0; }
.thyro-calculator .tc-result { font-size: 1.25rem; font-weight: 600; margin-top: .8rem; }
.thyro-calculator .tc-warning { color: #8a4b00; font-weight: 600; }
@media (max-width: 34rem) {
  .thyro-calculator .tc-term { grid-template-columns: 1fr; }
  .thyro-calculator .tc-bar, .thyro-calculator .tc-message { grid-column: 1; }
  .thyro-calculator .tc-points { text-align: left; }
}
@media (prefers-color-scheme: dark) {
  .tc-page .thyro-calculator { background: #1d1d1f; color: #eee; border-color: #555; }
  .tc-page .thyro-calculator .tc-origin { color: #ffb0a8; }
  .tc-page .thyro-calculator .tc-bar { background: #3a3a3c; }
  .tc-page .thyro-calculator .tc-bar i { background: #6cb8ea; }
  .tc-page .thyro-calculator .tc-message { color: #ff9d9d; }
  .tc-page .thyro-calculator .tc-warning { color: #ffc77d; }
}
@media print { .thyro-calculator input[type=range], .thyro-calculator button { display: none; } }
"""

# Every text from the study enters by textContent, never as markup.
_SCRIPT = """
(function () {
  "use strict";
  document.querySelectorAll(".thyro-calculator:not([data-ready])").forEach(function (root, number) {
    root.dataset.ready = "yes";
    var model = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    var form = root.querySelector("form"), current = null, fields = [];
    var uid = "tc" + number + "-" + Math.random().toString(36).slice(2, 8) + "-";

    function make(tag, name, text) {
      var node = document.createElement(tag);
      if (name) { node.className = name; }
      if (text !== undefined) { node.textContent = text; }
      return node;
    }
    function basis(x, knots) {
      if (!knots.length) { return [x]; }
      var k = knots.length, last = knots[k - 1], before = knots[k - 2], out = [x];
      function cube(t) { return Math.pow(Math.max(x - t, 0), 3); }
      for (var j = 0; j < k - 2; j++) {
        var share = (last - knots[j]) / (last - before);
        out.push((cube(knots[j]) - cube(before) * share + cube(last) * (share - 1)) /
          Math.pow(last - knots[0], 2));
      }
      return out;
    }
    function columns(term, value) {
      if (term.levels) {
        return term.levels.slice(1).map(function (level) { return level === value ? 1 : 0; });
      }
      return basis(value, term.knots);
    }
    function effect(term, values) {
      return values.reduce(function (sum, x, i) { return sum + x * term.coefficients[i]; }, 0);
    }
    function read(field) {
      var term = field.term, text = field.input.value;
      if (term.levels) { return { value: term.levels[Number(text)], out: false }; }
      var value = Number(text);
      if (text.trim() === "" || !isFinite(value)) { return { problem: "Enter a number." }; }
      var out = value < term.low || value > term.high;
      if (out && !extrapolate.checked) {
        return { problem: text + " is outside the training patients' range of " + term.low +
          " to " + term.high + (term.unit ? " " + term.unit : "") + "." };
      }
      return { value: value, out: out };
    }
    function percent(p) {
      var x = 100 * p;
      return x > 0 && x < 0.1 ? "<0.1" : x < 100 && x > 99.9 ? ">99.9" : x.toFixed(1);
    }
    function compute() {
      var vector = [1], lp = current.intercept, total = 0, sound = true, beyond = false;
      fields.forEach(function (field) {
        var found = read(field), refused = "problem" in found;
        field.message.textContent = refused ? found.problem : "";
        field.input.setAttribute("aria-invalid", refused ? "true" : "false");
        if (refused) {
          sound = false;
          field.points.textContent = "";
          field.bar.style.width = "0";
          return;
        }
        var values = columns(field.term, found.value), part = effect(field.term, values);
        var points = (part - field.term.least) * current.scale;
        lp += part;
        total += points;
        beyond = beyond || found.out;
        vector = vector.concat(values);
        field.points.textContent = points.toFixed(1) + " points";
        field.bar.style.width = Math.max(0, Math.min(100, points)) + "%";
      });
      warning.textContent = sound && beyond ?
        "A value lies outside the range of the training patients: the risk is a guess." : "";
      if (!sound) {
        result.textContent = "No risk is shown: a value is missing or out of range.";
        root.dataset.risk = "";
        root.dataset.total = "";
        return;
      }
      var variance = 0;
      vector.forEach(function (a, i) {
        vector.forEach(function (b, j) { variance += a * b * current.covariance[i][j]; });
      });
      var half = model.z * Math.sqrt(Math.max(variance, 0));
      function risk(x) { return 1 / (1 + Math.exp(-x)); }
      root.dataset.risk = String(risk(lp));
      root.dataset.total = String(total);
      result.textContent = "Total " + total.toFixed(1) + " points. Risk of " + model.outcome +
        ": " + percent(risk(lp)) + "% (" + model.level + "% interval " +
        percent(risk(lp - half)) + "% to " + percent(risk(lp + half)) + "%).";
    }
    function show(name) {
      current = model.nomograms[name];
      fields = [];
      terms.textContent = "";
      terms.appendChild(make("legend", "", "Patient"));
      current.terms.forEach(function (term, i) {
        var row = make("div", "tc-term"), label = make("label", "", term.label);
        var field = { term: term, points: make("span", "tc-points"), bar: make("i") };
        var id = uid + i;
        label.htmlFor = id;
        row.appendChild(label);
        if (term.levels) {
          field.input = make("select");
          term.levels.forEach(function (level, k) {
            var option = make("option", "", level);
            option.value = String(k);
            field.input.appendChild(option);
          });
          row.appendChild(field.input);
        } else {
          var pair = make("span", "tc-number"), slider = make("input");
          field.input = make("input");
          field.input.type = "number";
          field.input.step = "any";
          field.input.inputMode = "decimal";
          slider.type = "range";
          slider.min = term.low;
          slider.max = term.high;
          slider.step = "any";
          if (term.step) { slider.step = term.step; }
          slider.setAttribute("aria-label", term.label + ", slider");
          field.input.value = slider.value = term.start;
          slider.addEventListener("input", function () {
            field.input.value = slider.value;
            compute();
          });
          field.input.addEventListener("input", function () { slider.value = field.input.value; });
          pair.appendChild(field.input);
          pair.appendChild(slider);
          row.appendChild(pair);
        }
        field.input.id = id;
        field.input.dataset.term = term.name;
        field.message = make("span", "tc-message");
        field.message.id = id + "-message";
        field.message.setAttribute("role", "alert");
        field.input.setAttribute("aria-describedby", field.message.id);
        field.input.addEventListener("input", compute);
        var bar = make("span", "tc-bar");
        bar.setAttribute("aria-hidden", "true");
        bar.appendChild(field.bar);
        [field.points, bar, field.message].forEach(function (node) { row.appendChild(node); });
        terms.appendChild(row);
        fields.push(field);
      });
      compute();
    }

    form.addEventListener("submit", function (event) { event.preventDefault(); });
    var names = Object.keys(model.nomograms), chooser = make("select");
    var line = make("p"), label = make("label", "", "Nomogram ");
    chooser.id = label.htmlFor = uid + "chooser";
    names.forEach(function (name) { chooser.appendChild(make("option", "", name)); });
    line.appendChild(label);
    line.appendChild(chooser);
    form.appendChild(line);
    form.appendChild(make("p", "", "Starts in the middle of each range and at each reference."));
    var terms = make("fieldset"), warning = make("p", "tc-warning");
    var result = make("output", "tc-result"), extra = make("p"), box = make("label");
    var extrapolate = make("input"), reset = make("button", "", "Reset");
    result.style.display = "block";
    result.setAttribute("aria-live", "polite");
    warning.setAttribute("role", "status");
    extrapolate.type = "checkbox";
    extrapolate.dataset.extrapolate = "";
    box.appendChild(extrapolate);
    box.appendChild(document.createTextNode(" Accept values outside the range of training "));
    reset.type = "button";
    extra.appendChild(box);
    extra.appendChild(reset);
    [terms, extra, result, warning].forEach(function (node) { form.appendChild(node); });
    extrapolate.addEventListener("input", compute);
    reset.addEventListener("click", function () {
      extrapolate.checked = false;
      show(chooser.value);
    });
    chooser.addEventListener("input", function () { show(chooser.value); });
    show(names[0]);
  });
})();
"""


def calculator_fragment(
    fits: Mapping,
    nomograms: Mapping,
    *,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    outcome: str = "metastasis",
    origin: str = "",
    level: float = 0.95,
) -> str:
    """An HTML element with controls for every nomogram, to stand in any page.

    Parameters
    ----------
    fits : mapping of name to logistic.LogisticFit
    nomograms : mapping of name to nomogram.Nomogram
        Of the same fits; the points are theirs.
    labels : mapping of term to display name, optional
    units : mapping of term to unit, optional
    outcome : str
        As it reads after "Risk of".
    origin : str
        Where the patients come from, shown above.
    level : float, default 0.95
        Coverage of the interval of the risk (Wald, on the log odds).

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
        f"<style>{_STYLE}</style>"
        '<section class="thyro-calculator" aria-label="Nomogram calculator">'
        f"<h2>Risk of {html.escape(outcome)}</h2>{where}"
        "<p>Not for clinical use. For reading the nomogram of a study.</p>"
        "<form><noscript><p>The calculator needs JavaScript.</p></noscript></form>"
        f'<script type="application/json">{data}</script>'
        f"</section><script>{_SCRIPT}</script>"
    )


def calculator_page(fits: Mapping, nomograms: Mapping, *, title: str, **keywords) -> str:
    """A whole HTML file with the calculator; keywords as `fragment`.

    Its content security policy lets in the style and script of the file itself and nothing else.
    """
    allowed = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
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
        f'<body class="tc-page"><main>{calculator_fragment(fits, nomograms, **keywords)}'
        "</main></body>"
        "</html>\n"
    )


def _model(fit, nomogram, labels: Mapping[str, str], units: Mapping[str, str]) -> dict:
    """What the script needs of one nomogram."""
    terms = []
    for term in fit.terms:
        axis = nomogram.axis(term)
        coefficients = fit.coefficients[fit.block(term)].tolist()
        known = {"name": term, "label": labels.get(term, term), "coefficients": coefficients}
        if term in fit.levels:
            levels = fit.levels[term]
            effects = [0.0, *coefficients]
            known |= {"levels": [str(level) for level in levels], "least": min(effects)}
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


def _least(fit, nomogram, term: str) -> float:
    """Contribution of a continuous term to the log odds where its axis has 0 points."""
    axis = nomogram.axis(term)
    if axis.knots:
        return axis.origin / nomogram.points_per_unit
    value, points = axis.ticks[0]
    return float(fit.coefficients[fit.block(term)][0]) * value - points / nomogram.points_per_unit
