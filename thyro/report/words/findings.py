"""What the study found, in sentences that its intervals choose: the conclusion and the discussion.

Every finding has a `short` sentence, for the abstract, and a `long` one, which goes on from it. An
interval that excludes no difference decides; nothing is said of a study that it does not have.
"""

from collections.abc import Mapping

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import above, gap, listed, relation, side, term_test
from thyro.report.words.usefulness import IDEAL, MEASURES
from thyro.statistics import DEFAULT
from thyro.study import CLINICAL, PAPER, RADIOLOGIST, SOUND, NomogramName, Study, nomograms

# Median fall of the AUC from in-sample to cross-fitted predictions, from which on it counts as
# large, and up to which as small: a tenth is what parts a fair test from a good one.
LARGE, SMALL = 0.1, 0.02


def texts(study: Study, results: Results) -> dict:
    """The findings of a study, from what 04 to 06 left.

    Returns
    -------
    dict
        findings: conclusion, and a paragraph each of what the study has (empty where it has not):
        optimism, signature, enhancement, external, calibration, benefit, reader.
    """
    named, level = nomograms(study.nomogram.signatures), study.statistics.level
    tested = results.table("06_statistics/main_delong")
    outside = results.table("06_statistics/between_cohorts")
    found = {
        "signature": signature(
            named, tested, results.table("05_nomogram/coefficients"), level=level
        ),
        "external": external(str(named[0]), outside, level=level),
        "calibration": calibration(results.table("06_statistics/calibration_intervals"), named),
        "benefit": benefit(results.table("06_statistics/net_benefit"), str(named[0])),
        "reader": reader(str(named[0]), tested, level=level),
        "optimism": ("", ""),
        "enhancement": ("", ""),
    }
    if study.cohort.has_images:
        found["optimism"] = optimism(results.values("06_statistics/protocols"))
        if study.declared.enhanced:
            found["enhancement"] = enhancement(
                results.table("04_models/split_differences"), level=level
            )
    return {"findings": {"conclusion": conclusion(found)} | {k: v[1] for k, v in found.items()}}


def conclusion(found: Mapping[str, tuple[str, str]]) -> str:
    """The short sentences of what the abstract concludes, in the order of its argument."""
    order = ("optimism", "signature", "enhancement", "external")
    return " ".join(found[name][0] for name in order if found[name][0])


def optimism(summary: Mapping[str, Mapping]) -> tuple[str, str]:
    """Whether in-sample figures of image models are too good.

    `summary` is `statistics.optimism_summary` by recipe.
    """
    paper, sound = summary[PAPER], summary[SOUND]
    over = f" in the median over {paper['n']} image models" if paper["n"] > 1 else ""
    fell = f"{tables.number(paper['median'])}{over}"
    if paper["median"] >= LARGE:
        short = (
            f"In-sample, the classical recipe is far too optimistic: its AUC is too high by {fell}."
        )
        rest = (
            "Such figures of training patients say how well a model remembers, and a nomogram that "
            "takes an in-sample signature gives it a weight that it has not earned."
        )
    elif paper["median"] > SMALL:
        short = f"In-sample, the classical recipe is optimistic: its AUC is too high by {fell}."
        rest = (
            "Figures of training patients flatter the models, and are not estimates of performance."
        )
    else:
        short = (
            "In-sample, the classical recipe is hardly optimistic: its AUC less the cross-fitted "
            f"one is {fell}."
        )
        rest = "Here the figures of training patients do not mislead; this need not hold elsewhere."
    also = (
        f"With the sound recipe the fall is {tables.number(sound['median'])}: evaluation, and not "
        "the recipe, makes a figure honest."
        if sound["median"] > SMALL
        else f"With the sound recipe the fall is {tables.number(sound['median'])}."
    )
    return short, f"{short} {rest} {also}"


