"""Words on the models: networks, selection, both recipes, random splits, what models look at."""

import string
from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.shortcodes import Markdown
from thyro.report.words import networks, recipes
from thyro.report.words.phrases import above, aucs, each, listed, relation
from thyro.study import (
    CLASSIFIERS,
    DEEP,
    FAMILIES,
    FUSED,
    JOIN,
    OR,
    PAPER,
    RADIOMICS,
    Declared,
    Study,
)

RULES = {
    "p": "that with the smaller p",
    "mean correlation": "that less correlated with all others",
    "column order": "that which comes first",
}
PANELS = {
    RADIOMICS: "Radiomics models",
    DEEP: "Deep learning models",
    FUSED: "Models of joined features",
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
    splits, declared = results.values("04_models/scalars"), study.declared
    return {
        "image_models": image_models(
            declared,
            measured,
            results.table("06_statistics/delong"),
            study.nomogram.signatures,
            level=study.statistics.level,
        ),
        "deep": networks.networks(declared, trained["weights"], trained["fine_tuning"]),
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
            results.table("04_models/split_differences") if declared.enhanced else None,
            results.table("04_models/permuted"),
            measured[measured["cohort"].eq("test")].set_index("model")["auc"],
            level=study.statistics.level,
        ),
        "explained": explained(splits, results.table("04_models/importance")),
        "size": recipes.size(
            declared, results.table("06_statistics/size"), level=study.statistics.level
        ),
    }


def image_models(
    declared: Declared,
    table: pd.DataFrame,
    compared: pd.DataFrame,
    signatures: Sequence[str],
    *,
    level: float,
) -> dict[str, str]:
    """What the models are that read the images, and how well they tell the outcomes apart.

    Parameters
    ----------
    declared : Declared
        The models of the study.
    table : DataFrame
        `statistics.performance_table`.
    compared : DataFrame
        `statistics.delong_by_family`.
    signatures : sequence of str
        Models in nomograms, whose training figures are told.
    level : float
        One less it is the p value below which a difference is told.
    """
    of_kind = declared.kinds()
    families = [
        f"the AUC of models of {label} in the test cohort was "
        + listed([f"{auc} ({name})" for name, auc in aucs(table, "test", names).items()])
        for family, label in FAMILIES.items()
        if (names := [str(n) for n in declared.model_names() if of_kind[n.kind].family == family])
    ]
    radiomic = [kind for kind in of_kind.values() if kind.family == RADIOMICS]
    return {
        "principal": CLASSIFIERS[declared.principal].label,
        "classified": _classified([f"{kind.label} ({kind.name})" for kind in radiomic]),
        "given": _given([kind.name for kind in radiomic]),
        "joined": _joined([kind.features for kind in of_kind.values() if kind.family == FUSED]),
        "panels": _panels([kind.family for kind in of_kind.values() if kind.recipe == PAPER]),
        "test": "; ".join(families),
        "pairs": _pairs(declared, compared, level),
        "training": each(aucs(table, "train", signatures)),
    }


def _classified(named: Sequence[str]) -> str:
    """The classifiers on radiomic features, as a sentence ends after "went to"."""
    if len(named) == 1:
        return f"one classifier, {named[0]}"
    return f"these classifiers: {listed(named)}"


def _given(names: Sequence[str]) -> str:
    """Where settings come from that the publication cannot have; empty where it has them all."""
    others = [name for name in names if not CLASSIFIERS[name].published]
    if not others:
        return ""
    return (
        f"The publication has no {' and no '.join(others)}: where settings are not chosen in "
        "training, the first of those that are tried stand for published ones."
    )


def _joined(families: Sequence[str]) -> str:
    """Which families of features are joined; empty where none is."""
    if not families:
        return ""
    told = [listed(one.split(JOIN)) for one in families]
    return (
        f"Families of features were also joined before the selection ({'; '.join(told)}), passed "
        "through the same steps together, and went to a logistic regression."
    )


def _panels(families: Sequence[str]) -> str:
    """Which panels of the ROC curves show which family, in the training and the test cohort."""
    shown = [label for family, label in PANELS.items() if family in families]
    pairs = zip(string.ascii_uppercase[::2], string.ascii_uppercase[1::2], strict=True)
    return Markdown(
        " ".join(
            f"**{left}, {right}** {label} in the training and test cohort."
            for (left, right), label in zip(pairs, shown, strict=False)
        )
    )


def _pairs(declared: Declared, compared: pd.DataFrame, level: float) -> str:
    """Which models of enhanced images differ from those of original ones in the test cohort."""
    alpha, pairs = 1 - level, declared.image_pairs()
    if not pairs:
        return ""
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
        **_kept(study.declared, scalars),
    }


def _kept(declared: Declared, scalars: Mapping[str, Mapping]) -> dict[str, str]:
    """How many radiomic features of the paper's set the LASSO left, and of which images."""
    sets = {images.name: scalars[f"{RADIOMICS}_{images.key}"] for images in declared.studied}
    (first, of_first), *others = sets.items()
    one = not others
    kept = [f"{of_first['kept']} features remained" + ("" if one else f" for {first} images")]
    strictly = [f"{of_first['kept_1se']} features" + ("" if one else f" of {first}")]
    families = "radiomics and deep features" if declared.networks else "radiomics features"
    control = [f"{images.name}: the {images.label} control" for images in declared.control]
    table = f"Number of {families} that left at each step of selection"
    return {
        "kept": listed([*kept, *(f"{of['kept']} for {name} images" for name, of in others)]),
        "kept_1se": listed([*strictly, *(f"{of['kept_1se']} of {name}" for name, of in others)])
        + ("" if one else " images"),
        "apart": "" if one else ", for every image set apart",
        "images": "original images" if one else f"{listed(list(sets))} images",
        "table": "; ".join([f"{table} (Radiomics: the classical feature set)", *control]),
    }


def repeats(
    scalars: Mapping,
    paired: pd.DataFrame | None,
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
        `statistics.differences_over_splits` of enhanced less original images; None without these.
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
        "paired": "" if paired is None else _paired(paired, level),
        "variance": ""
        if paired is None
        else Markdown(
            "The variance of these differences allows for the overlap of the training parts "
            "[@nadeau2003]."
        ),
        "permuted": _permuted(permuted),
        "frequency": (
            "Of the features, "
            + _once(again["once"])
            + " were selected at least once"
            + "; a feature of this study’s own signatures was selected in a median of "
            f"{tables.percent(again['own_share'], 0)} of the divisions"
        ),
    }


def _once(counts: Mapping[str, int]) -> str:
    """Features that a division selected at least once: "12 of OR images and 9 of SR images"."""
    if len(counts) == 1:
        return str(next(iter(counts.values())))
    return listed([f"{n} of {name} images" for name, n in counts.items()])


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
    return {
        "n": str(scalars["explained"]),
        "models": listed(list(first.index)),
        "importance": "The largest fall in test AUC on permuting one feature was " + listed(falls),
        **(_maps(scalars["heat_maps"]) if scalars["heat_maps"] else {}),
    }


def _maps(heat_maps: Mapping) -> dict[str, str]:
    """Where the networks look, and whether their maps depend on what they learned."""
    maps = heat_maps["models"]
    inside = {name: tables.percent(_known(found["inside"]), 0) for name, found in maps.items()}
    alike = {name: tables.number(found["rank_correlation"], 2) for name, found in maps.items()}
    return {
        "energy": "In the median "
        + listed([f"{share} of the heat map of {name}" for name, share in inside.items()])
        + " lay within the outline. "
        + _beside_flat(maps, _known(heat_maps["area"])),
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
