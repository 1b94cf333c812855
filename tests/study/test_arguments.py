"""Study files: what is accepted, and what a wrong one says."""

from pathlib import Path

import pytest
import yaml

from thyro.study import StudyError, arguments, files, load_study, plan, settings

BACK = {"at_least": 5.0, "at_most": 1.0}
TELLING = {
    "name": "where",
    "label": "Where",
    "kind": "categorical",
    "levels": ["No", "Yes"],
    "preoperative": False,
    "tells_outcome": {"No": 0},
}
FOLDER = {
    "source": "folder",
    "table": "t.csv",
    "id_column": "id",
    "outcome_column": "y",
    "image_column": "i",
    "mask_column": "m",
    "variables": [TELLING],
}
STUDIES = sorted(path.stem for path in Path("params").glob("*.yml"))


def study_file(tmp_path, **changes):
    """`demo` with some keys changed, as a study of its own."""
    raw = yaml.safe_load(Path("params/demo.yml").read_text())
    (tmp_path / "mine.yml").write_text(yaml.safe_dump(files._merge(raw, changes)))
    return tmp_path


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("job", plan.JOBS.values(), ids=lambda job: job.name)
def test_every_study_fits_every_notebook(study, job):
    values = arguments.job_arguments(load_study(study, Path("params")), study, job, data="folder")
    arguments.check_notebook(values, Path(f"notebooks/{job.notebook}.ipynb"))


@pytest.mark.parametrize("job", plan.JOBS.values(), ids=lambda job: job.name)
def test_a_notebook_opened_by_hand_runs_the_smoke_study(job):
    cell = arguments.notebook_parameters(Path(f"notebooks/{job.notebook}.ipynb"))
    values = arguments.job_arguments(load_study("smoke", Path("params")), "smoke", job)
    same = {key for key in values if cell[key] == values[key]}
    # The bicubic control has all cores to itself; the number of workers changes no result.
    assert set(values) - same <= {*job.fixed, "workers"}


@pytest.mark.parametrize(
    "section", [settings.Source, settings.Cohort, settings.Variable, settings.Criterion]
)
def test_the_template_explains_every_key_of_a_folder(section):
    text = Path("params/template.yml").read_text()
    simulated = {"n_patients", "image_shape", "effect", "device", "exclusions", "missing"}
    keys = set(section.model_fields) - (
        simulated if issubclass(section, settings.Source) else set()
    )
    assert [key for key in sorted(keys) if key not in text] == []


def test_an_external_cohort_is_like_the_cohort_but_for_what_it_says(tmp_path):
    demo = load_study("demo", Path("params"))
    assert demo.external.image_shape == demo.cohort.image_shape
    assert (demo.cohort.device, demo.external.device) == ("A", "B")
    # A study on a folder that extends a simulated one has no simulated external patients.
    assert load_study("ddti", Path("params")).external is None


def test_a_study_of_scores_runs_three_notebooks(tmp_path):
    scores = {
        "cohort": {
            "source": "folder",
            "table": "t.csv",
            "id_column": "id",
            "outcome_column": "y",
            "scores": {"Deep": "dl"},
            "variables": [{"name": "age", "label": "Age", "kind": "continuous"}],
        },
        "external": None,
        "nomogram": {"signatures": ["Deep"]},
    }
    mine = load_study("mine", study_file(tmp_path, **scores))
    assert list(mine.jobs) == ["00_cohort", "05_nomogram", "06_statistics"]
    assert mine.jobs["00_cohort"].writes[-1] == "scores.parquet"
    assert "nomogram_B.json" not in mine.jobs["05_nomogram"].writes
    values = arguments.job_arguments(mine, "mine", mine.jobs["06_statistics"])
    assert values["model_predictions"] == "results/mine/00_cohort/scores.parquet"


