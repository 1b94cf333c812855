"""What is said of AUCs and comparisons is in their tables."""

from pathlib import Path

import pandas as pd

from thyro.report.words import performance
from thyro.study import Declared, load_study, nomograms

DEMO = load_study("demo", Path("params"))

PERFORMANCE = pd.DataFrame(
    [
        (model, cohort, auc, auc - 0.1, auc + 0.1, 0.75)
        for model, auc in (("Nomogram_A", 0.8), ("Nomogram_B", 0.7), ("Nomogram_C", 0.6))
        for cohort in ("train", "test", "external")
    ],
    columns=["model", "cohort", "auc", "ci_low", "ci_high", "accuracy"],
)


def test_scores_are_named_with_their_auc():
    table = PERFORMANCE.replace({"Nomogram_A": "first", "Nomogram_B": "second"})
    made = performance.models(["first", "second"], DEMO.declared, table)
    assert made["aucs"] == "first was 0.800 (0.700–0.900) and of second 0.700 (0.600–0.800)"
    assert "the scores of 2 models, made elsewhere: first and second." in made["methods"]
    assert (
        "the score of one model" in performance.models(["first"], DEMO.declared, table)["methods"]
    )


def test_what_did_not_start_in_the_training_cohort_is_told():
    drawn = dict.fromkeys(["ResNet101", "DenseNet121"], "random initial weights, no pre-training")
    weights = drawn | {"EfficientNetLite0": "ImageNet weights of a package (a.pth)"}
    told = performance.learned(DEMO, weights)
    assert "(24 simulated frames) and EfficientNetLite0 (ImageNet) had weights from else" in told
    assert "ResNet101" not in told  # whose weights are drawn

    def with_start(weights=weights, **changes):
        sections = {
            section: getattr(DEMO, section).model_copy(update=values)
            for section, values in changes.items()
        }
        return performance.learned(DEMO.model_copy(update=sections), weights)

    scratch = with_start(super_resolution={"start": "scratch"})
    assert "simulated" not in scratch and "super-resolution network" not in scratch
    assert "simulated" not in with_start(super_resolution={"pretraining_steps": 0})
    of_file = weights | {"ResNet101": "weights from the file a.pt"}
    given = with_start(of_file, super_resolution={"start": "a/b.safetensors"})
    assert "network (b.safetensors), ResNet101 (weights from the file a.pt) and Effi" in given
    assert "At the start" not in with_start(drawn, super_resolution={"start": "scratch"})
    scores = with_start({}, cohort={"scores": {"M": "m"}})
    assert scores.startswith("Clinical factors, coefficients and cut-offs were learned")


def test_delong_pairs_that_a_study_lacks_are_left_out():
    row = {"cohort": "test", "model_a": "SR_SVM", "model_b": "OR_SVM", "difference": 0.1}
    table = pd.DataFrame([row | {"ci_low": 0.0, "ci_high": 0.2, "p_value": 0.0004, "p_holm": 0.01}])
    named = nomograms(["SR_SVM", "SR_KNN"])
    made = performance.delong(table, named, level=0.95, enhanced=("SR_SVM", "OR_SVM"))
    assert list(made) == ["others", "enhanced"]
    told = made["enhanced"]["text"]
    assert told.startswith("By the sound recipe, in the test cohort, the AUC of SR_SVM was 0.100")
    assert "; p < 0.001, after" in told
    assert performance.delong(table, named, level=0.95)["enhanced"]["text"] == ""


