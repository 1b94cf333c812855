"""Tables beside the results: features, their check, the published numbers."""

import numpy as np
import pandas as pd
import pytest

from thyro.radiomics import definitions, feature_sets, ibsi
from thyro.tables import supplement

DESCRIBED = definitions.describe_feature(feature_sets.PAPER.describe())
DEGENERATE = feature_sets.PAPER.degenerate()


def test_the_feature_table_counts_every_feature_once():
    table = supplement.features(DESCRIBED, DEGENERATE).set_index("Class")
    assert table.loc["All", "Features"] == "1,561" and table.loc["All", "Degenerate"] == "366"
    counts = table["Features"].drop("All").astype(int)
    assert counts.sum() == 1561 and counts["First order"] == 17 * 18 and counts["Shape"] == 14
    assert list(counts.index)[:2] == ["First order", "Shape"]
    assert "Shape in the plane" not in counts


def test_the_feature_list_defines_every_feature_once():
    table = supplement.feature_list(DESCRIBED, DEGENERATE)
    assert len(table) == 105 and not table.duplicated(["Class", "Feature"]).any()
    assert set(table["Class"]) >= {"First order", "Shape", "GLCM", "NGTDM"}
    shape = table[table["Class"].eq("Shape")].set_index("Feature")
    assert shape.loc["MeshVolume", "Definition"].startswith("Volume in mm³")


def test_the_image_types_say_what_they_show():
    table = supplement.image_types(DESCRIBED, DEGENERATE).set_index("Image type")
    assert len(table) == 17 and table["Features"].astype(int).sum() == 1561
    noise = table.index[table["Degenerate"].eq(table["Features"])]
    assert sorted(noise) == sorted(feature_sets.PAPER.noise_types)
    assert table.loc[noise, "What it shows"].str.contains("noise").all()
    assert not table.drop(noise)["What it shows"].str.contains("noise").any()


def test_restored_images_are_listed_by_method_and_class_of_feature():
    medians = pd.DataFrame({"method": ["bicubic", "least_squares", "sr"], "n_patients": 30})
    medians = medians.assign(icc=0.5, ci_low=0.4, ci_high=0.6, good=0.25)
    medians = medians.assign(margin=[-0.1, np.nan, 0.1], margin_low=-0.2, margin_high=0.2)
    by_class = pd.DataFrame(
        {"bicubic": [0.1, 0.2], "sr": [0.3, 0.456], "least_squares": [0.5, 0.6]},
        index=["firstorder", "glcm"],
    )
    table = supplement.restored(medians, by_class, level=0.9)
    names = ["Super-resolution", "Least squares", "Bicubic"]
    assert list(table["Method"]) == names  # as in every table
    assert table.iloc[0].tolist() == [
        *("Super-resolution", "30", "0.50 (0.40–0.60)", "0.10 (−0.20 to 0.20)", "25%"),
        *("0.30", "0.46"),
    ]
    assert list(table.columns[2:]) == [
        *("Median ICC (90% CI)", "Over least squares (90% CI)", "Good", "First order", "GLCM")
    ]
    assert table.loc[table["Method"].eq("Least squares")].iloc[0, 3] == "–"


def test_a_class_without_a_label_is_named():
    other = DESCRIBED.head(1).assign(feature_class="glxm")
    with pytest.raises(ValueError, match="expected the classes .*found .'glxm'."):
        supplement.features(other, [])


def test_grey_levels_are_shown_as_median_with_quartiles():
    rows = [("paper", "original", 6.0, 5.0, 7.0), ("planar", "lbp-2D", 10.0, 9.5, 10.0)]
    bins = pd.DataFrame(rows, columns=["profile", "image_type", "median", "low", "high"])
    table = supplement.effective_bins(bins)
    assert table.iloc[0].tolist() == ["Classical", "original", "6 (5–7)"]
    assert table.iloc[1, 0] == "Planar" and table.shape == (2, 3)


def test_the_phantom_is_shown_as_it_is_compared():
    table = supplement.ibsi(ibsi.compare_with_ibsi()).set_index(["Class", "Feature"])
    assert table["Agrees"].value_counts().to_dict() == {"yes": 102, "–": 4, "no": 3}
    shape = table.loc["Shape"]
    columns = ["Reference", "Tolerance", "Value", "Agrees"]
    assert list(shape.loc["LeastAxisLength", columns]) == ["8.54", "0.05", "8.48", "no"]
    assert list(shape.loc["MeshVolume", columns]) == ["556", "4", "556", "yes"]
    zones = table.loc["GLSZM"]
    high = zones.loc["LargeAreaHighGrayLevelEmphasis", columns]
    assert list(high) == ["1490", "0", "1490", "yes"]  # 1494.6, printed in three digits
    plain = table.loc[("First order", "Kurtosis")]
    assert list(plain[columns]) == ["−0.355", "0", "2.65", "no"]
    alone = table.loc[("First order", "TotalEnergy")]
    assert list(alone[["IBSI name", *columns]]) == ["–", "–", "–", "4540", "–"]


def test_every_difference_from_the_phantom_has_its_reason_once():
    compared = ibsi.compare_with_ibsi()
    notes = supplement.ibsi_notes(compared)
    differing = compared.loc[compared["agrees"].ne(True), "feature"]
    assert all(f"{name}" in notes for name in differing)
    assert notes.count("divides the covariance") == 1 and "excess" in notes


def test_published_keeps_models_that_only_one_side_has():
    printed = pd.DataFrame(
        {"model": ["SR_SVM", "Radiologist"], "cohort": "test", "auc": [0.878, 0.783]}
        | {"ci_low": [0.8203, 0.709], "ci_high": [0.9358, 0.8572], "accuracy": [0.854, 0.787]}
    )
    here = printed.iloc[:1].assign(auc=0.9, ci_low=0.85, ci_high=0.95, accuracy=np.nan)
    table = supplement.published(printed, here)
    assert list(table["AUC (95% CI), paper"]) == ["0.878 (0.820–0.936)", "0.783 (0.709–0.857)"]
    assert list(table["AUC (95% CI), here"]) == ["0.900 (0.850–0.950)", "–"]
    here = pd.concat([here, printed.assign(cohort="train")])
    other = supplement.published(printed, here, level=0.9)
    assert {"AUC (95% CI), paper", "AUC (90% CI), here"} <= set(other.columns)
    both = supplement.published(printed, here)
    assert list(both["Model"]) == ["SR_SVM", "SR_SVM", "Radiologist", "Radiologist"]
    assert list(both["Cohort"]) == ["Train", "Test", "Train", "Test"]
    assert list(table["Accuracy, here"]) == ["–", "–"]
    narrow = supplement.published(printed, here, level=0.9)
    assert "AUC (95% CI), paper" in narrow and "AUC (90% CI), here" in narrow
