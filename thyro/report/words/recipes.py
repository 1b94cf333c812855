"""Words on the recipes: optimism, what parts them, the best model, and size."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.words.phrases import applying, listed, relation, term_test
from thyro.study import NETWORKS, PAPER, RECIPES, SOUND, Declared, Study


def protocols(
    study: Study,
    summary: Mapping[str, Mapping],
    compared: pd.DataFrame,
    recipes: pd.DataFrame,
    ranked: pd.DataFrame,
    coefficients: pd.DataFrame,
) -> dict[str, str]:
    """What cross-fitting repeats inside folds, the optimism of each recipe, and what parts them.

    Parameters
    ----------
    study : Study
    summary : mapping of recipe to mapping
        `statistics.optimism_summary` of the image models.
    compared : DataFrame
        `statistics.compared_recipes`, nomograms included.
    recipes : DataFrame
        `statistics.recipe_table` of the models of radiomic features.
    ranked : DataFrame
        `models.choice`.
    coefficients : DataFrame
        `clinical.coefficient_table`.
    """
    parts = {
        "scaling": True,
        "selection": True,
        "the fit": True,
        "the tuning of the networks": _tunes(study),
        "the choice of the classifiers’ settings (sound recipe)": study.models.tune,
    }
    folds, by_centre = study.models.outer_folds, study.cohort.split == "leave_one_centre_out"
    times, alpha = study.models.fold_repeats, 1 - study.statistics.level
    paper, sound = (summary[recipe.name] for recipe in RECIPES)
    return {
        "division": "its centres" if by_centre else f"{folds} folds, stratified by the outcome",
        "each_fold": "each centre" if by_centre else f"each of {folds} folds",
        "repeats": _repeated(1 if by_centre else times, networks=bool(study.declared.networks)),
        "inside": listed(applying(parts)),
        "settings": (
            "and settings chosen by an inner cross-validation"
            if study.models.tune
            else "and given settings"
        ),
        "abstract": (
            "When selection and fit were repeated without the patients that are predicted, the "
            f"AUC of the image model{'s' if paper['n'] > 1 else ''} in the training cohort fell by "
            f"{'a median of ' if paper['n'] > 1 else ''}"
            f"{tables.number(paper['median'])} by the classical recipe and "
            f"{'of' if paper['n'] > 1 else 'by'} "
            f"{tables.number(sound['median'])} by the sound one."
        ),
        "training": " ".join(
            _optimism(label, found) for label, found in (("classical", paper), ("sound", sound))
        ),
        "steps": _steps(recipes),
        "own": ", and a network of its own beside"
        if any(NETWORKS[name].recipe == SOUND for name in study.declared.networks)
        else "",
        "nomograms": _signatures(compared, coefficients, study.nomogram.signatures, alpha),
        "choice": _choice(ranked),
    }


def _optimism(label: str, found: Mapping) -> str:
    """How large the optimism of a recipe was, and of which models."""
    if found["n"] == 1:
        return (
            f"By the {label} recipe the optimism of {found['largest_of']} was "
            f"{tables.number(found['largest'])}."
        )
    return (
        f"By the {label} recipe the optimism was largest for {found['largest_of']} "
        f"({tables.number(found['largest'])}), smallest for {found['smallest_of']} "
        f"({tables.number(found['smallest'])}), and {tables.number(found['median'])} in the "
        f"median over {found['n']} models."
    )


def _tunes(study: Study) -> bool:
    """Whether a network is tuned; that of the sound recipe is in every study that has it."""
    entries = [NETWORKS[name] for name in study.declared.networks]
    return any(one.tuned_as(study.features.fine_tuning) != "none" for one in entries)


def _repeated(times: int, *, networks: bool) -> str:
    """How often the division into folds was drawn."""
    if not networks:
        return "once" if times == 1 else f"{times} times"
    if times == 1:
        return "once, for classifiers and networks alike"
    return f"{times} times for classifiers on radiomics features, once for networks"


def _steps(recipes: pd.DataFrame) -> str:
    """How far the sound recipe is from the paper's in the test cohort, model by model."""
    rows = recipes[recipes["recipe"].eq(SOUND) & recipes["cohort"].eq("test")]
    differences = [
        f"{tables.estimate(row.difference, row.difference_low, row.difference_high)} for "
        f"{row.model} (p {relation(row.p_value)})"
        for row in rows.itertuples()
    ]
    return (
        "From the classical recipe to the sound one, both cross-fitted, the AUC in the test cohort "
        f"changed by {listed(differences)}."
    )


