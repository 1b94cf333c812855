"""Tables of results: super-resolution, selection, models and their comparison.

A table function takes full-precision frames and returns a frame of strings. The forms of single
numbers are those of `rounding`.
"""

from collections.abc import Sequence
from functools import partial

import pandas as pd

from thyro.tables.markdown import formatted
from thyro.tables.rounding import coverage, estimate, interval, number, p_value, probability

RECONSTRUCTIONS = {  # methods of super-resolution, in the order of every table and figure
    "sr": "Super-resolution",
    "pixel": "Without adversary",
    "least_squares": "Least squares",
    "matched": "Matched filter",
    "lanczos": "Lanczos",
    "bicubic": "Bicubic",
}
STEPS = ("z-score", "Mann-Whitney U", "Spearman", "LASSO", "kept")  # of the feature selection
CHOSEN = ("out of fold", "by the test cohort (informed by it)")
METRICS = {
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
}


def performance(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Table 2: one row per model and cohort (and protocol, where the frame has one).

    Columns needed: model, cohort, auc, ci_low, ci_high, accuracy, sensitivity, specificity, ppv,
    npv, f1; `level` is the coverage of the interval, for the heading.
    """
    spec = {
        "Protocol": (["protocol"], str.capitalize),
        "Model": (["model"], str),
        "Cohort": (["cohort"], str.capitalize),
        "AUC": (["auc"], probability),
        f"{coverage(level)} CI": (["ci_low", "ci_high"], interval),
    } | {heading: ([name], probability) for name, heading in METRICS.items()}
    return formatted(frame, spec, optional=["Protocol"])


def protocols(
    frame: pd.DataFrame, *, level: float = 0.95, measures: Sequence[str] = ("accuracy", "f1")
) -> pd.DataFrame:
    """Both protocols side by side, one row per model and cohort.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.protocol_difference`.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    measures : sequence of str
        Further metrics of Table 2.
    """
    sides = {"paper": "paper’s", "sound": "sound"}
    spec = {"Model": (["model"], str), "Cohort": (["cohort"], str.capitalize)}
    for side, name in sides.items():
        sources = [f"{column}_{side}" for column in ("auc", "ci_low", "ci_high")]
        spec[f"AUC ({coverage(level)} CI), {name}"] = (sources, estimate)
    spec["Difference"] = (["optimism"], probability)
    for measure in measures:
        for side, name in sides.items():
            spec[f"{METRICS[measure]}, {name}"] = ([f"{measure}_{side}"], probability)
    return formatted(frame, spec)


def choice(ranked: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Models by the AUC that chooses among them and the one that must not (`models.choice`)."""
    spec = {
        "Model": (["model"], str),
        f"AUC, out of fold ({coverage(level)} CI)": (
            ["auc_out_of_fold", "ci_low", "ci_high"],
            estimate,
        ),
        "AUC, test": (["auc_test"], probability),
        "Chosen": (
            ["chosen", "chosen_by_test"],
            lambda *by: ", ".join(text for text, is_so in zip(CHOSEN, by, strict=True) if is_so),
        ),
    }
    return formatted(ranked, spec)


def null(permuted: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Mean AUCs where there is nothing to be learned (`models.null_table`)."""
    spec = {
        "Model": (["model"], str),
        "Divisions": (["repeats"], lambda n: str(int(n))),
        "AUC, in-sample": (["train"], probability),
        f"AUC, held out ({coverage(level)} CI of the mean)": (
            ["test", "test_low", "test_high"],
            estimate,
        ),
    }
    return formatted(permuted, spec)


def comparison(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """DeLong tests, from `statistics.delong_matrix` (with `cohort` where the frame has one)."""
    spec = {
        "Protocol": (["protocol"], str.capitalize),
        "Cohort": (["cohort"], str.capitalize),
        "Model A": (["model_a"], str),
        "Model B": (["model_b"], str),
        "AUC A": (["auc_a"], probability),
        "AUC B": (["auc_b"], probability),
        f"Difference ({coverage(level)} CI)": (["difference", "ci_low", "ci_high"], estimate),
        "z": (["z"], lambda z: number(z, 2)),
        "P": (["p_value"], p_value),
        "P (Holm)": (["p_holm"], p_value),
    }
    return formatted(frame, spec, optional=["Protocol", "Cohort", "P (Holm)"])


def hosmer(frame: pd.DataFrame) -> pd.DataFrame:
    """Hosmer-Lemeshow tests: model, cohort, statistic, df, p_value; also the measures of
    `statistics.calibration_table` where the frame has them.
    """
    measures = {
        "Intercept": "intercept",
        "Slope": "slope",
        "In the large": "citl",
        "Brier": "brier",
        "ICI": "e_avg",
        "E50": "e_50",
        "E90": "e_90",
        "Emax": "e_max",
    }
    spec = {
        "Protocol": (["protocol"], str.capitalize),
        "Model": (["model"], str),
        "Cohort": (["cohort"], str.capitalize),
        "χ²": (["statistic"], lambda x: number(x, 2)),
        "df": (["df"], lambda x: number(x, 0)),
        "P": (["p_value"], p_value),
        "P, groups less two": (["p_as_fitted"], p_value),
    } | {heading: ([name], number) for heading, name in measures.items()}
    return formatted(frame, spec, optional=["Protocol", "P, groups less two", *measures])


def intervals(measured: pd.DataFrame, aucs: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """The proportions of Table 2 with their intervals, and the AUC with two more of its own.

    Parameters
    ----------
    measured : DataFrame
        As `statistics.performance_table`.
    aucs : DataFrame
        As `statistics.auc_intervals`, of the same models and cohorts.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    rows = measured.merge(aucs.drop(columns="auc"), on=["model", "cohort"], validate="one_to_one")
    spec = {
        "Model": (["model"], str),
        "Cohort": (["cohort"], str.capitalize),
        "AUC": (["auc"], probability),
        "Logit CI": (["logit_low", "logit_high"], interval),
        "Bootstrap CI": (["bootstrap_low", "bootstrap_high"], interval),
    }
    for name in ("accuracy", "sensitivity", "specificity", "ppv", "npv"):
        sources = [name, f"{name}_low", f"{name}_high"]
        spec[f"{METRICS[name]} ({coverage(level)} CI)"] = (sources, estimate)
    spec["No-information rate"] = (["no_information_rate"], probability)
    return formatted(rows, spec)


def reclassified(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """NRI and IDI, from `statistics.reclassification_table`."""
    spec = {
        "New": (["new"], str),
        "Old": (["old"], str),
        "Cohort": (["cohort"], str.capitalize),
        "Measure": (["measure"], str),
        f"Estimate ({coverage(level)} CI)": (["estimate", "ci_low", "ci_high"], estimate),
        "P": (["p_value"], p_value),
    }
    return formatted(frame, spec)


def fidelity(gains: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """PSNR, SSIM and sharpness of super-resolution and its rivals, and the gain over bicubic.

    `gains` as `super_resolution` measures them; one row per cohort and method. `level` is the
    coverage of its intervals, for the headings.
    """
    keys = ["split", "method"]
    measured = gains.drop(columns="n").set_index([*keys, "measure"]).unstack("measure")
    measured.columns = [f"{column}_{measure}" for column, measure in measured.columns]
    rows = gains[[*keys, "n"]].drop_duplicates().merge(measured.reset_index(), on=keys)
    ci = f"({coverage(level)} CI)"
    mean, gain = ["mean", "ci_low", "ci_high"], ["gain", "gain_low", "gain_high"]
    spec = {
        "Cohort": (["split"], str.capitalize),
        "Method": (["method"], RECONSTRUCTIONS.__getitem__),
        "Images": (["n"], str),
    }
    for heading, columns, measure, digits in (
        ("PSNR, dB", mean, "psnr", 2),
        ("SSIM", mean, "ssim", 3),
        ("Edge sharpness", mean, "sharpness", 2),
        ("Gain over bicubic, dB", gain, "psnr", 2),
        ("Gain over bicubic, SSIM", gain, "ssim", 3),
    ):
        sources = [f"{column}_{measure}" for column in columns]
        spec[f"{heading} {ci}"] = (sources, partial(estimate, digits=digits))
    return formatted(rows, spec)


def selection(frame: pd.DataFrame) -> pd.DataFrame:
    """How many features left at each step, from the logs of `selection.select_features`.

    One row per feature with `step`, and `signature` where several selections are stacked.
    """
    strange = sorted(set(frame["step"]) - set(STEPS))
    if strange:
        raise ValueError(f"frame: expected the steps {STEPS}, found {strange}.")
    signature = frame["signature"] if "signature" in frame else pd.Series("All", frame.index)
    rows = []
    for name in signature.unique():
        steps = frame.loc[signature == name, "step"]
        counts = {f"Left at {step}": str((steps == step).sum()) for step in STEPS[:-1]}
        kept = {"Kept": str((steps == "kept").sum())}
        rows.append({"Signature": name, "Features": str(len(steps))} | counts | kept)
    return pd.DataFrame(rows)
