"""The card says what the model is for, and no number that the study has not."""

from dataclasses import replace

from thyro.frozen import card
from thyro.frozen.archive import checksum
from thyro.study import FeatureTable


def test_the_card_has_use_needs_patients_limits_and_checksums(plain):
    text = card.model_card(plain)
    for heading in ("Use", "What it needs", "Patients", "Performance", "Limits", "Checksums"):
        assert f"\n## {heading}\n" in text
    assert "not a medical device" in text and "Its patients are invented." in text
    assert "- Training cohort: 60 patients" in text
    assert "- `margin`: Margin: Smooth, Irregular" in text
    for name, data in plain.to_members().items():
        assert f"`{name}` {checksum(data)}" in text
    assert card.with_card(plain)["card.md"].decode() == text


def test_support_vectors_are_admitted_where_there_are_some(plain, clinical_only):
    assert "support vectors" in card.model_card(plain)
    assert "support vectors" not in card.model_card(clinical_only)


def test_single_precision_is_told_of_networks_alone(plain):
    table = FeatureTable("OR", "ResNet101")
    deep = replace(plain, signature=replace(plain.signature, table=table))
    assert "single precision" in card.model_card(deep)
    assert "single precision" not in card.model_card(plain)


def test_gaps_and_what_fills_them_are_told(imputed, plain):
    assert "`age`: Age, years (may be missing)" in card.model_card(imputed)
    assert "Gaps are filled from recorded values" in card.model_card(imputed)
    assert "Gaps are filled" not in card.model_card(plain)


def test_performance_is_that_of_the_study_or_said_to_be_absent(plain):
    assert "notebook 06 of the study had not run" in card.model_card(plain)
    row = {"cohort": "test", "auc": 0.8123, "ci_low": 0.7, "ci_high": 0.9, "threshold": 0.31}
    row |= {"sensitivity": 0.75, "sensitivity_low": 0.6, "sensitivity_high": 0.85}
    slope = {"cohort": "test", "measure": "slope", "estimate": 0.9, "ci_low": 0.5, "ci_high": 1.3}
    about = plain.about | {"performance": {"discrimination": [row], "calibration": [slope]}}
    text = "\n".join(card._performance(about))
    assert "- Test cohort: AUC 0.812 (0.700–0.900), sensitivity 0.750 (0.600–0.850)" in text
    assert "at the training cut-off 0.310" in text and "specificity" not in text
    assert "- Test cohort: Calibration slope 0.900 (0.500–1.300)" in text