def test_the_first_nomogram_is_compared_with_every_other_and_the_radiologist():
    others = ["Nomogram_B", "Nomogram_C", "Radiologist"]
    table = pd.DataFrame({"model_a": "Nomogram_A", "model_b": others, "cohort": "test"})
    table = pd.concat([table, table.assign(cohort="train")], ignore_index=True)
    table["difference"] = table.index / 100
    table = table.assign(ci_low=0.0, ci_high=0.2, p_value=0.5, p_holm=1.0)
    made = performance.delong(table, nomograms(["SR_SVM", "SR_KNN"]), level=0.95)
    assert list(made) == ["a_vs_b", "a_vs_c", "a_vs_radiologist", "others", "enhanced"]
    assert "was 0.020 above the radiologist’s" in made["a_vs_radiologist"]["text"]  # of test
    one = performance.delong(table, nomograms(["S"]), level=0.95)
    assert list(one) == ["a_vs_c", "a_vs_radiologist", "others", "enhanced"]


def test_image_models_are_told_by_the_pair_that_differs_in_the_images_only():
    table = PERFORMANCE.replace({"Nomogram_A": "SR_SVM", "Nomogram_B": "OR_SVM"})
    made = performance.models([], DEMO.declared, table)
    assert made["aucs"] == "SR_SVM was 0.800 (0.700–0.900) and of OR_SVM 0.700 (0.600–0.800)"
    assert made["parts"] == (
        "super-resolution, radiomics and deep features, selection, models, nomograms and statistics"
    )
    assert "on original (OR) and on super-resolved (SR) images, by" in made["methods"]


def test_what_a_study_has_not_is_in_no_text_of_its_models():
    table = PERFORMANCE.replace({"Nomogram_B": "OR_SVM"})
    made = performance.models([], Declared(image_sets=("or",), networks=()), table)
    assert made["parts"] == "radiomics features, selection, models, nomograms and statistics"
    assert "fitted on original (OR) images, by" in made["methods"]
    assert made["aucs"] == "OR_SVM was 0.700 (0.600–0.800)"


def test_the_table_of_performance_says_what_its_training_column_is():
    assert performance.overview(DEMO, PERFORMANCE)["note"].endswith("cross-fitted within folds.")
    read = PERFORMANCE.replace({"Nomogram_B": "Radiologist"})
    told = performance.overview(DEMO, read)
    assert told["note"].endswith("The radiologist fitted nothing.")
    assert "sound recipe" in told["predictions"]
    given = DEMO.cohort.model_copy(update={"scores": {"M": "m"}})
    scores = DEMO.model_copy(update={"cohort": given})
    told = performance.overview(scores, read)
    assert told["note"].endswith("nomograms and are left out.")
    assert told["predictions"] == "The nomograms have the scores as given."


def test_every_model_has_its_texts_by_cohort():
    made = performance.performance(PERFORMANCE)
    assert list(made) == ["nomogram_a", "nomogram_b", "nomogram_c"]
    assert made["nomogram_b"]["external"] == {"auc": "0.700 (0.600–0.800)", "accuracy": "0.750"}


def test_the_external_cohort_has_its_own_numbers():
    patients = pd.DataFrame({"y": [1, 0, 1]})
    flow = [
        {
            "label": "Assessed (patients)",
            "n": 8,
            "excluded": False,
            "external": True,
            "unit": "patient",
        }
    ]
    flow.append({"label": "Excluded: b", "n": 5, "excluded": True, "external": True})
    made = performance.external(patients, flow, PERFORMANCE, ["Nomogram_A", "Nomogram_C"])
    assert (made["n"], made["events"], made["excluded"]) == ("3", "2", "5")
    assert made["aucs"] == (
        "Nomogram_A was 0.800 (0.700–0.900) and of Nomogram_C 0.600 (0.500–0.700)"
    )
    assert made["radiologist"] == ""
    assert made["taken"] == (
        "For comparison alone it gives the intercept of a second calibration curve."
    )
    read = PERFORMANCE.replace({"Nomogram_B": "Radiologist"})
    made = performance.external(patients, flow, read, ["Nomogram_A"])
    assert made["radiologist"] == (
        "The AUC of the radiologist was 0.700 (0.600–0.800) at an accuracy of 0.750."
    )
    assert made["taken"].endswith("curve and cut-offs at the specificity of the radiologist.")
