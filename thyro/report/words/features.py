"""Words on the radiomic features: how many, how measured, how stable, what was selected."""

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import listed
from thyro.selection import FOLLOWS_SIZE
from thyro.statistics import GOOD_ICC
from thyro.study import FEATURE_SETS, OR, PLANAR, RADIOMICS, ImageSet, Study

LAPLACIAN = re.compile(r"log-sigma-(\d+)-(\d+)-mm")  # image type of pyradiomics
UNTESTED = ("Degenerate", "z-score")  # steps before the outcome is looked at
PAPER = "paper"  # the feature set of the publication, as 02 names it


def texts(study: Study, results: Results) -> dict:
    """Texts of the radiomic features, from what 02, 03 and 06 left.

    Returns
    -------
    dict
        features, ibsi, robustness, selected.
    """
    scalars = {
        images.name: results.values(f"02_features/scalars_{images.key}")
        for images in study.declared.measured
    }
    selections = results.values("03_selection/scalars")
    described, planar = (
        results.table(f"02_features/description_{name}_{OR.key}") for name in (RADIOMICS, PLANAR)
    )
    return {
        "features": features(scalars)
        | {
            "images": _measured_in(study.declared.measured),
            "settings": settings(scalars[OR.name], planar["image_type"]),
            "crops": crops(scalars[OR.name]["crops"] or {}),
        },
        "ibsi": verification(results.table(f"02_features/ibsi_{OR.key}"), described),
        "robustness": robustness(scalars[OR.name]) | {"filter": limits(study, selections)},
        "selected": selected(selections, study.declared.studied)
        | {"screened": screened(study, selections)},
    }


def features(scalars: Mapping[str, Mapping]) -> dict[str, str]:
    """Numbers of the feature sets, and who could not be measured.

    `scalars` are those of 02, by image set ("OR"); the first has both feature sets.
    """
    counted = next(iter(scalars.values()))
    strings = {}
    for prefix, name in (("", PAPER), ("planar_", PLANAR)):
        strings[f"{prefix}n"] = f"{counted['profiles'][name]['features']:,}"
        strings[f"{prefix}image_types"] = str(counted["image_types"][name])
    strings["degenerate"] = str(counted["profiles"][PAPER]["degenerate"])
    same = counted["redundancy"]
    strings["redundant"] = (
        f"In the classical feature set {same['redundant']:,} of {same['n']:,} features that are "
        "not degenerate and vary in the training cohort have another with an absolute rank "
        f"correlation above {same['threshold']:g}"
    )
    failed = {name: found["failures"] for name, found in scalars.items() if found["failures"]}
    strings["failures"] = (
        "Every image could be measured."
        if not failed
        else "Not every outlined region could be measured ("
        + listed([f"{n} in {name} images" for name, n in failed.items()])
        + "); its features are missing, and take the training median in the models."
    )
    return strings


def _measured_in(image_sets: Sequence[ImageSet]) -> str:
    """ "every OR, SR and BC image", or "every image" where there is one kind."""
    names = listed([images.name for images in image_sets])
    return f"every {names} image" if len(image_sets) > 1 else "every image"


def settings(scalars: Mapping, image_types: Iterable[str]) -> str:
    """How both sets were measured, and how many grey levels that left.

    Parameters
    ----------
    scalars : mapping
        `scalars_or.json` of 02.
    image_types : iterable of str
        Of the planar set, whose names tell the widths of its Laplacian of Gaussian.
    """
    named = (LAPLACIAN.match(one) for one in dict.fromkeys(image_types))
    widths = [f"{found[1]}.{found[2]}" for found in named if found]
    laplacian = ""
    if widths:
        laplacian = (
            f"The Laplacian of Gaussian in the planar one is {listed(widths)} mm wide (pixels "
            "where an image does not tell their size). "
        )
    binned = {name: _binned(one) for name, one in scalars["settings"].items()}
    left = {name: _levels(one) for name, one in scalars["bins"].items()}
    return (
        f"The classical feature set was measured on the images as they come, with {binned[PAPER]}. "
        f"{_grid(scalars['grid'])} with {binned[PLANAR]}. After binning, the "
        f"training cohort had a median of {left[PAPER]} in the classical feature set, and of "
        f"{left[PLANAR]} in the planar one. {laplacian}{_chosen(scalars['settings'])}Everything "
        f"else is as pyradiomics has it by default{_defaults(scalars['settings'])}."
    )


