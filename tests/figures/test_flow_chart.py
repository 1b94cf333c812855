"""Flow chart: what the boxes say, that it fits into them, and that the counts must add up."""

import re
from itertools import combinations

import pytest
from matplotlib import pyplot as plt

from thyro.figures import flow_chart
from thyro.figures.boxes import text_width, wrapped

COLUMN, PUBLISHED, PAGE = 89 / 25.4, 140 / 25.4, 183 / 25.4  # inches
EVENT = "cervical lymph-node metastasis"


def excluded(label, n, **more):
    return {"label": f"Excluded: {label}", "n": n, "excluded": True} | more


def cohort(label, n, events, **more):
    return {"label": label, "n": n, "events": events, "split": True} | more


STEPS = [
    {"label": "Assessed", "n": 600},
    excluded("poor image quality", 20),
    excluded("co-morbidity that alters cervical lymph nodes, thyroiditis excepted", 14),
    {"label": "Eligible", "n": 566},
    excluded("duplicates", 22),
    {"label": "Included", "n": 544},
    cohort("Training cohort", 380, 121),
    cohort("Test cohort", 164, 41),
]
# The eight criteria of Li et al. 2024, flags, views and missing values: what a real study excludes.
MANY = [
    {"label": "Assessed (images)", "n": 741},
    excluded("not first-time thyroid surgery", 12),
    excluded("days from ultrasound to surgery not within 31", 17),
    excluded("no pathology of tumour and cervical nodes", 9),
    excluded("clinical, ultrasound or pathology records incomplete", 21),
    excluded("metastatic tumour in the thyroid", 3),
    excluded("poor-quality ultrasound", 14),
    excluded("co-morbidity that alters cervical lymph nodes", 6),
    excluded("intervention or I-131 before ultrasound", 8),
    excluded("image quality, reader's decision", 5),
    excluded("same image as an earlier one (duplicate)", 2),
    excluded("further view of the same patient", 61),
    excluded("outcome not recorded", 4),
    excluded("diameter not recorded", 11),
    excluded("radiologist's reading not recorded", 24),
    *STEPS[5:],
]
EXTERNAL = [
    step | {"external": True}
    for step in (
        {"label": "Assessed (images)", "n": 231},
        excluded("days from ultrasound to surgery not within 31", 17),
        excluded("image quality, reader's decision", 14),
        cohort("External cohort", 200, 60),
    )
]
# Criteria that were declared and excluded nobody: beside others, and in a box of their own.
NOBODY = [
    step | {"n": 0} if step["label"].endswith(("thyroid", "before ultrasound")) else step
    for step in MANY[:-3]
]
NOBODY[0] = NOBODY[0] | {"n": 741 - 11}
NOBODY += [{"label": "Eligible", "n": 544}, excluded("blurred image", 0), *MANY[-3:]]
CHARTS = {"study": MANY, "study and external": MANY + EXTERNAL, "study, some nobody": NOBODY}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(steps, width=PAGE, event_name=EVENT, dpi=150):
    height = flow_chart.flow_height(steps, width, event_name=event_name)
    fig, ax = plt.subplots(figsize=(width, height), layout="constrained", dpi=dpi)
    assert flow_chart.draw_flow(steps, ax, event_name=event_name) is ax
    fig.draw_without_rendering()
    return fig, ax


def written(ax):
    return [" ".join(text.get_text().split()) for text in ax.texts if text.get_text()]


def extents(artists):
    return [artist.get_window_extent() for artist in artists]


def test_every_box_has_its_count():
    _, ax = drawn(STEPS)
    assert written(ax) == [
        "Assessed n = 600",
        "Eligible n = 566",
        "Included n = 544",
        "Excluded (n = 34) Poor image quality (n = 20) Co-morbidity that alters cervical lymph "
        "nodes, thyroiditis excepted (n = 14)",
        "Excluded (n = 22) Duplicates (n = 22)",
        "Training cohort n = 380 Cervical lymph-node metastasis: 121 (31.8%)",
        "Test cohort n = 164 Cervical lymph-node metastasis: 41 (25.0%)",
    ]


