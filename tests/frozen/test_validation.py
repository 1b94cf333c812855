"""Frozen models that a study names: what they need is told first, and nobody teaches them."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from tests.frozen.results import VARIABLES, invented_patients
from thyro.frozen import archive, card, prediction, validation
from thyro.frozen.archive import FrozenError
from thyro.study import Cohort

DECLARED = [{"name": name, **about} for name, about in VARIABLES.items()]


def cohort_of(file, variables=DECLARED, **keys):
    source = {"source": "folder", "table": "t.csv", "id_column": "id", "outcome_column": "y"}
    scores = {"Theirs": {"model": str(file)}}
    return Cohort(**source, scores=scores, variables=variables, split="none", **keys)


@pytest.fixture
def file_of(tmp_path):
    def write(model):
        file = tmp_path / "theirs.thyro"
        file.write_bytes(archive.to_bytes(card.with_card(model)))
        return file

    return write


def test_a_model_that_has_all_it_needs_says_nothing(plain, file_of):
    assert (
        validation.check_models(cohort_of(file_of(plain), image_column="image", mask_column="mask"))
        == []
    )


def test_what_a_study_does_not_give_is_named_at_once(plain, file_of):
    other = [
        {"name": "age", "label": "Age", "kind": "continuous", "required": False},
        {"name": "margin", "label": "M", "kind": "categorical", "levels": ["Smooth", "Rough"]},
    ]
    with pytest.raises(FrozenError) as raised:
        validation.check_models(cohort_of(file_of(plain), other))
    told = str(raised.value)
    assert "Theirs: reads images; name `image_column` and `mask_column`" in told
    assert "cannot do without age; leave `required: false` out" in told
    assert "margin: Rough is no level there; `recode` to Smooth, Irregular" in told
    numeric = [*DECLARED[:1], {"name": "margin", "label": "M", "kind": "continuous"}]
    with pytest.raises(FrozenError, match="margin is categorical there, and continuous here"):
        validation.check_models(cohort_of(file_of(plain), numeric))
    with pytest.raises(FrozenError, match=r"needs margin \(Margin\); name it under `variables`"):
        validation.check_models(cohort_of(file_of(plain), DECLARED[:1]))


def test_gaps_and_centres_are_foreseen(imputed, file_of):
    files = {"image_column": "image", "mask_column": "mask"}
    with pytest.raises(FrozenError, match="needs centre .*name it under `centre_column`"):
        validation.check_models(cohort_of(file_of(imputed), **files))
    with_centre = cohort_of(file_of(imputed), DECLARED[:1], centre_column="site", **files)
    (note,) = validation.check_models(with_centre)
    assert note.startswith("Theirs: fills for everybody what no variable tells: ")
    assert "margin" in note and "centre" not in note


def test_a_file_that_is_absent_or_was_changed_is_refused_by_name(clinical_only, tmp_path):
    with pytest.raises(FrozenError, match=r"Theirs: .*absent.thyro: not there"):
        validation.check_models(cohort_of(tmp_path / "absent.thyro"))
    members = card.with_card(clinical_only)
    data = archive.to_bytes(members)
    changed = data.replace(b"model.json", b"model.jsom")
    (tmp_path / "x.thyro").write_bytes(changed)
    with pytest.raises(FrozenError, match=r"Theirs: .*x.thyro: "):
        validation.check_models(cohort_of(tmp_path / "x.thyro"))


def test_risks_are_those_of_thyro_predict_and_strange_values_are_counted(clinical_only, file_of):
    patients = invented_patients().drop(columns="y").tail(30).reset_index(drop=True)
    patients.loc[3, "age"] = 140.0
    files = {"Theirs": str(file_of(clinical_only))}
    found = validation.predict_patients(files, patients)
    x = clinical_only.fit.linear_predictor(patients)
    np.testing.assert_allclose(found.risks["p"], expit(x), rtol=1e-12)
    assert list(found.risks["patient_id"]) == list(patients["patient_id"])
    ages = found.inputs[found.inputs["input"].eq("Age")]
    counted = ages.groupby("cohort")[["n", "filled", "outside"]].sum()
    assert counted["n"].sum() == 30 and counted["filled"].sum() == 0
    risks = prediction.risks_of(clinical_only, patients)
    assert counted["outside"].sum() >= 1 and risks["p"].between(0, 1).all()


def test_gaps_are_counted(imputed, file_of, monkeypatch):
    patients = invented_patients(gaps=0.3).drop(columns="y").tail(20)
    names = imputed.signature.features
    rng = np.random.default_rng(3)
    features = pd.DataFrame(rng.normal(size=(20, len(names))), patients["patient_id"], names)
    features.iloc[2, 0], features.iloc[4, 1] = np.nan, 99.0
    monkeypatch.setattr(validation, "_measured", lambda *_: features)
    found = validation.predict_patients({"Theirs": str(file_of(imputed))}, patients)
    counted = found.inputs.groupby("input")[["n", "filled", "outside"]].sum()
    assert counted.loc["Age", "filled"] == patients["age"].isna().sum() > 0
    assert counted.loc[validation.OF_IMAGE, "filled"] == 1
    assert counted.loc[validation.OF_IMAGE, "outside"] >= 1


def test_a_file_tells_whose_model_it_is(plain, file_of):
    file = file_of(plain)
    told = validation.describe({"Theirs": str(file)})
    assert told["Theirs"]["sha256"] == archive.checksum(file.read_bytes())
    assert told["Theirs"]["trained_on"] == 60 and told["Theirs"]["study"] == "invented"
    shown = validation.card_table(told)
    assert shown.at["Trained on", "Theirs"].startswith("60 patients, ")
    assert shown.at["SHA-256", "Theirs"] == told["Theirs"]["sha256"]
