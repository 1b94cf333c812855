"""Words on models of features that another program measured: selection, recipe, and luck."""

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import each, listed
from thyro.study import CLASSIFIERS, Study


def texts(study: Study, results: Results) -> dict:
    """Texts of the features and of the models upon them, from what 03 and 04 left.

    Returns
    -------
    dict
        features: families, recipe, classifiers, folds, repeats, selected, choice, held_out,
        permuted.
    """
    log = results.table("03_feature_tables/fate")
    scalars = results.values("04_feature_models/scalars")
    chosen, models = study.selection, study.models
    tuned = ", with settings by inner cross-validation" if models.tune else ""
    return {
        "features": {
            "families": families(log),
            "alpha": f"{chosen.alpha:g}",
            "rho": f"{chosen.correlation:g}",
            "folds_of_lasso": str(chosen.folds),
            "classifiers": listed([CLASSIFIERS[name].label for name in models.classifiers]) + tuned,
            "folds": str(models.outer_folds),
            "divisions": "once" if models.fold_repeats == 1 else f"{models.fold_repeats} times",
            "repeats": f"{scalars['repeats']:,}",
            "permutations": f"{scalars['permutations']:,}",
            "selected": selected(log),
            "choice": choice(results.table("04_feature_models/choice")),
            "held_out": held_out(scalars["held_out"]),
            "permuted": permuted(results.table("04_feature_models/permuted")),
        }
    }


def families(log: pd.DataFrame) -> str:
    """How many features each family has: "1,015 features (radiomics)"."""
    counts = log.groupby("signature", sort=False).size()
    return listed([f"{n:,} features ({name})" for name, n in counts.items()])


def selected(log: pd.DataFrame) -> str:
    """How many features of each family remained."""
    said = []
    for name, rows in log.groupby("signature", sort=False):
        kept = int(rows["step"].eq("kept").sum())
        said.append(f"of {len(rows):,} features of {name} {kept:,} remained")
    text = listed(said)
    return f"{text[0].upper()}{text[1:]}."


def choice(ranked: pd.DataFrame) -> str:
    """Which model is best in training patients whom it never saw, and which in test patients."""
    best = ranked[ranked["chosen"]].iloc[0]
    value = tables.estimate(best["auc_out_of_fold"], best["ci_low"], best["ci_high"])
    told = f"Cross-fitted in training, {best['model']} has the highest AUC, {value} within a fold"
    other = ranked.loc[ranked["chosen_by_test"], "model"].iloc[0]
    if other == best["model"]:
        return f"{told}; it has the highest in the test cohort, too."
    return f"{told}; the test cohort, which must not choose, would have chosen {other}."


def held_out(summary: dict[str, dict[str, float]]) -> str:
    """The median AUC of every model over random divisions, and where most of them lie."""
    values = {
        model: f"{tables.probability(found['median'])} in the median ("
        f"{tables.interval(found['low'], found['high'])})"
        for model, found in summary.items()
    }
    return f"the AUC of {each(values)}"


def permuted(null: pd.DataFrame) -> str:
    """What the recipes find where there is nothing to be learned."""
    low, high = (tables.probability(end(null["test"])) for end in (min, max))
    within = f"is {low}" if low == high else f"lies between {low} and {high}"
    return (
        f"With permuted outcomes the mean AUC in the held-out part {within}; in-sample it reaches "
        f"{tables.probability(null['train'].max())}, where nothing can be known."
    )
