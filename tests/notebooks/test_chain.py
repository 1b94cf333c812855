"""The real notebooks in order on a tiny simulated study; and that nothing leaks into training."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.reading import contrasts_in
from thyro.radiomics import feature_sets
from thyro.statistics import agreement
from thyro.study import PROTOCOLS, arguments, plan

from .conftest import run_chain

NOMOGRAMS = {"Nomogram_A", "Nomogram_B", "Nomogram_C"}
# What is learned from training patients, below the results of a study.
FITTED = [
    "01_super_resolution/generator.safetensors",
    "01_super_resolution/rivals.safetensors",
    "02_features/robustness_*.parquet",
    "02_features/bins_*.parquet",
    "02_features/networks/*.safetensors",
    "03_selection/scaler_*.parquet",
    "03_selection/fate_*.parquet",
    "03_selection/kept_features.parquet",
    "04_models/models/*.skops",
    "04_models/kept_by_fold.parquet",
    "05_nomogram/nomogram_*.json",
    "05_nomogram/logistic.parquet",
    "05_nomogram/penalised.json",
    "05_nomogram/coefficients.parquet",
    "05_nomogram/by_fold.parquet",
    "05_nomogram/collinearity.parquet",
    "05_nomogram/validation.parquet",
]


def fitted(results):
    """Bytes of every fitted artefact."""
    files = [file for pattern in FITTED for file in sorted(results.glob(pattern))]
    files = [file for file in files if not file.name.endswith(".json.json")]  # sidecars
    return {str(file.relative_to(results)): file.read_bytes() for file in files}


# Tables that say nothing of patients, simulated or not.
NOT_OF_PATIENTS = ("image-types", "feature-list", "ibsi")
NOT_OF_PATIENTS += ("audit", "audit-every", "audit-methods", "audit-rules")


def test_every_job_left_what_it_promises(tiny):
    for job in plan.plan().values():
        for file in job.writes:
            assert (tiny / job.folder / file).is_file(), f"{job.name}: {file}"


def test_a_contrast_has_one_p_in_all_tables(tiny):
    contrasts = contrasts_in(tiny / "06_statistics")
    assert {"delong", "main_delong", "control", "penalised"} <= set(contrasts["table"])
    by_contrast = contrasts.groupby(["main", "cohort", "first", "second"])
    assert by_contrast[["p_value", "p_holm"]].nunique().eq(1).all(axis=None)
    assert by_contrast.size().max() >= 2  # SR and OR stand in two tables


@pytest.mark.parametrize("image_set", ["or", "sr", "bc"])
def test_exactly_the_1561_features(tiny, image_set):
    features = pd.read_parquet(tiny / f"02_features/radiomics_{image_set}.parquet")
    assert tuple(features.columns) == feature_sets.PAPER.names
    patients = pd.read_parquet(tiny / "00_cohort/patients.parquet")
    assert features.index.tolist() == patients["patient_id"].tolist()


def test_every_patient_has_a_prediction_of_every_model(tiny, tiny_study):
    for stage in ("04_models", "05_nomogram"):
        table = pd.read_parquet(tiny / stage / "predictions.parquet")
        assert set(table["protocol"]) == set(PROTOCOLS)
        for protocol, part in table.groupby("protocol"):
            models = set(map(str, tiny_study.declared.models_of(PROTOCOLS[protocol].recipe.name)))
            wide = part.pivot(index="patient_id", columns="model", values="p")
            assert set(wide) == (models if stage == "04_models" else NOMOGRAMS)
            assert len(wide) == 40 + 20 and wide.notna().all(axis=None)
            assert wide.min(axis=None) >= 0 and wide.max(axis=None) <= 1


def test_training_patients_are_predicted_without_their_fold_where_it_is_cross_fitted(tiny):
    patients = pd.read_parquet(tiny / "00_cohort/patients.parquet").set_index("patient_id")
    train = patients.index[patients["split"].eq("train")]
    for name in ("predictions", "output"):
        table = pd.read_parquet(tiny / f"04_models/{name}.parquet")
        sound = table[table["protocol"].eq("sound")]
        folds = sound.groupby("patient_id")["fold"].agg(["nunique", "count"])
        assert (folds.loc[train, "nunique"] == 1).all()  # the same fold in every model
        assert (folds.drop(train)["count"] == 0).all()
        assert table.loc[table["protocol"].eq("paper"), "fold"].isna().all()
    # a network is tuned without the fold that it predicts
    states = pd.read_parquet(tiny / "02_features/tuning_resnet101_sr.parquet")
    assert set(states["network"]) == {"all", "fold_0", "fold_1"}


def test_optimism_is_in_the_tables_of_the_report(tiny, tiny_study):
    compared = pd.read_parquet(tiny / "06_statistics/protocols.parquet")
    for recipe, of_recipe in compared.groupby("recipe"):
        models = set(map(str, tiny_study.declared.models_of(PROTOCOLS[recipe].recipe.name)))
        assert set(of_recipe["model"]) == models | NOMOGRAMS
    assert set(compared["cohort"]) == {"train", "test", "external"}
    train = compared[compared["cohort"].eq("train")]
    gap = train["auc_in_sample"] - train["auc_cross_fitted"]
    np.testing.assert_allclose(train["optimism"], gap)
    assert train.groupby("recipe")["optimism"].median().loc["paper"] > 0
    ranked = pd.read_parquet(tiny / "04_models/choice.parquet")
    assert ranked["chosen"].sum() == ranked["chosen_by_test"].sum() == 1
    assert ranked["auc_out_of_fold"].is_monotonic_decreasing and ranked["chosen"].iloc[0]


def test_the_control_has_a_prediction_of_every_patient_and_no_networks(tiny):
    control = pd.read_parquet(tiny / "04_models/control.parquet")
    predictions = pd.read_parquet(tiny / "04_models/predictions.parquet")
    assert control.columns.tolist() == predictions.columns.tolist()
    assert set(control["protocol"]) == {"paper"}
    assert set(control["patient_id"]) == set(predictions["patient_id"])
    assert set(control["model"]) == {"BC_SVM"} and "BC_SVM" not in set(predictions["model"])
    assert control["p"].between(0, 1).all()
    assert not list((tiny / "02_features").glob("deep_*_bc*"))
    compared = pd.read_parquet(tiny / "06_statistics/control.parquet")
    pairs = set(zip(compared["model_a"], compared["model_b"], strict=True))
    assert pairs == {("SR_SVM", "OR_SVM"), ("SR_SVM", "BC_SVM"), ("OR_SVM", "BC_SVM")}
    assert compared["cohort"].value_counts().to_dict() == dict.fromkeys(
        ["train", "test", "external"], 3
    )


def test_the_sound_recipe_reads_planar_features(tiny):
    for image_set in ("or", "sr"):
        features = pd.read_parquet(tiny / f"02_features/planar_{image_set}.parquet")
        assert tuple(features.columns) == feature_sets.PLANAR.names and features.notna().all(
            axis=None
        )
        # Each image type in bins of a width of its own, on pixels of one size.
        scalars = json.loads((tiny / f"02_features/scalars_{image_set}.json").read_text())
        assert tuple(scalars["settings"]["planar"]["binWidth"]) == feature_sets.PLANAR.image_types
        assert scalars["grid"] == {"pixel_mm": 0.2, "resampled": 60, "as_they_are": 0}
    kept = pd.read_parquet(tiny / "04_models/kept_by_fold.parquet")
    of_planar = kept[kept["table"].eq("SR_planar")]
    assert set(of_planar["feature"]) <= set(feature_sets.PLANAR.names)
    assert set(of_planar["repeat"]) == {0, 1} and set(of_planar["fold"]) == {0, 1}
    steps = pd.read_parquet(tiny / "06_statistics/recipes.parquet")
    assert set(steps["recipe"]) == {"paper", "paper_tuned", "planar", "sound"}
    assert set(steps["model"]) == {"SR_SVM", "OR_SVM", "SR_KNN", "OR_KNN"}
    by_fold = pd.read_parquet(tiny / "04_models/by_fold.parquet")
    repeats = by_fold.groupby(["recipe", "model"])["repeat"].nunique()
    assert repeats["sound", "OR_SVM"] == 2 and repeats["sound", "OR_ResNet101"] == 1


@pytest.mark.parametrize(
    ("table", "profile"),
    [("radiomics_or", feature_sets.PAPER), ("planar_sr", feature_sets.PLANAR)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_stability_is_known_of_every_feature(tiny, table, profile):
    stability = pd.read_parquet(tiny / f"02_features/robustness_{table}.parquet")
    assert tuple(stability.index) == profile.names
    informative = stability.drop(index=list(profile.degenerate()))
    assert informative["icc"].notna().mean() > 0.8
    assert ("icc_reader" in stability) == table.endswith("_or")  # read twice on original images


def test_agreement_is_of_every_feature_in_training_and_test(tiny):
    compared = pd.read_parquet(tiny / "03_selection/agreement.parquet")
    assert tuple(compared.index) == feature_sets.PAPER.names
    cases = pd.read_parquet(tiny / "00_cohort/patients.parquet").set_index("patient_id")
    main = cases.index[cases["split"].ne("external")]
    original, control = (
        pd.read_parquet(tiny / f"02_features/radiomics_{s}.parquet").loc[main] for s in ("or", "bc")
    )
    name = "original_firstorder_Mean"
    pair = np.c_[original[name], control[name]]
    assert compared.loc[name, "icc_bc"] == pytest.approx(agreement.icc(pair))
    shape = compared[compared["feature_class"].eq("shape") & ~compared["degenerate"]]
    np.testing.assert_allclose(shape[["icc", "icc_bc", "spearman"]], 1)


def test_no_unstable_feature_is_selected_from_the_planar_set(tiny):
    kept = pd.read_parquet(tiny / "03_selection/kept_features.parquet")
    assert set(kept["signature"]) == {f"Radiomics {s}" for s in ("OR", "SR", "BC")} | {
        "Planar OR", "Planar SR"
    }  # fmt: skip
    planar = kept[kept["signature"].str.startswith("Planar")]
    assert not (planar["icc"] < 0.75).any() and kept["rho"].between(-1, 1).all()
    fate = pd.read_parquet(tiny / "03_selection/fate_planar_or.parquet")
    icc = pd.read_parquet(tiny / "02_features/robustness_planar_or.parquet")["icc"]
    assert set(fate.index[fate["step"].eq("ICC")]) == set(icc.index[icc < 0.75])
    paper = pd.read_parquet(tiny / "03_selection/fate_radiomics_or.parquet")
    assert not paper["step"].isin(["ICC", "Distinct values"]).any()


def test_every_nodule_has_a_size(tiny):
    sizes = pd.read_parquet(tiny / "02_features/sizes_or.parquet")
    cases = pd.read_parquet(tiny / "00_cohort/patients.parquet").set_index("patient_id")
    assert sizes.index.equals(cases.index) and cases["spacing_known"].all()
    want = pd.read_parquet(tiny / "02_features/radiomics_or.parquet")
    np.testing.assert_allclose(
        sizes["diameter"], want["original_shape_Maximum2DDiameterSlice"], rtol=1e-9
    )
    assert np.corrcoef(np.log(sizes["diameter"]), np.log(cases["diameter"]))[0, 1] > 0.95


def test_simulated_figures_and_tables_say_so(tiny):
    for name in plan.plan():
        cells = json.loads((tiny / f"{name}.ipynb").read_text())["cells"]
        for cell in cells:
            source = "".join(cell["source"])
            if re.search(r"plt\.subplots\(|figures\.\w+_figure\(", source):
                assert "label_origin" in source, f"{name}: {source[:80]}"
            for output in cell.get("outputs", []):
                text = "".join(output.get("data", {}).get("text/markdown", []))
                if text.startswith("|") and cell["id"] not in NOT_OF_PATIENTS:
                    assert "*Simulated data.*" in text, f"{name}: {cell['id']}"


@pytest.mark.parametrize("job", plan.plan().values(), ids=lambda job: job.name)
def test_the_recorded_parameters_are_those_of_the_study(tiny, tiny_study, job):
    """A notebook that overwrites a parameter would look like one run by hand."""
    text = json.dumps(arguments.job_arguments(tiny_study, "tiny", job)).replace(
        "results/tiny", str(tiny)
    )
    for file in job.writes:
        sidecar = json.loads((tiny / job.folder / f"{file}.json").read_text())
        assert sidecar["parameters"] == json.loads(text)


def test_a_sidecar_leads_from_the_report_to_the_cohort(tiny):
    sidecar = json.loads((tiny / "06_statistics/performance.parquet.json").read_text())
    assert any(file.endswith("04_models/predictions.parquet") for file in sidecar["inputs"])
    assert sidecar["parameters"]["level"] == 0.95


def test_test_patients_leave_every_fitted_artefact_as_it_is(tiny, tiny_study, tmp_path):
    """Other pixels and other outcomes in the test cohort; the same bytes of all that was fitted."""
    changed = tmp_path / "changed"
    shutil.copytree(tiny / "00_cohort", changed / "00_cohort")
    file = changed / "00_cohort/patients.parquet"
    patients = pd.read_parquet(file)
    for column in ("image", "mask"):
        patients[column] = patients[column].str.replace(str(tiny), str(changed))
    test = patients["split"].ne("train")  # and external ones
    rng = np.random.default_rng(0)
    for image in patients.loc[test, "image"]:
        Image.fromarray(rng.integers(1, 255, (128, 160), dtype=np.uint8)).save(image)
    patients.loc[test, "y"] = 1 - patients.loc[test, "y"]
    patients.loc[test, "age"] += 7
    patients.to_parquet(file)
    refitted = [job for job in tiny_study.jobs if job[:2] not in ("00", "06")]
    run_chain(tiny_study, changed, refitted, draw=False)

    before, after = fitted(tiny), fitted(changed)
    assert [pattern for pattern in FITTED if not list(tiny.glob(pattern))] == []
    assert set(before) == set(after)
    assert [name for name in before if before[name] != after[name]] == []
    # And the test patients did change: otherwise the above would say nothing.
    for name in (
        "04_models/predictions",
        "04_models/steps",
        "04_models/output",
        "05_nomogram/predictions",
    ):
        tables = [pd.read_parquet(r / f"{name}.parquet") for r in (tiny, changed)]
        trained = tables[0]["patient_id"].isin(patients.loc[~test, "patient_id"])
        pd.testing.assert_frame_equal(tables[0][trained], tables[1][trained])
        assert not np.allclose(tables[0].loc[~trained, "p"], tables[1].loc[~trained, "p"])
    # Networks without a fold describe other patients too, whom they predict.
    for file in sorted(tiny.glob("02_features/folds_*.parquet")):
        described = [pd.read_parquet(r / f"02_features/{file.name}") for r in (tiny, changed)]
        trained = described[0].index.isin(patients.loc[~test, "patient_id"], level="patient_id")
        pd.testing.assert_frame_equal(described[0][trained], described[1][trained])
        assert not np.allclose(described[0][~trained], described[1][~trained])
    chosen = [
        pd.read_parquet(r / "04_models/choice.parquet")[["model", "chosen"]]
        for r in (tiny, changed)
    ]
    pd.testing.assert_frame_equal(*chosen)


def test_a_training_patient_changes_the_fit(tiny, tiny_study, tmp_path):
    """The other half of the proof: the comparison above can fail."""
    changed = tmp_path / "changed"
    shutil.copytree(tiny / "00_cohort", changed / "00_cohort")
    shutil.copytree(tiny / "04_models", changed / "04_models")
    file = changed / "00_cohort/patients.parquet"
    patients = pd.read_parquet(file)
    first = patients.index[patients["split"].eq("train")][0]
    patients.loc[first, "y"] = 1 - patients.loc[first, "y"]
    patients.to_parquet(file)
    run_chain(tiny_study, changed, ["05_nomogram"], draw=False)
    name = "05_nomogram/nomogram_C.json"
    assert (tiny / name).read_bytes() != (changed / name).read_bytes()
