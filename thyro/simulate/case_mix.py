"""Who the simulated patients are: the clinical table of Li et al. 2024, its outcome, its criteria.

The variables and their frequencies are those of Table 1, column ALL, of Li et al. (2024), Discov.
Oncol., doi:10.1007/s12672-024-01601-0. How variables depend on each other is invented here and
stated below, what raises the risk of metastasis in `risk`; nothing was fitted to the results of the
paper.

Patients are sampled by quota: the uniforms of every variable are stratified by rank, so that each
count of a categorical variable is the printed share of the patients to within one, and mean and SD
of age and diameter are the printed ones; the number of metastases is fixed likewise. Cohorts thus
differ in how variables fall together, not in how often a level occurs. What follows from that: from
cohort to cohort the counts of every level and of metastases do not vary beyond one patient (their
SD is 0), so an interval of a whole cohort for its prevalence, for a mean or share of Table 1 or for
calibration in the large is far too wide, and its coverage says nothing. Slopes and AUC vary as they
should: (estimate - truth) / standard error of a coefficient has an SD of about 1. In a part of the
cohort that is drawn at random, counts vary as where one draws without replacement.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm, truncnorm

from thyro.simulate import nodule

PREVALENCE = 162 / 544
# Table 1, counts of 544. The printed order, except that the commonest location comes first: the
# printed one, "Full", is held by six patients and would be a useless reference.
COUNTS = {
    "gender": {"Female": 420, "Male": 124},
    "bilaterality": {"No": 443, "Yes": 101},
    "multifocality": {"No": 408, "Yes": 136},
    "location": {"Middle": 270, "Full": 6, "Upper": 123, "Lower": 114, "Isthmus": 31},
    "ht": {"No": 409, "Yes": 135},
    "composition": dict(zip(nodule.COMPOSITIONS, (13, 531), strict=True)),
    "calcification": dict(zip(nodule.CALCIFICATIONS, (228, 58, 6, 222, 27, 3), strict=True)),
    "margin": dict(zip(nodule.MARGINS, (319, 158, 67), strict=True)),
    "echo": dict(zip(nodule.ECHO_DB, (42, 249, 253), strict=True)),
    "shape": {"No taller-than-wide": 297, "Taller-than-wide": 247},
}
ACR_LEVELS = ("TR2", "TR3", "TR4", "TR5")
POINTS = {  # of every level of a sign, in ACR TI-RADS
    "composition": (1, 2),
    "echo": (1, 2, 3),
    "shape": (0, 3),
    "margin": (0, 2, 3),
    "calcification": (0, 1, 2, 3, 4, 5),
}
AT_RANDOM = ("ht", "margin", "echo")  # which may be empty at random given age and outcome
SURGERY = ("Unilateral leaf + isthmus + CDN", "TT + CND", "TT + CND + LND")  # as printed
LNM_LOCATION = ("No", "Central", "Central + Lateral")
LATERAL_SHARE = 51 / (114 + 51)  # of the metastases of Table 1
AFTER_SURGERY = {"surgical_method": SURGERY, "lnm_location": LNM_LOCATION}

# Correlations of the Gaussian copula, levels counted from the first. All others are 0. Those
# between the signs are such that the levels of TI-RADS come as often as in Table 1: a nodule
# without any suspicious sign is rarer than chance, for it would not have been operated on, and
# a mixed one tends to lack them all.
DEPENDENCE = {
    ("age", "diameter"): -0.10,
    ("diameter", "multifocality"): 0.15,
    ("diameter", "calcification"): 0.20,
    ("diameter", "composition"): -0.20,
    ("diameter", "margin"): 0.30,
    ("diameter", "shape"): -0.25,
    ("gender", "ht"): -0.30,  # thyroiditis is a disease of women
    ("bilaterality", "multifocality"): 0.75,
    ("composition", "calcification"): 0.30,
    ("composition", "margin"): 0.30,
    ("composition", "echo"): 0.75,
    ("composition", "shape"): 0.45,
    ("calcification", "margin"): 0.05,
    ("calcification", "echo"): 0.10,
    ("calcification", "shape"): -0.30,
    ("margin", "echo"): 0.05,
    ("echo", "shape"): 0.30,
}
# Section 2.1, in the printed order; within a month is read as at most 31 days. The words say whom
# a criterion excludes. The shares are those of the patients assessed and not included, by what they
# fail first; they are invented.
CRITERIA = {
    "first_surgery": ("not the first thyroid surgery", "inclusion", 0.14),
    "ultrasound_date": ("ultrasound not within 31 days before surgery", "inclusion", 0.18),
    "pathology": ("no pathology of tumour and cervical nodes", "inclusion", 0.14),
    "complete_records": ("incomplete records", "inclusion", 0.16),
    "metastatic_tumour": ("metastatic tumour in the thyroid", "exclusion", 0.04),
    "poor_ultrasound": ("poor-quality ultrasound", "exclusion", 0.18),
    "node_disease": ("co-morbidity altering the cervical nodes", "exclusion", 0.08),
    "treated_before": ("intervention or I-131 before ultrasound", "exclusion", 0.08),
}
MAX_DAYS = 31
SECOND_FAILURE = 0.12  # share of those not included that fail one more criterion


def clinical_variables() -> list[dict]:
    """Describe the clinical variables of the table, in the order of Table 1."""
    labels = {
        "age": "Age",
        "diameter": "Diameter",
        "gender": "Gender",
        "bilaterality": "Bilaterality",
        "multifocality": "Multifocality",
        "location": "Location",
        "ht": "Hashimoto thyroiditis",
        "composition": "Composition",
        "calcification": "Calcification",
        "margin": "Margin",
        "echo": "Echogenicity",
        "shape": "Shape",
        "acr_tirads": "ACR TI-RADS",
        "surgical_method": "Surgical method",
        "lnm_location": "Location of LNM",
    }
    levels = {**COUNTS, "acr_tirads": ACR_LEVELS, **AFTER_SURGERY}
    described = [
        {
            "name": name,
            "label": label,
            "kind": "categorical" if name in levels else "continuous",
            "unit": {"age": "years", "diameter": "mm"}.get(name, ""),
            "levels": list(levels.get(name, ())),
            "preoperative": name not in AFTER_SURGERY,
        }
        for name, label in labels.items()
    ]
    for name in ("echo", "acr_tirads"):  # levels that rise
        next(entry for entry in described if entry["name"] == name)["ordered"] = True
    described[-3]["composed_of"] = list(POINTS)
    described[-1]["tells_outcome"] = {level: int(level != "No") for level in LNM_LOCATION}
    return described


def recorded_criteria() -> list[dict]:
    """Describe the criteria of inclusion and exclusion, in the order of section 2.1."""
    described = [
        {
            "column": column,
            "label": label,
            "kind": kind,
            "at_least": None,
            "at_most": None,
            "until": None,
        }
        for column, (label, kind, _) in CRITERIA.items()
    ]
    described[1] |= {"at_least": 0.0, "at_most": float(MAX_DAYS), "until": "surgery_date"}
    return described


def preoperative(n: int, rng: np.random.Generator, *, size_shift: float = 0.0) -> pd.DataFrame:
    """Draw everything known before surgery from a Gaussian copula, one row per patient.

    Parameters
    ----------
    n : int
        Patients.
    rng : numpy.random.Generator
    size_shift : float, default 0
        By how many SD of the copula nodules are larger than those of Table 1. What depends on the
        diameter shifts with it, so that patients of one diameter are as before.
    """
    names = ["age", "diameter", *COUNTS]
    correlation = pd.DataFrame(np.eye(len(names)), names, names)
    for (a, b), value in DEPENDENCE.items():
        correlation.loc[a, b] = correlation.loc[b, a] = value
    normal = rng.standard_normal((n, len(names))) @ np.linalg.cholesky(correlation).T
    u = pd.DataFrame(_stratified(normal, rng), columns=names)
    if size_shift:
        u[:] = norm.cdf(norm.ppf(u) + size_shift * correlation["diameter"].to_numpy())
    # Mean and SD after truncation are those of Table 1: 43.03 +- 11.33 and 12.22 +- 8.56.
    columns = {
        "age": _truncated_normal(u["age"], 42.434, 12.070, 18, 80).round(),
        "diameter": np.exp(
            _truncated_normal(u["diameter"], 2.1656, 0.8658, np.log(3), np.log(45))
        ).round(1),
    }
    for name, counts in COUNTS.items():
        edges = np.cumsum(list(counts.values()))[:-1] / sum(counts.values())
        codes = np.searchsorted(edges, u[name])
        columns[name] = pd.Categorical.from_codes(codes, list(counts))
    table = pd.DataFrame(columns)
    table["acr_tirads"] = acr_tirads(table)
    return table


def acr_tirads(table: pd.DataFrame) -> pd.Categorical:
    """Score the ultrasound signs: Tessler et al. (2017), J. Am. Coll. Radiol. 14:587-595.

    The least suspicious signs of Table 1 give two points, so TR1 cannot occur. The level follows
    from the signs, and `DEPENDENCE` makes its frequencies those of Table 1.
    """
    points = sum(np.take(of_level, table[name].cat.codes) for name, of_level in POINTS.items())
    return pd.Categorical.from_codes(np.searchsorted((3, 4, 7), points, "right"), ACR_LEVELS)


def outcome(risk: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    """Draw 0/1 with these probabilities so that the sum is their sum to within one.

    Systematic sampling in random order (Madow 1949, Ann. Math. Stat. 20:333-354).
    """
    order = rng.permutation(len(risk))
    reached = rng.uniform() + np.concatenate([[0.0], np.cumsum(np.asarray(risk)[order])])
    drawn = np.empty(len(risk), int)
    drawn[order] = np.diff(np.floor(reached).astype(int))
    return drawn


def surgery(
    y: np.ndarray, bilaterality: pd.Series, rng: np.random.Generator
) -> dict[str, pd.Categorical]:
    """Draw location of metastasis and the operation, which follow the outcome.

    Lateral metastasis means lateral dissection; else a bilateral tumour means total thyroidectomy.
    The remaining probabilities give the frequencies of Table 1.

    Parameters
    ----------
    y : ndarray of int, shape (n_patients,)
        1 for metastasis.
    bilaterality : Series
        "Yes" or "No".
    rng : numpy.random.Generator
    """
    lateral = outcome(LATERAL_SHARE * (y == 1), rng)
    dissected = lateral | outcome(0.0595 * (lateral == 0), rng)
    obliged = dissected | (bilaterality == "Yes").to_numpy()
    total = obliged | outcome(0.449 * (obliged == 0), rng)
    return {
        "surgical_method": pd.Categorical.from_codes(total + dissected, SURGERY),
        "lnm_location": pd.Categorical.from_codes(y + lateral, LNM_LOCATION),
    }


def criteria_cells(n: int, rng: np.random.Generator, *, failing: bool) -> pd.DataFrame:
    """Fill the columns of `CRITERIA`, and `surgery_date`, for patients who all pass, or all fail.

    Whoever fails fails one criterion, drawn by its share, and some a second one.

    Parameters
    ----------
    n : int
        Patients.
    rng : numpy.random.Generator
    failing : bool
        Whether all fail.
    """
    fails = np.zeros((n, len(CRITERIA)), bool)
    if failing:
        shares = np.cumsum([share for *_, share in CRITERIA.values()])
        first = np.searchsorted(shares[:-1], _stratified(rng.uniform(size=(n, 1)), rng)[:, 0])
        fails[np.arange(n), first] = True
        second = np.flatnonzero(rng.uniform(size=n) < SECOND_FAILURE)
        fails[second, rng.integers(len(CRITERIA), size=len(second))] = True
    cells = pd.DataFrame(
        {
            column: fails[:, i] if kind == "exclusion" else ~fails[:, i]
            for i, (column, (_, kind, _)) in enumerate(CRITERIA.items())
        }
    ).astype(int)
    # Enrolment of the paper: December 2018 to January 2021.
    examined = np.datetime64("2018-12-01") + rng.integers(0, 760, size=n)
    late = fails[:, list(CRITERIA).index("ultrasound_date")]
    days = np.where(late, rng.integers(MAX_DAYS + 1, 150, size=n), rng.binomial(MAX_DAYS, 0.25, n))
    cells["ultrasound_date"] = examined.astype(str)
    cells.insert(2, "surgery_date", (examined + days).astype(str))
    return cells


def empty_cells(table: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Empty a `share` of the cells of the clinical variables completely at random.

    Whoever fails the criterion of complete records lacks one cell at least.

    Parameters
    ----------
    table : DataFrame
        One row per patient, with the variables and `complete_records`.
    share : float
        Of the cells, from 0 to below 1.
    rng : numpy.random.Generator
    """
    names = [variable["name"] for variable in clinical_variables()]
    empty = rng.uniform(size=(len(table), len(names))) < share
    incomplete = np.flatnonzero(table["complete_records"] == 0)
    empty[incomplete, rng.integers(len(names), size=len(incomplete))] = True
    table = table.copy()
    for i, name in enumerate(names):
        table[name] = table[name].mask(empty[:, i])
    return table


