"""The words of the models: how the networks were trained, and what the two protocols differ in.

As `wording`: frames and dictionaries of the notebooks in, display strings out.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.words import study as words_study
from thyro.study import Study

TUNED = {
    "none": "The networks were not tuned on these patients; the publication tuned them.",
    "last_block": "The last block of each network was tuned on the training cohort",
    "whole": "All layers of each network were tuned on the training cohort",
}
RULES = {
    "p": "that with the smaller p",
    "mean correlation": "that less correlated with all others",
    "column order": "that which comes first",
}
FAMILIES = {"binomial": "logistic", "gaussian": "linear"}
PENALTIES = {
    "minimum": "the penalty of the smallest deviance",
    "1se": "the largest penalty within one standard error of the smallest deviance",
}


def selection(study: Study, scalars: Mapping[str, Mapping]) -> dict[str, str]:
    """Settings of the selection and what it left.

    Parameters
    ----------
    scalars
        `scalars.json` of notebook 03.
    """
    settings = study.selection
    return {
        "alpha": f"{settings.alpha:g}",
        "rho": f"{settings.correlation:g}",
        "rule": RULES[settings.rule],
        "family": FAMILIES[settings.family],
        "penalty": PENALTIES[settings.penalty],
        "folds": str(settings.folds),
        **{
            f"{s}_{key}": str(scalars[f"radiomics_{s}"][key])
            for s in ("or", "sr")
            for key in ("kept", "kept_1se")
        },
    }


def training(study: Study) -> str:
    """How the networks were tuned."""
    settings = study.features
    if settings.fine_tuning == "none":
        return TUNED["none"]
    weighed = ", patients of the rarer outcome weighing more" if settings.class_weights else ""
    share = tables.percent(settings.inner_share, 0)
    return (
        f"{TUNED[settings.fine_tuning]}, for at most {settings.epochs} epochs with the optimiser "
        f"Adam (learning rate {settings.learning_rate:g}{weighed}); {share} of these patients were "
        "watched to end it early."
    )


def protocols(
    study: Study,
    compared: pd.DataFrame,
    ranked: pd.DataFrame,
    fits: Mapping[str, tuple[Mapping, Mapping]],
) -> dict[str, str]:
    """What the sound protocol repeats inside folds, and how far the paper's is from it.

    Parameters
    ----------
    compared
        `performance.optimism`, nomograms included.
    ranked
        `protocols.choice`.
    fits
        For every nomogram with a signature the regression under the paper's and under the sound
        protocol (`clinical.LogisticFit.to_dict`).
    """
    parts = ["scaling", "selection"]
    parts += ["the choice of kernel width, neighbours and penalty"] * study.models.tune
    parts += ["the fit"] + ["the tuning of the networks"] * (study.features.fine_tuning != "none")
    images = compared[~compared["model"].isin(fits)].set_index("model")
    train, test = (images[images["cohort"].eq(name)]["optimism"] for name in ("train", "test"))
    return {
        "folds": str(study.models.outer_folds),
        "inside": words_study.listed(parts),
        "abstract": (
            "When selection and fit were repeated without the patients that are predicted, the "
            "AUC of the image models in the training cohort fell by a median of "
            f"{tables.number(train.median())}."
        ),
        "training": (
            f"the optimism of the paper’s protocol was largest for {train.idxmax()} "
            f"({tables.number(train.max())}) and smallest for {train.idxmin()} "
            f"({tables.number(train.min())}); its median over {len(train)} models was "
            f"{tables.number(train.median())}"
        ),
        "test": (
            f"between {tables.number(test.min())} and {tables.number(test.max())}, in the "
            f"median {tables.number(test.median())}"
        ),
        "nomograms": _signatures(compared, fits),
        "choice": _choice(ranked),
    }


def _signatures(compared: pd.DataFrame, fits: Mapping[str, tuple[Mapping, Mapping]]) -> str:
    """The coefficient of a signature that saw the outcomes, and of one that did not."""
    test = compared[compared["cohort"].eq("test")].set_index("model")
    sentences = []
    for name, (paper, sound) in fits.items():
        signature = paper["names"][1]  # after the intercept
        seen, unseen = (
            tables.number(fit["coefficients"][fit["names"].index(signature)], 2)
            for fit in (paper, sound)
        )
        auc = {
            side: tables.probability(test.loc[name, f"auc_{side}"]) for side in ("paper", "sound")
        }
        sentences.append(
            f"In {name} the coefficient of {signature} was {seen} with the in-sample signature and "
            f"{unseen} with the out-of-fold one, and the AUC in the test cohort {auc['paper']} and "
            f"{auc['sound']}."
        )
    return " ".join(sentences)


def _choice(ranked: pd.DataFrame) -> str:
    """The best model by out-of-fold predictions, and the one that the test cohort would take."""
    best, by_test = (ranked[ranked[column]].iloc[0] for column in ("chosen", "chosen_by_test"))
    auc = tables.estimate(*best[["auc_out_of_fold", "ci_low", "ci_high"]])
    text = (
        f"By the out-of-fold AUC in the training cohort the best image model is {best['model']} "
        f"({auc}); its AUC in the test cohort was {tables.probability(best['auc_test'])}."
    )
    if best["model"] == by_test["model"]:
        return f"{text} The test cohort, which must not choose, would have chosen the same."
    return (
        f"{text} By the result in the test cohort, as the publication chose, it would be "
        f"{by_test['model']} ({tables.probability(by_test['auc_test'])}): a choice that is "
        "informed by the test, so that this figure is too good."
    )


def repeats(
    auc: pd.DataFrame,
    permuted: pd.DataFrame,
    frequency: pd.DataFrame,
    own: Mapping[str, Sequence[str]],
    single: Mapping[str, float],
) -> dict[str, str]:
    """Random divisions of the cohort, with the outcomes as they are and permuted.

    Parameters
    ----------
    auc
        Column `test` of every `repeat` and `model` (`protocols.Repeats.auc`).
    permuted
        `protocols.null_table`.
    frequency
        `protocols.selection_frequency`.
    own
        Features selected in the division of the study, by signature.
    single
        AUC in the test cohort of the study, by model.
    """
    held_out = {}
    for model, values in auc.groupby("model", sort=False)["test"]:
        low, middle, high = values.quantile([0.025, 0.5, 0.975])
        held_out[model] = (
            f"{tables.probability(middle, 2)} ({tables.interval(low, high, 2)}; "
            f"{tables.probability(single[model], 2)} in this study’s division)"
        )
    again = [
        part.set_index("feature")["share"].reindex(own[signature], fill_value=0.0)
        for signature, part in frequency.groupby("signature")
    ]
    once = frequency[frequency["n"] > 0].groupby("signature").size()
    return {
        "n": str(auc["repeat"].nunique()),
        "n_permuted": str(int(permuted["repeats"].max())),
        "aucs": "had a median, with the middle 95% of divisions, of "
        + words_study.listed([f"{text} for {model}" for model, text in held_out.items()]),
        "permuted": _permuted(permuted),
        "frequency": (
            "Of the features, "
            + words_study.listed([f"{n} of {s} images" for s, n in once.items()])
            + " were selected at least once"
            + "; a feature of this study’s own signatures was selected in a median of "
            f"{tables.percent(pd.concat(again).median(), 0)} of the divisions"
        ),
    }


def _permuted(table: pd.DataFrame) -> str:
    held_out = words_study.listed(
        [
            f"{tables.estimate(row.test, row.test_low, row.test_high, 2)} for {row.model}"
            for row in table.itertuples()
        ]
    )
    low, high = (tables.probability(x, 2) for x in (table["train"].min(), table["train"].max()))
    return (
        f"With permuted outcomes the mean AUC in the held-out part was {held_out}, and that in the "
        f"patients who fitted the models between {low} and {high}: so much can be learned by heart."
    )


def explained(importance: pd.DataFrame, sanity: pd.DataFrame) -> dict[str, str]:
    """What the models look at.

    Parameters
    ----------
    importance
        `importance.permutation_importance` of every machine, with its `model`.
    sanity
        `explanations.energy` and `agreement` of every network, with its `model`.
    """
    first = importance.groupby("model", sort=False).first()
    falls = [
        f"{tables.estimate(row.importance, row.ci_low, row.ci_high)} for {row.Index} "
        f"({row.feature})"
        for row in first.itertuples()
    ]
    middle = sanity.groupby("model", sort=False)[["inside", "rank_correlation"]].median()
    inside = {name: tables.percent(row["inside"], 0) for name, row in middle.iterrows()}
    alike = {name: tables.number(row["rank_correlation"], 2) for name, row in middle.iterrows()}
    return {
        "n": str(int(sanity.groupby("model").size().max())),
        "importance": "Permuting one feature among the test patients cost at most "
        + words_study.listed(falls),
        "energy": "In the median "
        + words_study.listed(
            [f"{share} of the heat map of {name}" for name, share in inside.items()]
        )
        + f" lay within the nodule, which covers {tables.percent(sanity['area'].median(), 0)} of "
        "the crop.",
        "sanity": "After all weights of a network were drawn anew its maps still had a median "
        "rank correlation with the former of "
        + words_study.listed([f"{value} ({name})" for name, value in alike.items()])
        + "; near one a map shows the image, and not what the network learned",
    }