def _signatures(
    compared: pd.DataFrame, coefficients: pd.DataFrame, names: Sequence[str], alpha: float
) -> str:
    """The coefficient of a signature that saw the outcomes, and what one adds that did not."""
    test = compared[compared["cohort"].eq("test")].set_index(["model", "recipe"])
    signed = coefficients[coefficients["term"].isin(names)]
    signed = signed.set_index(["nomogram", "protocol"])
    sentences = []
    for name, rows in signed.groupby(level="nomogram", sort=False):
        seen, unseen = (
            f"{tables.estimate(row.estimate, row.low, row.high, digits=2)} per unit of {unit} with "
            f"the {label} signature (p {relation(row.lr_p)})"
            for row, unit, label in (
                (rows.loc[(name, PAPER)], "probability", "classical in-sample"),
                (rows.loc[(name, SOUND)], "log odds", "sound cross-fitted"),
            )
        )
        signature = rows["term"].iloc[0]
        adds = rows.loc[(name, SOUND), "lr_p"] < alpha
        aucs = [
            tables.probability(test.loc[(name, recipe), f"auc_{side}"])
            for recipe, side in ((PAPER, "in_sample"), (SOUND, "cross_fitted"))
        ]
        sentences.append(
            f"In {name} the coefficient of {signature} was {seen}, and {unseen}: cross-fitted, it "
            f"{'adds' if adds else 'is not shown to add'} to the clinical factors. The AUC in the "
            f"test cohort was {aucs[0]} and {aucs[1]}."
        )
    test = term_test(coefficients)
    return " ".join([*sentences, f"P is of the {test} given the clinical terms."])


def size(declared: Declared, table: pd.DataFrame, *, level: float) -> dict[str, str]:
    """What the models tell beyond the diameter of the nodule, in the test cohort.

    Parameters
    ----------
    declared : Declared
        The models of the study.
    table : DataFrame
        `statistics.size_table`; the sound recipe's models are told.
    level : float
        One less it is the p value below which a model tells more.
    """
    test = table[table["cohort"].eq("test") & table["protocol"].eq(SOUND)].set_index("model")
    alone = test[test["rho"].isna() & test["lr_p"].isna()].iloc[0]
    models = test.loc[test.index.intersection([str(name) for name in declared.models_of(SOUND)])]
    more = list(models.index[models["lr_p"] < 1 - level])
    follows = models["rho"].abs()
    strongest = models.loc[follows.idxmax()]
    rho = tables.estimate(*strongest[["rho", "rho_low", "rho_high"]], digits=2)
    return {
        "auc": tables.estimate(*alone[["auc", "ci_low", "ci_high"]]),
        "text": (
            f"Given the logarithm of the diameter {len(more)} of {len(models)} image models by "
            f"the sound recipe told more (likelihood-ratio p below {1 - level:.2g}"
            + (f": {listed(more)}" if more else "")
            + "). The rank correlation with the diameter was strongest for "
            f"{strongest.name}, {rho}."
        ),
    }


def _choice(ranked: pd.DataFrame) -> str:
    """The best model by cross-fitted predictions, and the one that the test cohort would take."""
    best, by_test = (ranked[ranked[column]].iloc[0] for column in ("chosen", "chosen_by_test"))
    auc = tables.estimate(*best[["auc_out_of_fold", "ci_low", "ci_high"]])
    if len(ranked) == 1:
        return (
            f"There is one image model, {best['model']}, and nothing to choose: its cross-fitted "
            f"AUC in the training cohort was {auc}, and that in the test cohort "
            f"{tables.probability(best['auc_test'])}."
        )
    text = (
        f"By the cross-fitted AUC in the training cohort the best image model is {best['model']} "
        f"({auc}); its AUC in the test cohort was {tables.probability(best['auc_test'])}."
    )
    if best["model"] == by_test["model"]:
        return f"{text} The test cohort, which must not choose, would have chosen the same."
    return (
        f"{text} By the result in the test cohort it would be "
        f"{by_test['model']} ({tables.probability(by_test['auc_test'])}): a choice that is "
        "informed by the test, so that this figure is too good."
    )