def empty_at_random(table: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Empty about a `share` of the cells of AT_RANDOM, more often of the older and the diseased.

    The gaps depend on age and outcome alone, which are known of everybody: missing at random.

    Parameters
    ----------
    table : DataFrame
        One row per patient, with age, y and AT_RANDOM.
    share : float
        Of the cells, from 0 to below 0.5.
    rng : numpy.random.Generator
    """
    if not share:
        return table
    uniform = rng.uniform(size=(len(table), len(AT_RANDOM)))
    age = (table["age"] - table["age"].mean()) / table["age"].std()
    log_odds = logit(share) + 0.5 * age + 1.0 * (table["y"] - table["y"].mean())
    empty = uniform < expit(log_odds).to_numpy()[:, None]
    return table.assign(**{name: table[name].mask(empty[:, k]) for k, name in enumerate(AT_RANDOM)})


def _stratified(values: np.ndarray, rng) -> np.ndarray:
    """Uniforms in the order of `values`, column by column, one in every n-th part of 0 to 1."""
    rank = values.argsort(axis=0).argsort(axis=0)
    return (rank + rng.uniform(size=values.shape)) / len(values)


def _truncated_normal(u, mean: float, sd: float, low: float, high: float) -> np.ndarray:
    """Quantiles of a normal distribution between `low` and `high`."""
    return truncnorm.ppf(u, (low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd)
