"""What a notebook is told fits its parameters cell, for every study."""

from pathlib import Path

import nbformat
import pytest

from thyro.study import StudyError, arguments, load_study, plan

PARAMS = Path("params")
STUDIES = sorted(path.stem for path in PARAMS.glob("*.yml"))


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_fits_every_notebook(name):
    study = load_study(name, PARAMS)
    for job in (*plan.plan().values(), *study.jobs.values()):
        values = arguments.job_arguments(study, name, job, data="folder")
        arguments.check_notebook(values, Path(f"notebooks/{job.notebook}.ipynb"))


@pytest.mark.parametrize("job", plan.plan().values(), ids=lambda job: job.name)
def test_a_notebook_opened_by_hand_runs_the_smoke_study(job):
    cell = arguments.notebook_parameters(Path(f"notebooks/{job.notebook}.ipynb"))
    values = arguments.job_arguments(load_study("smoke", PARAMS), "smoke", job)
    same = {key for key in values if cell[key] == values[key]}
    # The bicubic control has all cores to itself; the number of workers changes no result.
    assert set(values) - same <= {"image_set", "measured", "networks", "workers"}


def test_what_a_notebook_takes_from_other_sections():
    study = load_study("demo", PARAMS)
    jobs = {
        name: arguments.job_arguments(study, "demo", job, data="folder")
        for name, job in study.jobs.items()
    }
    assert {values["seed"] for values in jobs.values()} == {study.compute.seed}
    assert jobs["04_models"]["alpha"] == study.selection.alpha
    assert jobs["04_models"]["minimum_distinct"] == study.selection.minimum_distinct
    assert jobs["03_selection"]["level"] == study.statistics.level
    assert jobs["04_models"]["weights"] == study.features.weights
    assert jobs["04_models"]["crop_mm"] == jobs["02_features_or"]["crop_mm"] == 30
    assert jobs["02_features_or"]["outer_folds"] == study.models.outer_folds
    assert jobs["00_cohort"]["outcome"] == study.outcome
    assert jobs["00_cohort"]["data_dir"] == "folder"
    assert jobs["00_cohort"]["external"]["device"] == "B"
    assert jobs["01_super_resolution"]["devices"] == study.compute.devices
    assert jobs["06_statistics"]["published_dir"] == "report/published"
    assert jobs["06_statistics"]["audited_file"] == "report/published/paper_reference.yml"
    assert jobs["06_statistics"]["out_dir"] == "results/demo/06_statistics"


def test_features_share_the_cores_everything_else_has_them_all():
    study = load_study("demo", PARAMS)
    threads = {name: arguments.threads_of(study, job) for name, job in study.jobs.items()}
    assert threads["02_features_or"] + threads["02_features_sr"] == study.compute.workers
    assert {threads[name] for name in threads if "features" not in name} == {study.compute.workers}
    alone = study.model_copy(update={"compute": study.compute.model_copy(update={"workers": 1})})
    assert arguments.threads_of(alone, plan.plan()["02_features_or"]) == 1


def test_who_computes_is_no_part_of_a_result():
    few, many = ({"level": 0.9, "workers": n, "cluster": c} for n, c in ((1, ""), (8, "tcp://a")))
    assert arguments.result_arguments(few) == arguments.result_arguments(many) == {"level": 0.9}
    assert arguments.result_arguments({"cuts": (0.2, 0.5)}) == {"cuts": [0.2, 0.5]}


def test_a_name_that_the_notebook_does_not_know_stops():
    with pytest.raises(StudyError, match="Unknown to the notebook: .'levle'"):
        arguments.check_notebook({"levle": 0.95}, Path("notebooks/06_statistics.ipynb"))


def test_what_00_foresees_of_the_screening_is_passed_on_and_no_reason_to_run_again():
    study = load_study("smoke", Path("params"))
    foreseen = {"candidates": ["age"], "composites": "score", "entry": 0.2}
    nomogram = study.nomogram.model_copy(update=foreseen)
    changed = study.model_copy(update={"nomogram": nomogram})
    job = study.jobs["00_cohort"]
    before, after = (arguments.job_arguments(one, "smoke", job) for one in (study, changed))
    assert before["screened"] == {"candidates": [], "composites": "parts", "entry": 0.1}
    assert after["screened"] == foreseen
    assert arguments.result_arguments(before) == arguments.result_arguments(after)


def test_signatures_concern_the_models_only_where_they_are_made_again():
    study = load_study("smoke", Path("params"))
    job = study.jobs["04_models"]

    def told(**changes):
        nomogram = study.nomogram.model_copy(update=changes)
        return arguments.job_arguments(
            study.model_copy(update={"nomogram": nomogram}), "smoke", job
        )

    assert told(signatures=["OR_SVM"]) == told()  # another signature is no reason to run again
    again = told(signatures=["OR_SVM"], pipeline_bootstraps=50)
    assert (again["signatures"], again["pipeline_bootstraps"]) == (["OR_SVM"], 50)


def test_what_00_foresees_of_the_training_is_passed_on_and_no_reason_to_run_again():
    study = load_study("smoke", Path("params"))
    training = study.super_resolution.model_copy(update={"patch_px": 48})
    changed = study.model_copy(update={"super_resolution": training})
    job = study.jobs["00_cohort"]
    before, after = (arguments.job_arguments(one, "smoke", job) for one in (study, changed))
    assert (before["trained_px"], after["trained_px"]) == (64, 48)
    assert arguments.result_arguments(before) == arguments.result_arguments(after)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([], "one cell tagged `parameters`, found 0"),
        (["a: int = 1", "b: int = 2"], "one cell tagged `parameters`, found 2"),
        (["a = 1"], "typed literals only"),
        (["a: int"], "typed literals only"),
    ],
)
def test_a_notebook_has_one_cell_of_typed_parameters(tmp_path, cells, message):
    tagged = [nbformat.v4.new_code_cell(c, metadata={"tags": ["parameters"]}) for c in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=tagged), tmp_path / "x.ipynb")
    with pytest.raises(StudyError, match=message):
        arguments.notebook_parameters(tmp_path / "x.ipynb")
