"""Reading a study file: what it extends, and what a wrong one says."""

from pathlib import Path

import pytest

from thyro.study import StudyError, load_study


def test_extends_changes_only_what_it_names():
    demo, smoke = (load_study(s, Path("params")) for s in ("demo", "smoke"))
    assert smoke.cohort.n_patients == 60
    assert smoke.super_resolution.factor == demo.super_resolution.factor
    assert smoke.selection == demo.selection


def test_a_folder_that_extends_a_simulation_has_no_simulated_external_patients():
    assert load_study("demo", Path("params")).external is not None
    assert load_study("ddti", Path("params")).external is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cohrt": {}}, "unknown key `cohrt`. Did you mean `cohort`?"),
        (
            {"features": {"binwidth": 5}},
            "unknown key `features.binwidth`. Did you mean `bin_width`?",
        ),
        (
            {"features": {"bin_width": "wide"}},
            "`features.bin_width`: Input should be a valid number",
        ),
        ({"features": {"bin_width": "wide"}}, "found 'wide'"),
        ({"outcome": None}, "`outcome`: Input should be a valid string"),
        (
            {"cohort": {"criteria": [{"colum": "a", "label": "b", "kind": "exclusion"}]}},
            "unknown key `cohort.criteria.0.colum`. Did you mean `column`?",
        ),
        ({"external": {"devise": "B"}}, "unknown key `external.devise`. Did you mean `device`?"),
        (
            {"outcome_levels": [False, "Yes"]},
            "should be a valid string (put it in quotation marks: YAML reads it as another kind)",
        ),
        ({"nomogram": {"signatures": ["SVM"]}}, "mine.yml: `nomogram.signatures`"),
    ],
)
def test_a_wrong_key_is_named_with_its_remedy(changed, changes, message):
    with pytest.raises(StudyError) as error:
        load_study("mine", changed(**changes))
    assert "mine.yml" in str(error.value) and message in str(error.value)


def test_all_wrong_keys_are_named_at_once(changed):
    folder = changed(features={"bin_width": -1}, compute={"workers": 0})
    with pytest.raises(StudyError, match=r"(?s)bin_width.*workers"):
        load_study("mine", folder)


def test_an_unknown_study_names_the_known_ones():
    with pytest.raises(
        StudyError, match="Known studies: clnm_ptc, ddti, demo, or_only, smoke, template"
    ):
        load_study("dmeo", Path("params"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not readable as YAML"),
        ("- 1", "expected sections with keys"),
        ("extends: mine", "round in a circle"),
        ("extends: other", "no such study"),
        ("extends: 007", "`extends` names a study; put 7 in quotation marks"),
    ],
)
def test_a_file_that_is_no_study_says_so(tmp_path, text, message):
    (tmp_path / "mine.yml").write_text(text)
    with pytest.raises(StudyError, match=message):
        load_study("mine", tmp_path)


def test_a_study_may_be_called_by_a_number(tmp_path):
    for name in ("demo", "smoke"):
        (tmp_path / f"{name}.yml").write_text(Path(f"params/{name}.yml").read_text())
    (tmp_path / "007.yml").write_text("extends: smoke\ntitle: Mine")
    (tmp_path / "008.yml").write_text("extends: '007'")
    assert load_study("008", tmp_path).title == "Mine"
