"""Words on the networks of a study: which, with which weights, how tuned, what a map is worth."""

from collections.abc import Mapping, Sequence

from thyro import tables
from thyro.report.shortcodes import Markdown, escape
from thyro.report.words.phrases import RANDOM, listed
from thyro.study import NETWORKS, PAPER, SOUND, Declared

TUNED = {
    "none": "{which} {were} not tuned on these patients; the publication tuned its networks.",
    "last_block": "The last block of {which} was tuned on the training cohort",
    "whole": "All layers of {which} were tuned on the training cohort",
}


def networks(
    declared: Declared, weights: Mapping[str, str], settings: Mapping
) -> dict[str, str | Markdown]:
    """The networks of the study, their weights and tuning, and what a heat map of them is worth.

    Parameters
    ----------
    declared : Declared
        Which networks there are; without any all texts are empty.
    weights : mapping of network to str
        Of every network, as 02 describes them: random too where others could not be had.
    settings : mapping
        Of the tuning of the paper's networks that ran (`scalars.json` of 02).
    """
    paper, sound = (_of_recipe(declared, recipe) for recipe in (PAPER, SOUND))
    sets = " and of ".join(images.name for images in declared.studied)
    around = f"saw a rectangle around the nodule, of {sets} images, with"
    drawn = [name for name in paper if weights[name].startswith(RANDOM)]
    caution = (
        f"Of {listed(drawn)} such a map means little: but for what was tuned here, the filters are "
        "random."
    )
    first = paper or sound  # whom the main text names
    return {
        "short": Markdown(
            f"{_named(first)} saw a rectangle around the nodule "
            f"({escape(_weights(first, weights))}). "
            f"{'Its' if len(first) == 1 else 'Their'} pooled features passed through the LASSO to "
            "a logistic regression."
            if first
            else ""
        ),
        "saw": Markdown(
            f"{_named(paper)} {around} {escape(_weights(paper, weights))}." if paper else ""
        ),
        "images": f"{declared.ranked[0].name} images" if declared.enhanced else "original images",
        "unknown": "The publication does not say on what its networks were pre-trained; those "
        f"here: {_weights(paper, weights)}."
        if paper
        else "",
        "training": training(settings, len(paper)) if paper else "",
        "sound": _sound(sound, around, weights, settings, beside=bool(paper)),
        "caution": caution if drawn else "",
    }


def _sound(
    names: Sequence[str], around: str, weights: Mapping, settings: Mapping, *, beside: bool
) -> Markdown:
    """The networks of the sound recipe: their weights, and how they were tuned."""
    if not names:
        return Markdown("")
    alike = beside and settings["trained"] == "last_block"
    start = escape(_weights(names, weights))
    its = "Its" if len(names) == 1 else "Their"
    begin = (
        f"The sound recipe has a network of its own, {_cited(names)}, with {start}."
        if beside
        else f"{_named(names)} {around} {start}; the sound recipe alone reads it."
    )
    return Markdown(
        f"{begin} {its} features were used as the network came (frozen) and after its last block "
        f"had been tuned {'in the same way' if alike else escape(_details(settings))}."
    )


def _of_recipe(declared: Declared, recipe: str) -> list[str]:
    return [name for name in declared.networks if NETWORKS[name].recipe == recipe]


def _named(names: Sequence[str]) -> str:
    """ "The networks A [@a] and B [@b]", as Markdown; "The network A [@a]" if it is one."""
    return f"The network{'s' if len(names) > 1 else ''} {_cited(names)}"


def _cited(names: Sequence[str]) -> str:
    """Networks with their references, as Markdown."""
    return listed([f"{escape(name)} [@{NETWORKS[name].citation}]" for name in names])


def _weights(names: Sequence[str], weights: Mapping[str, str]) -> str:
    """What 02 says of the weights of networks, each sentence once."""
    return " and ".join(dict.fromkeys(weights[name] for name in names))


def training(settings: Mapping, n: int) -> str:
    """How the `n` networks of the paper's recipe were tuned; `settings` ran (02)."""
    which = "this network" if n == 1 else "these networks"
    told = TUNED[settings["trained"]].format(which=which, were="was" if n == 1 else "were")
    told = told[0].upper() + told[1:]
    return told if settings["trained"] == "none" else f"{told}, {_details(settings)}."


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
