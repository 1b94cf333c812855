"""A table of predictions goes through the notebooks: one cohort, groups, and a row left out."""

import json
import re

import pandas as pd
import pytest

from thyro import cohort
from thyro.run import table_audit
from thyro.study.settings import Study

from .test_doors import patients, run_all, told


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """A study that nobody wrote, once its notebooks have run."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "data").mkdir()
    table = patients(150, ["x"]).drop(columns="set")
    table = table.rename(columns={"p": "risk", "c": "doctor", "s": "rad_score", "y": "metastasis"})
    table["sex"] = ["M", "F", "F"] * 50
    table = table.astype(str)
    table.loc[7, "risk"] = "4971810103157930"
    ready = cohort.read_score_table(
        table.to_csv(index=False).encode(), "t.csv", exclude_invalid=True
    )
    ready.frame.to_csv(folder / "data/table.csv", index=False)
    about = table_audit.written_study(ready, "t.csv")
    del about["extends"]
    about["statistics"] |= {"draws": 20}
    study = Study(**about, compute={"workers": 1})
    run_all(study, folder)
    return study, folder


def test_what_is_left_out_is_counted(audited):
    _, folder = audited
    flow = json.loads((folder / "00_cohort/flow.json").read_text())
    assert [(step["label"], step["n"]) for step in flow[1:]] == [
        ("Excluded: a cell that cannot be used", 1),
        ("Included", 149),
        ("Whole cohort", 149),
    ]
    assert len(pd.read_parquet(folder / "06_scores/between_cohorts.parquet")) == 0


def test_groups_are_those_of_the_probability(audited):
    _, folder = audited
    groups = pd.read_parquet(folder / "06_scores/subgroups.parquet")
    assert set(groups["group"]) == {"All patients", "F", "M"}
    assert set(groups["model"]) == {"risk"} and set(groups["cohort"]) == {"whole"}
    assert {"slope", "citl", "net_benefit"} <= {*groups["measure"]}


def test_the_report_says_what_was_guessed_and_speaks_of_one_cohort(audited):
    study, folder = audited
    text, tree = told(study, folder)
    assert "all were judged together" in text and "computed {{" not in text
    assert "metastasis: the outcome (1 and 0, and the name of one)" in text
    assert "1 row was left out for a cell that cannot be used, as asked" in text
    assert "In the whole cohort the AUC of rad_score was" in text
    assert tree["subgroups"]["model"] == "risk" and tree["subgroups"]["named"] == "sex"
    strange = r"unpaired|to every other|cohorts were made|difference between cohorts|training"
    assert not re.findall(strange, text)
