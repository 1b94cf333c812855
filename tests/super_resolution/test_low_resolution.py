"""The arm of low resolution: every version is measured, and agreement is that of the ICC."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from thyro.statistics.agreement import icc
from thyro.super_resolution import enhancement, low_resolution
from thyro.super_resolution.degradation import Degradation

RNG = np.random.default_rng(8)


class Brighter(nn.Module):
    inside, reach = 1, 0

    def __init__(self):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(0.1))

    def forward(self, x):
        return x + self.by


def extract(image, mask, spacing_mm):
    if image[mask].max() > 250:
        raise ValueError("too bright")
    assert image.dtype == np.uint8
    return pd.Series({"mean": image[mask].mean(), "spread": image[mask].std() * spacing_mm[0]})


def cases(n):
    mask = np.zeros((40, 48), bool)
    mask[10:30, 12:36] = True
    shades = RNG.uniform(40, 160, n)
    return {
        f"P{i}": (np.clip(shade + RNG.normal(0, 10, mask.shape), 0, 255), mask, (0.5, 0.5))
        for i, shade in enumerate(shades)
    }


def progress(patients, total):
    assert len(patients) == total
    return patients


def test_every_version_of_a_patient_is_measured_as_it_would_be_kept():
    given, loss = cases(3), Degradation(2, "rows", 0.02)
    table = low_resolution.restored_features(
        given, {"sr": Brighter()}, loss, np.random.default_rng(1), extract, progress
    )
    assert list(table.index) == [(m, p) for p in given for m in ("original", "bicubic", "sr")]
    assert table.index.names == ["method", "patient_id"]
    image, mask, spacing = given["P0"]
    how = {"factor": 2, "axes": "rows", "sigma": 0.02}
    low = enhancement.degrade(image, **how, rng=np.random.default_rng(1))
    for method, version in (
        ("original", image), ("bicubic", low), ("sr", enhancement.enhance(low, Brighter()))
    ):  # fmt: skip
        expected = extract(np.rint(version).astype(np.uint8), mask, spacing)
        pd.testing.assert_series_equal(table.loc[(method, "P0")], expected, check_names=False)
    shift = table.loc["sr", "mean"] - table.loc["bicubic", "mean"]
    np.testing.assert_allclose(shift, 25.5, atol=0.5)


def test_a_version_that_cannot_be_measured_leaves_its_patient_out():
    given = cases(6)
    image, mask, spacing = given["P0"]
    image = image.copy()
    image[15, 15] = 255  # in the first patient, whose features come first
    given["P0"] = image, mask, spacing
    table = low_resolution.restored_features(
        given, {"sr": Brighter()}, Degradation(), np.random.default_rng(1), extract, progress
    )
    assert table.loc[("original", "P0")].isna().all()
    assert table.loc["original", "mean"].notna().sum() == 5
    medians = low_resolution.agreement_medians(table, np.random.default_rng(0))
    assert set(medians["n_patients"]) == {5}
    with pytest.raises(ValueError, match="at least one patient"):
        low_resolution.restored_features({}, {}, Degradation(), RNG, extract, progress)
    with pytest.raises(ValueError, match="no version .* the last: P0, sr: too bright"):
        low_resolution.restored_features(
            {"P0": (np.full_like(image, 255.0), mask, spacing)},
            {"sr": Brighter()},
            Degradation(),
            np.random.default_rng(1),
            extract,
            progress,
        )


def invented(noise, n=30, features=40):
    """Features of the original, and restorations that scatter about them by so much."""
    truth = RNG.normal(size=(n, features))
    frames = {"original": truth}
    frames |= {name: truth + RNG.normal(0, sd, truth.shape) for name, sd in noise.items()}
    names = [f"f{i}" for i in range(features)]
    patients = pd.Index([f"P{i}" for i in range(n)], name="patient_id")
    return pd.concat(
        {name: pd.DataFrame(x, patients, names) for name, x in frames.items()}, names=["method"]
    )


def test_agreement_is_the_icc_of_each_feature_with_the_original():
    table = invented({"bicubic": 1.0, "sr": 0.2})
    agreement = low_resolution.feature_agreement(table)
    assert list(agreement.columns) == ["bicubic", "sr"] and len(agreement) == 40
    pair = np.c_[table.loc["original", "f3"], table.loc["sr", "f3"]]
    assert agreement.loc["f3", "sr"] == pytest.approx(icc(pair))


def test_medians_have_intervals_and_margins_over_the_linear_upsampler():
    table = invented({"bicubic": 1.0, "sr": 0.3, "least_squares": 0.5})
    table["flat"] = 7.0  # has no ICC, and is left out of every median
    medians = low_resolution.agreement_medians(table, np.random.default_rng(0)).set_index("method")
    assert set(medians["n_features"]) == {40} and set(medians["n_patients"]) == {30}
    agreement = low_resolution.feature_agreement(table.drop(columns="flat"))
    pd.testing.assert_series_equal(medians["icc"], agreement.median(), check_names=False)
    assert medians.loc["bicubic", "good"] == np.mean(agreement["bicubic"] >= 0.75)
    assert (medians["ci_low"] < medians["icc"]).all() and (
        medians["icc"] < medians["ci_high"]
    ).all()
    expected = medians["icc"] - medians.loc["least_squares", "icc"]
    others = ["bicubic", "sr"]
    np.testing.assert_allclose(medians.loc[others, "margin"], expected[others])
    assert medians.loc["sr", "margin_low"] > 0 > medians.loc["bicubic", "margin_high"]
    assert medians.loc["least_squares", ["margin", "margin_low", "margin_high"]].isna().all()


def test_without_the_linear_upsampler_there_is_no_margin():
    medians = low_resolution.agreement_medians(invented({"sr": 0.3}), np.random.default_rng(0))
    assert medians["margin"].isna().all() and medians["icc"].notna().all()


def test_a_smaller_level_is_a_shorter_interval():
    table = invented({"sr": 0.5})
    wide, narrow = (
        low_resolution.agreement_medians(table, np.random.default_rng(0), level=level).iloc[0]
        for level in (0.99, 0.5)
    )
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]
