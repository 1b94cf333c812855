"""Words that the manuscript draws from numbers."""

from pathlib import Path

import pandas as pd
import pytest

from thyro import manuscript, params

DEMO = params.load("demo", Path("params"))


def test_real_data_are_not_called_simulated_and_are_credited():
    about = {"simulated": False, "title": "T", "outcome": "grade 4a", "credit": "Images: X 2015."}
    about["spacing_known"] = True
    origin = manuscript._origin(about)
    assert origin["simulated"] is False and origin["note"] == "Images: X 2015."
    assert "grade 4a" in origin["statement"] and "simulated" not in origin["statement"]
    assert "in pixels" not in origin["statement"]
    assert "in pixels" in manuscript._origin(about | {"spacing_known": False})["statement"]


def test_simulated_data_say_so():
    origin = manuscript._origin({"simulated": True})
    assert origin["note"] == "Simulated data." and "simulated" in origin["statement"]


@pytest.mark.parametrize(
    ("psnr", "ssim", "words"),
    [
        (25, 0.6, "exceeded bicubic interpolation on both"),
        (25, 0.4, "in PSNR only"),
        (23, 0.6, "in SSIM only"),
        (24, 0.5, "did not exceed"),
    ],
)
def test_the_verdict_on_super_resolution_follows_the_numbers(psnr, ssim, words):
    scalars = {"psnr": psnr, "ssim": ssim, "psnr_bicubic": 24, "ssim_bicubic": 0.5}
    made = manuscript._super_resolution(DEMO, scalars | {"parameters_generator": 120240})
    assert words in made["verdict"] and made["parameters"] == "120,240" and made["noise"] == "5"


def test_terms_are_joined_as_in_a_sentence():
    labels = {"age": "Age", "ht": "HT", "margin": "Margin"}
    about = {"variables": {name: {"label": label} for name, label in labels.items()}}
    for terms, words in ((["age"], "age"), (list(labels), "age, HT and margin")):
        scalars = {
            "terms": terms,
            "note": "",
            "notes": {"A": "x", "B": "x"},
            "signatures": ["a", "b"],
        }
        made = manuscript._clinical(DEMO, about, scalars)["clinical"]
        assert made["terms"] == words and made["note"] == "x"


def test_the_published_facts_are_those_of_the_audit():
    facts = manuscript._published(Path("report/published"))
    counts = [facts[f"outcome_{source}"] for source in ("table1", "location", "table2")]
    assert counts == ["162", "165", "173"]
    assert (facts["n"], facts["n_train"], facts["n_test"]) == ("544", "380", "164")
    assert (facts["radiologist_f1_train"], facts["radiologist_f1_test"]) == ("0.736", "0.624")
    assert (facts["radiologist_positive_table1"], facts["radiologist_positive_table2"]) == (
        "182",
        "170",
    )
    assert facts["delong_p_holm"] == "= 0.052"


def test_delong_pairs_that_a_study_lacks_are_left_out():
    row = {"cohort": "test", "model_a": "SR_SVM", "model_b": "OR_SVM", "difference": 0.1}
    table = pd.DataFrame([row | {"ci_low": 0.0, "ci_high": 0.2, "p_value": 0.0004, "p_holm": 0.01}])
    made = manuscript._delong(table)
    assert list(made) == ["sr_vs_or"] and made["sr_vs_or"]["p"] == "< 0.001"
