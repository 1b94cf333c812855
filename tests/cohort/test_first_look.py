"""A folder is looked at as notebook 00 does, right or wrong, and nothing stays behind."""

import pandas as pd
import pytest

from tests.projects import make_project
from thyro.cohort import first_look
from thyro.store import paths
from thyro.study import Variable, load_study


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project with the folder of 24 patients, in which this process works."""
    monkeypatch.chdir(make_project(tmp_path))
    paths.project_root.cache_clear()
    yield tmp_path
    paths.project_root.cache_clear()


def looked(here, **change):
    source = load_study("mine", here / "params").cohort.model_copy(update=change)
    later = {
        "screened": {"candidates": [], "composites": "parts", "entry": 0.1},
        "harmonised": {"harmonisation": "none", "preserved": [], "unseen_centre": "refuse"},
    }
    return first_look(
        {"cohort": source}, data_dir="data", scratch=here, seed=0, trained_px=32, **later
    )


def test_a_good_folder_has_its_flow_flags_and_images(here):
    with looked(here) as look:
        assert look.problems == [] and look.notes == []
        assert [step["n"] for step in look.ingested["cohort"].flow.steps] == [24]
        assert list(look.examined["table_row"]) == list(range(2, 26))
        assert look.split.value_counts().to_dict() == {"train": 16, "test": 8}
        titles, images, masks, _ = zip(*look.cases(), strict=True)
        assert titles[0] == "row 2" and images[0].shape == (40, 50) and masks[0].sum() == 600
    assert not list(here.glob("tmp*")) and not (here / "results").exists()


def test_every_problem_is_told_and_what_can_be_read_is_shown(here):
    (here / "data/m3.png").unlink()
    table = pd.read_csv(here / "data/patients.csv", dtype=str)
    table.loc[5, "age"] = "5 years"
    table.to_csv(here / "data/patients.csv", index=False)
    with looked(here) as look:
        assert [line.split(":")[0] for line in look.problems] == ["row 7", "row 5"]
        assert look.ingested == {} and look.split.empty
        assert [title for title, *_ in look.cases()][:4] == ["row 2", "row 3", "row 4", "row 6"]


def test_a_declared_table_is_read_with_the_rows_of_its_file(here):
    rows = [f"hospital-{i};{i};{'ja' if i % 2 else 'nein'};{40 + i},5" for i in range(24)]
    rows[3] = rows[3].replace("43,5", "43,5 Jahre")
    text = "\n".join(["Studie;;;", "", "id;nr;y;age", *rows])
    (here / "data/patients.csv").write_text(text)
    declared = {
        "header_row": 3,
        "decimal": "comma",
        "recode": {"y": {"ja": "1", "nein": "0"}},
        "image_column": "i{nr}.png",
        "mask_column": "m{nr}.png",
    }
    with looked(here, **declared) as look:
        assert [line.split(",")[0] for line in look.problems] == ["row 7: age: '43"]
        assert list(look.examined["table_row"]) == list(range(4, 28))
    (here / "data/patients.csv").write_text(text.replace(" Jahre", ""))
    with looked(here, **declared) as look:
        assert look.problems == []
        frame = look.ingested["cohort"].flow.frame
        assert list(frame["age"]) == [40.5 + i for i in range(24)]
        assert list(frame["y"]) == [i % 2 for i in range(24)]


def test_flags_are_words_below_the_image(here):
    (here / "data/i1.png").write_bytes((here / "data/i0.png").read_bytes())
    with looked(here) as look:
        notes = {title: note for title, _, _, note in look.cases()}
        assert "duplicate" in notes["row 3"] and "duplicate" not in notes["row 2"]
        assert [step["n"] for step in look.ingested["cohort"].flow.steps] == [24, 1]


def test_what_would_stop_a_later_notebook_is_told(here):
    table = pd.read_csv(here / "data/patients.csv", dtype=str)
    table["months"] = [str(12 * int(age)) for age in table["age"]]
    table.to_csv(here / "data/patients.csv", index=False)
    named = [
        Variable(name=name, label=name.title(), kind="continuous") for name in ("age", "months")
    ]
    with looked(here, variables=named) as look:
        assert len(look.split) == 24
        (line,) = look.problems
        assert "months" in line.lower() and "age" in line.lower()