def test_extends_changes_only_what_it_names():
    demo, smoke = (load_study(s, Path("params")) for s in ("demo", "smoke"))
    assert smoke.cohort.n_patients == 60
    assert smoke.super_resolution.factor == demo.super_resolution.factor
    assert smoke.selection == demo.selection


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
        (
            {"cohort": {"test_share": 1.5}},
            "`cohort.test_share`: Input should be less than 1, found 1.5",
        ),
        ({"cohort": {"source": "web"}}, "Input should be 'simulated' or 'folder', found 'web'"),
        ({"cohort": {"source": "folder"}}, "a folder cohort needs table, id_column"),
        (
            {"selection": {"folds": 5.0}},
            "`selection.folds`: Input should be a valid integer, found 5.0",
        ),
        ({"compute": {"device": "tpu"}}, "Input should be 'cpu' or 'cuda', found 'tpu'"),
        ({"outcome": None}, "`outcome`: Input should be a valid string"),
        (
            {"cohort": {"variables": [{"name": "a", "label": "A", "kind": "categorical"}]}},
            "a categorical variable needs at least two levels",
        ),
        (
            {"cohort": {"variables": [{"name": "a", "label": "A", "kind": "continuos"}]}},
            "`cohort.variables.0.kind`: Input should be 'continuous' or 'categorical'",
        ),
        (
            {"cohort": {"criteria": [{"colum": "a", "label": "b", "kind": "exclusion"}]}},
            "unknown key `cohort.criteria.0.colum`. Did you mean `column`?",
        ),
        ({"external": {"devise": "B"}}, "unknown key `external.devise`. Did you mean `device`?"),
        ({"external": {"source": "folder"}}, "`external`: a folder cohort needs table, id_column"),
        ({"cohort": {"split": "centre"}}, "`split: centre` needs `split_column`"),
        (
            {"cohort": {"criteria": [{"column": "a", "label": "b", "kind": "inclusion"} | BACK]}},
            "`cohort.criteria.0`: at_least 5 is above at_most 1",
        ),
        (
            {"cohort": {"variables": [TELLING | {"preoperative": True}]}},
            "a variable that tells the outcome is categorical and `preoperative: false`",
        ),
        ({"cohort": FOLDER | {"outcome_column": "where"}}, "['where'] would be read from the col"),
        ({"cohort": FOLDER | {"scores": {"Deep": "dl"}}}, "leave image_column, mask_column out"),
        (
            {"cohort": FOLDER | {"variables": [TELLING | {"levels": [False, "Yes"]}]}},
            "should be a valid string (put it in quotation marks: YAML reads it as another kind)",
        ),
        (
            {"cohort": FOLDER, "external": {"radiologist_column": "read"}},
            "`radiologist_column` is needed in both cohorts, or in none",
        ),
        ({"cohort": FOLDER, "external": {"simulated": True}}, "`external.simulated` must be that"),
        ({"statistics": {"threshold_grid": [0.9, 0.1, 0.1]}}, "`threshold_grid` is start, stop"),
        ({"cohort": {"view": "long"}}, "`view` and `view_column` go together"),
        ({"cohort": {"scores": {"Deep": "dl"}}}, "`scores` are those of a folder's table"),
        ({"cohort": {"scores": {"$x$": "dl"}}}, "String should match pattern"),
        ({"nomogram": {"signatures": ["SVM"]}}, "must be among ['SR_SVM', 'SR_KNN', "),
    ],
)
def test_a_wrong_study_names_file_key_and_remedy(tmp_path, changes, message):
    with pytest.raises(StudyError) as error:
        load_study("mine", study_file(tmp_path, **changes))
    assert "mine.yml" in str(error.value) and message in str(error.value)


def test_all_wrong_keys_are_named_at_once(tmp_path):
    folder = study_file(tmp_path, features={"bin_width": -1}, compute={"workers": 0})
    with pytest.raises(StudyError, match=r"(?s)bin_width.*workers"):
        load_study("mine", folder)


def test_an_unknown_study_names_the_known_ones():
    with pytest.raises(StudyError, match="Known studies: clnm_ptc, ddti, demo, smoke, template"):
        load_study("dmeo", Path("params"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "not readable as YAML"),
        ("- 1", "expected sections with keys"),
        ("extends: mine", "round in a circle"),
        ("extends: other", "no such study"),
    ],
)
def test_a_file_that_is_no_study_says_so(tmp_path, text, message):
    (tmp_path / "mine.yml").write_text(text)
    with pytest.raises(StudyError, match=message):
        load_study("mine", tmp_path)


def test_a_name_that_the_notebook_does_not_know_stops():
    with pytest.raises(StudyError, match="Unknown to the notebook: .'levle'"):
        arguments.check_notebook({"levle": 0.95}, Path("notebooks/06_statistics.ipynb"))


def test_what_00_foresees_of_the_screening_is_passed_on_and_no_reason_to_run_again():
    study = load_study("smoke", Path("params"))
    nomogram = study.nomogram.model_copy(update={"candidates": ["age"], "entry": 0.2})
    changed = study.model_copy(update={"nomogram": nomogram})
    job = study.jobs["00_cohort"]
    before, after = (arguments.job_arguments(one, "smoke", job) for one in (study, changed))
    assert before["screened"] == {"candidates": [], "entry": 0.1}
    assert after["screened"] == {"candidates": ["age"], "entry": 0.2}
    assert arguments.result_arguments(before) == arguments.result_arguments(after)
