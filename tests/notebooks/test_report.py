"""The report of the tiny study, from its notebooks to three formats."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from thyro.report import manuscript
from thyro.study import Declared

from .conftest import make_report

ITEMS = [
    *(f"Figure {i}" for i in range(1, 7)),
    *(f"Table {i}" for i in (1, 2)),
    *(f"Supplementary Table {i}" for i in (1, 2)),
    *(f"Supplementary Figure {i}" for i in (1, 2, 3)),
]


@pytest.fixture(scope="module")
def report(tiny, tiny_study, tmp_path_factory):
    """A copy of the tiny results laid out as `thyro run` leaves them, rendered."""
    results = tmp_path_factory.mktemp("report") / "tiny"
    shutil.copytree(tiny, results)
    make_report(tiny_study, "tiny", results)
    return results


def leaves(tree, path=""):
    for key, value in tree.items():
        yield from leaves(value, f"{path}{key}.") if isinstance(value, dict) else [f"{path}{key}"]


def test_every_variable_of_the_manuscript_is_made(report, tiny_study):
    known = yaml.safe_load(Path("tests/report/variables.yml").read_text())
    made = set(leaves(manuscript.variables(str(report), "tiny", tiny_study)))
    # This study has neither gaps nor centres nor cohorts of its own names, and so no words on them.
    lacking = ("gaps.", "centres.", "others.")
    absent = {name for name in leaves(known) if name.startswith(lacking)}
    assert set(leaves(known)) - made == absent


def test_the_thirteen_items_are_in_all_three_formats(report):
    html = re.sub(r"<[^>]+>|&nbsp;|\s+", " ", (report / "report/index.html").read_text())
    with zipfile.ZipFile(report / "report/thyro.docx") as archive:
        docx = re.sub(r"<[^>]+>", "", archive.read("word/document.xml").decode())
    texts = {"html": html, "docx": docx}
    if shutil.which("pdftotext"):
        pdf = [str(report / "report/thyro.pdf"), "-"]
        texts["pdf"] = subprocess.run(["pdftotext", *pdf], capture_output=True, text=True).stdout
    for form, text in texts.items():
        text = re.sub(r"[\s\u00a0]+", " ", text)
        assert [
            item for item in ITEMS if f"{item}." not in text and f"{item} ." not in text
        ] == [], form
    assert (report / "report/thyro.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_every_page_says_that_the_data_are_simulated(report):
    pdf = [str(report / "report/thyro.pdf"), "-"]
    text = subprocess.run(["pdftotext", *pdf], capture_output=True, text=True, check=True).stdout
    pages = text.rstrip("\f").split("\f")
    assert len(pages) > 5
    assert [i for i, page in enumerate(pages, 1) if "Simulated data" not in page] == []


def test_the_numbers_of_the_text_are_those_of_the_files(report, tiny_study):
    table = pd.read_parquet(report / "06_statistics/performance.parquet").set_index(
        ["model", "cohort"]
    )
    told = manuscript.variables(str(report), "tiny", tiny_study)["image_models"]["test"]
    html = re.sub(r"\s+", " ", (report / "report/index.html").read_text())
    for model in map(str, Declared().model_names()):
        auc, low, high = table.loc[(model, "test"), ["auc", "ci_low", "ci_high"]]
        text = f"{auc:.3f} ({low:.3f}–{high:.3f})"
        assert f"{text} ({model})" in told and text in html
