"""Tables of the report.

A table function takes full-precision frames and returns a frame of strings; `show` turns that into
Markdown for the notebook and the manuscript. The forms of single numbers are those of `rounding`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from IPython.display import Markdown

from thyro.core import as_columns
from thyro.super_resolution import MEASURES, METHODS
from thyro.tables.baseline import variable_label
from thyro.tables.rounding import (
    ABSENT,
    count,
    escape,
    estimate,
    interval,
    number,
    p_value,
    probability,
)

NARROWEST, WIDEST = 3, 90  # of a column, in dashes: pandoc takes them as relative widths
NUMBER = re.compile(r"–|[−<>]?[\d∞][\d∞.,%()±–−to ]*")
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


def show(frame: pd.DataFrame, *, origin: str = "", note: str = "") -> Markdown:
    """Return `frame` as a Markdown pipe table.

    The first column is left-aligned, a column of numbers right-aligned. A named index becomes the
    first columns.

    Parameters
    ----------
    frame : DataFrame
        Of display strings, as the functions here make them. A float that is left gets four
        significant digits, a missing value a dash.
    origin : str
        Where the data come from ("Simulated data"); last line, in italics.
    note : str
        Explanation below the table.
    """
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    columns = [[_cell(value) for value in frame.iloc[:, j]] for j in range(frame.shape[1])]
    heads, rules = [], []
    for j, (name, cells) in enumerate(zip(frame.columns, columns, strict=True)):
        longest = max((len(text) for text in [str(name), *cells]), default=0)
        dashes = "-" * min(max(longest, NARROWEST), WIDEST)
        right = j > 0 and cells and all(NUMBER.fullmatch(text) for text in cells if text)
        heads.append(escape(name))
        rules.append(f"{dashes}:" if right else f":{dashes}")
    body = [[escape(text) for text in row] for row in zip(*columns, strict=True)]
    lines = [f"| {' | '.join(row)} |" for row in (heads, rules, *body)]
    tail = ([escape(note)] if note else []) + ([f"*{escape(origin)}.*"] if origin else [])
    return Markdown("\n".join(lines) + "".join(f"\n\n{line}" for line in tail) + "\n")


def _cell(value) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ABSENT
    if isinstance(value, float | np.floating):
        return f"{value:.4g}".replace("-", "−")
    return str(value)


def missing(
    patients: pd.DataFrame, variables: Sequence[str], dictionary: Mapping[str, Mapping]
) -> pd.DataFrame:
    """Missing values: count (percent) of patients with and without each variable, and with all."""
    absent = [name for name in variables if name not in patients]
    if absent:
        raise ValueError(f"variables: expected columns of patients, found no {absent}.")
    recorded = patients[list(variables)].notna()
    rows = {variable_label(name, dictionary): recorded[name] for name in variables}
    rows["All of these"] = recorded.all(axis=1)
    n = len(patients)
    return pd.DataFrame(
        {
            "Characteristic": list(rows),
            f"Recorded (n = {n})": [count(int(row.sum()), n) for row in rows.values()],
            "Missing": [count(int((~row).sum()), n) for row in rows.values()],
        }
    )


def flags(quality: pd.DataFrame, sentences: Mapping[str, str]) -> pd.DataFrame:
    """Quality flags: count (percent) of the images that have each, and any of them.

    Parameters
    ----------
    quality : DataFrame
        One row per examined image, one boolean column per flag.
    sentences : mapping of flag to what it means
        In the order of the rows; other columns of `quality` are left aside.
    """
    raised = as_columns(quality, list(sentences), "quality").astype(bool)
    rows = [(flag, int(raised[flag].sum()), text) for flag, text in sentences.items()]
    rows.append(("Any flag", int(raised.any(axis=1).sum()), ""))
    return pd.DataFrame(
        {
            "Flag": [flag[:1].upper() + flag[1:] for flag, _, _ in rows],
            f"Images (n = {len(raised)})": [count(k, len(raised)) for _, k, _ in rows],
            "Meaning": [text for _, _, text in rows],
        }
    )


def formatted(frame: pd.DataFrame, spec: Mapping, *, optional: Sequence[str] = ()) -> pd.DataFrame:
    """Columns of strings: heading -> (source columns, function of their values)."""
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    out = {}
    for heading, (sources, form) in spec.items():
        absent = [name for name in sources if name not in frame]
        if not absent:
            rows = frame[list(sources)].itertuples(index=False, name=None)
            out[heading] = [form(*values) for values in rows]
        elif heading not in optional:
            raise ValueError(f"frame: {heading!r} needs the columns {absent}.")
    return pd.DataFrame(out)


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
        f"{100 * level:g}% CI": (["ci_low", "ci_high"], interval),
    } | {heading: ([name], probability) for name, heading in METRICS.items()}
    return formatted(frame, spec, optional=["Protocol"])


def protocols(
    frame: pd.DataFrame, *, level: float = 0.95, measures: Sequence[str] = ("accuracy", "f1")
) -> pd.DataFrame:
    """Both protocols side by side, from `performance.optimism`; one row per model and cohort.

    `level` is the coverage of the intervals, for the heading; `measures` are further metrics of
    Table 2.
    """
    sides = {"paper": "paper’s", "sound": "sound"}
    spec = {"Model": (["model"], str), "Cohort": (["cohort"], str.capitalize)}
    for side, name in sides.items():
        sources = [f"{column}_{side}" for column in ("auc", "ci_low", "ci_high")]
        spec[f"AUC ({100 * level:g}% CI), {name}"] = (sources, estimate)
    spec["Difference"] = (["optimism"], probability)
    for measure in measures:
        for side, name in sides.items():
            spec[f"{METRICS[measure]}, {name}"] = ([f"{measure}_{side}"], probability)
    return formatted(frame, spec)


def choice(ranked: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Models by the AUC that chooses among them and the one that must not (`protocols.choice`)."""
    spec = {
        "Model": (["model"], str),
        f"AUC, out of fold ({100 * level:g}% CI)": (
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
    """Mean AUCs where there is nothing to be learned (`protocols.null_table`)."""
    spec = {
        "Model": (["model"], str),
        "Divisions": (["repeats"], lambda n: str(int(n))),
        "AUC, in-sample": (["train"], probability),
        f"AUC, held out ({100 * level:g}% CI of the mean)": (
            ["test", "test_low", "test_high"],
            estimate,
        ),
    }
    return formatted(permuted, spec)


def logistic(
    univariate: pd.DataFrame,
    multivariable: pd.DataFrame,
    dictionary: Mapping[str, Mapping],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Supplementary Table 1: univariate and multivariable logistic regression side by side.

    Both frames as `clinical.LogisticFit.table`. Rows follow the univariate one; P is Wald's, "P
    of the term" the likelihood-ratio test of all levels together.
    """
    keys = ["term", "level"]
    extra = multivariable[~multivariable["term"].isin(univariate["term"])]
    rows = pd.concat([univariate, extra])[keys].reset_index(drop=True)
    rows["level"] = rows["level"].fillna("")
    table = pd.DataFrame(
        {
            "Variable": [variable_label(term, dictionary) for term in rows["term"]],
            "Level": rows["level"],
        }
    )
    for heading, frame in (("Univariate", univariate), ("Multivariable", multivariable)):
        found = rows.merge(frame.assign(level=frame["level"].fillna("")), on=keys, how="left")
        spec = {
            f"{heading} OR ({100 * level:g}% CI)": (
                ["odds_ratio", "ci_low", "ci_high"],
                lambda *x: estimate(*x, digits=2),
            ),
            f"{heading} P": (["p_value"], p_value),
            f"{heading} P of the term": (["lr_p"], p_value),
        }
        table = table.join(formatted(found, spec))
    return table


def comparison(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """DeLong tests, from `statistics.delong_matrix` (with `cohort` where the frame has one)."""
    spec = {
        "Protocol": (["protocol"], str.capitalize),
        "Cohort": (["cohort"], str.capitalize),
        "Model A": (["model_a"], str),
        "Model B": (["model_b"], str),
        "AUC A": (["auc_a"], probability),
        "AUC B": (["auc_b"], probability),
        f"Difference ({100 * level:g}% CI)": (["difference", "ci_low", "ci_high"], estimate),
        "z": (["z"], lambda z: number(z, 2)),
        "P": (["p_value"], p_value),
        "P (Holm)": (["p_holm"], p_value),
    }
    return formatted(frame, spec, optional=["Protocol", "Cohort", "P (Holm)"])


def hosmer(frame: pd.DataFrame) -> pd.DataFrame:
    """Hosmer-Lemeshow tests: model, cohort, statistic, df, p_value; also the measures of
    `calibration.calibration` where the frame has them.
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

    `measured` is `performance.performance_table` and `aucs` `performance.auc_intervals`.
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
        spec[f"{METRICS[name]} ({100 * level:g}% CI)"] = (sources, estimate)
    spec["No-information rate"] = (["no_information_rate"], probability)
    return formatted(rows, spec)


def reclassified(frame: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """NRI and IDI, from `performance.reclassification_table`."""
    spec = {
        "New": (["new"], str),
        "Old": (["old"], str),
        "Cohort": (["cohort"], str.capitalize),
        "Measure": (["measure"], str),
        f"Estimate ({100 * level:g}% CI)": (["estimate", "ci_low", "ci_high"], estimate),
        "P": (["p_value"], p_value),
    }
    return formatted(frame, spec)


def validated(frame: pd.DataFrame) -> pd.DataFrame:
    """Bootstrap optimism: the tables of `validation.Validation`, stacked, with `model`."""
    names = {"auc": "AUC", "r2": "Nagelkerke’s R²", "intercept": "Calibration intercept"}
    names |= {"slope": "Calibration slope", "brier": "Brier score"}
    columns = ("apparent", "optimism", "corrected")
    spec = {"Model": (["model"], str), "Measure": (["measure"], names.__getitem__)}
    spec |= {name.capitalize(): ([name], number) for name in columns}
    return formatted(frame, spec)


def collinearity(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Variance inflation, from `adequacy.collinearity`; `names` are those of the terms."""
    spec = {
        "Term": (["term"], lambda term: names.get(term, term)),
        "Coefficients": (["df"], lambda df: number(df, 0)),
        "GVIF": (["gvif"], lambda x: number(x, 2)),
        "GVIF^(1/(2 df))": (["gvif_adjusted"], lambda x: number(x, 2)),
    }
    return formatted(frame, spec)


def sample_size(sizes: Mapping[str, object]) -> pd.DataFrame:
    """Riley's minimum sample sizes, one row per model: `adequacy.SampleSize` by what was fitted."""
    return pd.DataFrame(
        {
            "Model": list(sizes),
            "Candidate parameters": [str(s.parameters) for s in sizes.values()],
            "Patients (events)": [f"{s.n} ({s.events})" for s in sizes.values()],
            "Events per parameter": [number(s.events_per_parameter, 1) for s in sizes.values()],
            "Minimum for shrinkage": [f"{s.shrinkage_n:,}" for s in sizes.values()],
            "for optimism": [f"{s.optimism_n:,}" for s in sizes.values()],
            "for overall risk": [f"{s.risk_n:,}" for s in sizes.values()],
        }
    )


def quality(gains: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """PSNR and SSIM of super-resolution and its controls, and their gain over bicubic.

    `gains` as `fidelity.gains` returns it; one row per cohort and method. `level` is the coverage
    of its intervals, for the headings.
    """
    keys = ["split", "method"]
    psnr, ssim = (gains[gains["measure"].eq(name)] for name in MEASURES)
    rows = psnr.merge(ssim.drop(columns=["measure", "n"]), on=keys, suffixes=("_psnr", "_ssim"))
    ci = f"({100 * level:g}% CI)"
    mean, gain = ["mean", "ci_low", "ci_high"], ["gain", "gain_low", "gain_high"]
    spec = {
        "Cohort": (["split"], str.capitalize),
        "Method": (["method"], METHODS.__getitem__),
        "Images": (["n"], str),
    }
    for heading, columns, measure, digits in (
        ("PSNR, dB", mean, "psnr", 2),
        ("SSIM", mean, "ssim", 3),
        ("Gain over bicubic, dB", gain, "psnr", 2),
        ("Gain over bicubic, SSIM", gain, "ssim", 3),
    ):
        sources = [f"{column}_{measure}" for column in columns]
        spec[f"{heading} {ci}"] = (sources, partial(estimate, digits=digits))
    return formatted(rows, spec)


def selection(frame: pd.DataFrame) -> pd.DataFrame:
    """How many features left at each step, from the fates of `selection.Selection`.

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
