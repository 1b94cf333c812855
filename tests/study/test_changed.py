"""A parameter that was changed by hand is told, with the lines for the study file."""

from pathlib import Path

import pytest
import yaml

from thyro.study import arguments, changed, load_study

PARAMS = Path("params")
SMOKE = load_study("smoke", PARAMS)


def told(job, **by_hand):
    values = arguments.job_arguments(SMOKE, "smoke", SMOKE.jobs[job])
    return changed.changed_parameters(values | by_hand, PARAMS)


@pytest.mark.parametrize("job", SMOKE.jobs)
def test_nothing_is_said_of_a_notebook_as_the_study_has_it(job):
    assert told(job) == ""


@pytest.mark.parametrize(
    ("job", "by_hand", "section"),
    [
        ("06_statistics", {"level": 0.9}, "statistics"),
        ("03_selection", {"alpha": 0.01}, "selection"),
        ("03_selection", {"level": 0.9}, "statistics"),
        ("04_models", {"crop_mm": 20.0}, "features"),
        ("05_nomogram", {"signatures": ["OR_SVM"]}, "nomogram"),
        ("02_features_sr", {"bins": 16}, "features"),
        ("00_cohort", {"seed": 1}, "compute"),
    ],
)
def test_the_lines_to_paste_make_the_study_say_it(job, by_hand, section, tmp_path):
    text = told(job, **by_hand)
    (key, value), *_ = by_hand.items()
    assert f"`{key}` is " in text and "params/smoke.yml" in text
    pasted = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    assert pasted == {section: {key: value}}
    for file in PARAMS.glob("*.yml"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "mine.yml").write_text(yaml.safe_dump({"extends": "smoke"} | pasted))
    study = load_study("mine", tmp_path)
    assert arguments.job_arguments(study, "mine", study.jobs[job])[key] == value


@pytest.mark.parametrize(
    "by_hand",
    [
        {"workers": 9},
        {"out_dir": "elsewhere/06_statistics"},
        {"out_dir": "results/x/06_statistics"},
    ],
)
def test_what_no_result_depends_on_and_unknown_studies_are_no_news(by_hand):
    assert told("06_statistics", **by_hand) == ""


def test_a_value_that_no_single_key_says_is_told_without_lines():
    text = told("04_models", declared={"image_sets": ["or"]})
    assert "`declared` is" in text and "```" not in text
