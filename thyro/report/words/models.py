"""Words on the models: networks, selection, both recipes, random splits, what models look at."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.shortcodes import Markdown, escape
from thyro.report.words import recipes
from thyro.report.words.phrases import RANDOM, above, aucs, each, listed, relation
from thyro.study import (
    CLASSIFIERS,
    FAMILIES,
    NETWORKS,
    OR,
    PAPER,
    PRINCIPAL,
    RADIOMICS,
    SOUND,
    SR,
    STUDIED,
    ModelName,
    Study,
    kinds,
    model_names,
)

TUNED = {
    "none": "These networks were not tuned on these patients.",
    "last_block": "The last block of these networks was tuned on the training cohort",
    "whole": "All layers of these networks were tuned on the training cohort",
}
RULES = {
    "p": "that with the smaller p",
    "mean correlation": "that less correlated with all others",
    "column order": "that which comes first",
}
LASSO_FAMILIES = {"binomial": "logistic", "gaussian": "linear"}
PENALTIES = {
    "minimum": "the penalty of the smallest deviance",
    "1se": "the largest penalty within one standard error of the smallest deviance",
}


def texts(study: Study, results: Results) -> dict:
    """Texts of networks, selection and models, from what 02 to 06 left.

    Returns
    -------
    dict
        image_models, deep, selection, protocols, repeats, explained, size.
    """
    measured = results.table("06_statistics/performance")
    trained = results.values(f"02_features/scalars_{OR.key}")
    splits = results.values("04_models/scalars")
    return {
        "image_models": image_models(
            measured,
            results.table("06_statistics/delong"),
            study.nomogram.signatures,
            level=study.statistics.level,
        ),
        "deep": networks(trained["weights"])
        | {
            "training": training(trained["fine_tuning"]),
            "sound": sound_network(trained["weights"], trained["fine_tuning"]),
        },
        "selection": selection(study, results.values("03_selection/scalars")),
        "protocols": recipes.protocols(
            study,
            results.values("06_statistics/protocols"),
            results.table("06_statistics/protocols"),
            results.table("06_statistics/recipes"),
            results.table("04_models/choice"),
            results.table("05_nomogram/coefficients"),
        ),
        "repeats": repeats(
            splits,
            results.table("04_models/split_differences"),
            results.table("04_models/permuted"),
            measured[measured["cohort"].eq("test")].set_index("model")["auc"],
            level=study.statistics.level,
        ),
        "explained": explained(splits, results.table("04_models/importance")),
        "size": recipes.size(results.table("06_statistics/size"), level=study.statistics.level),
    }


def image_models(
    table: pd.DataFrame, compared: pd.DataFrame, signatures: Sequence[str], *, level: float
) -> dict[str, str]:
    """What the models are that read the images, and how well they tell the outcomes apart.

    Parameters
    ----------
    table : DataFrame
        `statistics.performance_table`.
    compared : DataFrame
        `statistics.delong_by_family`.
    signatures : sequence of str
        Models in nomograms, whose training figures are told.
    level : float
        One less it is the p value below which a difference is told.
    """
    of_kind = kinds()
    families = [
        f"the AUC of models of {label} in the test cohort was "
        + listed([f"{auc} ({name})" for name, auc in aucs(table, "test", names).items()])
        for family, label in FAMILIES.items()
        if (names := [str(n) for n in model_names() if of_kind[n.kind].family == family])
    ]
    radiomic = [kind for kind in of_kind.values() if kind.family == RADIOMICS]
    return {
        "principal": CLASSIFIERS[PRINCIPAL].label,
        "classifiers": listed([f"{kind.label} ({kind.name})" for kind in radiomic]),
        "test": "; ".join(families),
        "pairs": _pairs(compared, level),
        "training": each(aucs(table, "train", signatures)),
    }


def _pairs(compared: pd.DataFrame, level: float) -> str:
    """Which models of enhanced images differ from those of original ones in the test cohort."""
    alpha = 1 - level
    pairs = {
        (str(ModelName(SR.name, kind)), str(ModelName(OR.name, kind)))
        for kind in dict.fromkeys(name.kind for name in model_names())
    }
    test = compared[compared["cohort"].eq("test")].set_index(["model_a", "model_b"])
    rows = test[[pair in pairs for pair in test.index]]
    small = rows[rows["p_value"] < alpha]
    told = [
        f"{first} was {above(row.difference)} {second} ({tables.coverage(level)} CI of the "
        f"difference {tables.interval(row.ci_low, row.ci_high)}; p {relation(row.p_value)}, "
        f"adjusted {relation(row.p_holm)})"
        for (first, second), row in zip(small.index, small.itertuples(), strict=True)
    ]
    return (
        f"In {len(small)} of {len(rows)} pairs of models that differ in the images alone, the "
        f"difference of the AUCs had an unadjusted p below {alpha:.2g} in the test cohort"
        + (f": {listed(told)}" if told else "")
        + "."
    )


def networks(weights: Mapping[str, str]) -> dict[str, str]:
    """The paper's networks with their weights, and what a heat map is worth with them.

    Parameters
    ----------
    weights : mapping of network to str
        Of every network, as 02 describes them: random too where others could not be had.
    """
    of_paper = [name for name, entry in NETWORKS.items() if entry.recipe == PAPER]
    drawn = [name for name in of_paper if weights[name].startswith(RANDOM)]
    caution = (
        f"Of {listed(drawn)} such a map means little: but for what was tuned here, the filters are "
        "random."
    )
    return {
        "networks": Markdown(_cited(PAPER)),
        "weights": _weights(PAPER, weights),
        "caution": caution if drawn else "",
    }


def sound_network(weights: Mapping[str, str], settings: Mapping) -> str:
    """The network of the sound recipe: its weights, and how it was tuned.

    Parameters
    ----------
    weights : mapping of network to str
        Of every network, as 02 describes them.
    settings : mapping
        Of the tuning of the paper's networks that ran (`scalars.json` of 02).
    """
    alike = settings["trained"] == "last_block"
    return Markdown(
        f"The sound recipe has a network of its own, {_cited(SOUND)}, with "
        f"{escape(_weights(SOUND, weights))}. Its features were used as the network came (frozen) "
        "and after its last block had been tuned "
        f"{'in the same way' if alike else escape(_details(settings))}."
    )


def _cited(recipe: str) -> str:
    """The networks of a recipe with their references, as Markdown."""
    entries = [entry for entry in NETWORKS.values() if entry.recipe == recipe]
    return listed([f"{escape(entry.name)} [@{entry.citation}]" for entry in entries])


def _weights(recipe: str, weights: Mapping[str, str]) -> str:
    """What 02 says of the weights of a recipe's networks, each sentence once."""
    named = [weights[entry.name] for entry in NETWORKS.values() if entry.recipe == recipe]
    return " and ".join(dict.fromkeys(named))


