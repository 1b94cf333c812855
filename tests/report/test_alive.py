"""The page after rendering: what is around it, and that every way out of it leads somewhere."""

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.chromium import CHROMIUM, browser
from tests.report.conftest import HOSTILE, REPORT, InventedResults
from thyro.report import alive
from thyro.report.passports import Passport

AXE = os.environ.get("THYRO_AXE")  # its rules are many more than those below
RULES = Path(__file__).parents[1].joinpath("accessibility.js").read_text(encoding="utf-8")


class Ways(HTMLParser):
    """Identifiers and links of a page."""

    def __init__(self, source):
        super().__init__()
        self.ids, self.links = [], []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if "href" in attrs:
            self.links.append(attrs["href"])


@pytest.fixture(scope="module")
def finished(alive_report):
    return alive_report, (alive_report / "index.html").read_text(encoding="utf-8")


def test_every_link_and_passport_leads_somewhere(finished):
    folder, text = finished
    page = Ways(text)
    assert len(page.ids) == len(set(page.ids))
    pages = {path.name: Ways(path.read_text("utf-8")) for path in folder.glob("notebooks/*.html")}
    for link in page.links:
        file, _, anchor = link.partition("#")
        if link.startswith(("data:", "https://doi.org/")):
            continue
        ids = pages[file.removeprefix("notebooks/")].ids if file else page.ids
        assert anchor in ids, link
    for name, notebook in pages.items():
        for link in notebook.links:
            assert link == "../index.html" or link.removeprefix("#") in notebook.ids, (name, link)


def test_every_figure_and_table_has_a_passport(finished):
    _, text = finished
    floats = re.findall(r'<figure id="([\w-]+)"', text)
    assert len(floats) + 1 == text.count('<details class="passport">') > 50  # and the wipe


def test_nothing_is_loaded_from_elsewhere(finished):
    folder, text = finished
    for page in (text, *(path.read_text("utf-8") for path in folder.glob("notebooks/*.html"))):
        assert not re.findall(r'\ssrc="(?!data:)[^"]*"', page)
        assert not re.search(r"@import|url\((?!data:)", page)


def test_a_number_of_the_text_leads_to_its_value(finished):
    _, text = finished
    assert 'href="#source-cohort.n"' in text
    assert "0.739 is 0.73946 (06_statistics/performance.parquet)" in text


def test_a_figure_has_its_result_in_words(finished):
    _, text = finished
    assert re.search(
        r'alt="Figure 5\. Calibration curves.*? Calibration in the test cohort of Nomogram_A', text
    )


def test_the_crate_lies_beside(finished):
    folder, _ = finished
    crate = json.loads((folder.parent / "ro-crate-metadata.json").read_text("utf-8"))
    names = {entity["@id"] for entity in crate["@graph"]}
    assert {"report/index.html", "report/notebooks/06_statistics.html"} <= names


def test_a_table_that_the_report_makes_names_its_files(finished):
    _, text = finished
    table = text[text.index('<figure id="tbl-recovery"') :]
    assert "made this from <code>06_statistics/recovery_ceilings.parquet</code>." in table.split(
        "</figure>"
    )[0].replace("\n", " ")


