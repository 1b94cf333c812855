"""Places are found in the manuscript as a study has it, whatever it looks like."""

import json

import pytest

from thyro.report import places

INDEX = """
{{< var origin.statement >}}

# Methods {.unnumbered}

## Two recipes, in-sample and cross-fitted

{{< var cohort.split >}} {{< var cohort.n >}}

::: {.content-visible when-meta="has.images"}
## Images
{{< var sr.loss >}}
:::

## Cohort {#patients}

::: {#tbl-one}
{{< embed notebooks/06_statistics.ipynb#table-2 >}}

Of {{< var cohort.level >}}.
:::

{{< include more.qmd >}}
{{< include _made_later.qmd >}}
"""
MORE = """
# Methods
{{< var sr.late >}}

::: {.content-visible when-meta="has.images"}
::: {#suppfig-two fig-alt="x"}
{{< embed notebooks/04_models.ipynb#repeats >}}
:::
:::
"""


@pytest.fixture
def find(tmp_path):
    (tmp_path / "index.qmd").write_text(INDEX, encoding="utf-8")
    (tmp_path / "more.qmd").write_text(MORE, encoding="utf-8")
    cell = {"source": ["#| label: between\n", "between"]}
    (tmp_path / "06_statistics.ipynb").write_text(json.dumps({"cells": [cell]}))
    return lambda images: places.find_places(tmp_path, tmp_path, {"has": {"images": images}})


@pytest.mark.parametrize(
    ("place", "link"),
    [
        ("06_statistics#table-2", "@tbl-one"),
        ("04_models#repeats", "@suppfig-two"),
        ("06_statistics#between", "cell `between` of `06_statistics`"),
        (
            "var cohort.split",
            "[Two recipes, in-sample and cross-fitted](#two-recipes-in-sample-and-cross-fitted)",
        ),
        ("var sr.loss", "[Images](#images)"),
        ("var sr.late", "[Methods](#methods-1)"),
        ("#patients", "[Cohort](#patients)"),
        ("@tbl-one", "@tbl-one"),
        ("#nowhere", None),
        ("06_statistics#nothing", None),
        ("var cohort.level", None),  # in a caption, which is no section
        ("var origin.statement", None),  # above every heading
    ],
)
def test_a_place_leads_to_what_shows_it(find, place, link):
    assert find(True).link(place) == link


def test_what_a_study_does_not_have_is_no_place(find):
    without = find(False)
    assert without.link("var sr.loss") is without.link("04_models#repeats") is None
    assert without.link("06_statistics#table-2") == "@tbl-one"
