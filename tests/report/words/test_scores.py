"""Every branch of the sentences on scores that came with the table."""

import pandas as pd
import pytest

from thyro.report.words import scores
from thyro.statistics import DEFAULT

KINDS = {"A": "probability", "B": "probability", "S": "score", "R": "reading"}
WHERE = "validation"


def measured(**aucs):
    rows = [
        {"model": model, "cohort": WHERE, "auc": auc, "ci_low": auc - 0.05, "ci_high": auc + 0.05}
        | {"sensitivity": 0.8, "sensitivity_low": 0.7, "sensitivity_high": 0.9}
        | {"specificity": 0.6, "specificity_low": 0.5, "specificity_high": 0.7}
        for model, auc in aucs.items()
    ]
    return pd.DataFrame(rows)


def benefits(*ends, model="A"):
    """A row for each interval of the difference, at thresholds of 10 %, 20 %, ..."""
    rows = [
        {"model_a": model, "model_b": DEFAULT, "cohort": WHERE, "threshold": (i + 1) / 10}
        | {"benefit_a": 0.486, "benefit_b": 0.509, "ci_low": low, "ci_high": high}
        for i, (low, high) in enumerate(ends)
    ]
    return pd.DataFrame(rows)


def calibrated(model="A", citl=(0.0, -0.1, 0.1), slope=(1.0, 0.9, 1.1)):
    told = {"citl": citl, "slope": slope, "observed_expected": (1.0, 0.9, 1.1)}
    rows = [(model, WHERE, name, *values) for name, values in told.items()]
    names = ["model", "cohort", "measure", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=names)


class Left:
    """Results of 06_scores."""

    def __init__(self, **tables):
        self.tables = tables

    def table(self, name):
        return self.tables[name.removeprefix("06_scores/")]


def test_kinds_are_counted_and_named():
    assert scores.methods(KINDS) == (
        "Of every patient the table holds 2 probabilities (A and B), a score (S) and a yes/no "
        "reading (R), made elsewhere."
    )


def test_a_reading_has_rates_instead_of_an_auc():
    told = scores.discrimination(measured(A=0.9, R=float("nan")), KINDS)
    assert told == (
        "In the validation cohort the AUC of A was 0.900 (0.850–0.950); R had a sensitivity of "
        "0.800 (0.700–0.900) and a specificity of 0.600 (0.500–0.700)."
    )
    alone = scores.discrimination(measured(R=float("nan")), KINDS)
    assert alone.startswith("In the validation cohort R had a sensitivity")


@pytest.mark.parametrize(
    ("p", "words"),
    [
        ((0.5, 0.9), "none of 2 pairs is told apart."),
        ((0.01, 0.9), "1 of 2 pairs are told apart, the better one named first: A from B."),
        ((0.9, 0.01), "1 of 2 pairs are told apart, the better one named first: S from A."),
    ],
)
def test_pairs_are_told_apart_by_the_adjusted_p(p, words):
    names = ["model_a", "model_b", "difference", "p_holm"]
    rows = [("A", "B", 0.1, p[0]), ("A", "S", -0.1, p[1])]
    delong = pd.DataFrame(rows, columns=names).assign(cohort=WHERE)
    assert scores.compared(delong, level=0.95) == f"In the validation cohort {words}"


def test_a_single_pair_is_told_in_full():
    row = {"model_a": "A", "model_b": "B", "difference": -0.02, "ci_low": -0.05, "ci_high": 0.01}
    delong = pd.DataFrame([row | {"p_value": 0.2, "p_holm": 0.2, "cohort": WHERE}])
    told = scores.compared(delong, level=0.95)
    assert told.startswith("In the validation cohort the AUC of A was 0.020 below that of B (95%")


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.2, "No score is shown to discriminate otherwise in another cohort."),
        (
            0.01,
            "Between cohorts the AUC of A was 0.900 in the training cohort and 0.800 in the far "
            "cohort (p = 0.010).",
        ),
    ],
)
def test_cohorts_differ_where_the_test_says_so(p, words):
    row = {"model": "A", "cohort_a": "train", "cohort_b": "far", "auc_a": 0.9, "auc_b": 0.8}
    assert scores.between(pd.DataFrame([row | {"p_value": p}]), level=0.95) == words


def test_of_several_scores_the_table_has_the_numbers():
    both = pd.concat([benefits((0.01, 0.02)), benefits((-0.02, -0.01), model="B")])
    told = scores.benefit(both)
    assert told == (
        "In the validation cohort, against the better of treating everybody and nobody, acting on "
        "A has more net benefit at 10%; on B has less net benefit at 10%."
    )


def test_probabilities_that_agree_share_a_sentence():
    three = pd.concat([calibrated(), calibrated("B"), calibrated("C", (1.9, 1.8, 2.1))])
    told = scores.calibration(three)
    assert told.startswith("In the validation cohort the risks of A and B agree with the outcomes")
    assert told.count("agree with") == 2 and "risks of C do not agree" in told


