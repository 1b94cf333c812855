"""A study of another organ that follows no publication: nothing of its report is of the thyroid."""

import ast
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.report.test_checklists import ITEMS
from tests.report.test_evidence import HAS, facts
from thyro.cohort.flow import FLAG_REASONS
from thyro.cohort.image_flags import FLAGS
from thyro.figures.diagrams import process_steps
from thyro.report import checklists, render, shortcodes
from thyro.report.words import study as words
from thyro.study import Declared, load_study
from thyro.study.authors import Authors

REPORT = Path("report")
ABSENT = ("published", "printed")  # without a reference and an audit there are no such strings
FOREIGN = re.compile(
    r"nodul|thyr|lymph|neck|surgery|surgical|preoperat|Li et al|Li and coll|li2024|the publication"
    r"|reference study|paper’s|published (figures|numbers|study)|regenerated",
    re.IGNORECASE,
)
PROGRAM = re.compile(r"thyro(\.|/|\b)|https?://\S+")  # this software goes by its name


def foreign(text):
    """What is found of the thyroid or of the publication, with what stands around it."""
    text = PROGRAM.sub("", text)
    return [text[max(0, m.start() - 60) : m.end() + 30] for m in FOREIGN.finditer(text)]


@pytest.fixture
def breast():
    """The words of a study of masses in the breast."""
    study = load_study("smoke", Path("params"))
    changes = {"lesion": "mass", "organ": "breast", "modality": "mammography"}
    return study.model_copy(update={"reference": "none", **changes})


def staged(tmp_path, notebooks, variables, tables):
    """Every line of the manuscript but what the cells of the notebooks show."""
    folder = tmp_path / "breast"
    shutil.copytree(notebooks, folder / "notebooks")
    manuscript = render.stage(folder, REPORT, variables, tables=tables, renderer="pandoc")
    texts = yaml.safe_load((manuscript / "_variables.yml").read_text(encoding="utf-8"))
    context = shortcodes.Context(manuscript, texts, {"has": variables["has"]}, "html")
    (manuscript / "_calculator.qmd").touch()
    (manuscript / "_thresholds.qmd").touch()
    (manuscript / "_wipe.qmd").touch()
    lines = shortcodes.expand("index.qmd", context)
    return "\n".join(line.text for line in lines if "#" not in line.path)


def of_breast(variables, breast, **has):
    shown = {key: value for key, value in variables.items() if key not in ABSENT}
    told = {"title": "Masses", "name": "a cohort of 60 real patients (x)", "outcome": "cancer"}
    shown["study"] = told | {"recipe": "", "in_sample": ""}
    shown["word"] = words.words(breast)
    shown["origin"] = variables["origin"] | {"statement": "The images are real."}
    shown["has"] = variables["has"] | {"reference": False, "audit": False, "recovery": False} | has
    choice = "Both signatures are named in the study file."
    shown["nomogram"] = variables["nomogram"] | {"choice": choice}
    return shown


def test_a_report_of_masses_in_the_breast_says_nothing_of_the_thyroid(
    tmp_path, study_dir, variables, tables, breast
):
    text = staged(tmp_path, study_dir / "notebooks", of_breast(variables, breast), tables)
    assert foreign(text) == []
    for said in ("One mass per patient", "mammography images of the breast with outlined masses"):
        assert said in text
    assert "The *classical recipe* takes" in text


def test_a_study_of_scores_without_a_reference_has_no_heading_of_it(
    tmp_path, score_study, tables, breast
):
    folder, variables = score_study
    shown = of_breast(variables, breast, images=False)
    text = staged(tmp_path, folder / "notebooks", shown, tables)
    assert foreign(text) == []
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    assert not [one for one in headings if re.match(r"(Supplementary )?(Figure|Table) \d", one)]
    assert "has no images" not in text
    labels = re.findall(r"\{#((?:\w*fig|\w*tbl)-[\w-]+)", text)
    assert len(labels) == len(set(labels)) and not [one for one in labels if one[:3] == "reg"]


def test_with_the_reference_its_thirteen_items_are_there(tmp_path, study_dir, variables, tables):
    text = staged(tmp_path, study_dir / "notebooks", variables, tables)
    headings = re.findall(r"(?m)^## ((?:Supplementary )?(?:Figure|Table) \d)$", text)
    assert len(headings) == 13 and "@li2024" in text


@pytest.mark.parametrize("reference", ["li2024", "none"])
def test_the_statement_names_a_reference_only_where_there_is_one(reference):
    about = {"simulated": True, "scores": []}
    text = words.origin(about, reference=reference != "none")["statement"]
    assert ("reference study" in text) is (reference != "none")
    real = {"simulated": False, "outcome": "cancer", "spacing_known": True, "scores": []}
    real |= {"title": "x", "credit": ""}
    text = words.origin(real, reference=reference != "none")["statement"]
    assert ("reference study" in text) is (reference != "none")


SENTENCES = sorted(Path("thyro/report").rglob("*.py"))
OF_THE_PUBLICATION = ("published.py", "by_number.py")  # their words are not of every study


@pytest.mark.parametrize(
    "module", [one for one in SENTENCES if one.name not in OF_THE_PUBLICATION], ids=str
)
def test_no_sentence_of_the_package_is_of_one_organ(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    docstrings = {
        ast.get_docstring(n, clean=False) for n in ast.walk(tree) if isinstance(n, documented)
    }
    texts = {
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    organs = re.compile(r"nodul|thyr(?!o\b)|lymph|surg|operat(?!or)", re.IGNORECASE)
    settings = {"nodule", "Hashimoto"}  # a value of `super_resolution.region`, a name
    assert [text for text in texts - docstrings - settings if organs.search(text)] == []


def test_labels_of_figures_flags_and_checklists_are_true_of_any_organ():
    shown = [*FLAGS.values(), *FLAG_REASONS.values()]
    shown += [what for steps in process_steps(Declared()).values() for what, _ in steps]
    has = HAS | dict.fromkeys(("radiologist", "subgroups", "external"), True)
    known = facts(has=has | {"reference": False, "audit": False})
    for items in ITEMS.values():
        for item in items:
            given = checklists.answer(item, known, Authors().model_dump())
            shown += [item.ask, given.text]
    assert [found for text in shown for found in foreign(text)] == []
