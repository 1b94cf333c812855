"""Confusion matrices are found where they are, all of them, and nowhere else."""

import json
from pathlib import Path

import numpy as np
import pytest

from thyro.audit.counts import Matrix, matrices, of_models, search, whole
from thyro.audit.printed import NotPrinted, Printed, Rounded
from thyro.statistics import metrics_from_counts

from .conftest import changed, original, row

NAMES = ("accuracy", "sensitivity", "specificity", "ppv", "npv")


def rounded(matrix, digits):
    got = metrics_from_counts(matrix.tp, matrix.fn, matrix.fp, matrix.tn)
    return {name: Rounded.of(f"{getattr(got, name):.{digits}f}") for name in NAMES}


def test_the_18_matrices_are_those_found_by_hand():
    golden = json.loads(Path("tests/golden/audit.json").read_text(encoding="utf-8"))
    unique = search(original()).unique
    assert len(unique) == 18
    for want in golden["confusion_matrices"]:
        one = unique[want["model"], want["cohort"]]
        assert (one.tp, one.fn, one.fp, one.tn) == tuple(want[k] for k in ("tp", "fn", "fp", "tn"))


@pytest.mark.parametrize("seed", range(5))
def test_a_matrix_is_among_those_that_its_rounded_metrics_give(seed):
    rng = np.random.default_rng(seed)
    tp, fn, fp, tn = (int(n) for n in rng.integers(1, 60, 4))
    matrix = Matrix(tp, fn, fp, tn)
    assert matrix in matrices(rounded(matrix, 3), matrix.n)
    assert matrix in matrices(rounded(matrix, 1), matrix.n)


def test_fewer_decimals_give_more_matrices():
    matrix = Matrix(29, 16, 8, 111)
    found = [len(matrices(rounded(matrix, digits), 164)) for digits in (3, 2, 1)]
    assert found[0] == 1 < found[1] < found[2]


def test_a_search_tries_every_matrix():
    # By hand over all of 30 patients: two thirds found, half of the others called negative.
    shares = {"sensitivity": Rounded.of("0.667"), "specificity": Rounded.of("0.500")}
    every = [
        Matrix(tp, p - tp, n - tn, tn)
        for p in range(1, 30)
        for n in [30 - p]
        for tp in range(p + 1)
        for tn in range(n + 1)
        if round(tp / p, 3) == 0.667 and round(tn / n, 3) == 0.5
    ]
    assert matrices(shares, 30) == every


def test_without_rates_there_is_nothing_to_search():
    with pytest.raises(NotPrinted, match="specificity"):
        matrices({"sensitivity": Rounded.of("0.5")}, 10)
    with pytest.raises(NotPrinted):
        search(Printed({"table_2": {"rows": [{"model": "A", "cohort": "Test"}]}}))


def test_a_row_without_a_matrix_leaves_the_cases_of_the_others():
    wrong = search(changed((*row("SR_SVM", "Test"), "sensitivity", "0.650")))
    assert wrong.all["SR_SVM", "Test"] == [] and wrong.cases("Test") == [45]


def test_whole_patients_of_a_share():
    assert list(whole(Rounded.of("0.829"), 164)) == [136]
    assert list(whole(Rounded.of("0.831"), 164)) == []
    assert list(whole(Rounded.of("1.000"), 3)) == [3]


def test_models_and_readers_are_apart():
    assert len(list(of_models(original()))) == 16
    assert {model for model, *_ in of_models(original(), readers=True)} == {"Radiologist"}


def test_net_benefit_of_treating_all_and_none():
    assert Matrix(45, 0, 119, 0).net_benefit(0.2) == pytest.approx(45 / 164 - 119 / 164 / 4)
    assert Matrix(0, 45, 0, 119).net_benefit(0.2) == 0
    assert Matrix(10, 0, 0, 10).net_benefit(0.9) == 0.5