def test_calibration_is_told_of_every_probability():
    both = pd.concat([calibrated(), calibrated("B", (1.93, 1.8, 2.1), (0.67, 0.6, 0.7))])
    told = scores.calibration(both)
    assert "the risks of A agree with the outcomes as far as the intervals tell." in told
    assert "B do not agree with the outcomes (in the large 1.93 (1.80–2.10) and slope 0.67" in told
    assert told.endswith("they are too low on the whole and too far apart.")


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (
            [(-0.03, -0.01), (0.01, 0.02)],
            "acting on A has more net benefit at 20% (0.486 against 0.509) and less net benefit "
            "at 10% (0.486 against 0.509).",
        ),
        ([(-0.03, -0.01)], "acting on A has less net benefit at 10% (0.486 against 0.509)."),
        ([(-0.03, 0.01)] * 2, "acting on A is not told apart at 2 thresholds."),
    ],
)
def test_net_benefit_is_told_where_intervals_exclude_none(ends, words):
    assert words in scores.benefit(benefits(*ends))


@pytest.mark.parametrize(
    ("probabilities", "off", "words"),
    [
        (["A"], [], "There the risks agree, as far as the intervals tell, with the outcomes."),
        (["A"], ["A"], "There the risks do not agree with the outcomes."),
        (["A", "B"], [], "As far as the intervals tell, all risks agree with the outcomes in the"),
        (["A", "B"], ["B"], "The risks of B do not agree with the outcomes in the validation"),
        (["A", "B"], ["A", "B"], "No risks agree with the outcomes in the validation cohort."),
    ],
)
def test_the_conclusion_says_whose_risks_agree(probabilities, off, words):
    far = (1.0, 0.9, 1.1)
    rows = [calibrated(name, far if name in off else (0.0, -0.1, 0.1)) for name in probabilities]
    left = Left(calibration_intervals=pd.concat(rows), net_benefit=benefits((0.01, 0.02)))
    aucs = measured(**{name: 0.7 + i / 10 for i, name in enumerate(probabilities)})
    told = scores.conclusion(left, aucs, WHERE, probabilities, probabilities)
    assert words in told
    head = "The AUC" if len(probabilities) == 1 else "The highest AUC"
    assert told.startswith(f"{head} in the validation cohort was 0.")
    assert "At no threshold named beforehand" in told


def test_harm_is_called_so():
    left = Left(net_benefit=benefits((-0.02, -0.01), model="R"))
    told = scores.conclusion(left, measured(R=float("nan")), WHERE, [], ["R"])
    assert told.startswith("Acting on R would do harm at a threshold")


@pytest.mark.parametrize(
    ("reads_images", "imputes", "done"),
    [
        (True, True, "Images were measured, gaps were filled and risks were computed by"),
        (True, False, "Images were measured and risks were computed by"),
        (False, False, "Risks were computed by"),
    ],
)
def test_models_of_other_studies_are_told_with_what_is_strange_to_them(reads_images, imputes, done):
    assert scores.predicted({}) == ""
    assert scores.predicted({"A": "a.thyro"}).startswith("The model A of another study predicted")
    one = {"name": "St. Mary, Nomogram A, sound recipe", "trained_on": 381}
    one |= {"reads_images": reads_images, "imputes": imputes}
    one |= {"outcome": "metastasis", "file": "a.thyro", "sha256": "f" * 64}
    columns = ["model", "cohort", "input", "n", "filled", "outside"]
    inputs = pd.DataFrame(
        [("A", "x", "Age", 50, 0, 2), ("A", "y", "Age", 30, 0, 1), ("A", "x", "Echo", 50, 0, 0)],
        columns=columns,
    )
    told = scores.frozen({"A": one}, inputs)
    assert "A is St. Mary, Nomogram A, sound recipe, which 381 patients taught the risk of" in told
    assert "(file a.thyro, SHA-256 ffffffffffff…)" in told
    assert "In 80 patients A met outside of its training: Age (3); filled was nothing." in told
    assert f" {done} what the patients of the original study taught; nothing was fitted" in told


@pytest.mark.parametrize(("simulated", "kind"), [(True, "invented"), (False, "real")])
def test_where_patients_and_scores_come_from(simulated, kind):
    about = {"simulated": simulated, "title": "A", "credit": "By others.", "outcome": "death"}
    told = scores.origin(about)
    assert told["statement"].startswith(f"The patients are {kind}, and so are the scores, which")
    assert told["note"] == ("Simulated data." if simulated else "By others.")
    predicted = scores.origin(about, predicted=True)["statement"]
    assert predicted.startswith(f"The patients are {kind}, and models that were made elsewhere")
