"""Every branch of the sentences that results choose."""

import pandas as pd
import pytest

from thyro.report.words import findings
from thyro.study import nomograms

LEVEL = 0.95
CLEAR_ABOVE, CLEAR_BELOW, OPEN = (0.1, 0.02, 0.18), (-0.1, -0.18, -0.02), (0.01, -0.07, 0.09)


def against(second, interval, *, first="Nomogram_A", cohort="test"):
    difference, low, high = interval
    row = {"model_a": first, "model_b": second, "cohort": cohort, "difference": difference}
    return row | {"ci_low": low, "ci_high": high, "p_value": 0.04, "p_holm": 0.08}


def coefficients(protocol="sound", terms=(("Nomogram_A", "SR_SVM"), ("Nomogram_B", "OR_KNN"))):
    rows = [
        {"protocol": protocol, "nomogram": nomogram, "term": term}
        | {"estimate": 1.02, "low": 0.75, "high": 1.3, "lr_p": 0.0004}
        for nomogram, term in terms
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("median", "sound", "words", "also"),
    [
        (
            0.21,
            0.15,
            "is far too optimistic: its AUC is too high by 0.210",
            "not the recipe, makes",
        ),
        (0.05, 0.01, "recipe is optimistic: its AUC is too high by 0.050", "fall is 0.010."),
        (
            0.02,
            0.0,
            "is hardly optimistic: its AUC less the cross-fitted one is 0.020",
            "need not hold elsewhere",
        ),
    ],
)
def test_optimism_is_called_large_or_small_by_its_size(median, sound, words, also):
    short, long = findings.optimism(
        {"paper": {"median": median, "n": 8}, "sound": {"median": sound, "n": 12}}
    )
    assert words in short and short.endswith("over 8 image models.")
    assert long.startswith(short) and also in long


@pytest.mark.parametrize(
    ("interval", "words", "reach"),
    [
        (
            CLEAR_ABOVE,
            "SR_SVM adds to the clinical factors: in the test cohort the AUC of Nomogram_A was "
            "0.100 above that of Nomogram_C (95% CI of the difference 0.020–0.180; p = 0.040, "
            "after Holm’s adjustment = 0.080).",
            "after Holm’s adjustment = 0.080). In the training cohort",
        ),
        (
            OPEN,
            "SR_SVM is not shown to add to the clinical factors: in the test cohort the AUC of "
            "Nomogram_A was 0.010 above",
            "leaves open anything from a loss of 0.070 to a gain of 0.090.",
        ),
        (
            CLEAR_BELOW,
            "SR_SVM makes the nomogram worse: in the test cohort the AUC of Nomogram_A was 0.100 "
            "below",
            "after Holm’s adjustment = 0.080). In the training cohort",
        ),
    ],
)
def test_whether_a_signature_adds_follows_from_the_interval(interval, words, reach):
    tested = pd.DataFrame(
        [against("Nomogram_C", CLEAR_ABOVE, cohort="train"), against("Nomogram_C", interval)]
    )
    short, long = findings.signature(nomograms(["SR_SVM"]), tested, coefficients(), level=LEVEL)
    assert words in short and long.startswith(short) and reach in long
    assert "its coefficient was 1.02 (0.75–1.30) (p < 0.001, likelihood-ratio" in long


def test_an_interval_that_ends_at_zero_leaves_no_gain_or_no_loss():
    ends = {"ci_low": 0.0, "ci_high": 0.1}, {"ci_low": -0.1, "ci_high": 0.0}
    texts = [findings._reach(pd.Series(one)) for one in ends]
    assert texts[0].endswith("from no change to a gain of 0.100.")
    assert texts[1].endswith("from a loss of 0.100 to no change.")
    assert findings._reach(pd.Series({"ci_low": float("nan"), "ci_high": float("nan")})) == ""


