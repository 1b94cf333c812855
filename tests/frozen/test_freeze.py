"""What is handed on gives the study's own risks, or is not handed on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.frozen.results import N_TRAIN, N
from thyro import store
from thyro.frozen import archive, card, freeze, inputs
from thyro.frozen.archive import FrozenError
from thyro.frozen.model import FrozenModel, load
from thyro.frozen.prediction import predict


def through_a_file(model, folder):
    """The model as whoever got the file alone has it."""
    file = folder / "x.thyro"
    file.write_bytes(archive.to_bytes(card.with_card(model)))
    return load(file)


def as_typed(patients, names):
    """The table of the study as a person would give it: text, an empty cell for a gap."""
    rows = patients.set_index("patient_id")[[*names]]
    return rows.astype(object).where(rows.notna(), "").astype(str)


@pytest.mark.parametrize("study", ["plain", "imputed"])
@pytest.mark.parametrize(("which", "recipe"), [("A", "sound"), ("A", "paper"), ("C", "paper")])
def test_every_patient_has_the_risk_of_the_study(study, recipe, which, request, tmp_path):
    results = request.getfixturevalue(f"{study}_results")
    model = through_a_file(freeze.freeze(results, "invented", which=which, recipe=recipe), tmp_path)
    patients = store.read_table(f"{results}/00_cohort/patients.parquet")
    rows = as_typed(patients, [name for name in model.variables if name in patients])
    frame = inputs.as_frame(model, rows)
    features = None
    if model.signature is not None:
        features = store.read_table(f"{results}/02_features/{model.signature.table.file}.parquet")
    found = {one.patient: one for one in predict(model, frame, features)}
    stored = store.read_table(f"{results}/05_nomogram/predictions.parquet")
    protocol = model.about["recipe"] or "paper"
    stored = stored[stored["protocol"].eq(protocol) & stored["model"].eq(f"Nomogram_{which}")]
    expected = stored.set_index("patient_id")["p"]
    # By the sound recipe the study predicts a training patient without who saw the patient.
    of_all = patients["patient_id"].iloc[N_TRAIN if recipe == "sound" else 0 :]
    assert len(of_all) == (N - N_TRAIN if recipe == "sound" else N)
    apart = [abs(found[patient].risk - expected[patient]) for patient in of_all]
    assert max(apart) < 1e-9
    assert model.about["agreement"]["largest_difference"] < 1e-9
    assert model.about["agreement"]["patients"] == N - N_TRAIN


def test_the_first_nomogram_by_the_studys_own_recipe_is_the_default(plain):
    assert (plain.about["nomogram"], plain.about["recipe"]) == ("Nomogram_A", "sound")
    assert plain.signature.calibration is not None and len(plain.signature.members) == 4
    assert set(plain.variables) == {"age", "margin"}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"which": "Z"}, r"--model Z: this study has A \(OR_SVM\), C \(clinical\)"),
        ({"which": "C", "recipe": "sound"}, "--recipe sound: Nomogram_C is there by paper"),
    ],
)
def test_what_the_study_has_not_is_refused(plain_results, asked, told):
    with pytest.raises(FrozenError, match=told):
        freeze.freeze(plain_results, "invented", **asked)


def test_a_score_of_the_users_table_is_given_by_hand(plain_results, monkeypatch):
    monkeypatch.setattr(freeze.ModelName, "read", lambda name: None)  # no name of a model of images
    model = freeze.freeze(plain_results, "invented", recipe="paper")
    assert list(model.variables) == ["OR_SVM", "age", "margin"] and not model.reads_images
    assert model.about["recipe"] == "" and model.about["agreement"]["largest_difference"] < 1e-9


def test_a_study_that_has_not_run_is_refused(tmp_path):
    with pytest.raises(FrozenError, match="`thyro report STUDY` runs the study first"):
        freeze.freeze(str(tmp_path), "invented")


def test_risks_that_are_not_the_studys_are_not_handed_on(plain_results, monkeypatch):
    read = store.read_table

    def moved(relative):
        table = read(relative)
        if str(relative).endswith("05_nomogram/predictions.parquet"):
            table = table.assign(p=table["p"] + 1e-6)
        return table

    monkeypatch.setattr(freeze.store, "read_table", moved)
    with pytest.raises(FrozenError, match="risks differ by up to 1e-06 from the study's own"):
        freeze.freeze(plain_results, "invented", which="C")


def test_no_name_and_no_clinical_row_of_a_patient_is_in_the_file(plain, plain_results):
    patients = store.read_table(f"{plain_results}/00_cohort/patients.parquet")
    text = b"".join(plain.to_members().values())
    assert not any(name.encode() in text for name in patients["patient_id"])
    known = plain.about["training"]["inputs"]
    train = patients[patients["split"].eq("train")]
    assert known["age"]["percentiles"][0] == train["age"].min()
    assert known["age"]["percentiles"][50] == train["age"].median()
    assert known["margin"]["counts"] == train["margin"].value_counts().to_dict()


def test_only_training_patients_decide_what_is_handed_on(plain_results, tmp_path, clinical_only):
    """Other test patients: the same model and the same places."""
    folder = tmp_path / "other"
    for file in Path(plain_results).rglob("*"):
        target = folder / file.relative_to(plain_results)
        if file.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            data = file.read_bytes()
            if file.suffix == ".json":
                data = data.replace(plain_results.encode(), str(folder).encode())
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    patients = pd.read_parquet(folder / "00_cohort/patients.parquet")
    others = patients["split"].ne("train")
    patients.loc[others, "age"] = np.nan  # then nobody else has a risk to compare
    patients.to_parquet(folder / "00_cohort/patients.parquet")
    again = freeze.freeze(str(folder), "invented", which="C")
    own, same = (json.loads(m.to_members()["model.json"]) for m in (clinical_only, again))
    for part in ("fit", "nomogram"):
        assert own[part] == same[part]
    assert own["about"]["training"] == same["about"]["training"]
    assert isinstance(again, FrozenModel)
