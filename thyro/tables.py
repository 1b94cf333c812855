"""Tables of the report.

A table function takes full-precision frames and returns a frame of strings; `show` turns that into
Markdown for the notebook and the manuscript. The forms of single numbers are those of `rounding`.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from IPython.display import Markdown

from thyro import statistics
from thyro.checks import as_columns
from thyro.rounding import (
    ABSENT,
    count,
    escape,
    estimate,
    interval,
    mean_sd,
    number,
    p_value,
    probability,
)
from thyro.rounding import auc_labels as auc_labels
from thyro.rounding import display_names as display_names
from thyro.rounding import hosmer_label as hosmer_label
from thyro.rounding import percent as percent

INDENT = "\N{EM SPACE}"  # a level under its variable
NARROWEST, WIDEST = 3, 90  # of a column, in dashes: pandoc takes them as relative widths
NUMBER = re.compile(r"–|[−<>]?[\d∞][\d∞.,%()±–−to ]*")
SMALL_EXPECTED = 5  # expected count below which chi-square is doubtful (Cochran 1954)
TESTS = {
    "student": "Student t",
    "welch": "Welch t",
    "mann-whitney": "Mann–Whitney U",
    "chi2": "Chi-square",
    "fisher": "Fisher exact",
}
STEPS = ("z-score", "Mann-Whitney U", "Spearman", "LASSO", "kept")  # of the feature selection
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


def baseline(
    patients: pd.DataFrame,
    variables: Sequence[str],
    dictionary: Mapping[str, Mapping],
    *,
    test: Callable = statistics.group_test,
    by: str = "split",
    columns: Mapping | None = None,
) -> pd.DataFrame:
    """Table 1: the patients, all and by group, with a test between the groups.

    Parameters
    ----------
    patients : DataFrame
        One row per patient.
    variables : sequence of str
        Rows, in order. Continuous ones are shown as mean ± SD, others as count (percent) per
        level. A 0/1 variable that the dictionary calls categorical reads "No" and "Yes", or the
        two `levels` of its entry.
    dictionary : mapping of name to {"label", "unit", "kind"}
    test : callable
        Called with values and groups as `statistics.group_test`; gives `.test` and `.p_value`.
    by : str, default "split"
        Column that makes the groups; "y" gives the same table by outcome.
    columns : mapping of heading to value of `by`
        Groups in the order of the columns; {"Test": "test", "Train": "train"} without it.

    Returns
    -------
    DataFrame of str
        Characteristic, All, one column per group, P, Test used, and "Fisher P" where an expected
        count is below 5. A row "Missing" ends a variable with missing values, which percent and
        test leave out.

    Raises
    ------
    ValueError
        If a variable is unknown or a patient is in none of the groups.
    """
    columns = columns or {"Test": "test", "Train": "train"}
    group = as_columns(patients, [by], "patients")[by]
    outside = sorted(set(group) - set(columns.values()), key=str)
    if outside:
        raise ValueError(f"columns: {by} also holds {outside}; give every group its heading.")
    unknown = [name for name in variables if name not in patients]
    if unknown:
        raise ValueError(f"variables: expected columns of patients, found no {unknown}.")
    parts = {"All": np.ones(len(patients), bool)}
    parts |= {heading: (group == value).to_numpy() for heading, value in columns.items()}
    parts = {f"{heading} (n = {inside.sum()})": inside for heading, inside in parts.items()}
    rows = []
    for name in variables:
        values = _readable(patients[name], dictionary.get(name, {}))
        first, *others = _counted(values, parts)
        label = {"Characteristic": _label(name, dictionary)}
        rows += [label | first | _compared(values, group, test), *others]
    return pd.DataFrame(rows).fillna("")


def _label(name: str, dictionary: Mapping[str, Mapping]) -> str:
    entry = dictionary.get(name, {})
    unit = entry.get("unit") or ""
    return entry.get("label", name) + (f", {unit}" if unit else "")


def _readable(values: pd.Series, entry: Mapping) -> pd.Series:
    """Numbers as they are, everything else as Categorical with readable levels."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values
    if pd.api.types.is_bool_dtype(values) or (
        entry.get("kind") == "categorical" and set(values.dropna()) <= {0, 1}
    ):
        levels = list(entry.get("levels") or ["No", "Yes"])
        codes = values.map({0: 0, 1: 1}).fillna(-1).astype(int)
        return pd.Series(pd.Categorical.from_codes(codes, levels), index=values.index)
    return values if pd.api.types.is_numeric_dtype(values) else values.astype("category")


def _counted(values: pd.Series, parts: Mapping[str, np.ndarray]) -> list[dict[str, str]]:
    """Rows of one variable: mean ± SD, or an empty one and its levels; missing values last."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        rows = [{heading: mean_sd(values[inside]) for heading, inside in parts.items()}]
    else:
        rows = [dict.fromkeys(parts, "")]
        for level in values.cat.categories:
            cells = {
                heading: count(int((values[inside] == level).sum()), int(values[inside].count()))
                for heading, inside in parts.items()
            }
            rows.append({"Characteristic": f"{INDENT}{level}"} | cells)
    if values.isna().any():
        missing = {heading: str(values[inside].isna().sum()) for heading, inside in parts.items()}
        rows.append({"Characteristic": f"{INDENT}Missing"} | missing)
    return rows


def _compared(values: pd.Series, group: pd.Series, test: Callable) -> dict[str, str]:
    values, group = values[values.notna()], group[values.notna()]
    result = test(values, group)
    cells = {"P": p_value(result.p_value), "Test used": TESTS.get(result.test, result.test)}
    if isinstance(values.dtype, pd.CategoricalDtype):
        table = pd.crosstab(values, group).to_numpy()
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        if expected.min() < SMALL_EXPECTED:
            cells["Fisher P"] = p_value(test(values, group, test="fisher").p_value)
    return cells


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


def logistic(
    univariate: pd.DataFrame, multivariable: pd.DataFrame, dictionary: Mapping[str, Mapping]
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
            "Variable": [_label(term, dictionary) for term in rows["term"]],
            "Level": rows["level"],
        }
    )
    for heading, frame in (("Univariate", univariate), ("Multivariable", multivariable)):
        found = rows.merge(frame.assign(level=frame["level"].fillna("")), on=keys, how="left")
        spec = {
            f"{heading} OR (95% CI)": (
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
    } | {heading: ([name], number) for heading, name in measures.items()}
    return formatted(frame, spec, optional=["Protocol", *measures])


def quality(frame: pd.DataFrame) -> pd.DataFrame:
    """PSNR and SSIM, mean ± SD over images, of super-resolution and of what it must beat.

    One row per image with `psnr` and `ssim`; the same names with a suffix (`psnr_bicubic`,
    `ssim_bicubic`) are a method of that name. With `split` the cohorts are kept apart.
    """
    suffixes = [name.removeprefix("psnr") for name in frame if name.startswith("psnr")]
    cohorts = frame.groupby("split", sort=False) if "split" in frame else [("all", frame)]
    rows = [
        {
            "Method": suffix.strip("_").capitalize() or "Super-resolution",
            "Cohort": str(cohort).capitalize(),
            "Images": str(len(images)),
            "PSNR, dB": mean_sd(images[f"psnr{suffix}"]),
            "SSIM": mean_sd(images[f"ssim{suffix}"], 3),
        }
        for cohort, images in cohorts
        for suffix in suffixes
    ]
    return pd.DataFrame(rows)


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
