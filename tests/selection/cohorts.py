"""Invented patients of the tests of selection."""

import numpy as np
import pandas as pd
from scipy.special import expit


def cohort(n=120, p=12, seed=0):
    """Invented patients: f00 and f01 tell, the others do not."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        rng.normal(size=(n, p)) * 3 + 7,
        columns=[f"f{i:02d}" for i in range(p)],
        index=[f"p{i}" for i in range(n)],
    )
    y = (rng.random(n) < expit((X["f00"] - X["f01"]) / 2)).astype(int).to_numpy()
    return X, y
