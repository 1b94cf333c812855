"""The plan of a study: which notebook runs, on what, and what it leaves."""

from thyro.study import plan


def test_the_control_runs_without_networks_and_by_itself():
    control, original = plan.JOBS["02_features_bc"], plan.JOBS["02_features_or"]
    assert control.fixed == {"image_set": "bc", "networks": [], "measured": ["paper"]}
    assert control.writes == ("radiomics_bc.parquet", "robustness_radiomics_bc.parquet")
    assert original.fixed["networks"] == ["ResNet101", "DenseNet121"]
    assert "deep_densenet121_or.parquet" in original.writes
    shared = {name: job.side_by_side for name, job in plan.JOBS.items()}
    assert {name for name, n in shared.items() if n == 2} == {"02_features_or", "02_features_sr"}


def test_the_control_goes_from_features_to_statistics():
    files = {name: {f"{job.folder}/{f}" for f in job.writes} for name, job in plan.JOBS.items()}
    for key, maker, user in (
        ("radiomics_bc", "02_features_bc", "03_selection"),
        ("control_predictions", "04_models", "06_statistics"),
        ("planar_predictions", "04_models", "06_statistics"),
    ):
        assert plan.JOBS[user].reads[key] in files[maker]
    assert "06_statistics/control.parquet" in files["06_statistics"]


def test_everything_read_is_left_by_a_job_before():
    for planned in (
        plan.plan(),
        plan.plan(truth=False),
        plan.plan(images=False, truth=False),
        plan.plan(signatures=1),
    ):
        left = set()
        for job in planned.values():
            assert {*job.reads.values(), *job.files} <= left, job.name
            assert {file.split("/")[0] for file in job.files} == set(job.folders.values())
            left |= {f"{job.folder}/{file}" for file in job.writes}


def test_one_signature_makes_no_nomogram_b():
    written = plan.plan(signatures=1)["05_nomogram"].writes
    assert {f for f in written if "nomogram" in f} == {
        "nomogram_A.json",
        "nomogram_C.json",
        "nomogram_A_sound.json",
    }


def test_a_study_of_scores_has_no_control():
    planned = plan.plan(images=False)
    assert not any("sound" in file for file in planned["05_nomogram"].writes)
    assert not any("features" in name or "models" in name for name in planned)
    statistics = planned["06_statistics"]
    absent = ("control_predictions", "planar_predictions", "output_predictions")
    assert statistics.fixed == dict.fromkeys(absent, "")
    assert "control_predictions" not in statistics.reads
    assert "control.parquet" not in statistics.writes
    # The plan of images is not changed by it.
    assert "control.parquet" in plan.plan()["06_statistics"].writes


def test_only_patients_that_were_simulated_here_have_a_truth():
    known, unknown = plan.plan(), plan.plan(truth=False)
    recovery = {f"recovery_{part}.parquet" for part in ("log_odds", "correlations", "risks")}
    assert recovery <= set(known["06_statistics"].writes)
    assert known["06_statistics"].reads["truth"] == "00_cohort/truth.parquet"
    assert not recovery & set(unknown["06_statistics"].writes)
    assert "truth" not in unknown["06_statistics"].reads
    assert unknown["06_statistics"].fixed["truth"] == ""
    assert "truth.parquet" not in unknown["00_cohort"].writes
    given = plan.plan(images=False, truth=False)["06_statistics"]
    assert given.fixed["truth"] == "" == given.fixed["control_predictions"]
    assert "truth" in plan.plan()["06_statistics"].reads  # the plan of a simulation is not changed
