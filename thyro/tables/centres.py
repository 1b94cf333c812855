"""Tables of centres: results in each and together, and features before and after harmonisation."""

import pandas as pd

from thyro.tables.markdown import formatted
from thyro.tables.rounding import coverage, estimate, interval, p_value, percent


def centres(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """AUC and calibration slope of every model, centre by centre and pooled.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.centre_table`.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    keys = ["model", "centre"]
    rows = frame[[*keys, "n", "n_events"]].groupby(keys, sort=False).first().reset_index()
    spec = {
        "Model": (["model"], lambda name: str(name).replace("_", " ")),
        "Centre": (["centre"], str),
        "Patients (events)": (["n", "n_events"], lambda n, k: f"{int(n)} ({int(k)})"),
    }
    for measure, heading in (("auc", "AUC"), ("slope", "Slope")):
        own = frame[frame["measure"].eq(measure)].drop(columns=["measure", "n", "n_events"])
        own = own.rename(columns={c: f"{c}_{measure}" for c in own.columns if c not in keys})
        rows = rows.merge(own, on=keys, how="left")
        ends = [f"{one}_{measure}" for one in ("estimate", "ci_low", "ci_high")]
        spec[f"{heading} ({coverage(level)} CI)"] = (ends, estimate)
        spec[f"{heading}: prediction interval"] = (
            [f"prediction_low_{measure}", f"prediction_high_{measure}"],
            interval,
        )
        spec[f"{heading}: I²"] = ([f"i2_{measure}"], percent)
    return formatted(rows, spec)


def differences_by_centre(frame: pd.DataFrame) -> pd.DataFrame:
    """Features that differ by centre, from `radiomics.difference_table`."""
    spec = {
        "Features": (["table"], str),
        "Harmonisation": (["state"], str),
        "Compared": (["features"], lambda n: f"{n:,}"),
        "Differ by centre": (["differing", "share"], lambda k, s: f"{k:,} ({percent(s)})"),
    }
    return formatted(frame, spec)


def harmonised(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Models in patients of centres that were never seen, with features as they are and moved.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.harmonisation_table`.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    spec: dict = {"Model": (["model"], lambda name: str(name).replace("_", " "))}
    words = {"as_is": "as they are", "harmonised": "harmonised"}
    for ending, what in words.items():
        ends = [f"auc{end}_{ending}" for end in ("", "_low", "_high")]
        spec[f"AUC ({coverage(level)} CI), {what}"] = (ends, estimate)
    spec["Difference"] = (["difference", "difference_low", "difference_high"], estimate)
    spec["P"] = (["p_value"], p_value)
    for measure, heading in (("citl", "In the large"), ("slope", "Slope")):
        for ending, what in words.items():
            ends = [f"{measure}{end}_{ending}" for end in ("", "_low", "_high")]
            spec[f"{heading}, {what}"] = (ends, lambda *x: estimate(*x, digits=2))
    return formatted(frame, spec)
