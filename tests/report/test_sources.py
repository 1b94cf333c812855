import pandas as pd
import pytest

from thyro import store, tables
from thyro.report.shortcodes import Markdown
from thyro.report.sources import TracedResults, find_sources, marked

PERFORMANCE = pd.DataFrame(
    {"model": ["SR_SVM", "OR_SVM"], "auc": [0.73946135, 0.2], "n": [164, 164]}
)
READ = {"06/performance.parquet": PERFORMANCE, "00/flow.json": {"steps": [{"share": 0.29779}]}}


def sources(text, written):
    found = find_sources({"a": {"b": text}}, READ, written)
    return found["a.b"] if found else None


def test_a_value_is_shown_at_full_precision_with_its_row():
    source = sources("AUC 0.739", {"0.739": {0.73946135}})
    (exact,) = source.exact
    assert (exact.printed, exact.value) == ("0.739", 0.73946135)
    assert exact.place == "06/performance.parquet, auc, SR_SVM"
    assert source.files == tuple(READ)


def test_a_percentage_is_found_as_the_share_that_it_was():
    (exact,) = sources("29.8%", {"29.8": {100 * 0.29779}}).exact
    assert exact.place == "00/flow.json, steps[0].share"


def test_a_value_that_no_file_holds_has_no_place():
    (exact,) = sources("0.111", {"0.111": {0.1111}}).exact
    assert exact.place == ""


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0.739", {"0.739": {0.73946135, 0.7391}}),  # two values, one text
        ("0.739", {}),  # nothing rounded it
        ("30", {"30": {29.8}}),  # may as well be a count
        ("0.500", {"0.500": {1.0}}),
    ],
)
def test_what_is_not_certain_has_no_exact_value(text, written):
    assert sources(text, written).exact == ()


def test_text_without_a_number_and_titles_have_no_source():
    assert sources("no number", {}) is None
    assert find_sources({"study": {"name": "544 patients"}}, READ, {}) == {}


def test_a_variable_is_marked_as_data():
    tree = {"a": {"b": "*0.5*", "flag": True, "cite": Markdown("[@x] 1")}, "c": "word"}
    found = find_sources(tree, {}, {})
    out = marked(tree, found)
    assert out["a"]["b"] == r'[\*0.5\*]{.value var="a.b"}'
    assert out["a"]["cite"] == '[[@x] 1]{.value var="a.cite"}'
    assert out["a"]["flag"] is True and out["c"] == "word"


def test_what_is_read_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(store.paths, "project_root", lambda: tmp_path)
    folder = tmp_path / "s/06"
    folder.mkdir(parents=True)
    PERFORMANCE.to_parquet(folder / "performance.parquet")
    (folder / "scalars.json").write_text('{"level": 0.95}')
    results = TracedResults(str(tmp_path / "s"))
    results.table("06/performance")
    assert results.values("06/scalars") == {"level": 0.95}
    assert list(results.read) == ["06/performance.parquet", "06/scalars.json"]


def test_the_numbers_of_the_prose_are_those_that_were_rounded():
    with tables.noted() as written:
        text = tables.estimate(0.73946135, 0.6, 0.8)
    assert [exact.value for exact in sources(text, written).exact] == [0.73946135, 0.6, 0.8]
