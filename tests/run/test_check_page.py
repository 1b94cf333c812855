"""The page of `thyro check --page`: whole in one file, and it names what stops a run."""

import re
from pathlib import Path

import pytest

from thyro import cli

PAGE = Path(".thyro/mine/check.html")


def test_a_page_holds_flow_flags_and_images_and_nothing_else_is_left(here, capsys):
    cli.main(["check", "mine", "--data", "data", "--page"])
    text = PAGE.read_text(encoding="utf-8")
    assert ".thyro/mine/check.html" in capsys.readouterr().out
    assert text.count("<img") == 1 and "data:image/jpeg;base64," in text
    assert "<td>Studied</td>" in text and "<td>Duplicate</td>" in text
    assert "nothing stops a run" in text
    assert re.findall(r"(?:src|href)=\"(?!data:)", text) == []  # it needs no other file
    assert [file.name for file in PAGE.parent.iterdir()] == ["check.html"]
    assert not Path("results").exists()


def test_problems_are_on_the_page_and_in_the_terminal(here):
    Path("data/m3.png").unlink()
    with pytest.raises(SystemExit, match="to be mended:\n  row 5: mask 'm3.png' is not in"):
        cli.main(["check", "mine", "--data", "data", "--page"])
    text = PAGE.read_text(encoding="utf-8")
    assert "1 to be mended before a run" in text and "mask &#x27;m3.png&#x27; is not in" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["smoke", "--data", "data"], "smoke.yml simulates its patients"),
        (["mine"], "reads a folder: say --data"),
        (["mine", "--data", "params"], "table 'patients.csv' is not in the data folder"),
    ],
)
def test_without_a_folder_to_look_at_the_remedy_is_named(here, words, message):
    with pytest.raises(SystemExit, match=message):
        cli.main(["check", *words, "--page"])
    assert not PAGE.exists()


def test_without_a_page_the_cells_of_a_table_with_images_are_read(here):
    text = Path("data/patients.csv").read_text().replace(",43", ",4 3")
    Path("data/patients.csv").write_text(text)
    with pytest.raises(SystemExit, match="row 5: age: '4 3', expected a number"):
        cli.main(["check", "mine", "--data", "data"])
    assert not PAGE.exists()
