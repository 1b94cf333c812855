from pathlib import Path

from thyro.report import alternatives

QMD = "".join(file.read_text(encoding="utf-8") for file in Path("report").glob("*.qmd"))


def test_a_figure_is_described_by_the_results_of_the_study():
    tree = {"calibration": {"test": "had a slope of 0.9 (0.6–1.2)"}, "sr": {"verdict": ""}}
    assert alternatives.results_of_figures(tree) == {
        "fig-usefulness": "Calibration in the test cohort had a slope of 0.9 (0.6–1.2)."
    }


def test_every_figure_named_is_in_the_manuscript_and_every_variable(variables):
    for figure, sentence in alternatives.RESULTS.items():
        assert f"{{#{figure} " in QMD
        for name in alternatives.VARIABLE.findall(sentence):
            group, key = name.split(".")
            assert isinstance(variables[group][key], str)


def test_no_sentence_ends_twice(variables):
    told = alternatives.results_of_figures(variables)
    assert len(told) == len(alternatives.RESULTS)
    assert [sentence for sentence in told.values() if ".." in sentence] == []