def _chosen(settings: Mapping[str, Mapping]) -> str:
    """The settings of the study beside the bins, by pyradiomics' names; "" where there are none."""
    told = {
        f"{key} {value}": None
        for one in settings.values()
        for key, value in one.items()
        if key not in ("binWidth", "binCount")
    }
    return f"Of pyradiomics’ settings the study chooses: {listed(list(told))}. " if told else ""


def _defaults(settings: Mapping[str, Mapping]) -> str:
    """What of pyradiomics' defaults matters most, as far as the study keeps it, after a colon."""
    kept = {
        "normalize": "no normalisation of grey levels",
        "distances": "neighbours at a distance of one pixel",
        "wavelet": "coiflet wavelets of one level",
        "lbp3DIcosphereRadius": "local binary patterns within one pixel",
    }
    changed = {key for one in settings.values() for key in one}
    left = [words for key, words in kept.items() if key not in changed]
    return f": {listed(left)}" if left else ""


def _binned(chosen: Mapping) -> str:
    if "binCount" in chosen:
        return f"grey levels in {chosen['binCount']} bins of every outlined region"
    if isinstance(chosen["binWidth"], Mapping):
        return (
            "grey levels in bins of one width for each image type, taken from the ranges of the "
            "training patients whose stability was measured: between the extremes of each outlined "
            "region, which lie the farther apart the larger it is, they would tell its size"
        )
    return f"grey levels in bins {chosen['binWidth']:g} wide"


def _levels(bins: Mapping) -> str:
    fewest, most = (tables.number(bins[key], 0) for key in ("fewest", "most"))
    return (
        f"{tables.number(bins['original'], 0)} grey levels in the original image and between "
        f"{fewest} and {most} over all image types"
    )


def _grid(grid: Mapping) -> str:
    """On which pixels the planar set was measured, as a sentence begins."""
    side, resampled, left = grid["pixel_mm"], grid["resampled"], grid["as_they_are"]
    if not side:
        return "The planar feature set, too, was measured on the pixels that the images have,"
    if not resampled:
        return (
            "The images do not tell the size of a pixel: the planar feature set, too, "
            "was measured on "
            "them as they are, on a scale that may differ between patients,"
        )
    others = (
        f"; those of {left} other patients do not tell the size of a pixel, and stayed as they are,"
        if left
        else ","
    )
    return (
        f"For the planar feature set the images of {resampled} patients were resampled to "
        "pixels of "
        f"{side:g} mm (cubic splines; the mask holds pixels that are inside by half or "
        f"more){others}"
    )


def crops(counts: Mapping[str, Mapping]) -> str:
    """What the networks saw (`crops` of the scalars of 02, by network)."""
    fixed = {name: one for name, one in counts.items() if one["fixed"]}
    scaled = [name for name in counts if name not in fixed]
    sentences = []
    if scaled:
        wanted = any(counts[name]["side_mm"] for name in scaled)
        why = ", as the images do not tell the size of a pixel" if wanted else ""
        sentences.append(
            f"{listed(scaled)} saw the box of the outline, so that a crop scales with it{why}."
        )
    for name, one in fixed.items():
        others = (
            f", {one['scaled']} others, of unknown pixel size, in a box" if one["scaled"] else ""
        )
        cut = f"; {one['cut']} outlines are larger and were cut" if one["cut"] else ""
        sentences.append(
            f"{name} saw {one['fixed']} outlines in a square of {one['side_mm']:g} mm{others}{cut}."
        )
    return " ".join(sentences)


def verification(compared: pd.DataFrame, described: pd.DataFrame) -> dict[str, str]:
    """How many features of the study agree with the reference values.

    Parameters
    ----------
    compared : DataFrame
        As `radiomics.compare_with_ibsi`.
    described : DataFrame
        The features of the study: feature_class and feature.
    """
    keys = ["feature_class", "feature"]
    ours = compared.merge(described[keys].drop_duplicates(), on=keys)
    shared = ours[ours["agrees"].notna()]
    off = shared[~shared["agrees"].astype(bool)]
    differing = off["feature"]
    why = ", for the reasons that the table gives" if off["note"].ne("").all() else ""
    return {
        "agree": str(int(shared["agrees"].sum())),
        "shared": str(len(shared)),
        "differing": f"; not so {listed(list(differing))}{why}" if len(differing) else "",
    }


