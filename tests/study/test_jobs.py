"""A run of a notebook: its name, its folder and what it leaves."""

from thyro.study import plan
from thyro.study.jobs import make_job


def test_a_job_leaves_its_results_its_notebook_and_how_long_it_took():
    assert plan.plan(images=False, truth=False)["00_cohort"].left == (
        "00_cohort/patients.parquet",
        "00_cohort/cohort.json",
        "00_cohort/flow.json",
        "00_cohort/scores.parquet",
        "notebooks/00_cohort.ipynb",
        "notebooks/00_cohort.json",
    )


def test_a_run_of_one_image_set_is_named_after_it_and_shares_a_folder():
    job = make_job("02_features", ["a.parquet"], fixed={"image_set": "or"}, reads={"cohort": "c"})
    assert (job.name, job.folder, job.section) == ("02_features_or", "02_features", "features")
    assert job.inputs == ("c",) and job.left[0] == "02_features/a.parquet"
    assert job.executed == "notebooks/02_features_or.ipynb"


def test_a_run_may_take_another_section_of_the_study():
    job = make_job("06_scores", [], section="statistics", keys=("level",))
    assert (job.section, job.keys) == ("statistics", ("level",))