def test_of_two_signatures_the_first_is_concluded_from_and_both_are_told():
    rows = [against("Nomogram_C", OPEN), against("Nomogram_C", CLEAR_BELOW, first="Nomogram_B")]
    named = nomograms(["SR_SVM", "OR_KNN"])
    short, long = findings.signature(named, pd.DataFrame(rows), coefficients(), level=LEVEL)
    assert "OR_KNN" not in short and "The signature of OR_KNN makes the nomogram worse" in long
    given = coefficients("paper", [("Nomogram_A", "S")])
    one = findings.signature(nomograms(["S"]), pd.DataFrame(rows[:1]), given, level=LEVEL)
    assert "The signature of S is not shown" in one[0]


def splits(*intervals):
    rows = [
        {"model_a": f"SR_{kind}", "model_b": f"OR_{kind}", "difference": x, "ci_low": low}
        | {"ci_high": high, "splits": 100}
        for kind, (x, low, high) in zip(("SVM", "KNN"), intervals, strict=False)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("intervals", "words", "rest"),
    [
        (
            [CLEAR_ABOVE, CLEAR_ABOVE],
            "served better than the originals: over 100",
            "representation",
        ),
        (
            [OPEN, OPEN],
            "are not shown to serve better than the originals: over 100",
            "One division",
        ),
        (
            [CLEAR_BELOW],
            "served worse than the originals: over 100 random",
            "not shown to have helped any classifier.",
        ),
        ([CLEAR_ABOVE, OPEN], "This does not hold for every classifier.", "are not shown to"),
        ([OPEN, CLEAR_BELOW], "are not shown to serve better", "served worse than the originals"),
    ],
)
def test_the_margin_of_super_resolution_is_that_over_divisions(intervals, words, rest):
    short, long = findings.enhancement(splits(*intervals), level=LEVEL)
    assert words in short and rest in long
    assert "the AUC of SR_SVM was" in short and "that of OR_SVM (95% CI of the difference" in short


@pytest.mark.parametrize(
    ("interval", "words", "rest"),
    [
        (CLEAR_ABOVE, "cohort the AUC of Nomogram_A was lower than in the test", "do not tell"),
        (
            OPEN,
            "is not shown to differ between the external and the test",
            "little such a comparison",
        ),
        (CLEAR_BELOW, "cohort the AUC of Nomogram_A was higher than in the test", "do not tell"),
    ],
)
def test_the_external_cohort_is_compared_with_the_test_cohort(interval, words, rest):
    _, low, high = interval
    row = {"model": "Nomogram_A", "cohort_a": "test", "cohort_b": "external"}
    row |= {"auc_a": 0.8, "auc_b": 0.7, "ci_low": low, "ci_high": high}
    other = row | {"cohort_a": "train", "ci_low": 0.3, "ci_high": 0.4}
    between = pd.DataFrame([other, row])
    short, long = findings.external("Nomogram_A", between, level=LEVEL)
    assert words in short and "(0.700 against 0.800; 95% CI of the difference" in short
    assert rest in long
    assert findings.external("Nomogram_A", between[:1], level=LEVEL) == ("", "")


def measured(cohort, *, large, slope, ratio=(1, 0.8, 1.2)):
    rows = [
        {"model": model, "cohort": cohort, "measure": measure, "estimate": x}
        | {"ci_low": low, "ci_high": high}
        for model in ("Nomogram_A", "Nomogram_C")
        for measure, (x, low, high) in (
            ("citl", large if model == "Nomogram_A" else (5, 4, 6)),
            ("slope", slope),
            ("observed_expected", ratio),
            ("e_avg", (0.1, 0.05, 0.2)),
        )
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("large", "slope", "words"),
    [
        ((0, -0.4, 0.4), (1, 0.7, 1.3), "agree with the outcomes as far as the intervals tell."),
        (
            (0.6, 0.2, 1.0),
            (0.5, 0.2, 0.8),
            "do not agree with the outcomes (in the large 0.60 (0.20–1.00) and slope 0.50 "
            "(0.20–0.80)): they are too low on the whole and too far apart.",
        ),
        (
            (-0.6, -1.0, -0.2),
            (1.5, 1.2, 1.8),
            "): they are too high on the whole and too close together.",
        ),
    ],
)
def test_calibration_says_in_which_direction_risks_are_off(large, slope, words):
    _, text = findings.calibration(
        measured("test", large=large, slope=slope), nomograms(["SR_SVM"])
    )
    assert text.startswith("In the test cohort the risks of Nomogram_A") and words in text