def signature(
    named: list[NomogramName], tested: pd.DataFrame, coefficients: pd.DataFrame, *, level: float
) -> tuple[str, str]:
    """Whether signatures add to the clinical factors in patients who trained nothing.

    Parameters
    ----------
    named : list of NomogramName
        Of the study, the clinical one last.
    tested : DataFrame
        `statistics.delong_by_family` of the main predictions.
    coefficients : DataFrame
        `clinical.coefficient_table`.
    level : float
        Coverage of the intervals.
    """
    protocol = SOUND if coefficients["protocol"].eq(SOUND).any() else PAPER
    test = tested[tested["cohort"].eq("test")].set_index(["model_a", "model_b"])
    own = coefficients[coefficients["protocol"].eq(protocol)]
    said, told = [], []
    for name in named:
        if name.signature is None:
            continue
        row = test.loc[(str(name), CLINICAL)]
        verdict = {
            1: f"The signature of {name.signature} adds to the clinical factors",
            0: f"The signature of {name.signature} is not shown to add to the clinical factors",
            -1: f"The signature of {name.signature} makes the nomogram worse",
        }[side(row["ci_low"], row["ci_high"])]
        difference = gap(str(name), CLINICAL, row, level=level)
        said.append(f"{verdict}: in the test cohort {difference}.")
        weight = own[own["nomogram"].eq(str(name)) & own["term"].eq(name.signature)].iloc[0]
        told.append(
            f"{said[-1]}{_reach(row)} In the training cohort its coefficient was "
            f"{tables.estimate(weight['estimate'], weight['low'], weight['high'], 2)} (p "
            f"{relation(weight['lr_p'])}, {term_test(coefficients)} given the clinical terms)."
        )
    return said[0], " ".join(told)


def _reach(row: pd.Series) -> str:
    """What the interval of a difference leaves open, where it holds zero."""
    low, high = row["ci_low"], row["ci_high"]
    if low <= 0 <= high:
        return f" The test cohort leaves open anything from {_change(low)} to {_change(high)}."
    return ""


def _change(difference: float) -> str:
    """ "a loss of 0.070", "a gain of 0.090" or "no change"."""
    size = tables.number(abs(difference))
    if not float(size):
        return "no change"
    return f"a {'gain' if difference > 0 else 'loss'} of {size}"


def enhancement(differences: pd.DataFrame, *, level: float) -> tuple[str, str]:
    """Whether classifiers do better on super-resolved images, over random divisions.

    `differences` is `statistics.differences_over_splits`, super-resolved less original.
    """
    sides = [side(row.ci_low, row.ci_high) for row in differences.itertuples()]
    splits = int(differences["splits"].iloc[0])
    sentences = {
        name: listed(
            [
                f"the AUC of {row.model_a} was {above(row.difference)} that of {row.model_b} "
                f"({tables.coverage(level)} CI of the difference "
                f"{tables.interval(row.ci_low, row.ci_high)})"
                for row, where in zip(differences.itertuples(), sides, strict=True)
                if where == value
            ]
        )
        for name, value in (("better", 1), ("alike", 0), ("worse", -1))
    }
    over = f"over {splits} random divisions"
    heads = {
        "better": f"Super-resolved images served better than the originals: {over} ",
        "alike": f"Super-resolved images are not shown to serve better than the originals: {over} ",
        "worse": f"Super-resolved images served worse than the originals: {over} ",
    }
    told = [heads[name] + text + "." for name, text in sentences.items() if text]
    if 1 in sides and len(set(sides)) > 1:
        told = [f"{told[0]} This does not hold for every classifier.", *told[1:]]
    if 1 in sides:
        rest = (
            "A gain can only be one of representation, or chance: an image computed from the "
            "original holds no more about the patient than the original does."
        )
    elif -1 in sides:
        rest = "What the network adds to an image is not shown to have helped any classifier."
    else:
        rest = "One division can show a difference where many show none."
    return told[0], " ".join([*told, rest])


def external(first: str, between: pd.DataFrame, *, level: float) -> tuple[str, str]:
    """Whether the first nomogram discriminates as well in the external cohort.

    `between` is `statistics.between_cohorts`; nothing is said where it has no such cohort.
    """
    rows = between[
        between["model"].eq(first)
        & between["cohort_a"].eq("test")
        & between["cohort_b"].eq("external")
    ]
    if rows.empty:
        return "", ""
    row = rows.iloc[0]
    where = side(row["ci_low"], row["ci_high"])
    verdict = {
        1: f"In the external cohort the AUC of {first} was lower than in the test cohort",
        0: f"The AUC of {first} is not shown to differ between the external and the test cohort",
        -1: f"In the external cohort the AUC of {first} was higher than in the test cohort",
    }[where]
    short = (
        f"{verdict} ({tables.probability(row['auc_b'])} against "
        f"{tables.probability(row['auc_a'])}; {tables.coverage(level)} CI of the difference "
        f"{tables.interval(row['ci_low'], row['ci_high'])})."
    )
    rest = (
        "The interval says how little such a comparison excludes."
        if where == 0
        else "Why, these figures do not tell: the patients, the readings or scores, and how often "
        "the outcome occurs may all differ."
    )
    return short, f"{short} {rest}"


