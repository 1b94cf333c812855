"""A nomogram that was exported gives the study's own risks from images, and from its file alone."""

import json

import pandas as pd
import pytest

from thyro import cli
from thyro.frozen import archive, card, freeze


# Networks compute in single precision, and its last bits depend on who else is in a batch: from
# stored features nomogram B agrees within 1e-9, too (`freeze` checks that), from images less.
@pytest.mark.parametrize(
    ("which", "recipe", "tolerance"),
    [("A", "sound", 1e-9), ("A", "paper", 1e-9), ("B", "paper", 1e-5), ("C", "paper", 1e-9)],
)
def test_images_and_the_file_alone_give_the_risks_of_the_study(
    tiny, which, recipe, tolerance, tmp_path, capsys, monkeypatch
):
    model = freeze.freeze(str(tiny), "tiny", which=which, recipe=recipe)
    file = tmp_path / "x.thyro"
    file.write_bytes(archive.to_bytes(card.with_card(model)))
    patients = pd.read_parquet(tiny / "00_cohort/patients.parquet")
    new = patients[patients["split"].ne("train")]
    table = new[["patient_id", *model.variables, "image", "mask"]].copy()
    table["spacing_mm"] = [repr(float(sides[0])) for sides in new["spacing_mm"]]
    table.to_csv(tmp_path / "new.csv", index=False)
    monkeypatch.chdir(tmp_path)  # no project is around it
    cli.main(["predict", str(file), "--table", "new.csv", "--json"])
    found = json.loads(capsys.readouterr().out)["predictions"]
    stored = pd.read_parquet(tiny / "05_nomogram/predictions.parquet")
    stored = stored[stored["protocol"].eq(recipe) & stored["model"].eq(f"Nomogram_{which}")]
    expected = stored.set_index("patient_id")["p"]
    assert len(found) == len(new) >= 20
    assert max(abs(one["risk"] - expected[one["patient"]]) for one in found) < tolerance
    assert "notebook 06 of the study had not run" not in card.model_card(model)


def test_networks_that_nobody_keeps_are_named(tiny):
    with pytest.raises(archive.FrozenError, match="Export it by `--recipe paper`"):
        freeze.freeze(str(tiny), "tiny", which="B")
