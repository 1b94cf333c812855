"""`thyro export` and `thyro predict` as they are typed."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.frozen.test_archive import rewritten
from tests.frozen.test_measuring import case, write  # noqa: F401
from thyro import cli, store
from thyro.frozen import archive, card, commands


@pytest.fixture
def files(plain, clinical_only, imputed, tmp_path):
    """A file for every model, in a folder that is no project."""
    models = {"plain": plain, "clinical": clinical_only, "imputed": imputed}
    for name, model in models.items():
        (tmp_path / f"{name}.thyro").write_bytes(archive.to_bytes(card.with_card(model)))
    return tmp_path


def typed(capsys, *words):
    cli.main(["predict", *map(str, words)])
    return capsys.readouterr()


def refused(*words):
    with pytest.raises(SystemExit) as stop:
        cli.main(["predict", *map(str, words)])
    return str(stop.value)


def test_one_patient_without_an_image(files, capsys, monkeypatch):
    monkeypatch.chdir(files)  # where there is no project
    words = ["clinical.thyro", "--set", "age=40", "--set", "margin=smooth", "--id", "next"]
    said = typed(capsys, *words).out
    assert said.startswith("next\nRisk of metastasis: ")
    plain = json.loads(typed(capsys, *words, "--json").out)
    assert 0 < plain["predictions"][0]["risk"] < 1
    typed(capsys, *words, "--pdf", "page.pdf")
    assert (files / "page.pdf").read_bytes().startswith(b"%PDF")


def test_one_patient_with_an_image(files, case, capsys, plain):  # noqa: F811
    image, mask = write(files, case, (0.11, 0.11))
    words = [files / "plain.thyro", "--image", image, "--mask", mask]
    words += ["--set", "age=40", "--set", "margin=Smooth"]
    found = json.loads(typed(capsys, *words, "--json").out)["predictions"][0]
    assert set(found["features"]) <= set(plain.signature.features)
    assert found["terms"][0]["name"] == "OR_SVM"


def test_a_table_goes_the_same_way(files, capsys, plain_results, plain):
    patients = store.read_table(f"{plain_results}/00_cohort/patients.parquet").tail(30)
    table = files / "new.csv"
    patients[["patient_id", "age", "margin", "y"]].to_csv(table, index=False)
    features = f"{plain_results}/02_features/{plain.signature.table.file}.parquet"
    words = [files / "plain.thyro", "--table", table, "--features", features]
    said = typed(capsys, *words, "--json")
    found = {one["patient"]: one["risk"] for one in json.loads(said.out)["predictions"]}
    stored = store.read_table(f"{plain_results}/05_nomogram/predictions.parquet")
    stored = stored[stored["protocol"].eq("sound") & stored["model"].eq("Nomogram_A")]
    expected = stored.set_index("patient_id")["p"]
    assert len(found) == 30 and said.err == "not read: y\n"
    assert max(abs(found[patient] - expected[patient]) for patient in found) < 1e-9
    rows = pd.read_csv(pd.io.common.StringIO(typed(capsys, *words).out))
    assert rows["patient"].tolist() == patients["patient_id"].tolist()


def test_what_is_wrong_is_refused_with_the_remedy(files, plain_results, monkeypatch):
    model = files / "plain.thyro"
    assert "--image and --mask: OR_SVM is measured" in refused(
        model, "--set", "age=40", "--set", "margin=Smooth"
    )
    assert "no such file" in refused(model, "--table", files / "absent.csv")
    words = ["--table", files / "absent.csv", "--set", "age=4"]
    assert "--table: its columns say all; leave out --set" in refused(model, *words)
    broken = files / "broken.csv"
    broken.write_text("age,age\n4,5\n")
    assert "broken.csv" in refused(model, "--table", broken)
    twice = files / "twice.csv"
    twice.write_text("patient_id,age,margin\na,40,Smooth\na,41,Smooth\n")
    assert "must name every patient once" in refused(model, "--table", twice)
    once = files / "once.csv"
    once.write_text("patient_id,age,margin\na,40,Smooth\n")
    assert "lacks the column image" in refused(model, "--table", once)
    features = f"{plain_results}/02_features/planar_or.parquet"
    assert "has no row of a" in refused(model, "--table", once, "--features", features)
    monkeypatch.setattr("thyro.store.paths.project_root", lambda: files)
    assert "nothing exported. Run `thyro export invented` first" in refused("invented")


def test_a_changed_file_is_refused(files):
    file = rewritten(files / "clinical.thyro", lambda members: members.update({"card.md": b"x"}))
    assert "refused, card.md was changed since it was exported" in refused(file)


def test_export_writes_the_file_and_prints_the_card(plain_results, tmp_path, capsys, monkeypatch):
    project = tmp_path / "project"
    (project / "results").mkdir(parents=True)
    (project / "results/invented").symlink_to(plain_results)
    monkeypatch.setattr(cli.store, "project_root", lambda: project)
    monkeypatch.setattr("thyro.store.paths.project_root", lambda: project)
    monkeypatch.chdir(project)
    cli.main(["export", "invented", "--model", "C"])
    said = capsys.readouterr().out
    assert said.startswith("# Model card: Nomogram C")
    written = Path(plain_results, "frozen/nomogram_c.thyro")
    assert written.is_file() and str(written.name) in said
    words = ["invented", "--set", "age=40", "--set", "margin=Smooth"]
    assert "Risk of metastasis" in typed(capsys, *words).out
    written.with_name("other.thyro").write_bytes(b"")
    assert "several are exported" in refused(*words)
    for file in written.parent.iterdir():
        file.unlink()


def test_a_file_is_meant_from_where_the_command_is_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert commands._file("a.csv") == tmp_path / "a.csv"
