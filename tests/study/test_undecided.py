"""What `thyro init` left open is named with its line, before anything else is checked."""

import pytest

from thyro.study import OPEN, StudyError, load_study, open_keys

TEXT = """# a head
title: A title
cohort:
  outcome_column: ???  # could be A or B: choose
  variables:
    - name: age
      kind: ???
  note: "what??? no"
"""


def test_open_keys_are_named_with_line_and_comment():
    assert open_keys(TEXT) == [
        "line 4: `cohort.outcome_column` is open (???): could be A or B: choose",
        "line 7: `cohort.variables.0.kind` is open (???)",
    ]


def test_nothing_is_open_in_a_file_that_is_decided():
    assert open_keys(TEXT.replace(OPEN + "  #", "A  #").replace(f"kind: {OPEN}", "kind: x")) == []
    assert open_keys("") == []


def test_a_study_with_open_keys_is_refused_before_its_keys_are_checked(tmp_path):
    (tmp_path / "mine.yml").write_text(TEXT)
    with pytest.raises(StudyError) as error:
        load_study("mine", tmp_path)
    lines = str(error.value).replace(f"{tmp_path}/", "").splitlines()
    assert lines == [f"mine.yml: {line}" for line in open_keys(TEXT)]
