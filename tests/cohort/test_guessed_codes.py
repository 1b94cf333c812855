"""What cells mean, told only where they say so."""

from fnmatch import fnmatchcase

import pandas as pd
import pytest

from thyro.cohort.column_content import content_of
from thyro.cohort.guessed_codes import (
    cohorts_of,
    patterns_of,
    score_kind,
    score_name,
    translated,
    without_value,
    yes_and_no,
)


def content(*texts):
    return content_of(pd.Series(texts, dtype=str))


@pytest.mark.parametrize(
    ("texts", "meaning"),
    [
        (["1", "0"], {}),
        (["1.0", "0.0", ""], {}),
        (["ja", "Nein"], {"ja": "1", "Nein": "0"}),
        (["恶性", "良性"], {"恶性": "1", "良性": "0"}),
        (["1", "2"], None),
        (["PTC", "benign"], None),  # the one does not say what the other is
        (["yes", "no", "perhaps"], None),
    ],
)
def test_yes_and_no(texts, meaning):
    assert yes_and_no(content(*texts)) == meaning


def test_words_for_no_value_are_read_as_empty():
    assert without_value(content("1", "NA", "未知")) == {"NA": "", "未知": ""}


def test_who_trains_is_taken_from_words_alone():
    assert cohorts_of(content("验证集", "训练集"), fitted=True) == {
        "训练集": "train",
        "验证集": "test",
    }
    assert cohorts_of(content("internal_test", "external_test"), fitted=True) is None
    assert cohorts_of(content("train", "val", "test"), fitted=True) is None
    assert cohorts_of(content("External 2", "training"), fitted=False) == {
        "training": "training",
        "External 2": "external_2",
    }


def test_patterns_match_the_features_and_nothing_else():
    features = ["original_shape_A", "original_glcm_B", "log-sigma_glcm_C", "CT[1]_glcm_D"]
    others = ["log-rank", "id", "CT1_glcm_D"]
    patterns = patterns_of(features, others)
    matched = [n for n in features + others if any(fnmatchcase(n, p) for p in patterns)]
    assert matched == features
    assert patterns[0] == "original_*"


def test_a_probability_needs_its_word_and_its_range():
    assert score_kind("pred_1", content("0.2", "0.9")) == "probability"
    assert score_kind("pred_1", content("-2", "3")) == "score"
    assert score_kind("DL score", content("0.2", "0.9")) == "score"


def test_names_of_scores_are_latin_and_differ():
    assert score_name("预测1", {}) == "Score 1"
    assert score_name("DL (a)", {"DL a": "x"}) == "DL a 2"


def test_a_few_levels_are_translated():
    assert (translated("男"), translated("JA"), translated("other")) == ("Male", "Yes", "other")