def selection(study: Study, scalars: Mapping[str, Mapping]) -> dict[str, str]:
    """Settings of the selection and what it left.

    Parameters
    ----------
    study : Study
    scalars : mapping
        `scalars.json` of 03.
    """
    settings = study.selection
    return {
        "alpha": f"{settings.alpha:g}",
        "rho": f"{settings.correlation:g}",
        "rule": RULES[settings.rule],
        "family": LASSO_FAMILIES[settings.family],
        "penalty": PENALTIES[settings.penalty],
        "folds": str(settings.folds),
        **{
            f"{images.key}_{key}": str(scalars[f"radiomics_{images.key}"][key])
            for images in STUDIED
            for key in ("kept", "kept_1se")
        },
    }


def training(settings: Mapping) -> str:
    """How the paper's networks were tuned; `settings` ran (`scalars.json` of 02)."""
    if settings["trained"] == "none":
        return TUNED["none"]
    return f"{TUNED[settings['trained']]}, {_details(settings)}."


def _details(settings: Mapping) -> str:
    weighed = ", patients of the rarer outcome weighing more" if settings["class_weights"] else ""
    decay = f", weight decay {settings['weight_decay']:g}" if settings["weight_decay"] else ""
    share = tables.percent(settings["inner_share"], 0)
    most = settings["epochs"]
    epochs = "1 epoch" if most == 1 else f"{most} epochs"
    return (
        f"for at most {epochs} with the optimiser {settings['optimiser']} "
        f"(learning rate {settings['learning_rate']:g}{decay}{weighed}); "
        f"{share} of these patients were watched to end it early"
    )