@pytest.mark.parametrize(
    ("chart", "width"),
    [
        *(("study", width) for width in (COLUMN, PUBLISHED, PAGE)),
        ("study, some nobody", PUBLISHED),
        *(("study and external", width) for width in (PUBLISHED, PAGE)),
    ],
)
@pytest.mark.parametrize("dpi", [100, 150, 300])  # characters sit on whole pixels
def test_text_stays_in_its_box_and_boxes_apart(chart, width, dpi):
    fig, ax = drawn(CHARTS[chart], width, dpi=dpi)
    texts = [text for text in ax.texts if text.get_text()]
    headed = 2 if "external" in chart else 0
    boxes = ax.patches
    heads = [text for text in texts if text.get_text() in ("Study", "External")]
    assert len(heads) == headed and len(texts) - headed == len(boxes)
    inside = [text for text in texts if text not in heads]
    for text, inner, outer in zip(inside, extents(inside), extents(boxes), strict=True):
        assert outer.x0 <= inner.x0 and inner.x1 <= outer.x1, text.get_text()
        assert outer.y0 <= inner.y0 and inner.y1 <= outer.y1, text.get_text()
    for one, other in combinations([*extents(boxes), *extents(heads)], 2):
        assert not one.overlaps(other)
    for box in [*extents(boxes), *extents(heads)]:
        assert fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1
        assert fig.bbox.y0 <= box.y0 and box.y1 <= fig.bbox.y1
    assert min(text.get_fontsize() for text in texts) >= 6


def test_every_exclusion_is_named_with_its_number():
    _, ax = drawn(MANY, PUBLISHED)
    (side,) = [text for text in written(ax) if text.startswith("Excluded")]
    assert side.startswith("Excluded (n = 197) ")
    for step in MANY[1:15]:
        reason = step["label"].removeprefix("Excluded: ")
        assert f"{reason[1:]} (n = {step['n']})" in side.replace("\N{NO-BREAK SPACE}", " ")


def test_criteria_that_excluded_nobody_are_said():
    _, ax = drawn(NOBODY, PUBLISHED)
    boxes = [text.replace("\N{NO-BREAK SPACE}", " ") for text in written(ax)]
    first, second = (text for text in boxes if text.startswith("Excluded"))
    assert first.startswith("Excluded (n = 186) Not first-time thyroid surgery (n = 12) ")
    assert "Metastatic tumour in the thyroid (n = 0) Poor-quality ultrasound (n = 14) " in first
    assert "Intervention or I-131 before ultrasound (n = 0) Image quality" in first
    assert second == "Excluded (n = 0) Blurred image (n = 0)"
    assert boxes[:3] == ["Assessed (images) n = 730", "Eligible n = 544", "Included n = 544"]


def test_external_cohort_stands_beside_the_study_with_its_own_exclusions():
    _, ax = drawn(MANY + EXTERNAL, PUBLISHED)
    words = written(ax)
    place = words.index("External")
    assert words[0] == "Study"
    assert words[place + 1 :] == [
        "Assessed (images) n = 231",
        "Excluded (n = 31) Days from ultrasound to surgery not within 31 (n = 17) "
        "Image quality, reader's decision (n = 14)",
        "External cohort n = 200 Cervical lymph-node metastasis: 60 (30.0%)",
    ]
    texts = [text for text in ax.texts if text.get_text()]
    study, external = extents(texts[:place]), extents(texts[place:])
    assert max(box.x1 for box in study) < min(box.x0 for box in external)
    cohorts = {
        patch.get_window_extent().y1
        for patch, words in zip(ax.patches, written_in_boxes(ax), strict=True)
        if "cohort" in words
    }
    assert len(cohorts) == 1  # train, test and external on one level


