"""Checks that only Li et al. 2024 has: its claims, its features, its methods as facts.

References
----------
Li et al. (2024), Discover Oncology 15, doi 10.1007/s12672-024-01601-0.
"""

from itertools import combinations

import numpy as np
from scipy.stats import norm

from thyro.audit.discrimination import ALPHA, holm
from thyro.audit.finding import CANNOT_TELL, CONSISTENT, INCONSISTENT, Found, check
from thyro.audit.printed import Interval, Printed, listed, signed
from thyro.tables import number, percent


@check(
    "D7",
    "Super-resolved against original for every family",
    kind="claim",
    weight="major",
    consequence="The gain is not of every family.",
)
def every_pair(printed: Printed) -> Found:
    """The printed AUCs of every pair in every cohort."""
    pairs, cohorts = printed.need("claims", "sr_above_or", "pairs"), list(printed.parts)
    auc = {
        (a, b, c): [printed.interval(m, c).auc for m in (a, b)] for a, b in pairs for c in cohorts
    }
    below = [
        f"{a} {x.text} < {b} {y.text} in {c}"
        for (a, b, c), (x, y) in auc.items()
        if x.value <= y.value
    ]
    return Found(
        INCONSISTENT if below else CONSISTENT,
        f"{printed.need('claims', 'sr_above_or', 'place')}, {printed.place('table_2')}",
        "every super-resolved model above its original",
        f"true in {len(auc) - len(below)} of {len(auc)} pairs and cohorts; not: {listed(below)}",
    )


@check(
    "D8",
    "Best deep-learning model",
    kind="claim",
    weight="major",
    consequence="The model was chosen by its figures in the patients who fitted it.",
)
def best_deep_model(printed: Printed) -> Found:
    """Rank of the printed AUCs of the cohort that tested the models."""
    claim, test = printed.need("claims", "best_deep_model"), printed.tested_on()
    auc = {model: printed.interval(model, test).auc for model in claim["among"]}
    best = max(auc, key=lambda model: auc[model].value)
    fitted = {m: printed.interval(m, printed.fitted_on()).auc for m in claim["among"]}
    return Found(
        CONSISTENT if best == claim["model"] else INCONSISTENT,
        f"{claim['place']}, {printed.place('table_2')}",
        claim["model"],
        f"{best} in {test} ({auc[best].text} v {auc[claim['model']].text}); "
        f"{max(fitted, key=lambda m: fitted[m].value)} in {printed.fitted_on()}",
    )


@check(
    "D11",
    "Clinical factors alone against the image models",
    kind="claim",
    weight="major",
    consequence="Clinical factors alone do as well as the images; they are not minor.",
)
def clinical_alone(printed: Printed) -> Found:
    """The AUC of the clinical model in the cohort that tested the models, against that of every
    image model and of the nomograms that add one."""
    claim, test = printed.need("claims", "clinical_terms_minor"), printed.tested_on()
    own = printed.interval(claim["model"], test)
    models = {row["model"] for row in printed.need("table_2", "rows")} - set(printed.readers)
    images = {m: printed.interval(m, test).auc.value for m in sorted(models)}
    best = max(images, key=lambda m: images[m])
    joined = [m for m, e in printed.need("nomograms").items() if e.get("signature")]
    below = [m for m in joined if printed.interval(m, test).auc.value < own.auc.value]
    told = f"{own.auc.text}, {signed(own.auc.value - images[best])} to {best}, the best of "
    told += f"{len(images)} image models; above {listed(below)}, which adds a signature"
    return Found(
        INCONSISTENT if own.auc.value >= images[best] else CONSISTENT,
        f"{claim['place']}, {printed.place('table_2')}",
        f"clinical factors have little weight; {claim['model']} {own.auc.text}",
        told,
    )


def separation(interval: Interval) -> float:
    """Distance of cases and controls in SDs, of normal scores with this AUC."""
    return float(np.sqrt(2) * norm.ppf(interval.middle))


def joint_auc(weights: tuple[float, float], separations: tuple[float, float]) -> float:
    """AUC of two independent normal scores of unit variance, added with `weights`."""
    w, d = np.array(weights), np.array(separations)
    return float(norm.cdf(w @ d / np.sqrt(2 * (w @ w))))


@check(
    "E2",
    "In-sample signature as a term of the nomogram",
    kind="method",
    weight="major",
    consequence="The heavy weight of a signature is what resubstitution produces.",
)
def in_sample_signature(printed: Printed) -> Found:
    """Normal scores, independent given the class: separations from the AUCs, weights of a linear
    discriminant from the fitted cohort, AUC at the separations of the tested one."""
    test, fitted = printed.tested_on(), printed.fitted_on()
    terms = separation(printed.interval(printed.need("clinical_model", "model"), test))
    told, given, ratios = [], [], []
    for name, entry in printed.need("nomograms").items():
        if entry.get("signature"):
            seen, unseen = (
                separation(printed.interval(entry["signature"], c)) for c in (fitted, test)
            )
            ratios.append(seen / unseen)
            got = joint_auc((seen, terms), (unseen, terms))
            due = joint_auc((unseen, terms), (unseen, terms))
            given.append(f"{name} {printed.interval(name, test).auc.text}")
            told.append(
                f"{entry['signature']} separates {number(ratios[-1], 2)} times as far in {fitted}; "
                f"expected in {test} {number(got)} with its weight, {number(due)} with the right"
            )
    honest = printed.data.get("choice", {}).get("in_sample_signature") is False
    return Found(
        CONSISTENT if honest or max(ratios) <= 1 else CANNOT_TELL,
        printed.place("nomograms", "clinical_model"),
        listed(given),
        "; ".join(told),
    )


