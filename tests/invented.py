"""What the tests of regressions share: golden cases read alike, and invented patients."""

import numpy as np
import pandas as pd
from scipy.special import expit


def close(got, want, tolerance):
    """Assert |got - want| <= tolerance * max(1, |want|)."""
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def read(case):
    """Frame with declared levels, and outcome, of a golden case."""
    frame = pd.DataFrame(case["input"])
    for term, levels in case.get("factor_levels", {}).items():
        frame[term] = pd.Categorical(frame[term], categories=levels)
    return frame.drop(columns="y"), frame["y"]


def clinical(n=200, seed=11):
    """Invented patients: age and margin matter, side and noise do not."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.normal(45, 11, n).round(),
            "margin": pd.Categorical(
                rng.choice(["Smooth", "Irregular", "Extension"], n, p=[0.5, 0.3, 0.2]),
                categories=["Smooth", "Irregular", "Extension"],
            ),
            "side": pd.Categorical(rng.choice(["Left", "Right"], n)),
            "noise": rng.normal(size=n),
        },
        index=[f"P{i:03d}" for i in range(n)],
    )
    effect = frame["margin"].map({"Smooth": 0, "Irregular": 1.2, "Extension": 2}).astype(float)
    return frame, rng.binomial(1, expit(-1.2 - 0.06 * (frame["age"] - 45) + effect))