def repeats(
    scalars: Mapping,
    paired: pd.DataFrame,
    permuted: pd.DataFrame,
    single: Mapping[str, float],
    *,
    level: float,
) -> dict[str, str]:
    """Random divisions of the cohort, with the outcomes as they are and permuted.

    Parameters
    ----------
    scalars : mapping
        `scalars.json` of 04: repeats, held_out and reselection.
    paired : DataFrame
        `statistics.differences_over_splits` of enhanced less original images.
    permuted : DataFrame
        `models.null_table`.
    single : mapping
        AUC in the test cohort of the study, by model.
    level : float
        Share of the divisions between the ends that 04 gives.
    """
    held_out = {
        model: f"{tables.probability(found['median'], 2)} "
        f"({tables.interval(found['low'], found['high'], 2)}; "
        f"{tables.probability(single[model], 2)} in this study’s division)"
        for model, found in scalars["held_out"].items()
    }
    again = scalars["reselection"]
    return {
        "n": str(scalars["repeats"]),
        "n_permuted": str(int(permuted["repeats"].max())),
        "aucs": f"had a median, with the middle {100 * level:g}% of divisions, of "
        + listed([f"{text} for {model}" for model, text in held_out.items()]),
        "paired": _paired(paired, level),
        "permuted": _permuted(permuted),
        "frequency": (
            "Of the features, "
            + listed([f"{n} of {s} images" for s, n in again["once"].items()])
            + " were selected at least once"
            + "; a feature of this study’s own signatures was selected in a median of "
            f"{tables.percent(again['own_share'], 0)} of the divisions"
        ),
    }


def _paired(table: pd.DataFrame, level: float) -> str:
    """How far enhanced images are from original ones over all divisions."""
    differences = [
        f"that of {row.model_a} was {above(row.difference)} that of {row.model_b} "
        f"({tables.coverage(level)} CI of the difference "
        f"{tables.interval(row.ci_low, row.ci_high)}; p {relation(row.p_value)}; not above it in "
        f"{tables.percent(row.not_above, 0)} of the divisions)"
        for row in table.itertuples()
    ]
    return f"Of the AUCs in the held-out part, on average, {listed(differences)}."


def _permuted(table: pd.DataFrame) -> str:
    """How much is learned where there is nothing to learn."""
    held_out = listed(
        [
            f"{tables.estimate(row.test, row.test_low, row.test_high, 2)} for {row.model}"
            for row in table.itertuples()
        ]
    )
    low, high = (tables.probability(x, 2) for x in (table["train"].min(), table["train"].max()))
    rarely = ""
    if "p_value" in table:  # of the AUC of one division with the true outcomes
        found = [f"p {relation(row.p_value)} ({row.model})" for row in table.itertuples()]
        rarely = f" Against them the AUC of this study’s division has {listed(found)}."
    return (
        f"With permuted outcomes the mean AUC in the held-out part was {held_out}, and that in the "
        f"patients who fitted the models between {low} and {high}: this is overfitting alone."
        f"{rarely}"
    )


def explained(scalars: Mapping, importance: pd.DataFrame) -> dict[str, str]:
    """What the models look at.

    Parameters
    ----------
    scalars : mapping
        `scalars.json` of 04: explained (patients) and heat_maps, medians of every network.
    importance : DataFrame
        `models.permutation_importance` of every classifier, with its `model`.
    """
    first = importance.groupby("model", sort=False).first()
    falls = [
        f"{tables.estimate(row.importance, row.ci_low, row.ci_high)} for {row.Index} "
        f"({row.feature})"
        for row in first.itertuples()
    ]
    maps = scalars["heat_maps"]["models"]
    inside = {name: tables.percent(_known(found["inside"]), 0) for name, found in maps.items()}
    alike = {name: tables.number(found["rank_correlation"], 2) for name, found in maps.items()}
    return {
        "n": str(scalars["explained"]),
        "models": listed(list(first.index)),
        "importance": "The largest fall in test AUC on permuting one feature was " + listed(falls),
        "energy": "In the median "
        + listed([f"{share} of the heat map of {name}" for name, share in inside.items()])
        + " lay within the outline. "
        + _beside_flat(maps, _known(scalars["heat_maps"]["area"])),
        "sanity": "After all weights of a network were drawn anew its maps still had a median "
        "rank correlation with the former of "
        + listed([f"{value} ({name})" for name, value in alike.items()])
        + "; near one a map shows the image, and not what the network learned",
    }


def _beside_flat(maps: Mapping[str, Mapping], area: float) -> str:
    """How many networks look into the nodule more than a map would that is the same everywhere."""
    more = [name for name, found in maps.items() if _known(found["inside"]) > area]
    of = f"{len(more)} of {len(maps)} networks" if more else "no network"
    return (
        f"A flat map would have as much there as the outline covers, {tables.percent(area, 0)} of "
        f"the crop; {of} had more."
    )


def _known(share: float | None) -> float:
    """NaN for null, as JSON has what is not defined: a map that is nowhere above zero."""
    return float("nan") if share is None else share
