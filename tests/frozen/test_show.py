"""A prediction as text and as JSON."""

import json

from thyro.frozen import inputs, show
from thyro.frozen.prediction import predict


def asked(model, *words):
    return predict(model, inputs.as_frame(model, inputs.from_words(model, words, "next")))[0]


def test_the_text_has_risk_interval_points_place_and_use(clinical_only):
    found = asked(clinical_only, "age=40", "margin=Irregular")
    text = show.as_text(clinical_only, found)
    low, high = 100 * found.low, 100 * found.high
    said = f"Risk of metastasis: {100 * found.risk:.1f}% (95% interval {low:.1f}–{high:.1f}%)"
    assert said in text and text.startswith("next\n")
    assert "40 years" in text and "had it" in text and "Total" in text
    assert show.RESEARCH_ONLY in text and "Simulated data." in text
    assert "\n! " not in text


def test_warnings_stand_before_what_is_always_said(clinical_only):
    text = show.as_text(clinical_only, asked(clinical_only, "age=120", "margin=Smooth"))
    assert text.index("! Age of 120 years lies outside") < text.index("The 95% interval")
    assert "outside the range" in text


def test_json_has_every_number_unrounded(clinical_only):
    found = asked(clinical_only, "age=40", "margin=Smooth")
    plain = json.loads(json.dumps(show.as_json(clinical_only, [found])))
    assert plain["predictions"][0]["risk"] == found.risk
    assert plain["predictions"][0]["terms"][0]["value"] == 40.0
    assert plain["model"]["nomogram"] == "Nomogram_C" and plain["use"] == show.RESEARCH_ONLY
