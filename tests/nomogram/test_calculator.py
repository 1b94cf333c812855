"""The calculator: what it is made of, and what headless Chromium shows."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from thyro.clinical.logistic import fit_logistic
from thyro.clinical.penalised import fit_penalised
from thyro.nomogram import calculator
from thyro.nomogram.axes import Nomogram

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
HOSTILE = "</script><img src=x onerror=alert(1)>"
LEVELS = ["Smooth", 'Irregular "lobulated"', HOSTILE]


def cohort(n=300, seed=2):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "SR_SVM": rng.random(n),
            "age": rng.integers(18, 80, n).astype(float),
            "margin": pd.Categorical(rng.choice(LEVELS, n), categories=LEVELS),
        }
    )
    lp = 3 * frame["SR_SVM"] - 0.04 * frame["age"] + frame["margin"].cat.codes / 2 - 0.5
    return frame, rng.binomial(1, expit(lp))


@pytest.fixture(scope="module")
def models():
    frame, y = cohort()
    fits = {
        "Nomogram_A": fit_logistic(frame, y, list(frame)),
        "Penalised": fit_penalised(frame, y, list(frame), penalties=(1.0,)),
    }
    return fits, {name: Nomogram.from_fit(fit) for name, fit in fits.items()}, frame


def written(models, **keywords):
    fits, nomograms, _ = models
    return calculator.calculator_page(fits, nomograms, title=HOSTILE, **keywords)


def test_no_text_of_the_study_becomes_markup(models):
    text = written(models, outcome=HOSTILE, origin=HOSTILE, labels={"age": HOSTILE})
    assert "<img" not in text and text.count("</script>") == 2
    assert html.escape(HOSTILE) in text


def test_nothing_is_loaded_and_only_its_own_script_may_run(models):
    fits, nomograms, _ = models
    text = calculator.calculator_page(fits, nomograms, title="Nomogram").replace(
        json.dumps(HOSTILE).replace("<", "\\u003c"), ""
    )
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://(?!www\.w3\.org)", text)
    script = re.findall(r"<script>(.*?)</script>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert len(script) == 1 and f"script-src 'sha256-{digest}'" in html.unescape(text)
    assert "default-src 'none'" in html.unescape(text)


def test_a_rare_level_is_offered_with_the_one_that_it_counts_as():
    frame, y = cohort()
    (term,) = [name for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)][:1]
    first, *_, last = frame[term].cat.categories
    fit = fit_logistic(frame, y, ["age", term], merged={term: {last: first}})
    shown = calculator._model(fit, Nomogram.from_fit(fit), {}, {})["terms"][1]["levels"]
    assert shown[0] == f"{first}, or {last}" and len(shown) == len(fit.levels[term])


def test_the_data_are_the_fit(models):
    fits, _, _ = models
    data = re.search(r'<script type="application/json">(.*?)</script>', written(models), re.S)[1]
    model = json.loads(data)["nomograms"]["Nomogram_A"]
    fit = fits["Nomogram_A"]
    assert model["covariance"] == fit.covariance.tolist()
    got = [model["intercept"], *(c for t in model["terms"] for c in t["coefficients"])]
    assert got == fit.coefficients.tolist()
    age = model["terms"][1]
    assert [age["low"], age["high"]] == list(fit.ranges["age"])


def dumped(tmp_path, text):
    """The page as Chromium has it after its scripts ran."""
    file = tmp_path / "page.html"
    file.write_text(text, encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=4000", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def driven(tmp_path, models, steps):
    """What the calculator shows after each step: (risk, total, messages, warning) of each."""
    fits, nomograms, _ = models
    script = """
    var root = document.querySelector(".thyro-calculator"), seen = [];
    function set(node, value) {
      if (node.type === "checkbox") { node.checked = value; } else { node.value = String(value); }
      node.dispatchEvent(new Event("input", { bubbles: true }));
    }
    STEPS.forEach(function (step) {
      Object.keys(step).forEach(function (key) {
        if (key === "nomogram") { set(root.querySelector("form > p select"), step[key]); }
        else if (key === "extrapolate") { set(root.querySelector("[data-extrapolate]"), step[key]);
        }
        else if (key === "reset") { root.querySelector("button").click(); }
        else { set(root.querySelector("[data-term='" + key + "']"), step[key]); }
      });
      seen.push({ risk: root.dataset.risk, total: root.dataset.total,
        shown: root.querySelector("output").textContent,
        messages: Array.from(root.querySelectorAll(".tc-message"), function (m) {
          return m.textContent; }).join(""),
        invalid: root.querySelectorAll("[aria-invalid=true]").length,
        warning: root.querySelector(".tc-warning").textContent });
    });
    var out = document.createElement("pre");
    out.id = "seen";
    out.textContent = JSON.stringify(seen);
    document.body.appendChild(out);
    """.replace("STEPS", json.dumps(steps))
    body = calculator.calculator_fragment(fits, nomograms)
    text = f"<!doctype html><meta charset='utf-8'><body>{body}<script>{script}</script></body>"
    found = re.search(r'<pre id="seen">(.*?)</pre>', dumped(tmp_path, text), re.S)
    return json.loads(html.unescape(found[1]))


@needs_chromium
@pytest.mark.parametrize("name", ["Nomogram_A", "Penalised"])
def test_the_risk_shown_is_that_of_the_regression(models, tmp_path, name):
    fits, nomograms, frame = models
    patients = frame.sample(50, random_state=1)
    steps = [
        {"nomogram": name, "SR_SVM": row.SR_SVM, "age": row.age, "margin": LEVELS.index(row.margin)}
        for row in patients.itertuples()
    ]
    seen = driven(tmp_path, models, steps)
    risk = fits[name].risk(patients)
    for shown, p, low, high, (_, row) in zip(
        seen, risk["p"], risk["ci_low"], risk["ci_high"], patients.iterrows(), strict=True
    ):
        assert float(shown["risk"]) == pytest.approx(p, abs=1e-12)
        total = nomograms[name].total_points(row)
        assert float(shown["total"]) == pytest.approx(total, abs=1e-8)
        per_cent = [float(x) for x in re.findall(r"([\d.]+)%", shown["shown"])]
        assert per_cent[1] == 95  # the level; risk and ends around it
        del per_cent[1]
        np.testing.assert_allclose(per_cent, [100 * p, 100 * low, 100 * high], atol=0.1)


@needs_chromium
def test_values_out_of_range_are_refused_unless_asked(models, tmp_path):
    fits, _, _ = models
    steps = [{"age": 120}, {"extrapolate": True}, {"extrapolate": False}, {"age": ""}]
    steps += [{"age": "x"}, {"age": 50}, {"age": 5}, {"reset": True}]
    refused, taken, again, empty, text, inside, low, reset = driven(tmp_path, models, steps)
    for shown in (refused, again, low):
        assert shown["risk"] == "" and shown["invalid"] == 1
        assert "outside the training patients' range" in shown["messages"]
        assert "No risk is shown" in shown["shown"]
    assert taken["risk"] and "outside the range" in taken["warning"]
    for shown in (empty, text):
        assert shown["risk"] == "" and shown["messages"] == "Enter a number."
    assert inside["risk"] and not inside["warning"] and not inside["messages"]
    assert reset["risk"] and reset["invalid"] == 0


@needs_chromium
def test_the_page_works_under_its_own_policy_and_every_control_has_a_name(models, tmp_path):
    seen = dumped(tmp_path, written(models, outcome=HOSTILE))
    assert re.search(r'data-risk="0\.\d+"', seen)
    assert "<img" not in seen
    controls = re.findall(r"<(?:input|select)\b[^>]*>", seen)
    assert len(controls) >= 6
    for control in controls:
        named = re.search(r'\bid="([^"]+)"', control)
        labelled = named and f'for="{named[1]}"' in seen
        inside_label = "data-extrapolate" in control
        assert labelled or inside_label or "aria-label=" in control, control