def calibration(measured: pd.DataFrame, named: list[NomogramName]) -> tuple[str, str]:
    """Whether the risks of the first nomogram agree with the outcomes, by cohort.

    `measured` is `statistics.calibration_by_cohort` of the main predictions.
    """
    first, told = str(named[0]), []
    rows = measured[measured["model"].eq(first) & measured["measure"].isin(IDEAL)]
    for cohort in ("test", "external"):
        of = rows[rows["cohort"].eq(cohort)]
        if len(of):
            told.append(agreement(of, first, f"{cohort} cohort"))
    return told[0], " ".join(told)


def agreement(rows: pd.DataFrame, model: str, where: str) -> str:
    """Whether the risks of a model agree with the outcomes in one cohort, and if not, how.

    Parameters
    ----------
    rows : DataFrame
        The measures of `IDEAL` there, of `statistics.calibration_by_cohort`.
    model : str
    where : str
        "test cohort".
    """
    ideal = rows["measure"].map(IDEAL)
    off = rows[(rows["ci_low"] > ideal) | (rows["ci_high"] < ideal)]
    if off.empty:
        return (
            f"In the {where} the risks of {model} agree with the outcomes as far as the intervals "
            "tell."
        )
    measures = listed(
        [
            f"{MEASURES[row.measure]} {tables.estimate(row.estimate, row.ci_low, row.ci_high, 2)}"
            for row in off.itertuples()
        ]
    )
    advice = _direction(rows.set_index("measure"))
    return (
        f"In the {where} the risks of {model} do not agree with the outcomes ({measures}){advice}."
    )


def _direction(rows: pd.DataFrame) -> str:
    """Whether risks are too low or too high on the whole, and too extreme or too even."""
    said = []
    large, slope = rows.loc["citl"], rows.loc["slope"]
    level_off = side(large["ci_low"], large["ci_high"])
    if level_off:
        said.append("too low on the whole" if level_off > 0 else "too high on the whole")
    spread = side(slope["ci_low"] - 1, slope["ci_high"] - 1)
    if spread:
        said.append("too far apart" if spread < 0 else "too close together")
    return f": they are {listed(said)}" if said else ""


def benefit(differences: pd.DataFrame, first: str) -> tuple[str, str]:
    """At how many of the named thresholds the first nomogram is of use, by cohort.

    `differences` is `statistics.net_benefit_differences` of the main predictions.
    """
    rows = differences[differences["model_a"].eq(first)]
    told = [
        f"In the {cohort} cohort {first} {_of_use(rows[rows['cohort'].eq(cohort)])}."
        for cohort in ("test", "external")
        if rows["cohort"].eq(cohort).any()
    ]
    return told[0], " ".join(told)


def _of_use(differences: pd.DataFrame) -> str:
    """Where a nomogram is of more or less use than deciding without it, and than the clinical."""
    told = []
    for other, words in (
        (DEFAULT, "than the better of treating everybody and nobody"),
        (CLINICAL, f"than {CLINICAL}"),
    ):
        rows = differences[differences["model_b"].eq(other)]
        more, less = int((rows["ci_low"] > 0).sum()), int((rows["ci_high"] < 0).sum())
        if not more and not less:
            told.append(f"is at none of the {len(rows)} thresholds shown to be of more use {words}")
            continue
        counted = {"more": more, "less": less}
        said = [f"{what} net benefit {words} at {n}" for what, n in counted.items() if n]
        told.append(f"has {listed(said)} of {len(rows)} thresholds")
    return f"{told[0]}, and {told[1]}"


def reader(first: str, tested: pd.DataFrame, *, level: float) -> tuple[str, str]:
    """Whether the first nomogram or the radiologist tells the outcomes better apart in test."""
    test = tested[tested["cohort"].eq("test")].set_index(["model_a", "model_b"])
    if (first, RADIOLOGIST) not in test.index:
        return "", ""
    row = test.loc[(first, RADIOLOGIST)]
    verdict = {
        1: f"{first} tells the outcomes better apart than the radiologist",
        0: f"{first} is not shown to be better or worse than the radiologist",
        -1: f"The radiologist tells the outcomes better apart than {first}",
    }[side(row["ci_low"], row["ci_high"])]
    short = f"{verdict}: in the test cohort {gap(first, RADIOLOGIST, row, level=level)}."
    return short, short
