"""Tables of results: super-resolution, selection, models and their comparison.

A table function takes full-precision frames and returns a frame of strings. The forms of single
numbers are those of `rounding`.
"""

from functools import partial

import pandas as pd

from thyro.study import RECIPES, STEPS, protocol_label
from thyro.tables.markdown import formatted
from thyro.tables.rounding import (
    ABSENT,
    cohort_name,
    coverage,
    estimate,
    interval,
    number,
    p_value,
    probability,
)

RECONSTRUCTIONS = {  # methods of super-resolution, in the order of every table and figure
    "sr": "Super-resolution",
    "pixel": "Without adversary",
    "least_squares": "Least squares",
    "matched": "Matched filter",
    "lanczos": "Lanczos",
    "bicubic": "Bicubic",
}
LEFT_AT = {  # step of the feature selection -> heading of the features that left there
    "Degenerate": "Degenerate",
    "ICC": "ICC too low",
    "Distinct values": "Too few values",
    "z-score": "Left at z-score",
    "Mann-Whitney U": "Left at Mann-Whitney U",
    "Spearman": "Left at Spearman",
    "LASSO": "Left at LASSO",
    "kept": "Kept",
}
CHOSEN = ("cross-fitted", "by the test cohort (informed by it)")
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
        "Protocol": (["protocol"], protocol_label),
        "Model": (["model"], str),
        "Cohort": (["cohort"], cohort_name),
        "AUC": (["auc"], probability),
        f"{coverage(level)} CI": (["ci_low", "ci_high"], interval),
    } | {heading: ([name], probability) for name, heading in METRICS.items()}
    return formatted(frame, spec, optional=["Protocol"])


def _recipe(name: str) -> str:
    """The label of a recipe."""
    return {one.name: one.label for one in (*RECIPES, *STEPS)}[name]


def two_by_two(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Recipe by evaluation: AUC in-sample and cross-fitted, one row per model, recipe and cohort.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.two_by_two`, with `recipe`.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    spec = {
        "Model": (["model"], str),
        "Recipe": (["recipe"], _recipe),
        "Cohort": (["cohort"], cohort_name),
    }
    for side in ("in-sample", "cross-fitted"):
        key = side.replace("-", "_")
        sources = [f"{column}_{key}" for column in ("auc", "ci_low", "ci_high")]
        spec[f"AUC ({coverage(level)} CI), {side}"] = (sources, estimate)
    spec["Optimism"] = (["optimism"], probability)
    return formatted(frame, spec)


def recipes(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """The steps between the recipes: cross-fitted AUC of every model, one row per step and cohort.

    Parameters
    ----------
    frame : DataFrame
        As `statistics.recipe_table`.
    level : float, default 0.95
        Coverage of the intervals, for the headings.
    """
    spec = {
        "Model": (["model"], str),
        "Recipe": (["recipe"], _recipe),
        "Cohort": (["cohort"], cohort_name),
        f"AUC ({coverage(level)} CI)": (["auc", "ci_low", "ci_high"], estimate),
        f"Difference ({coverage(level)} CI)": (
            ["difference", "difference_low", "difference_high"],
            estimate,
        ),
        "P": (["p_value"], p_value),
    }
    return formatted(frame, spec)


def beside_size(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Scores beside the diameter alone, from `statistics.size_table`."""
    ci = f"({coverage(level)} CI)"
    spec = {
        "Protocol": (["protocol"], protocol_label),
        "Model": (["model"], str),
        "Cohort": (["cohort"], cohort_name),
        f"AUC {ci}": (["auc", "ci_low", "ci_high"], estimate),
        f"Less diameter {ci}": (["difference", "difference_low", "difference_high"], estimate),
        "P": (["p_value"], p_value),
        "P given diameter": (["lr_p"], p_value),
        f"ρ with diameter {ci}": (
            ["rho", "rho_low", "rho_high"],
            lambda *x: estimate(*x, digits=2),
        ),
    }
    return formatted(frame, spec)


def choice(ranked: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Models by the AUC that chooses among them and the one that must not (`models.choice`)."""
    spec = {
        "Model": (["model"], str),
        f"AUC, cross-fitted ({coverage(level)} CI)": (
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
    """Mean AUCs where there is nothing to be learned (`models.null_table`), and the p of the true.

    "AUC, true outcomes" and "P (permutation)" are left out where the table has none observed.
    """
    spec = {
        "Model": (["model"], str),
        "Divisions": (["repeats"], lambda n: str(int(n))),
        "AUC, in-sample": (["train"], probability),
        f"AUC, held out ({coverage(level)} CI of the mean)": (
            ["test", "test_low", "test_high"],
            estimate,
        ),
        "AUC, true outcomes": (["observed"], probability),
        "P (permutation)": (["p_value"], p_value),
    }
    return formatted(permuted, spec, optional=["AUC, true outcomes", "P (permutation)"])


def comparison(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """DeLong tests, from `statistics.delong_matrix` (with `cohort` where the frame has one)."""
    spec = {
        "Protocol": (["protocol"], protocol_label),
        "Cohort": (["cohort"], cohort_name),
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
        "Protocol": (["protocol"], protocol_label),
        "Model": (["model"], str),
        "Cohort": (["cohort"], cohort_name),
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
        "Cohort": (["cohort"], cohort_name),
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
        "Cohort": (["cohort"], cohort_name),
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
        "Cohort": (["split"], cohort_name),
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

    One row per feature with `step`, and `signature` where several selections are stacked. A zero
    where none left at a step that `taken` names, a dash at a step that was not taken.
    """
    strange = sorted(set(frame["step"]) - set(LEFT_AT))
    if strange:
        raise ValueError(f"frame: expected the steps {list(LEFT_AT)}, found {strange}.")
    signature = frame["signature"] if "signature" in frame else pd.Series("All", frame.index)
    rows = []
    for name in signature.unique():
        of = frame[signature == name]
        steps = of["step"].value_counts()
        taken = {"kept", *(of["taken"].iloc[0].split(", ") if "taken" in of else steps.index)}
        counts = {
            heading: f"{steps.get(step, 0):,}" if step in taken else ABSENT
            for step, heading in LEFT_AT.items()
        }
        rows.append({"Signature": name, "Features": f"{steps.sum():,}"} | counts)
    return pd.DataFrame(rows)


def kept_features(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """The selected radiomic features: weight, ICC of every kind, correlation with the diameter.

    `frame` stacks `selection.kept_features`, with `signature`; a dash where nobody outlined twice.
    """
    spec = {
        "Signature": (["signature"], str),
        "Feature": (["feature"], str),
        "Coefficient": (["coefficient"], partial(number, digits=3)),
        "ICC, outline": (["icc_mask"], partial(number, digits=2)),
        "ICC, noise": (["icc_noise"], partial(number, digits=2)),
        "ICC, reader": (["icc_reader"], partial(number, digits=2)),
        f"ρ with diameter ({coverage(level)} CI)": (
            ["rho", "rho_low", "rho_high"],
            partial(estimate, digits=2),
        ),
        "Of size": (["of_size"], lambda is_so: "by construction" if is_so else ""),
    }
    return formatted(frame, spec)