def test_a_ratio_that_is_off_alone_has_no_direction_of_its_own():
    rows = measured("test", large=(0, -1, 1), slope=(1, 0, 2), ratio=(1.3, 1.1, 1.6))
    _, text = findings.calibration(rows, nomograms(["SR_SVM"]))
    assert text.endswith("(O:E 1.30 (1.10–1.60)).")


def test_calibration_of_both_cohorts_is_told():
    fine = {"large": (0, -1, 1), "slope": (1, 0, 2)}
    both = pd.concat([measured("test", **fine), measured("external", **fine)])
    short, text = findings.calibration(both, nomograms(["SR_SVM"]))
    assert "external" not in short and "In the external cohort the risks" in text


def benefits(**against_):
    rows = [
        {"model_a": "Nomogram_A", "model_b": other, "cohort": "test", "ci_low": low}
        | {"ci_high": high}
        for other, pairs in against_.items()
        for low, high in pairs
    ]
    return pd.DataFrame(rows)


def test_net_benefit_is_counted_over_the_thresholds():
    more, alike, less = (0.01, 0.1), (-0.1, 0.1), (-0.1, -0.01)
    none = {findings.DEFAULT: [alike] * 4, "Nomogram_C": [alike] * 4}
    short, _ = findings.benefit(benefits(**none), "Nomogram_A")
    assert "is at none of the 4 thresholds shown to be of more use than the better of" in short
    mixed = {findings.DEFAULT: [more, more, alike], "Nomogram_C": [more, less, alike]}
    short, _ = findings.benefit(benefits(**mixed), "Nomogram_A")
    assert (
        "has more net benefit than the better of treating everybody and nobody at 2 of 3" in short
    )
    assert (
        "more net benefit than Nomogram_C at 1 and less net benefit than Nomogram_C at 1 of 3 "
        in short
    )


def test_net_benefit_is_told_of_the_external_cohort_too():
    less = {findings.DEFAULT: [(-0.1, -0.01)] * 2, "Nomogram_C": [(-0.1, 0.1)] * 2}
    both = pd.concat([benefits(**less), benefits(**less).assign(cohort="external")])
    short, told = findings.benefit(both, "Nomogram_A")
    assert told == f"{short} {short.replace('test cohort', 'external cohort')}"
    assert short == (
        "In the test cohort Nomogram_A has less net benefit than the better of treating everybody "
        "and nobody at 2 of 2 thresholds, and is at none of the 2 thresholds shown to be of more "
        "use than Nomogram_C."
    )


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (CLEAR_ABOVE, "Nomogram_A tells the outcomes better apart than the radiologist"),
        (OPEN, "Nomogram_A is not shown to be better or worse than the radiologist"),
        (CLEAR_BELOW, "The radiologist tells the outcomes better apart than Nomogram_A"),
    ],
)
def test_the_reader_is_compared_where_there_is_one(interval, words):
    tested = pd.DataFrame([against("Radiologist", interval)])
    short, _ = findings.reader("Nomogram_A", tested, level=LEVEL)
    assert short.startswith(words) and "the radiologist’s (95% CI of the difference" in short
    nobody = pd.DataFrame([against("Nomogram_C", interval)])
    assert findings.reader("Nomogram_A", nobody, level=LEVEL) == ("", "")


def test_the_conclusion_leaves_out_what_a_study_does_not_have():
    absent = {"optimism": ("", ""), "enhancement": ("", ""), "external": ("", "")}
    found = absent | {"signature": ("S.", "S and more.")}
    assert findings.conclusion(found) == "S."
    whole = {name: (name, "") for name in ("external", "enhancement", "signature", "optimism")}
    assert findings.conclusion(whole) == "optimism signature enhancement external"