def written_in_boxes(ax):
    return [words for words in written(ax) if words not in ("Study", "External")]


@pytest.mark.parametrize("chart", CHARTS)
def test_no_line_runs_through_a_box(chart):
    _, ax = drawn(CHARTS[chart], PUBLISHED)
    assert len(ax.lines) == 2 * (1 + ("external" in chart))
    for line in ax.lines:
        (x0, x1), (y0, y1) = sorted(line.get_xdata()), sorted(line.get_ydata())
        for box in ax.patches:
            left, top = box.get_x(), box.get_y()
            beside = x1 <= left or x0 >= left + box.get_width()
            assert beside or y1 <= top or y0 >= top + box.get_height()


def test_the_order_of_study_and_external_steps_does_not_matter():
    _, ax = drawn(MANY + EXTERNAL, PUBLISHED)
    _, mixed = drawn([*EXTERNAL, *MANY], PUBLISHED)
    assert written(ax) == written(mixed)


def test_without_exclusions_or_events_it_is_a_column():
    steps = [{"label": "Simulated", "n": 60}, {"label": "Training", "n": 60, "split": True}]
    _, ax = drawn(steps)
    assert written(ax) == ["Simulated n = 60", "Training n = 60"]


def test_a_label_is_no_formula():
    fig, ax = drawn([{"label": "Assessed for $50 or 40$, as \\frac told", "n": 3}])
    assert written(ax) == ["Assessed for $50 or 40$, as \\frac told n = 3"]
    assert not any(text.get_parse_math() for text in ax.texts if text.get_text())
    fig.canvas.draw()


@pytest.mark.parametrize("text", ["WWWW MMMM WWWWW QQQQ", "illi illi illi illi", "x" * 90])
def test_lines_are_measured_not_counted(text):
    lines = wrapped(text, 60)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, 7) <= 60 for line in lines)
    # The next word, or character of a word that was broken, would not have fitted.
    for line, following in zip(lines, lines[1:], strict=False):
        more = f"{line} {following.split()[0]}" if " " in text else line + following[0]
        assert text_width(more, 7) > 60


def changed(steps, place, **values):
    return [step | (values if i == place else {}) for i, step in enumerate(steps)]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            changed(STEPS, 3, n=567),
            "steps: 'Eligible' should hold 566 patients after the exclusions above, found 567.",
        ),
        (
            changed(STEPS, 7, n=163),
            "steps: the cohorts [380, 163] do not add up to 544 patients.",
        ),
        (
            MANY + changed(EXTERNAL, 2, n=13),
            "steps: the cohorts [200] do not add up to 201 patients.",
        ),
        (
            STEPS[1:],
            "steps: 'Excluded: poor image quality' excludes patients before any came in.",
        ),
        (MANY + EXTERNAL[3:], "steps: 'External cohort' is a cohort before any came in."),
        (
            changed(STEPS, 7, events=165),
            "steps: 'Test cohort' has 165 events in 164 patients.",
        ),
        ([], "steps: expected the patients assessed first, found no step."),
    ],
)
def test_counts_that_do_not_add_up_are_refused(steps, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        flow_chart.draw_flow(steps, plt.subplots()[1])
    with pytest.raises(ValueError, match=re.escape(message)):
        flow_chart.flow_height(steps)


@pytest.mark.parametrize("steps", [STEPS, MANY + EXTERNAL], ids=["short", "long"])
def test_figure_is_across_the_page_and_as_high_as_its_text(steps):
    fig = flow_chart.flow_figure(steps, event_name=EVENT)
    height = flow_chart.flow_height(steps, 7.2, event_name=EVENT)
    assert fig.get_size_inches() == pytest.approx([7.2, height])
    _, ax = plt.subplots(figsize=(7.2, height))
    flow_chart.draw_flow(steps, ax, event_name=EVENT)
    assert written(fig.axes[0]) == written(ax)
