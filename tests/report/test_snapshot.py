"""A snapshot holds the numbers of the results, and every one that moves is named."""

import json
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest

from thyro import cli
from thyro.report import snapshot

TABLES = {
    "00_cohort/patients": pd.DataFrame({"split": ["train", "train", "test"], "y": [1, 0, 1]}),
    "06_statistics/performance": pd.DataFrame(
        [("SR_SVM", "test", 0.71), ("SR_ResNet101", "test", 0.6), ("Score", "train", 0.8)],
        columns=["model", "cohort", "auc"],
    ),
    "03_selection/kept_features": pd.DataFrame({"signature": ["Radiomics OR"] * 4}),
    "01_super_resolution/gains": pd.DataFrame(
        [
            ("train", "sr", "psnr", 9.0),
            ("test", "lanczos", "psnr", 8.0),
            ("test", "sr", "psnr", 0.7),
        ],
        columns=["split", "method", "measure", "gain"],
    ),
}


def results(scores=(), **changed):
    tables = TABLES | changed
    about = {"scores": list(scores), "signatures": ["SR_SVM"]}
    return SimpleNamespace(table=tables.__getitem__, values=lambda name: about)


def kept(numbers):
    entries = {name: {"value": v, "tolerance": t} for name, (v, t) in numbers.items()}
    return {"numbers": entries}


def test_key_numbers_are_those_of_the_results():
    found = snapshot.key_numbers(results())
    assert found == {
        "patients, train": (2.0, 0.0),
        "events, train": (1.0, 0.0),
        "patients, test": (1.0, 0.0),
        "events, test": (1.0, 0.0),
        "AUC, SR_SVM, test": (0.71, snapshot.AUC),
        "AUC, SR_ResNet101, test": (0.6, snapshot.AUC_OF_NETWORKS),
        "AUC, Score, train": (0.8, snapshot.AUC),
        "features, Radiomics OR": (4.0, snapshot.FEATURES),
        "gain over bicubic, dB": (0.7, snapshot.DECIBEL),
    }
    assert {"features, Radiomics OR", "gain over bicubic, dB"} == set(found) - set(
        snapshot.key_numbers(results(), images=False)
    )


def test_a_study_of_original_images_has_no_gain():
    found = snapshot.key_numbers(results(), enhanced=False)
    assert set(snapshot.key_numbers(results())) - set(found) == {"gain over bicubic, dB"}


def test_a_nomogram_is_as_sure_as_its_signature():
    names = ["Nomogram_A", "Nomogram_B", "Nomogram_C"]
    rows = pd.DataFrame([(n, "test", 0.7) for n in names], columns=["model", "cohort", "auc"])
    changed = results(**{"06_statistics/performance": rows})
    found = snapshot.key_numbers(changed, ["SR_ResNet101", "SR_SVM"])
    assert [found[f"AUC, {name}, test"][1] for name in names] == [
        snapshot.AUC_OF_NETWORKS,
        snapshot.AUC,
        snapshot.AUC,
    ]


def test_nothing_drifts_from_itself_nor_within_the_tolerance():
    numbers = snapshot.key_numbers(results())
    assert snapshot.drift(kept(numbers), numbers) == []
    near = numbers | {"AUC, SR_SVM, test": (0.71 - snapshot.AUC, 0)}
    assert snapshot.drift(kept(numbers), near) == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AUC, SR_SVM, test", 0.6, "AUC, SR_SVM, test: 0.6, expected 0.71 to within 0.05."),
        ("events, test", 2.0, "events, test: 2, expected 1 to within 0."),
        ("AUC, SR_SVM, test", float("nan"), "AUC, SR_SVM, test: nan, expected 0.71 to within"),
    ],
)
def test_a_number_beyond_its_tolerance_is_named(name, value, told):
    numbers = snapshot.key_numbers(results())
    (line,) = snapshot.drift(kept(numbers), numbers | {name: (value, 0.0)})
    assert line.startswith(told)


def test_numbers_that_come_or_go_are_named():
    numbers = snapshot.key_numbers(results())
    fewer = {name: one for name, one in numbers.items() if name != "events, test"}
    assert snapshot.drift(kept(numbers), fewer) == [
        "events, test: 1 in the snapshot, and now it is not there."
    ]
    assert snapshot.drift(kept(fewer), numbers) == ["events, test: not in the snapshot."]


def test_it_is_written_compared_and_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(snapshot, "Results", lambda folder: results())
    monkeypatch.setattr(snapshot.store, "path", lambda name: tmp_path / name)
    (tmp_path / ".github").mkdir()
    shutil.copytree("params", tmp_path / "params")
    (tmp_path / "params/small.yml").write_text("extends: smoke\ntitle: Small\n")
    with pytest.raises(FileNotFoundError, match="drift small --renew` writes it"):
        snapshot.compared("small")
    cli.main(["drift", "small", "--renew"])
    assert capsys.readouterr().out == ".github/small.json: written\n"
    cli.main(["drift", "small"])
    assert "no number moved" in capsys.readouterr().out
    file = tmp_path / ".github/small.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["numbers"]["AUC, Score, train"]["value"] = 0.5
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SystemExit, match="AUC, Score, train: 0.8, expected 0.5"):
        cli.main(["drift", "small"])


def test_of_scores_alone_those_that_have_an_auc_are_kept():
    rows = [("P", "near", 0.7), ("Call", "near", float("nan"))]
    judged = {"06_scores/performance": pd.DataFrame(rows, columns=["model", "cohort", "auc"])}
    found = snapshot.key_numbers(results(**judged), judged=True, images=False)
    assert {name for name in found if name.startswith("AUC")} == {"AUC, P, near"}
    assert not any("features" in name or "gain" in name for name in found)
