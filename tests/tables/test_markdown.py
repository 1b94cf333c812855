"""Frames as text: what is in the cells, and that pandoc reads them as they are."""

import json

import numpy as np
import pandas as pd
import pypandoc
import pytest

from thyro.tables import markdown

NASTY = r"a|b*c_d`e$f@g\h[i]<b>&amp;~x^ {{< var n >}} !#"


def cells(markdown):
    """Plain text of the body cells, as pandoc reads the table."""

    def text(node):
        if isinstance(node, list):
            return "".join(map(text, node))
        if node.get("t") in ("Space", "SoftBreak"):
            return " "
        return node["c"] if node.get("t") == "Str" else f"<{node.get('t')}>"

    blocks = json.loads(pypandoc.convert_text(markdown, "json", format="markdown-smart"))["blocks"]
    (table,) = (block["c"] for block in blocks if block["t"] == "Table")
    rows = table[4][0][3]
    return [
        ["".join(text(inline) for block in cell[4] for inline in block["c"]) for cell in row[1]]
        for row in rows
    ]


def test_show_prints_every_character_as_it_is():
    frame = pd.DataFrame({"Level": [NASTY, "two\nlines"], "n": ["1", "2"]})
    shown = markdown.show(frame, origin="Simulated data", note=NASTY)
    assert cells(shown.data) == [[NASTY, "1"], ["two lines", "2"]]
    assert shown.data.rstrip().endswith("*Simulated data.*")
    html = pypandoc.convert_text(shown.data, "html", format="markdown")
    assert "<b>" not in html and "<em>Simulated data.</em>" in html


def test_levels_stay_indented_under_their_variable():
    table = pd.DataFrame({"Characteristic": ["Margin", "\N{EM SPACE}Smooth"], "n": ["", "2"]})
    first = [row[0] for row in cells(markdown.show(table).data)]
    assert first == ["Margin", "\N{EM SPACE}Smooth"]


def test_show_aligns_numbers_right_and_text_left():
    frame = pd.DataFrame(
        {"Model": ["A"], "AUC": ["0.878 (0.820–0.936)"], "P": ["<0.001"], "Test": ["Student t"]}
    )
    rule = markdown.show(frame).data.splitlines()[1].strip("| ").split(" | ")
    assert [cell.endswith(":") for cell in rule] == [False, True, True, False]
    assert "Simulated" not in markdown.show(frame).data


def test_show_takes_numbers_and_a_named_index():
    frame = pd.DataFrame(
        {"x": [0.123456, np.nan], "k": [3, -4]}, index=pd.Index(["a", "b"], name="feature")
    )
    lines = markdown.show(frame).data.splitlines()
    assert lines[0] == "| feature | x | k |"
    assert lines[2] == "| a | 0.1235 | 3 |"
    assert lines[3] == "| b | – | -4 |"


def test_columns_are_made_from_one_or_several_columns():
    frame = pd.DataFrame(
        {"low": [1.0, 2.0], "high": [3.0, 4.0]}, index=pd.Index(["a", "b"], name="model")
    )
    spec = {
        "Model": (["model"], str.upper),
        "Range": (["low", "high"], lambda low, high: f"{low:g}-{high:g}"),
        "Cohort": (["cohort"], str),
    }
    table = markdown.formatted(frame, spec, optional=["Cohort"])
    assert table.to_dict("list") == {"Model": ["A", "B"], "Range": ["1-3", "2-4"]}
    with pytest.raises(ValueError, match="frame: 'Cohort' needs the columns .'cohort'."):
        markdown.formatted(frame, spec)


def test_text_of_the_data_is_no_markup():
    assert markdown.escape("a|b") == "a\\|b" and markdown.escape("<i>") == "&lt;i&gt;"
    assert markdown.escape("one\r\n\ttwo") == "one two" and markdown.escape(3) == "3"


def test_a_notice_is_shown_where_there_is_something_to_say(monkeypatch):
    shown = []
    monkeypatch.setattr(markdown, "display", shown.append)
    markdown.notice("")
    markdown.notice("**level** is 0.9")
    assert [one.data for one in shown] == ["**level** is 0.9"]
