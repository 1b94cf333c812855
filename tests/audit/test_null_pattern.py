"""How often a pattern arises: counted by hand in invented draws, and what is committed."""

import json
from pathlib import Path

import pandas as pd
import pytest

from thyro.audit import null_pattern
from thyro.audit.printed import NotPrinted
from thyro.statistics import proportion_ci
from thyro.study import Declared

from .conftest import changed, original, row

PAIRS = [("S1", "O1"), ("S2", "O2")]
AUC = pd.DataFrame(
    [(0.8, 0.7, 0.6, 0.75), (0.7, 0.7, 0.9, 0.8), (0.5, 0.6, 0.5, 0.6)],
    columns=["S1", "O1", "S2", "O2"],
)


def test_measures_are_those_that_a_reader_sees():
    table = null_pattern.measures(AUC, PAIRS)
    assert table["best"].tolist() == pytest.approx([0.05, 0.1, -0.1])
    assert table["largest"].tolist() == pytest.approx([0.1, 0.1, -0.1])
    assert table["above"].tolist() == [1, 1, 0]  # an equal AUC is not above


@pytest.fixture
def four(monkeypatch):
    """Four draws: the eight models have one AUC, but for the SVM on SR images."""
    flat = dict.fromkeys(map(str, Declared().model_names()), 0.7)
    rows = [[*(flat | {"SR_SVM": x}).values()] for x in (0.7, 0.72, 0.779, 0.8)]
    table = {"models": [*flat], "auc": rows, "patients": {"train": 380, "test": 164}}
    monkeypatch.setattr(null_pattern, "_table", lambda: table)


def test_shares_count_what_is_at_least_as_much_as_printed(four):
    found = null_pattern.surprise(original())
    assert found["largest"]["printed"] == pytest.approx(0.079)  # Table 2: of the KNN
    assert found["largest"]["share"] == 0.5  # 0.779 - 0.7 equals the printed gain
    assert (found["largest"]["low"], found["largest"]["high"]) == proportion_ci(2, 4)
    assert found["above"] == {"printed": 3, "share": 0.0} | dict(
        zip(("low", "high"), proportion_ci(0, 4), strict=True)
    )
    assert found["all_above"]["share"] == 0
    assert found["draws"] == 4 and found["pairs"] == 4
    assert found["mean_auc"]["drawn"] == pytest.approx(0.7 + 0.199 / 32)
    assert found["mean_auc"]["printed"] > 0.78


def test_the_pattern_follows_the_printed_numbers(four):
    less = changed((*row("SR_KNN", "Test"), "auc", "0.700"))
    assert null_pattern.surprise(less)["largest"]["printed"] == pytest.approx(0.056)  # the SVM


def test_other_models_are_not_those_that_were_drawn(four):
    with pytest.raises(NotPrinted, match="pairs of"):
        null_pattern.surprise(changed(("claims", "sr_above_or", "pairs", [["A", "B"]])))
    with pytest.raises(NotPrinted, match="claims"):
        null_pattern.surprise(changed(("claims", {})))


def test_what_is_committed_says_how_it_was_made():
    table = json.loads(Path("thyro/audit/null_pattern.json").read_text(encoding="utf-8"))
    assert table["models"] == [str(name) for name in Declared().model_names()]
    assert table["command"].endswith(f"results/demo --draws {table['draws']}")
    assert len(table["commit"]) == 40 and len(table["auc"]) == table["draws"]
    drawn = null_pattern.draws()
    assert drawn.shape == (table["draws"], 8) and drawn.stack().between(0.3, 0.95).all()
    # Exchangeable image sets: no model has more than its twin but for chance.
    gains = drawn["SR_SVM"] - drawn["OR_SVM"]
    assert abs(gains.mean()) < 4 * gains.sem()
