"""The printed facts of every item: from the file of the publication, and by nothing else."""

import copy

import pytest

from thyro.report.published import reference
from thyro.report.words import by_number

FACTS = reference("report/published")
ITEMS = [*(f"figure_{n}" for n in range(1, 7)), "table_1", "table_2"]
ITEMS += ["supplementary_table_1", "supplementary_table_2"]
ITEMS += [f"supplementary_figure_{n}" for n in (1, 2, 3)]


def test_there_is_a_text_for_each_of_the_thirteen_items():
    assert list(by_number.printed(FACTS)) == ITEMS


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("figure_1", "544 patients, enrolled from December 2018 to January 2021, 380 of them for"),
        ("figure_1", "How many were excluded is not printed in the text."),
        ("figure_2", "degraded to 1/4 of the resolution, with Gaussian noise. Its standard"),
        ("figure_3", "PyRadiomics 3.0.1 and 1,561 features per image"),
        ("figure_4", "SR_ResNet101 0.970 and 0.799, OR_ResNet101 0.952 and 0.751"),
        ("figure_5", "Nomogram_C has age, diameter, margin and multifocality"),
        ("figure_6", "Nomogram_A 0.930 (0.8913–0.9682), accuracy 0.829; Nomogram_B 0.868"),
        ("figure_6", "Nomogram_A and Nomogram_B p < 0.05"),
        ("table_1", "age 43.03 ± 11.33 and diameter 12.22 ± 8.56; metastasis in 162 (29.78%)"),
        ("table_2", "18 rows. In the test cohort the AUC lies between 0.737 (OR_KNN) and 0.878"),
        ("supplementary_table_1", "13 candidates, a univariate p below 0.1 to enter"),
        ("supplementary_table_2", "18 first-order and 73 texture features in each of 17 image"),
        ("supplementary_figure_1", "SR_SVM and OR_SVM p = 0.013, SR_KNN and OR_KNN p > 0.05"),
        ("supplementary_figure_3", "p > 0.05 for the nomograms. The test statistic and the"),
    ],
)
def test_facts_are_told_as_printed(item, words):
    assert words in by_number.printed(FACTS)[item]


def test_what_is_printed_after_all_is_not_said_to_be_absent():
    facts = copy.deepcopy(FACTS)
    facts["super_resolution"] |= {"noise_sigma": "5", "psnr_ssim": "30 dB"}
    facts["feature_selection"]["n_selected"] = 12
    facts["clinical_model"]["odds_ratios"] = {"age": "0.96"}
    facts["radiomics"]["image_types"] = ["original"]
    facts["comparisons"]["correction"] = "Holm"
    facts["hosmer_lemeshow"] |= {"groups": 10}
    facts["not_printed"] = []
    made = by_number.printed(facts)
    absent = [item for item, text in made.items() if "not printed" in text or "without" in text]
    assert absent == ["supplementary_figure_3"]
    assert "The test statistic is not printed" in made["supplementary_figure_3"]


def test_the_best_and_the_worst_model_follow_the_numbers():
    facts = copy.deepcopy(FACTS)
    row = next(
        r for r in facts["table_2"]["rows"] if (r["model"], r["cohort"]) == ("OR_SVM", "Test")
    )
    row["auc"] = "0.990"
    assert "0.990 (OR_SVM, at an accuracy" in by_number.printed(facts)["table_2"]
    assert "OR_SVM 0.911 and 0.990" in by_number.printed(facts)["figure_4"]