@check(
    "E3",
    "Model chosen by its test result",
    kind="method",
    weight="critical",
    basis="facts",
    consequence="The same patients chose and tested: the AUC is too high by what cannot be known.",
)
def chosen_in_test(printed: Printed) -> Found:
    """The cohort that chose the image model of the nomogram, against the one that tested it."""
    choice = printed.need("choice")
    used = [
        m for m, e in printed.need("nomograms").items() if e.get("signature") == choice["model"]
    ]
    same = choice["chosen_in"] == printed.tested_on()
    return Found(
        CANNOT_TELL if same else CONSISTENT,
        choice["place"],
        f"{choice['model']} chosen by its figures in {choice['chosen_in']}",
        f"{listed(used)} was tested in {printed.tested_on()}"
        + (", the same patients" if same else ""),
    )


@check(
    "F1",
    "Number of features",
    kind="number",
    weight="major",
    consequence="The number of features does not follow from its parts.",
)
def feature_count(printed: Printed) -> Found:
    """Images times (texture and first-order features), and shape once."""
    n = {k: int(printed.need("radiomics", f"n_{k}")) for k in _PARTS}
    total = n["image_filters"] * (n["texture"] + n["first_order"]) + n["shape"]
    given = f"{n['image_filters']} × ({n['texture']} + {n['first_order']}) + {n['shape']}"
    return Found(
        CONSISTENT if total == n["total"] else INCONSISTENT,
        printed.place("radiomics"),
        f"{given} = {n['total']}",
        f"{total}",
    )


_PARTS = ("image_filters", "texture", "first_order", "shape", "total")


@check(
    "F2",
    "Number of texture features",
    kind="number",
    weight="minor",
    consequence="The software does not give this number of texture features.",
)
def texture_count(printed: Printed) -> Found:
    """Features of the named classes in pyradiomics 3.0.1, and without those that its example
    settings leave out; any other two missing would give the same, so this is the natural reading
    and no proof."""
    features = printed.need("pyradiomics", "features")
    without = printed.need("pyradiomics", "example_without")
    every = sum(features[name] for name in printed.need("radiomics", "texture_classes"))
    fewer = every - sum(len(names) for names in without.values())
    n = int(printed.need("radiomics", "n_texture"))
    return Found(
        CONSISTENT if n in (every, fewer) else INCONSISTENT,
        printed.place("radiomics"),
        str(n),
        f"{every} by default, {fewer} by the example settings, without "
        + listed([f"{c} {name}" for c, names in without.items() for name in names]),
    )


@check(
    "F3",
    "Number of image types",
    kind="number",
    weight="minor",
    consequence="No set of filters makes this many images of a single slice.",
)
def image_types(printed: Printed) -> Found:
    """Every set of image types that pyradiomics 3.0.1 makes of one slice, by its number of images;
    the Laplacian of Gaussian is refused for fewer than four slices."""
    images = printed.need("pyradiomics", "images_of_one_slice")
    n, names = int(printed.need("radiomics", "n_image_filters")), list(images)
    sets = [
        dropped
        for size in range(len(names))
        for dropped in combinations(names, size)
        if sum(images.values()) - sum(images[name] for name in dropped) == n
    ]
    plane = sum((images | printed.need("pyradiomics", "images_in_plane")).values())
    told = listed([" and ".join(dropped) for dropped in sets])
    return Found(
        CONSISTENT if sets else INCONSISTENT,
        printed.place("radiomics"),
        f"{n}, not named",
        f"{sum(images.values())} possible; {len(sets)} sets have {n}: all but one of {told}; at "
        f"most {plane} where features are forced into the plane",
    )


@check(
    "F4",
    "Three-dimensional features of one slice",
    kind="method",
    weight="major",
    consequence="These features carry noise or nothing, which scaling raises to unit variance.",
)
def empty_features(printed: Printed) -> Found:
    """Wavelet bands that are high-pass across slices are rounding noise on one slice, and two
    features of shape are zero; this assumes single slices, as the deep-learning part says."""
    of = printed.need("radiomics")
    bands, zero = (printed.need("pyradiomics", f"{k}_on_one_slice") for k in ("noise", "zero"))
    noise = len(bands) * (of["n_texture"] + of["n_first_order"])
    lost = noise + len(zero)
    return Found(
        INCONSISTENT if lost else CONSISTENT,
        printed.place("radiomics"),
        f"{of['n_total']} features to select from",
        f"{lost} cannot carry information ({percent(lost / of['n_total'], 0)}): {noise} of "
        f"{len(bands)} wavelet bands, {len(zero)} of shape",
    )


