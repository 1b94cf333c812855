"""The plan of a study: which notebook runs, on what, and what it leaves."""

from pathlib import Path

import pytest

from thyro.study import NETWORKS, Declared, load_study, plan

PLANS = {
    "images": plan.plan(),
    "a folder of images": plan.plan(truth=False),
    "scores": plan.plan(images=False, truth=False),
    "one signature": plan.plan(signatures=["OR_KNN"]),
    "original images": plan.plan(Declared(image_sets=("or",))),
    "no network": plan.plan(Declared(networks=())),
    "joined": plan.plan(Declared(fused=(("radiomics", "ResNet101"),))),
    "own weights": plan.plan(start="a.safetensors", weights="b.pth"),
}


@pytest.fixture(params=list(PLANS))
def planned(request):
    return PLANS[request.param]


def left_by(planned):
    return {name: {f"{job.folder}/{f}" for f in job.writes} for name, job in planned.items()}


def test_the_control_runs_without_networks_and_by_itself():
    control, original = plan.plan()["02_features_bc"], plan.plan()["02_features_or"]
    assert control.fixed == {"image_set": "bc", "networks": [], "measured": ["paper"]}
    assert {
        file for file in control.writes if not file.startswith(("bins", "ibsi", "scalars", "sizes"))
    } == {
        "radiomics_bc.parquet",
        "robustness_radiomics_bc.parquet",
        "description_radiomics_bc.parquet",
    }
    assert original.fixed["networks"] == list(Declared().networks)
    assert "deep_densenet121_or.parquet" in original.writes
    shared = {name: job.side_by_side for name, job in plan.plan().items()}
    assert {name for name, n in shared.items() if n == 2} == {"02_features_or", "02_features_sr"}


def test_every_network_leaves_features_folds_output_and_weights_of_both_image_sets():
    written = left_by(plan.plan())
    for network in (NETWORKS[name] for name in Declared().networks):
        for s in ("or", "sr"):
            key = f"{network.key}_{s}"
            assert {
                f"02_features/deep_{key}.parquet",
                f"02_features/folds_{key}.parquet",
                f"02_features/output_{key}.parquet",
                f"02_features/networks/{key}.safetensors",
            } <= written[f"02_features_{s}"]
            assert f"03_selection/selected_{key}.parquet" in written["03_selection"]


def test_sizes_of_nodules_are_those_of_original_images():
    written = left_by(plan.plan())
    assert [name for name, files in written.items() if plan.SIZES in files] == ["02_features_or"]
    assert plan.SIZES in plan.plan()["03_selection"].files


def test_a_frozen_network_leaves_features_and_nothing_that_was_learned():
    written = left_by(plan.plan())
    for s in ("or", "sr"):
        key = f"efficientnetlite0_frozen_{s}"
        assert {file for file in written[f"02_features_{s}"] if key in file} == {
            f"02_features/deep_{key}.parquet"
        }
        assert f"03_selection/selected_{key}.parquet" in written["03_selection"]
        assert plan.plan()[f"02_features_{s}"].fixed["networks"].count("EfficientNetLite0") == 1


def test_the_control_goes_from_features_to_statistics():
    written = left_by(plan.plan())
    radiomics = "02_features/radiomics_bc.parquet"
    assert radiomics in written["02_features_bc"] and radiomics in plan.plan()["03_selection"].files
    for key in ("control_predictions", "step_predictions", "models_by_fold"):
        assert plan.plan()["06_statistics"].reads[key] in written["04_models"]
    assert "06_statistics/control.parquet" in written["06_statistics"]


def test_everything_read_is_left_by_a_job_before(planned):
    left = set()
    for job in planned.values():
        assert set(job.inputs) <= left, job.name
        assert {file.split("/")[0] for file in job.files} == set(job.folders.values())
        left |= set(job.left)


def test_no_two_jobs_leave_the_same_file(planned):
    left = [file for job in planned.values() for file in job.left]
    assert len(set(left)) == len(left)


def test_what_lies_in_the_project_is_there(planned):
    published = set(planned["06_statistics"].outside)
    assert published == {str(file) for file in Path("report/published").iterdir()}
    assert {file for job in planned.values() for file in job.outside} - published in (
        set(),
        {"a.safetensors", "b.pth"},
    )


def test_the_audited_numbers_are_those_that_the_study_names():
    ours, other = plan.plan(), plan.plan(published="docs/audit_example.yml")
    assert ours["06_statistics"].fixed["audited_file"] == plan.REFERENCE
    job = other["06_statistics"]
    assert job.fixed["audited_file"] == "docs/audit_example.yml"
    assert job.outside == (plan.REFERENCE, "docs/audit_example.yml")  # ours stands beside the run
    assert {n for n in other if other[n] != ours[n]} == {"06_statistics"}