def test_pages_of_notebooks_are_made_anew_only_where_they_would_be_others(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    style = tmp_path / "thyro.css"
    style.write_text("p {}", encoding="utf-8")
    made = []
    monkeypatch.setattr(
        alive.notebook_pages, "read_pages", lambda *_: made.append(1) or {"06": "a"}
    )

    def pages(records):
        return alive.notebook_files(tmp_path, tmp_path, records)

    assert pages({}) == pages({}) == {"notebooks/06.html": "a"} and len(made) == 1
    pages({"06": Passport("06", {}, {}, (), ("35e0",), 2.0)})
    (tmp_path / "notebooks/06.ipynb").write_text("{}", encoding="utf-8")
    pages({})
    style.write_text("p { color: red }", encoding="utf-8")
    pages({})
    assert len(made) == 4 and len(list((tmp_path / ".cache/pages").iterdir())) == 1


def test_what_was_made_from_other_results_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(alive, "made_from_others", lambda *_: ["06 read another 05"])
    old = tmp_path / "report/notebooks/old.html"
    old.parent.mkdir(parents=True)
    old.write_text("of a notebook that is gone", encoding="utf-8")
    assert alive.record(tmp_path, {}, title="", description="") == ["06 read another 05"]
    assert not old.exists()


@pytest.fixture(scope="module")
def page(alive_report, tmp_path_factory):
    """The report in headless Chromium, with what it asked for and complained of."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.open(alive_report / "index.html")
        yield opened


def focus(page, selector):
    """Give an element the focus; what the page did before may still be taking it."""
    element = f"document.querySelector({json.dumps(selector)})"
    page.wait(f"({element}.focus(), document.activeElement === {element})")


def test_the_page_asks_for_nothing_and_complains_of_nothing(page, alive_report):
    file = (alive_report / "index.html").as_uri()
    assert [url for url in page.requests if not url.startswith("data:")] == [file]
    assert page.complaints == []


def test_a_planted_script_shows_as_text(page):
    assert page.run("document.title") != "run"
    assert page.run("document.querySelector('.thresholds p').textContent").count(HOSTILE) == 1
    models = page.run(
        "Array.from(document.querySelectorAll('.thresholds-models label'))"
        ".map(label => label.textContent.trim())"
    )
    assert HOSTILE in models
    assert HOSTILE in page.run("document.querySelector('figcaption').textContent")


def matrices(page):
    return page.run(
        "Array.from(document.querySelectorAll('.thresholds tbody tr')).map(row =>"
        "Array.from(row.cells).map(cell => cell.textContent))"
    )


def points(page):
    return page.run(
        "Array.from(document.querySelectorAll('.thresholds .point')).map(point =>"
        "point.getAttribute('cx') + ' ' + point.getAttribute('cy'))"
    )


def test_the_threshold_moves_with_the_arrow_keys(page):
    results = InventedResults()
    focus(page, ".thresholds input[type=range]")
    before, at = matrices(page), points(page)
    page.press("ArrowRight", 25)
    assert page.run("document.querySelector('.thresholds output').textContent") == "55%"
    after = matrices(page)
    assert after != before
    # 3 models in 2 cohorts, a point on each of two curves; the reader's is in one place of the ROC
    assert len(at) == 12
    assert sum(a != b for a, b in zip(at, points(page), strict=True)) >= 8
    p = results.scores["05_nomogram/predictions"]["Nomogram_A"]
    for row in [row for row in after if row[0] == "Nomogram_A"]:
        split = "train" if row[1] == "Training cohort" else "test"
        inside = results.patients["split"].eq(split).to_numpy()
        y, called = results.y[inside] == 1, p[inside] >= 0.55
        tp, fp = int((called & y).sum()), int((called & ~y).sum())
        assert row[2:6] == [str(n) for n in (tp, (~called & y).sum(), fp, (~called & ~y).sum())]
        net = tp / inside.sum() - fp / inside.sum() * 0.55 / 0.45
        assert row[10] == f"{net:.3f}".replace("-", "−")
    page.press("Home")
    assert page.run("document.querySelector('.thresholds output').textContent") == "1%"


def test_another_recipe_and_another_model_are_drawn(page):
    page.run(
        "var s = document.querySelector('.thresholds select'); s.value = 1;"
        "s.dispatchEvent(new Event('change'))"
    )
    focus(page, ".thresholds-models input")
    page.press(" ")
    assert matrices(page)[0][0] == "SR_SVM"
    page.press(" ")
    assert matrices(page)[0][0] == "Nomogram_A"


def column(page, identifier, number):
    return page.run(
        f"Array.from(document.querySelectorAll('#{identifier} tbody tr'))"
        f".filter(row => !row.hidden).map(row => row.cells[{number}].textContent)"
    )


def test_a_table_sorts_with_enter_and_returns(page):
    before = column(page, "tbl-performance", 0)
    focus(page, "#tbl-performance th button")
    page.press("Enter")
    header = "document.querySelector('#tbl-performance th').getAttribute('aria-sort')"
    assert page.run(header) == "ascending"
    assert column(page, "tbl-performance", 0) == sorted(before)
    page.press("Enter")
    assert page.run(header) == "descending"
    assert column(page, "tbl-performance", 0) == sorted(before, reverse=True)
    page.press("Enter")
    assert page.run(header) is None and column(page, "tbl-performance", 0) == before


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["0.7 (0.6–0.8)", "–", "−1.5", "1,200", "<0.001"], "−1.5|<0.001|0.7 (0.6–0.8)|1,200|–"),
        (["b10", "a", "b9", ""], "a|b9|b10|"),
        (["x", "\u2003child", "a", "\u2003z", "\u2003b"], "a|\u2003z|\u2003b|x|\u2003child"),
    ],
)
def test_cells_sort_as_a_reader_would(page, cells, wanted):
    """Numbers by value, what is missing last, and rows below the one that they belong to."""
    rows = "".join(f"<tr><td>{cell.replace('<', '&lt;')}</td></tr>" for cell in cells)
    table = f"<table><thead><tr><th scope=col>A</th></tr></thead><tbody>{rows}</tbody></table>"
    made = f"<figure class='float float-table' id='made'><figcaption></figcaption>{table}</figure>"
    script = (REPORT / "tables.js").read_text(encoding="utf-8")
    page.run(
        f"document.querySelector('main').insertAdjacentHTML('beforeend', {json.dumps(made)});"
        # only the new table: the others are alive already
        "var all = document.querySelectorAll.bind(document);"
        "document.querySelectorAll = () => all('#made table');"
        + script
        + "; delete document.querySelectorAll; document.querySelector('#made th button').click()"
    )
    got = column(page, "made", 0)
    page.run("document.getElementById('made').remove()")
    assert "|".join(got) == wanted


def test_a_long_table_filters_and_copies_what_is_left(page):
    rows = len(column(page, "supptbl-list", 0))
    assert rows > 20 and not page.run("document.querySelector('#tbl-performance input')")
    page.run("document.querySelector('#supptbl-list tbody tr').cells[1].textContent = 'Other one'")
    page.run(
        "navigator.clipboard.writeText = text => { window.copied = text;return Promise.resolve(); }"
    )
    focus(page, "#supptbl-list input[type=search]")
    for key in "OTHER":
        page.press(key)
    status = "document.querySelector('#supptbl-list [role=status]').textContent"
    assert column(page, "supptbl-list", 1) == ["Other one"]
    assert page.run(status) == f"1 of {rows} rows"
    focus(page, "#supptbl-list .table-tools button")
    page.press("Enter")
    page.wait("window.copied")
    lines = [line.split("\t") for line in page.run("window.copied").split("\n")]
    assert lines[0] == ["Class", "Feature", "Definition"] and lines[1][:2] == ["GLDM", "Other one"]
    page.wait(f"{status} === 'Copied.'")
    page.run(
        "var f = document.querySelector('#supptbl-list input'); f.value = '';"
        "f.dispatchEvent(new Event('input'))"
    )
    assert len(column(page, "supptbl-list", 0)) == rows


def test_a_figure_is_enlarged_and_closed_with_the_keyboard(page):
    focus(page, "#regfig-roc .enlarge")
    page.press("Enter")
    assert page.run("document.querySelector('dialog').open")
    assert page.run("document.activeElement.className") == "zoom-view"
    page.press("+")
    assert page.run("document.querySelector('.zoom img').style.width") == "150%"
    assert page.run("document.querySelector('.zoom img').alt").startswith("Regenerated Figure 4. ")
    page.press("Escape")
    assert not page.run("document.querySelector('dialog').open")
    assert page.run("document.activeElement === document.querySelector('#regfig-roc .enlarge')")


def test_the_line_between_both_images_moves_with_the_arrow_keys(page):
    places = "Array.from(document.querySelectorAll('.wipe-frame img')).map(image => image.{})"
    frame, left, right = (
        page.run(f"(box => [box.left, box.width])({element}.getBoundingClientRect())")
        for element in (
            "document.querySelector('.wipe-frame')",
            "document.querySelectorAll('.wipe-frame img')[0]",
            "document.querySelectorAll('.wipe-frame img')[1]",
        )
    )
    # the halves of both lie on each other
    assert left == [frame[0], 2 * frame[1]] and right == [frame[0] - frame[1], 2 * frame[1]]
    focus(page, ".wipe-frame input")
    page.press("ArrowRight", 10)
    assert page.run("document.querySelector('.wipe-line').style.left") == "60%"
    assert page.run(places.format("style.clipPath")) == ["", "inset(0px 0px 0px 80%)"]
    said = page.run("document.activeElement.getAttribute('aria-valuetext')")
    assert said == "60% of the width is the original image"


def test_a_number_says_its_value_and_source_on_focus(page):
    focus(page, "a.number")
    tip = "document.getElementById('number-tip')"
    name = page.run("document.activeElement.getAttribute('href')").removeprefix("#source-")
    page.wait(f"!{tip}.hidden && {tip}.textContent.startsWith({json.dumps(name)})")
    assert page.run("document.activeElement.getAttribute('aria-describedby')") == "number-tip"
    page.press("Escape")
    assert page.run(f"{tip}.hidden")
    page.press("Enter")
    page.wait("document.querySelector('#number-sources details').open")


def test_a_passport_opens_with_the_keyboard_and_holds_its_record(page):
    focus(page, "#regfig-roc .passport summary")
    page.press("Enter")
    page.wait("document.querySelector('#regfig-roc .passport dl') !== null")
    assert "Commit" in page.run("document.querySelector('#regfig-roc .passport dl').textContent")


@pytest.mark.parametrize("width", [380, 900, 1400])
def test_nothing_is_wider_than_the_window(page, width):
    page.look(width=width)
    over = page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.look()
    assert over == 0


def test_the_colours_follow_the_system_and_the_switch(page):
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.run(paper) == "rgb(255, 255, 255)"
    page.look(dark=True)
    dark = page.run(paper)
    assert dark == "rgb(22, 24, 28)"
    focus(page, ".scheme-switch")
    page.press("Enter")
    assert page.run("document.activeElement.textContent") == "Colours: light"
    assert page.run(paper) == "rgb(255, 255, 255)"
    page.press("Enter")
    page.look(dark=False)
    assert page.run(paper) == dark
    page.press("Enter")
    assert page.run("document.activeElement.textContent") == "Colours: system"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [380, 1400])
def test_no_rule_of_accessibility_is_broken(page, dark, width):
    page.look(width=width, dark=dark)
    page.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    broken = page.run(RULES)
    page.look()
    assert broken == []


def test_the_rules_find_what_is_broken(page):
    bad = (
        "<div id=bad><h1>A</h1><h3>B</h3><img src=''><button></button><input>"
        "<p style='color:#999'>grey</p><table><tr><th>x</th></tr></table><b id=bad></b></div>"
    )
    page.run(f"document.querySelector('main').insertAdjacentHTML('beforeend', {json.dumps(bad)})")
    broken = {line.split(":")[0].split(" ")[0] for line in page.run(RULES)}
    page.run("document.getElementById('bad').remove()")
    assert broken >= {
        "color-contrast",
        "heading-order",
        "image-alt",
        "name",
        "label",
        "scope-attr-valid",
        "duplicate-id",
    }


def test_what_has_focus_is_seen(page):
    focus(page, "#regfig-roc .enlarge")
    page.press("Tab")  # as a keyboard does, which shows the outline
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.run(outline) == "solid"


@pytest.mark.parametrize("dark", [False, True])
def test_notebook_pages_are_accessible_and_load_nothing(alive_report, tmp_path, dark):
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with browser(tmp_path) as opened:
        opened.open(alive_report / "notebooks/06_statistics.html", dark=dark, width=380)
        assert opened.run(RULES) == [] and opened.complaints == []
        assert len([url for url in opened.requests if not url.startswith("data:")]) == 1
        assert opened.run("document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [380, 1400])
@pytest.mark.parametrize("file", ["index.html", "notebooks/06_statistics.html"])
@pytest.mark.skipif(AXE is None, reason="THYRO_AXE does not name the axe.min.js of axe-core")
def test_axe_finds_no_violation(alive_report, tmp_path, file, width, dark):
    with browser(tmp_path) as opened:
        opened.open(alive_report / file, width=width, dark=dark)
        assert violations(opened) == []


@pytest.mark.skipif(AXE is None, reason="THYRO_AXE does not name the axe.min.js of axe-core")
def test_axe_finds_a_picture_without_words(alive_report, tmp_path):
    with browser(tmp_path) as opened:
        opened.open(alive_report / "index.html")
        opened.run("document.querySelector('main').append(document.createElement('img'))")
        assert [one.split(":")[0] for one in violations(opened)] == ["image-alt"]


def violations(page):
    """What axe-core objects to: rule, how grave, and the first element that breaks it."""
    page.run(Path(AXE).read_text(encoding="utf-8") + "; 0")
    page.run("axe.run().then(found => { window.axeFound = found.violations; }); 0")
    page.wait("window.axeFound !== undefined")
    rows = "axeFound.map(one => `${one.id}: ${one.impact}, ${one.nodes[0].html.slice(0, 150)}`)"
    return page.run(rows)


def test_without_scripts_nothing_waits_for_them(finished):
    """Every control is made by a script; a page without scripts shows no dead one."""
    _, text = finished
    body = re.sub(r"<script.*?</script>", "", text, flags=re.S)
    assert not re.search(r"<(button|input|select|dialog)\b", body)
    assert "<noscript><p>The threshold needs JavaScript" in body
