"""Tables of centres."""

import numpy as np
import pandas as pd

from thyro.statistics import centre_table, harmonisation_table
from thyro.tables.centres import centres, differences_by_centre, harmonised


def predictions(n=400):
    rng = np.random.default_rng(0)
    lp = rng.normal(size=n)
    y = pd.Series((rng.uniform(size=n) < 1 / (1 + np.exp(-lp))).astype(int))
    p = pd.DataFrame({"Nomogram_A": 1 / (1 + np.exp(-lp))})
    return y, p, pd.Series(rng.choice(["A", "B", "C"], n))


def test_a_row_for_each_centre_and_one_for_all():
    shown = centres(centre_table(*predictions()))
    assert shown["Centre"].tolist() == ["A", "B", "C", "Pooled"]
    assert shown["Model"].eq("Nomogram A").all()
    assert shown["AUC: prediction interval"].tolist()[:3] == ["–"] * 3
    assert shown["AUC: I²"].iloc[3].endswith("%") and shown["AUC (95% CI)"].iloc[3].startswith("0.")


def test_shares_that_differ_are_counted():
    frame = pd.DataFrame([("Radiomics OR", "Before", 1200, 600, 0.5)])
    frame.columns = ["table", "state", "features", "differing", "share"]
    assert differences_by_centre(frame).iloc[0].tolist() == [
        *("Radiomics OR", "Before", "1,200", "600 (50.0%)")
    ]


def test_both_ways_stand_side_by_side():
    y, p, _ = predictions()
    shown = harmonised(harmonisation_table(y, p, p**2))
    assert shown["P"].tolist() == ["1.000"]
    assert shown["AUC (95% CI), as they are"].equals(
        shown["AUC (95% CI), harmonised"].rename("AUC (95% CI), as they are")
    )
    assert list(shown)[-2:] == ["Slope, as they are", "Slope, harmonised"]
