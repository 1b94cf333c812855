"""The page after rendering: what is around it, and that every way out of it leads somewhere."""

import json
import re
from html.parser import HTMLParser

import pytest

from thyro.report import alive
from thyro.report.sources import Exact, Source


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
    assert len(floats) == text.count('<details class="passport">') > 50


def test_nothing_is_loaded_from_elsewhere(finished):
    folder, text = finished
    for page in (text, *(path.read_text("utf-8") for path in folder.glob("notebooks/*.html"))):
        assert not re.findall(r'\ssrc="(?!data:)[^"]*"', page)
        assert not re.search(r"@import|url\((?!data:)", page)


def test_a_number_of_the_text_leads_to_its_value(finished):
    _, text = finished
    assert 'href="#source-cohort.n"' in text
    assert "0.739 is 0.73946 (06_statistics/performance.parquet)" in text


def test_the_crate_lies_beside(finished):
    folder, _ = finished
    crate = json.loads((folder.parent / "ro-crate-metadata.json").read_text("utf-8"))
    names = {entity["@id"] for entity in crate["@graph"]}
    assert {"report/index.html", "report/notebooks/06_statistics.html"} <= names


def test_what_was_made_from_other_results_is_told(alive_report, monkeypatch):
    monkeypatch.setattr(alive, "write_notebook_pages", lambda *_: [])
    monkeypatch.setattr(alive, "made_from_others", lambda *_: ["06 read another 05"])
    source = {"a": Source("a", "1", (), (Exact("1", 1.5, ""),))}
    before = (alive_report / "index.html").read_text(encoding="utf-8")
    told = alive.finish(
        alive_report.parent, alive_report.parent / "manuscript", source, title="", description=""
    )
    (alive_report / "index.html").write_text(before, encoding="utf-8")
    assert told == ["06 read another 05"]
