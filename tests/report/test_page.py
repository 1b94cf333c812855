import re

import pytest

from thyro.report.page import with_sources
from thyro.report.passports import Passport
from thyro.report.sources import Exact, Source

SOURCES = {
    "a.auc": Source("a.auc", "0.739", ("06/p.parquet",), (Exact("0.739", 0.7394, "06/p.parquet"),)),
    "a.n": Source("a.n", "544", ("00/flow.json", "00/p.parquet"), ()),
}
RECORDS = {"06_x": Passport("06_x", {}, {}, (), ("35e0",), 2.0)}
SHOWN = {"fig-roc": 'AUC of "<b>" 0.739.'}
CELLS = {"fig-roc": [("06_x", "roc")], "tbl-typed": []}


def page(body):
    source = f"<!DOCTYPE html>\n<html><head></head><body><main>{body}</main></body></html>"
    return with_sources(source, SOURCES, CELLS, RECORDS, described=SHOWN, foot="<script>")


def span(text, name="a.auc"):
    return f'<span class="value" data-var="{name}">{text}</span>'


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("0.739", ["0.739"]),
        ("0.739 (0.648–0.830) and 5", ["0.739 (0.648–0.830)", "5"]),
        ("−0.17\n(−0.60 to 0.26)", ["−0.17\n(−0.60 to 0.26)"]),
        ("= 0.953", ["= 0.953"]),
        ("AUC 0.801; 95% CI 0.75–0.85", ["0.801", "95%", "0.75–0.85"]),
        ("(95% CI −0.06 to 0.04)", ["95%", "−0.06 to 0.04"]),
        ("0.73 (0.65–0.81; 0.74 here)", ["0.73", "0.65–0.81", "0.74"]),
        ("544, 12 (3.5%), 1,895", ["544", "12 (3.5%)", "1,895"]),
        ("29.8%, 1,561", ["29.8%", "1,561"]),
        ("SR_ResNet101 and PM2", []),
        ("PyRadiomics 3.0.1, and 1.5.", ["1.5"]),
        ("<code>12</code> <a href='#x'>13</a>", []),
    ],
)
def test_numbers_of_a_variable_are_links(text, linked):
    made = page(span(text))
    assert re.findall(r'<a class="number" href="#source-a.auc">(.*?)</a>', made, re.S) == linked


def test_every_link_has_its_row_and_only_used_sources_have_one():
    made = page(f"<p>{span('0.739')} {span('544', 'a.n')} {span('0.739')}</p>")
    assert made.count('id="source-a.auc"') == 1 == made.count('id="source-a.n"')
    assert "0.739 is 0.7394 (06/p.parquet)" in made
    assert "<code>00/flow.json</code>, <code>00/p.parquet</code>" in made
    assert "source-a" not in page("no number")


def test_numbers_outside_variables_stay_as_they_are():
    assert 'class="number"' not in page("In 2024 there were 12.")
    assert 'class="number"' not in page(span("12", "unknown"))


@pytest.mark.parametrize("outer", ["figure", "div"])  # pandoc's and Quarto's
def test_a_float_gets_its_passport_inside(outer):
    body = f'<{outer} id="fig-roc"><div><img src="data:,"></div>'
    body += f"<figcaption><p><strong>Figure\u00a04.</strong> Curves.</p></figcaption></{outer}>"
    made = page(body)
    (passport,) = re.findall(r"<details class=\"passport\">.*?</details>", made)
    assert made.index(passport) + len(passport) == made.index(f"</{outer}>", made.index(passport))
    assert "of Figure 4</span>" in passport and "notebooks/06_x.html#cell-roc" in passport


def test_the_rest_is_echoed():
    body = "<p>a &amp; b &#60; <br> <img alt='x' src=y /> <!-- c --><svg viewBox='0'/></p>"
    made = page(body)
    assert body in made and made.startswith("<!DOCTYPE html>\n<html><head></head>")
    assert made.endswith("<script></body></html>")


def test_headers_of_tables_get_a_scope():
    made = page('<table><tr><th style="x">A</th><th scope="row">B</th></tr></table>')
    assert '<th scope="col" style="x">A</th><th scope="row">B</th>' in made


def test_hostile_text_stays_text():
    made = page(
        span("0.5 &lt;script&gt;") + '<figure id="tbl-typed"><figcaption>Table 1 &lt;b&gt;:'
        "</figcaption></figure>"
    )
    assert "<script>" not in made.replace("<script></body>", "") and "<b>" not in made


@pytest.mark.parametrize("end", [">", " />"])
def test_a_figure_says_its_result_to_those_who_cannot_see_it(end):
    image = f'<img src="data:,x" alt="Figure 4. Curves"{end}'
    made = page(f'<figure id="fig-roc">{image}</figure><p>{image}</p>')
    assert (
        f'<img src="data:,x" alt="Figure 4. Curves. AUC of &quot;&lt;b&gt;&quot; 0.739."{end}'
        in made
    )
    assert f"<p>{image}</p>" in made