def robustness(scalars: Mapping) -> dict[str, str]:
    """Stability of the features of the original images, without those that are degenerate.

    `scalars` is `scalars_or.json` of 02.
    """
    stability = scalars["stability"]
    median = stability["median"]
    strings = {
        "patients": str(scalars["robustness_patients"]),
        "good": f"{GOOD_ICC:g}",
        "n": f"{stability['n']:,}",
        "stable": f"{stability['good']:,}",
        "mask": tables.number(median["icc_mask"], 2),
        "noise": tables.number(median["icc_noise"], 2),
        "reader": "",
    }
    if scalars["read_twice"] and median["icc_reader"] is not None:
        overlap = tables.number(scalars["dice"], 2)
        strings["reader"] = (
            f"Between the outlines of two readers in {scalars['read_twice']} patients (mean Dice "
            f"coefficient {overlap}) the median ICC was {tables.number(median['icc_reader'], 2)}."
        )
    return strings


def limits(study: Study, selections: Mapping[str, Mapping]) -> str:
    """What was asked of the planar features before selection, and how many it cost.

    Parameters
    ----------
    study : Study
    selections : mapping
        `scalars.json` of 03.
    """
    asked = study.selection
    wanted = {
        "ICC": (asked.minimum_icc, f"an ICC below {asked.minimum_icc:g}"),
        "Distinct values": (
            asked.minimum_distinct,
            f"fewer distinct values than {tables.percent(asked.minimum_distinct, 0)} of the "
            "training patients",
        ),
    }
    texts = []
    for step, (limit, words) in wanted.items():
        counts = [
            f"{selections[f'{PLANAR}_{images.key}']['left'].get(step, 0):,} of {images.name} images"
            for images in study.declared.studied
        ]
        texts += [f"those with {words} ({listed(counts)})"] if limit else []
    if not texts:
        return "Stability was not used to select features."
    return (
        f"Of the planar feature set {listed(texts)} were set aside before selection; the classical "
        "feature set was selected from without such limits."
    )


def screened(study: Study, selections: Mapping[str, Mapping]) -> str:
    """How many features of the paper's profile were tested one by one, and how many were not.

    `selections` is `scalars.json` of 03.
    """
    counts = {
        images.name: selections[f"{RADIOMICS}_{images.key}"] for images in study.declared.studied
    }
    total = next(iter(counts.values()))["features"]
    tested = {
        name: one["features"] - sum(one["left"].get(step, 0) for step in UNTESTED)
        for name, one in counts.items()
    }
    told = listed([f"{n:,} of {name} images" for name, n in tested.items()])
    return (
        f"Of the {total:,} features of the classical feature set {told} are neither degenerate nor "
        f"constant and were screened at p < {study.selection.alpha:g} each, without adjustment for "
        "multiplicity."
    )


def selected(selections: Mapping[str, Mapping], image_sets: Iterable[ImageSet]) -> dict[str, str]:
    """How far the selected features can be measured again, and follow the size of the nodule.

    `selections` is `scalars.json` of 03; `image_sets` are those of the study.

    Returns
    -------
    dict
        paper and planar: a sentence each.
    """
    return {
        profile: " ".join(
            _selected(selections[f"{key}_{images.key}"]["features_kept"], images.name, profile)
            for images in image_sets
        )
        for key, profile in FEATURE_SETS.items()
    }


def _selected(kept: Mapping, images: str, profile: str) -> str:
    of = {PAPER: "the classical feature set", PLANAR: "the planar feature set"}[profile]
    lowest = ""
    if kept["lowest_icc"] is not None:
        lowest = f" (lowest {tables.number(kept['lowest_icc'], 2)}, of {kept['lowest']})"
    return (
        f"Of the features of {of} selected in {images} images ({kept['n']}), {kept['unstable']} "
        f"had an ICC below {GOOD_ICC:g}{lowest}, {kept['follow_size']} an absolute rank "
        f"correlation of {FOLLOWS_SIZE:g} or more with the diameter, and "
        f"{kept['of_size']} {'depends' if kept['of_size'] == 1 else 'depend'} on its size by "
        "construction."
    )