def test_original_images_alone_run_no_super_resolution():
    planned = PLANS["original images"]
    names = [name for name in planned if name.startswith(("01", "02"))]
    assert names == ["02_features_or"] and planned["02_features_or"].side_by_side == 1
    for job in ("02_features_or", "04_models"):
        assert planned[job].reads["images"] == "00_cohort/patients.parquet"
    every = [file for job in planned.values() for file in (*job.inputs, *job.left)]
    assert not [file for file in every if "_sr" in file or "_bc" in file or "agreement" in file]
    assert not {"control.parquet", "split_differences.parquet"} & set(planned["04_models"].writes)
    assert planned["06_statistics"].fixed["control_predictions"] == ""
    assert planned["06_statistics"].fixed["declared"]["image_sets"] == ["or"]


def test_without_a_network_nothing_of_one_is_left_or_read():
    planned = PLANS["no network"]
    every = [file for job in planned.values() for file in (*job.inputs, *job.left)]
    assert not [file for file in every if "deep" in file or "networks" in file]
    assert not {"output.parquet", "sanity.parquet"} & set(planned["04_models"].writes)
    assert planned["06_statistics"].fixed["output_predictions"] == ""
    assert plan.plan(Declared(networks=()), weights="b.pth")["04_models"].outside == ()


def test_joined_features_are_selected_and_not_measured_again():
    written = left_by(PLANS["joined"])
    assert "03_selection/selected_planar+resnet101_sr.parquet" in written["03_selection"]
    assert written["02_features_sr"] == left_by(plan.plan())["02_features_sr"]


def test_without_a_reference_no_printed_number_is_read():
    job = plan.plan(reference=False)["06_statistics"]
    assert job.fixed["published_dir"] == job.fixed["audited_file"] == "" and job.outside == ()
    assert not {"audit.parquet", "published.json"} & set(job.writes)
    job = plan.plan(reference=False, published="docs/audit_example.yml")["06_statistics"]
    assert job.fixed["published_dir"] == "" and job.outside == ("docs/audit_example.yml",)
    assert {"audit.parquet", "published.json"} <= set(job.writes)


def test_one_signature_makes_no_nomogram_b():
    written = PLANS["one signature"]["05_nomogram"].writes
    assert {f for f in written if "nomogram" in f} == {
        "nomogram_A.json",
        "nomogram_C.json",
        "nomogram_A_sound.json",
    }


def test_a_study_of_scores_has_no_control():
    planned = PLANS["scores"]
    assert not any("sound" in file for file in planned["05_nomogram"].writes)
    assert not any("features" in name or "models" in name for name in planned)
    statistics = planned["06_statistics"]
    absent = {"control_predictions", "step_predictions", "output_predictions"}
    absent |= {"models_by_fold", "nomograms_by_fold", "sizes", "features_dir"}
    assert {key for key, value in statistics.fixed.items() if value == ""} == absent | {"truth"}
    assert not absent & set(statistics.reads)
    assert "control.parquet" not in statistics.writes


@pytest.mark.parametrize("name", ["demo", "smoke", "ddti", "clnm_ptc"])
def test_sections_of_the_study_are_those_of_the_notebooks(name):
    study = load_study(name, Path("params"))
    for job in study.jobs.values():
        assert job.notebook.endswith(job.section) and hasattr(study, job.section)


def test_what_is_written_of_scores_follows_their_kinds():
    def judged(**kinds):
        jobs = plan.plan(images=False, truth=False, nomograms=False, judged=kinds)
        assert list(jobs) == ["00_cohort", "06_scores"]
        return set(jobs["06_scores"].writes)

    assert judged(a="reading") == {"performance.parquet", "net_benefit.parquet"} | {
        "decision_curves.parquet"
    }
    one = judged(a="score")
    assert "delong.parquet" not in one and "calibration_intervals.parquet" not in one
    assert judged(a="score", b="probability") - one == {
        f"{name}.parquet"
        for name in ("delong", "calibration_intervals", "net_benefit", "decision_curves")
    }
    assert "reader.parquet" in judged(a="score", b="reading")


def test_models_of_given_features_are_judged_by_what_they_predict():
    jobs = plan.ALL | plan.plan(
        images=False,
        truth=False,
        nomograms=False,
        judged={"texture_SVM": "probability"},
        families=["texture"],
    )
    assert "features_texture.parquet" in jobs["00_cohort"].writes
    for name in ("03_feature_tables", "04_feature_models"):
        assert jobs[name].files == ("00_cohort/features_texture.parquet",)
        assert jobs[name].fixed == {"families": ["texture"]}
    predictions = "04_feature_models/predictions.parquet"
    assert jobs["06_scores"].reads["scores"] == predictions
    assert predictions in jobs["04_feature_models"].left
    assert jobs["06_scores"].fixed["kinds"] == {"texture_SVM": "probability"}