@check(
    "H3",
    "Claim that super-resolution improves accuracy",
    kind="claim",
    weight="major",
    consequence="No printed test supports the claim.",
)
def accuracy_claim(printed: Printed) -> Found:
    """Tests of accuracy that are reported, and the smallest p of the AUCs after Holm's
    adjustment."""
    claim = printed.need("claims", "accuracy_significantly_improved")
    adjusted, n = holm(printed), claim["tests_of_accuracy"]
    return Found(
        CONSISTENT if n and adjusted < ALPHA else INCONSISTENT,
        str(claim["place"]),
        "a significant improvement of accuracy",
        f"{n} tests of accuracy; of {printed.need('comparisons', 'tests')} tests of AUCs the "
        f"smallest p is {number(adjusted)} after adjustment",
    )


@check(
    "H4",
    "A finding of pathology in a preoperative nomogram",
    kind="method",
    weight="major",
    basis="facts",
    consequence="If it is the finding of pathology, the nomogram cannot be used before surgery.",
)
def known_before_surgery(printed: Printed) -> Found:
    """Where the publication lists each term of the nomogram."""
    listed_among = printed.need("clinical_model", "term_listed_among")
    apart = {term: places for term, places in listed_among.items() if len(set(places.values())) > 1}
    told = [
        f"{term}: " + "; ".join(f"{what} ({place})" for place, what in places.items())
        for term, places in apart.items()
    ]
    unclear = bool(apart) and printed.need("clinical_model", "before_surgery")
    return Found(
        CANNOT_TELL if unclear else CONSISTENT,
        listed([place for places in apart.values() for place in places]),
        f"terms: {listed(printed.need('clinical_model', 'terms'))}",
        f"listed in two ways: {listed(told)}" if told else "listed in one way",
    )


@check(
    "H5",
    "Description of the super-resolution",
    kind="wording",
    weight="major",
    basis="facts",
    consequence="The network cannot be built from its description.",
)
def super_resolution(printed: Printed) -> Found:
    """The axis whose resolution is named, against those of a two-dimensional image; the input of
    the generator by every place that describes it."""
    of = printed.need("super_resolution")
    axis, inputs = of["resolution_named"], of["generator_input"]
    wrong = [f"the image has no axis {axis}"] if axis not in of["image_axes"] else []
    if len(set(inputs.values())) > 1:
        wrong.append("an unconditional generator contradicts one that takes the image")
    return Found(
        INCONSISTENT if wrong else CONSISTENT,
        printed.place("super_resolution"),
        f"resolution {axis}; generator from "
        + listed([f"{what} ({place})" for place, what in inputs.items()]),
        listed(wrong),
    )


@check(
    "H6",
    "Scaling of deep features",
    kind="wording",
    weight="minor",
    basis="facts",
    consequence="As written the features would not have unit variance.",
)
def scaling(printed: Printed) -> Found:
    """A feature divided by its variance has the variance 1 / variance, and unit variance only
    where divided by the standard deviation."""
    by = printed.need("scaling", "divided_by")
    fine = by == "standard deviation"
    return Found(
        CONSISTENT if fine else INCONSISTENT,
        printed.place("scaling"),
        f"divided by the {by}",
        "unit variance" if fine else "the standard deviation must be meant",
    )


@check(
    "H7",
    "Wording of the LASSO",
    kind="wording",
    weight="minor",
    basis="facts",
    consequence="As written no feature would be left.",
)
def lasso(printed: Printed) -> Found:
    """Which coefficients shrink to zero, against which are kept."""
    of = printed.need("feature_selection")
    nothing = of["coefficients_shrunk_to_zero"] == "all"
    return Found(
        INCONSISTENT if nothing else CONSISTENT,
        printed.place("feature_selection"),
        f"shrunk to zero: {of['coefficients_shrunk_to_zero']}; kept: {of['coefficients_kept']}",
        "nothing would be kept; the penalty of least error in cross-validation must be meant"
        if nothing
        else "possible",
    )


@check(
    "H8",
    "Results that are not printed",
    kind="method",
    weight="info",
    basis="facts",
    consequence="Neither models nor features can be compared.",
)
def not_printed(printed: Printed) -> Found:
    """Results that such a publication gives, and which of them the file has; figures and the
    publication's own supplement were not read."""
    names = printed.need("not_printed")
    absent = [name for name in names if not printed.has(*name.split("."))]
    return Found(
        CANNOT_TELL if absent else CONSISTENT,
        "text and tables",
        f"{len(names) - len(absent)} of {len(names)}",
        f"not printed: {listed([name.rpartition('.')[2].replace('_', ' ') for name in absent])}",
    )
