"""The real manuscript, rendered for real from an invented study."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest
import yaml

from tests.report.conftest import VALUES
from thyro.report import published, render, shortcodes
from thyro.report.words import by_number
from thyro.study import NETWORKS, plan

REPORT = Path(__file__).parents[2] / "report"
# Captions begin so, in the order of the manuscript, from which their numbers follow.
TITLES = {
    "Figure": [
        "Flow of patients from assessment",
        "AUC of every model in the training cohort",
        "AUC in the held-out part",
        "The first nomogram: Nomogram_A by the sound recipe",
        "Calibration (left;",
        "Nomogram_A in groups of patients who fitted nothing",
    ],
    "Table": [
        "Performance in patients who did not fit the model",
        "Coefficients of the nomograms (log odds per unit;",
        "Nomogram_A in groups of patients, with 95% confidence intervals",
        "What could be known of the simulated truth",
        "Numbers printed by Li et al. (2024) that contradict",
    ],
    "Regenerated Figure": [
        "Flow of patients, as Figure 1 has it.",
        "Super-resolution.",
        "The overall process.",
        "Receiver operating characteristic curves of the image models.",
        "Nomograms.",
        "Performance of the nomograms.",
    ],
    "Regenerated Table": [
        "Characteristics of the patients by cohort.",
        "Performance of the individual models",
    ],
    "Regenerated Supplementary Table": [
        "Logistic regression of the clinical factors",
        "Radiomics features by image type",
    ],
    "Regenerated Supplementary Figure": [
        "Comparison of the individual models",
        "Grad-CAM heat maps",
        "Calibration curves",
    ],
    "Supplementary Table": [
        "TRIPOD+AI",
        "CLEAR",
        "METRICS",
        "Differences between groups of patients",
        "Every check of the numbers printed by",
        "How each check of the printed numbers",
        "What the printed metrics determine",
        "Provenance",
        "Radiomics features of the classical recipe by image type and class.",
        "Definitions of the radiomics features",
        "Distinct grey levels of an outlined region",
        "pyradiomics on the digital phantom",
        "The steps between the recipes",
        "The nomograms at two cut-offs",
        "Characteristics of the patients of the training cohort by outcome",
        "Quality of restored images",
        "Features of degraded images after restoration",
        "The support vector machine on original (OR), super-resolved (SR) and bicubic",
        "Number of radiomics and deep features that left",
        "The selected radiomics features, the heaviest",
        "All coefficients of the nomograms",
        "Performance of the nomograms by the classical recipe",
        "Internal validation by",
        "Intervals that keep within zero and one",
        "Net reclassification improvement",
        "Size of the training cohort against",
        "Patients that a validation of each nomogram needs",
        "Generalised variance inflation",
        "The penalised model of all candidates beside",
        "Calibration of the nomograms",
        "Net benefit of the nomograms",
        "The nomograms and the radiologist",
        "Both recipes, in-sample and cross-fitted.",
        "Performance by the sound recipe",
        "The image models by their AUC in cross-fitted predictions",
        "The output of the tuned networks themselves",
        "Scores beside the diameter of the nodule",
        "Simulated truth beside its estimates",
        "Published figures",
    ],
    "Supplementary Figure": [
        "Differences of AUCs printed by Li et al. (2024)",
        "One nodule in every image type",
        "Permutation importance",
        "Heat maps of 40 test patients",
        "Power spectra",
        "Agreement of the radiomics features",
        "Stability of the features",
        "Spearman’s correlation",
        "The LASSO of the radiomics features",
        "The penalised model of all candidates",
        "Instability of the risks",
        "Training of the networks",
        "The features selected most often",
    ],
}
CAPTIONS = [
    f"{kind} {number}. {title}"
    for kind, titles in TITLES.items()
    for number, title in enumerate(titles, start=1)
]
LABEL = "Simulated data - not clinical evidence"
ITEMS = [*(f"Figure {n}" for n in range(1, 7)), "Table 1", "Table 2"]
ITEMS += ["Supplementary Table 1", "Supplementary Table 2"]
ITEMS += [f"Supplementary Figure {n}" for n in (1, 2, 3)]
TOLD_FILE = re.compile(r"its numbers are in the results, `([^`]+)`")


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
    figures = [title for kind, titles in TITLES.items() if "Figure" in kind for title in titles]
    assert len(page.images) == len(figures)
    for image in page.images:
        assert re.match(r"data:image/(png|jpeg|svg\+xml);base64,", image["src"])
        assert re.match(r"(Regenerated )?(Supplementary )?Figure \d+\. \w", image["alt"])


def test_no_shortcode_question_mark_or_raw_reference_is_left(page, pdf_pages):
    for text in ("".join(page.text), " ".join(pdf_pages)):
        assert "{{<" not in text
        assert not re.search(r"\?var|\?meta|@(fig|tbl|supp)", text)


def test_word_tables_repeat_their_header_and_use_small_text(word):
    wide = next(table for table in word.tables if len(table.columns) == 9)
    assert wide.rows[0]._tr.trPr.xpath("w:tblHeader")
    assert wide.cell(1, 0).paragraphs[0].style.name == "Table 6.5 pt"


@pytest.fixture
def html_alone(monkeypatch):
    """The other formats say the same: only the calculator is left to one of them."""
    monkeypatch.setattr(render, "OUTPUTS", {"html": render.OUTPUTS["html"]})


def rendered_text(folder, variables, tables, out):
    """The text of the HTML report."""
    elements = dict.fromkeys(("calculator", "thresholds", "wipe"), "<section></section>")
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
    assert "The radiologist had an AUC of" not in text
    assert "Table 4. Numbers printed by Li et al. (2024) that contradict" in text
    assert "external cohort of" not in text and "simulated truth" not in text.lower()


def test_an_external_cohort_is_in_abstract_methods_and_results(page_text):
    text = page_text
    assert (
        "In the external cohort of 20 patients (7 with the outcome) the AUC of Nomogram_A was 0.86"
        in text
    )
    assert "A further cohort of 20 patients (7 with the outcome; 3 excluded) is external." in text
    assert "The AUC of Nomogram_A is not shown to differ between the external and the test" in text
    assert "The external cohort has another simulated scanner, diameters that are" in text
    assert "external cohort of Nomogram_A: in the large 0.10 (−0.30 to 0.50), slope 0.71" in text


def test_the_abstract_says_where_super_resolution_is_not_better(page_text):
    text = page_text
    abstract = text[text.index("Purpose.") : text.index("Conclusion.")]
    assert "the generator did not exceed bicubic interpolation in SSIM, or" in abstract


def test_a_study_of_scores_is_shorter_and_whole(score_study, tables, tmp_path):
    """No image notebook is there: a reference to one would stop the rendering, of any format."""
    text = rendered_text(*score_study, tables, tmp_path)
    for caption in (
        "Figure 1. Flow of patients",
        "Figure 2. The first nomogram",
        "Figure 3. Calibration (left;",
        "Regenerated Figure 2. Super-resolution.",
        "Regenerated Figure 4. Receiver operating characteristic curves of each score",
        "Regenerated Figure 6. Performance of the nomograms.",
        "Regenerated Table 2. Performance of the individual models",
        "Regenerated Supplementary Figure 2. Grad-CAM heat maps.",
        "Regenerated Supplementary Figure 3. Calibration curves",
    ):
        assert caption in text
    assert text.count("This study has no images") == 3 and "begins with given scores" in text
    absent = (
        "Cross-fitted",
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
    assert "This study has a single score, and nothing to compare it with." in text
    assert "Regenerated Supplementary Figure 1. Comparison of the individual models." in text
    assert "Regenerated Supplementary Figure 3. Calibration curves" in text


def test_variables_of_the_fixture_are_those_of_the_manuscript(variables):
    def leaves(tree, path=""):
        for key, value in tree.items():
            name = f"{path}.{key}" if path else key
            if isinstance(value, dict):
                yield from leaves(value, name)
            else:
                yield name

    # Those of scores alone, and of features of a table, are in the tests of their words.
    others = ("scores.qmd", "feature_methods.qmd", "feature_results.qmd")
    files = [path for path in REPORT.glob("*.qmd") if path.name not in others]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r"{{< var (\S+) >}}", text)) | set(re.findall(r'-meta="(\S+)"', text))
    header = {"origin.label", "origin.simulated", "study.title"}
    assert set(leaves(variables)) | {"run.renderer"} == used | header


def test_each_item_of_the_publication_is_found_by_its_number(page_text, pdf_pages, word):
    headings = [flat(p.text) for p in word.paragraphs if p.style.name.startswith("Heading")]
    pdf = " ".join(pdf_pages)
    facts = by_number.printed(published.reference(REPORT / "published"))
    assert len(ITEMS) == len(facts) == 13
    for item, fact in zip(ITEMS, facts.values(), strict=True):
        begin = flat(f"{item} {fact}")[:90]
        assert begin in page_text and begin in pdf
        assert item in headings
    assert [item for item in headings if item in ITEMS] == ITEMS


def test_the_first_part_has_at_most_twelve_pages(pdf_pages):
    (second,) = (n for n, text in enumerate(pdf_pages, 1) if "study by number Every figure" in text)
    assert second <= 13


def test_long_tables_are_in_the_html_and_named_elsewhere(page_text, pdf_pages, word):
    definition = VALUES["feature_list"][1]
    told = "This table is in the HTML report, and its numbers are in the results,"
    assert definition in page_text and told not in page_text
    assert definition not in "".join("".join(pdf_pages).split())
    assert sum(told in flat(p.text) for p in word.paragraphs) == 5
    names = [name for file in REPORT.glob("*.qmd") for name in TOLD_FILE.findall(file.read_text())]
    assert len(names) == 5
    for name in names:
        folder, _, file = name.partition("/")
        jobs = [job for job in plan.plan().values() if job.folder == folder]
        assert any(file in job.writes for job in jobs), name


def every_source(flags=()):
    """The manuscript in one piece, its files in their places, without what `flags` hide."""
    # The reports of studies without nomograms are others, in sources of their own.
    always = {"nomograms": True, "judged": False, "features": False}
    hidden = {"has": always | dict.fromkeys(flags, False)}

    def read(name):
        text = shortcodes.without_hidden((REPORT / name).read_text(encoding="utf-8"), hidden)
        return re.sub(r"{{< include (?!_)(\S+) >}}", lambda found: read(found[1]), text)

    return read("index.qmd")


NETWORKS_OFF = ("networks", "maps", "tuned")
IMAGES_OFF = ("images", "enhanced", *NETWORKS_OFF)


@pytest.mark.parametrize(
    "flags",
    [
        (),
        (*IMAGES_OFF, "nomogram_b", "external", "recovery"),
        ("enhanced",),
        NETWORKS_OFF,
        ("enhanced", *NETWORKS_OFF),
    ],
)
@pytest.mark.parametrize("kind", ["supptbl", "suppfig"])
def test_the_supplement_is_numbered_in_the_order_of_citation(kind, flags):
    text = every_source(flags)
    defined = re.findall(rf"{{#({kind}-[\w-]+)", text)
    cited = list(dict.fromkeys(re.findall(rf"@({kind}-[\w-]+)", text)))
    assert cited == defined


PLAIN = re.compile(
    r"{{<.*?>}}|`[^`]*`|@[\w-]+|{[^}]*}|^\|.*$|\]\(#.*?\)"
    r"|^#+ (Supplementary )?(Figure|Table) \d$|ICC\(2,1\)|E90|CC BY-NC-ND 4\.0",
    re.MULTILINE,
)


@pytest.mark.parametrize("file", sorted(REPORT.glob("*.qmd")), ids=lambda file: file.name)
def test_no_digit_is_typed_in_prose(file):
    """But years (of citations), names that hold one, and the numbers of the publication's items."""
    text = PLAIN.sub("", file.read_text(encoding="utf-8"))
    typed = [line for line in text.splitlines() if re.search(r"\d", line)]
    assert typed == []


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
    regenerated = {f"reg{place}{kind}" for place in ("", "supp") for kind in ("fig", "tbl")}
    assert {item["key"] for item in custom} == {"suppfig", "supptbl"} | regenerated
    template = (REPORT / "typst-template.typ").read_text()
    above = [item["key"] for item in custom if item["caption-location"] == "top"]
    named = re.search(r'\(((?:"\w+",? ?)+)\)\.map\(kind', template)[1]
    assert re.findall(r"\w+", named) == ["tbl", *above]


def test_bars_and_lines_of_figures_are_explained(page_text):
    for words in (
        "the distribution of the predictions as bars",
        "Dashed, in the external cohort: the same predictions after a new intercept",
        "the quartiles as a bar and the median as a circle",
        "a thin grey one is the interval of the cross-fitted AUC",
        "a bar is the share of divisions",
    ):
        assert words in page_text
