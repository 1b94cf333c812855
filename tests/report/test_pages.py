"""The real manuscript, rendered for real from an invented study."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest
import yaml

from thyro.report import render
from thyro.study import NETWORKS

REPORT = Path(__file__).parents[2] / "report"
# Captions begin so, in the order of the manuscript, from which their numbers follow.
TITLES = {
    "Figure": [
        "Flow of patients",
        "Super-resolution.",
        "The overall process.",
        "Receiver operating characteristic curves of the image models.",
        "Nomograms.",
        "Performance of the nomograms.",
        "AUC of every model in the training cohort",
        "AUC in the held-out part",
    ],
    "Table": [
        "Characteristics of the patients by cohort.",
        "Performance of the individual models",
        "Quality of restored images",
        "The support vector machine on original (OR), super-resolved (SR) and bicubic",
        "Number of radiomics and deep features that left",
        "Performance of the nomograms in every cohort.",
        "Internal validation by",
        "Both recipes, in-sample and cross-fitted.",
        "Coefficients of the nomograms",
        "What could be known of the simulated truth",
        "Published figures",
        "Printed numbers of the publication",
        "Provenance",
    ],
    "Supplementary Table": [
        "Logistic regression of the clinical factors",
        "Radiomics features",
        "Image types of the radiomics features",
        "Definitions of the radiomics features",
        "Distinct grey levels of a nodule",
        "The selected radiomics features, the heaviest",
        "pyradiomics on the digital phantom",
        "Performance by the sound recipe",
        "The image models by their AUC in cross-fitted predictions",
        "The steps between the recipes",
        "Scores beside the diameter of the nodule",
        "The output of the tuned networks themselves",
        "Characteristics of the patients of the training cohort by outcome",
        "Size of the training cohort against",
        "Patients that a validation of each nomogram needs",
        "Generalised variance inflation",
        "Intervals that keep within 0 and 1",
        "The nomograms at two cut-offs",
        "Calibration of the nomograms",
        "Net benefit of the nomograms",
        "The nomograms and the radiologist",
        "Net reclassification improvement",
        "The penalised model of all candidates beside",
        "Simulated truth beside its estimates",
        "Items of TRIPOD+AI",
        "Topics of CLEAR",
        "Features of degraded images after restoration",
        "Every check of the printed numbers",
        "How each check of the printed numbers",
        "What the printed metrics determine",
    ],
    "Supplementary Figure": [
        "Comparison of the individual models",
        "Grad-CAM heat maps",
        "Calibration curves",
        "Power spectra",
        "One nodule in every image type",
        "Stability of the features",
        "Spearman’s correlation",
        "Agreement of the radiomics features",
        "Heat maps of 40 test patients",
        "Permutation importance",
        "The LASSO of the radiomics features",
        "The features selected most often",
        "Training of the networks",
        "The penalised model of all candidates",
        "Instability of the risks",
    ],
}
CAPTIONS = [
    f"{kind} {number}. {title}"
    for kind, titles in TITLES.items()
    for number, title in enumerate(titles, start=1)
]
LABEL = "Simulated data - not clinical evidence"


def flat(text):
    return re.sub(r"\s+", " ", text)


class Page(HTMLParser):
    """The text of a page, its identifiers, links and images."""

    def __init__(self, source):
        super().__init__()
        self.text, self.ids, self.targets, self.images = [], set(), [], []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if tag == "a" and attrs.get("href", "").startswith("#"):
            self.targets.append(attrs["href"][1:])
        if tag == "img":
            self.images.append(attrs)

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def page(report):
    return Page((report / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page_text(page):
    return flat("".join(page.text))


@pytest.fixture(scope="module")
def pdf_pages(report):
    try:
        command = ["pdftotext", "-layout", str(report / "thyro.pdf"), "-"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    return [flat(page) for page in text.split("\f") if page.strip()]


@pytest.fixture(scope="module")
def word(report):
    return docx.Document(report / "thyro.docx")


@pytest.fixture(scope="module")
def word_captions(word):
    styles = ("Image Caption", "Table Caption")
    return [flat(p.text) for p in word.paragraphs if p.style.name in styles]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_every_caption_in_html(page_text, caption):
    assert caption in page_text


@pytest.mark.parametrize("caption", CAPTIONS)
def test_every_caption_in_pdf(pdf_pages, caption):
    assert any(caption in page for page in pdf_pages)


@pytest.mark.parametrize("caption", CAPTIONS)
def test_every_caption_in_docx(word_captions, caption):
    assert sum(text.startswith(caption) for text in word_captions) == 1
    assert len(word_captions) == len(CAPTIONS)


def test_the_label_is_on_every_page(page_text, pdf_pages, word):
    assert page_text.count(LABEL) == 1
    assert all(text.lstrip().startswith(LABEL) for text in pdf_pages)
    assert [section.header.paragraphs[0].text for section in word.sections] == [LABEL]


def test_html_is_one_file_with_working_links(page, report):
    source = (report / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#|data:|https://doi\.org/)[^"]*"', source)
    assert set(page.targets) <= page.ids


def test_images_are_embedded_and_described(page):
    figures = TITLES["Figure"] + TITLES["Supplementary Figure"]
    assert len(page.images) == len(figures)
    for image in page.images:
        assert re.match(r"data:image/(png|jpeg|svg\+xml);base64,", image["src"])
        assert re.match(r"(Supplementary )?Figure \d+\. \w", image["alt"])


def test_no_shortcode_question_mark_or_raw_reference_is_left(page, pdf_pages):
    for text in ("".join(page.text), " ".join(pdf_pages)):
        assert "{{<" not in text
        assert not re.search(r"\?var|\?meta|@(fig|tbl|supp)", text)


def test_word_tables_repeat_their_header_and_use_small_text(word):
    wide = next(table for table in word.tables if len(table.columns) == 9)
    assert wide.rows[0]._tr.trPr.xpath("w:tblHeader")
    assert wide.cell(1, 0).paragraphs[0].style.name == "Table 7 pt"


@pytest.fixture
def html_alone(monkeypatch):
    """The other formats say the same: only the calculator is left to one of them."""
    monkeypatch.setattr(render, "OUTPUTS", {"html": render.OUTPUTS["html"]})


def rendered_text(folder, variables, tables, out):
    """The text of the HTML report."""
    elements = {"calculator": "<section></section>"}
    staged = render.stage(
        folder, REPORT, variables, tables=tables, elements=elements, renderer="pandoc"
    )
    render.render(staged, out)
    return flat("".join(Page((out / "index.html").read_text(encoding="utf-8")).text))


@pytest.mark.usefixtures("html_alone")
def test_what_a_study_lacks_can_be_absent(study_dir, variables, tables, tmp_path):
    off = ("radiologist", "external", "recovery")
    study = {**variables, "has": variables["has"] | dict.fromkeys(off, False)}
    study["performance"] = {**variables["performance"], "radiologist": {}}
    study["delong"] = {**variables["delong"], "a_vs_radiologist": {}}
    study |= {"external": {}, "recovery": {}, "simulation": {}}
    text = rendered_text(study_dir, study, tables, tmp_path)
    assert "This study holds no reading by a radiologist." in text
    assert "Table 12. Provenance" in text
    assert "external cohort of" not in text and "simulated truth" not in text.lower()


def test_an_external_cohort_is_in_abstract_methods_and_results(page_text):
    text = page_text
    assert "In the external cohort of 20 patients the AUC of Nomogram_A was 0.861" in text
    assert "A further cohort of 20 patients (7 with the outcome; 3 excluded) is external." in text
    assert "The external cohort has another simulated scanner, nodules that are" in text
    assert "Calibration of Nomogram_A: in the large 0.10 (−0.30 to 0.50), slope 0.71" in text


def test_the_abstract_says_where_super_resolution_is_not_better(page_text):
    text = page_text
    abstract = text[text.index("Purpose.") : text.index("Reading.")]
    assert "the generator did not exceed bicubic interpolation in SSIM, or" in abstract


def test_a_study_of_scores_is_shorter_and_whole(score_study, tables, tmp_path):
    """No image notebook is there: a reference to one would stop the rendering, of any format."""
    text = rendered_text(*score_study, tables, tmp_path)
    for caption in (
        "Figure 1. Flow of patients",
        "Figure 2. Receiver operating characteristic curves of the scores",
        "Figure 3. Nomograms.",
        "Figure 4. Performance of the nomograms.",
        "Table 2. Performance of the individual models",
        "Supplementary Table 2. Characteristics of the patients of the training cohort by outcome",
        "Supplementary Figure 2. Calibration curves",
    ):
        assert caption in text
    absent = (
        "Super-resolution.",
        "Grad-CAM",
        "Radiomics features",
        "CLEAR",
        "less that of Nomogram_B",
    )
    absent += ("bicubic",)
    assert [words for words in absent if words in text] == []


@pytest.mark.usefixtures("html_alone")
def test_a_single_score_has_nothing_to_be_compared_with(score_study, tables, tmp_path):
    folder, variables = score_study
    variables = {**variables, "has": variables["has"] | {"comparison": False}}
    text = rendered_text(folder, variables, tables, tmp_path)
    assert "Comparison of the individual models" not in text
    assert "Supplementary Figure 1. Calibration curves" in text


def test_variables_of_the_fixture_are_those_of_the_manuscript(variables):
    def leaves(tree, path=""):
        for key, value in tree.items():
            name = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                yield from leaves(value, name)
            else:
                yield name

    text = "".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.qmd"))
    used = set(re.findall(r"{{< var (\S+) >}}", text)) | set(re.findall(r'-meta="(\S+)"', text))
    header = {"origin.label", "origin.simulated", "study.title"}
    assert set(leaves(variables)) | {"run.renderer"} == used | header


def test_results_are_never_typed():
    text = "".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.qmd"))
    assert not re.findall(r"\b[01]?\.\d{2,}\b", re.sub(r"{{<.*?>}}", "", text))


def test_sentences_that_another_study_would_belie_are_not_typed():
    text = "".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.qmd"))
    belied = ("reading without the models", "before the run", "wide intervals", "may have measured")
    belied += (
        "the weights that they started from",
        "Nothing was learned",
        "features were screened",
    )
    belied += ("Not adjusted for", "changes that were not committed", "the choice is a parameter")
    belied += ("seventeen", "in training and test.", "stands in the parameters", "nominal 95%")
    assert [words for words in belied if words in text] == []


def test_every_source_cited_is_in_the_bibliography_and_the_other_way_round():
    text = "".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.qmd"))
    cited = set(re.findall(r"@([a-z]+\d{4})", text)) | {n.citation for n in NETWORKS.values()}
    bibliography = (REPORT / "references.bib").read_text(encoding="utf-8")
    assert cited == set(re.findall(r"^@\w+\{(\w+)", bibliography, re.MULTILINE))


def test_quarto_knows_the_same_kinds():
    custom = yaml.safe_load((REPORT / "_quarto.yml").read_text())["crossref"]["custom"]
    assert {item["key"] for item in custom} == {"suppfig", "supptbl"}


def test_bars_and_lines_of_figures_are_explained(page_text):
    for words in (
        "the distribution of the predictions as bars",
        "Dashed, in the external cohort: the same predictions after a new intercept",
        "the quartiles as a bar and the median as a circle",
        "a thin grey one is the interval of the cross-fitted AUC",
        "a bar is the share of divisions",
    ):
        assert words in page_text
