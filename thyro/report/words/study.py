"""The words that the manuscript draws from results: numbers rounded, lists joined, verdicts.

Every function takes what the notebooks left, as frames and dictionaries, and returns display
strings. Nothing is computed but verdicts that a reader would draw from two numbers.
"""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.study import Study

SPLITS = {
    "random": "at random",
    "stratified": "at random, stratified by the outcome",
    "centre": "by centre",
    "column": "as the table gives it",
}
EPONYMS = {"Bethesda", "Doppler", "Graves", "Hashimoto"}


def listed(items: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if items[1:] else items)


def each(values: Mapping[str, str]) -> str:
    """ "A was 0.9, of B 0.8 and of C 0.7", as a sentence goes on after "the AUC of"."""
    (first, value), *others = values.items()
    return listed([f"{first} was {value}", *(f"of {name} {text}" for name, text in others)])


def relation(p: float) -> str:
    """ "= 0.013" or "< 0.001", as a sentence continues after "p"."""
    text = tables.p_value(p)
    return text.replace("<", "< ") if text.startswith("<") else f"= {text}"


def inside(label: str) -> str:
    """A label as it stands inside a sentence; names and abbreviations keep their capital."""
    first = label.split()[0].removesuffix("'s").removesuffix("’s")
    plain = first[1:2].isalpha() and not any(c.isupper() or c.isdigit() for c in first[1:])
    return label[0].lower() + label[1:] if plain and first not in EPONYMS else label


def cohort_name(name: str, about: dict, n: int) -> str:
    """How the report calls the study: "a simulated cohort of 60 patients (smoke)"."""
    if about["simulated"]:
        return f"a simulated cohort of {n} patients ({name})"
    return f"a cohort of {n} real patients ({name})"


def origin(about: dict) -> dict:
    """Where the data come from, as a label, a note under every caption, and a statement."""
    kind = "score" if about.get("scores") else "image"
    if about["simulated"]:
        statement = (
            f"Every patient, {kind} and result in this report is simulated. The data of the "
            "reference study are not public. The simulation exists so that the methods can be "
            f"followed from {kind} to nomogram; no number here says anything about thyroid cancer."
        )
        label = "Simulated data - not clinical evidence"
        return {
            "simulated": True,
            "label": label,
            "note": "Simulated data.",
            "statement": statement,
        }
    real = "The patients are real, and so are the scores, which models outside this report gave"
    statement = (
        f"{real if kind == 'score' else 'The images are real'}; the outcome is "
        f"{about['outcome']}. They are taken to be other patients than those of the reference "
        "study, and unless the outcome is the same, another question."
    )
    if kind == "image" and not about["spacing_known"]:
        statement += " The images do not tell the size of a pixel: lengths are in pixels."
    return {
        "simulated": False,
        "label": about["title"],
        "note": about["credit"],
        "statement": f"{statement} {about['credit']}".strip(),
    }


def cohort(study: Study, about: dict, patients: pd.DataFrame, flow: list[dict]) -> dict:
    """Who is studied: counts of training and test, criteria, missing cells, flags, division."""
    split = patients.groupby("split")["y"].agg(["size", "sum"])
    return {
        "n": str(len(patients)),
        "n_train": str(split.loc["train", "size"]),
        "n_test": str(split.loc["test", "size"]),
        "events": str(patients["y"].sum()),
        "events_train": str(split.loc["train", "sum"]),
        "events_test": str(split.loc["test", "sum"]),
        "prevalence": tables.percent(patients["y"].mean()),
        "excluded": _excluded(flow, external=False),
        "split": SPLITS[study.cohort.split],
        "criteria": _criteria(about.get("criteria", 0)),
        "missing": _missing(
            about["variables"].values(),
            radiologist="radiologist" in patients,
            scores=bool(study.cohort.scores),
        ),
        "flags": _flags(about, study.cohort.exclude_flagged),
    }


def _excluded(flow: list[dict], *, external: bool) -> str:
    """How many rows of the table left: "65", or "65 images" where rows are not patients."""
    own = [step for step in flow if bool(step.get("external")) == external]
    n = sum(step["n"] for step in own if step["excluded"])
    unit = own[0]["label"].partition("(")[2].rstrip(")")  # "Assessed (images)"
    return str(n) if unit == "patients" else f"{n} {unit if n != 1 else unit.removesuffix('s')}"


def _criteria(n: int) -> str:
    if n == 0:
        return "The table records no criterion of eligibility."
    return (
        f"Eligibility was decided by {n} recorded {'criterion' if n == 1 else 'criteria'}, in the "
        "order of the flow chart; a patient is counted at the first that fails."
    )


def _missing(variables: Collection[Mapping], *, radiologist: bool, scores: bool) -> str:
    own = [inside(v["label"]) for v in variables if v.get("missing")]
    optional = [inside(v["label"]) for v in variables if not v.get("required", True)]
    needed = ["the outcome", "a required clinical value"]
    needed += ["the radiologist’s reading"] * radiologist + ["a score"] * scores
    without = f"{', '.join(needed[:-1])} or {needed[-1]}"
    text = f"Patients without {without} were excluded and counted."
    if own:
        text += f" An empty cell is a level of its own for {listed(own)}."
    if optional:
        text += f" Some patients may lack {listed(optional)}, and no model uses it."
    return text


def _flags(about: Mapping, excluding: Sequence[str]) -> str:
    counts = {"in the cohort": about.get("flags", {})}
    if about.get("external"):
        counts["in the external cohort"] = about.get("external_flags", {})
    found = {
        where: [f"{flag} {n}" for flag, n in own.items() if n] for where, own in counts.items()
    }
    text = "No image was flagged."
    if any(found.values()):
        each_of = [f"{listed(own) if own else 'none'} {where}" for where, own in found.items()]
        text = f"Flags: {'; '.join(each_of)} (00_cohort/flagged_sheet.pdf)."
    if not excluding:
        return f"{text} No flag excludes by itself; the reader decides."
    return f"{text} The flag {listed(list(excluding))} excludes, unless the reader says keep."


def models(scores: Sequence[str], performance: pd.DataFrame, delong: Mapping) -> dict:
    """What the individual models are: those of the images, or given scores."""
    if not scores:
        auc = aucs(performance, "test", ["SR_SVM", "OR_SVM"])
        test = delong["sr_vs_or"]
        return {
            "parts": "super-resolution, radiomics and deep features, selection, models, nomograms "
            "and statistics",
            "methods": "Image models were fitted on original (OR) and on super-resolved (SR) "
            "images.",
            "learned": "Everything that is learned (the super-resolution network, scaling, "
            "selection, weights, cut-offs) was learned in the training cohort.",
            "aucs": f"{each(auc)}; their difference was {test['difference_ci']} (p {test['p']})",
        }
    what = "the score of one model" if len(scores) == 1 else f"the scores of {len(scores)} models"
    return {
        "parts": "nomograms and statistics, on given scores of models",
        "methods": f"The clinical table holds {what}, made elsewhere: {listed(scores)}.",
        "learned": "Everything that is learned here (clinical factors, coefficients, cut-offs) was "
        "learned in the training cohort.",
        "aucs": each(aucs(performance, "test", scores)),
    }


def aucs(
    table: pd.DataFrame, cohort: str, names: Sequence[str], *, accuracy: bool = False
) -> dict[str, str]:
    """AUC with interval of every model in one cohort, with its accuracy on request."""
    rows = table[table["cohort"].eq(cohort)].set_index("model").loc[list(names)]
    return {
        row.Index: tables.estimate(row.auc, row.ci_low, row.ci_high)
        + (f" at an accuracy of {tables.probability(row.accuracy)}" if accuracy else "")
        for row in rows.itertuples()
    }


def networks(weights: Collection[str]) -> dict:
    """The weights of the networks, and what a heat map is worth with them."""
    random = any(text.startswith("random") for text in weights)
    caution = (
        "From random weights such a map means little: but for what was tuned here, no filter has "
        "learned what a nodule is."
    )
    return {
        "weights": " and ".join(dict.fromkeys(weights)),
        "caution": caution if random else "",
    }


def clinical(study: Study, about: dict, scalars: dict, regressions: pd.DataFrame) -> dict:
    """The clinical factors of the nomograms and how they were chosen.

    `regressions` is `clinical.ClinicalSelection.to_frame()`.
    """
    entry, retain = (f"{limit:g}" for limit in (study.nomogram.entry, study.nomogram.retain))
    terms = listed([inside(about["variables"][term]["label"]) for term in scalars["terms"]])
    together = f"those with a likelihood-ratio p < {entry} entered one multivariable model"
    if not regressions["lr_p"].lt(study.nomogram.entry).any():
        choice = f"none had a likelihood-ratio p < {entry}, so that with the smallest was taken"
    elif not regressions["lr_p_multivariable"].lt(study.nomogram.retain).any():
        choice = f"{together}; none had p < {retain} there, so that with the smallest univariate p "
        choice += "was taken"
    else:
        choice = f"{together}, and those with p < {retain} there, by the same test, were kept"
    notes = dict.fromkeys([scalars["note"], *scalars["notes"].values()])
    return {"choice": f"{choice}: {terms}.", "note": " ".join(filter(None, notes))}


def nomograms(
    signatures: Sequence[str], table: pd.DataFrame, fits: Mapping[str, Mapping], about: Mapping
) -> dict:
    """What each nomogram is made of and how well it does in the test cohort.

    `fits` holds `clinical.LogisticFit.to_dict()` of every nomogram.
    """
    named = dict(zip(("Nomogram_A", "Nomogram_B"), signatures, strict=False))
    made_of = {name: f"signature of {s} and clinical factors" for name, s in named.items()}
    made_of["Nomogram_C"] = "clinical factors only"
    auc = aucs(table, "test", list(made_of))
    joins = [f"{name} the signature of {s}" for name, s in named.items()]
    joins[0] = f"Nomogram_A joins the signature of {signatures[0]} to the clinical factors"
    alone = "and Nomogram_C uses the clinical factors alone."
    one = "The signature is named in the study file before the run."
    both = "Both signatures are named in the study file before the run."
    choice = both if len(signatures) > 1 else one
    if "SR_SVM" in signatures:
        choice += " The publication chose SR_SVM by its result in the test cohort."
    return {
        "joins": ", ".join([*joins, alone]),
        "choice": choice,
        "aucs": each({f"{name} ({made_of[name]})": text for name, text in auc.items()}),
        "measures": each(aucs(table, "test", list(made_of), accuracy=True)),
        "panels": " ".join(f"{name}: {parts}." for name, parts in made_of.items()),
        "protocol": ""
        if about.get("scores")
        else "The nomograms drawn here are those of the paper’s protocol.",
        "signs": _signs(fits, about["variables"]),
    }


def _signs(fits: Mapping[str, Mapping], dictionary: Mapping) -> str:
    """Whether a clinical coefficient has another sign beside a signature than without one."""
    coefficients = {
        name: dict(zip(fit["names"][1:], fit["coefficients"][1:], strict=True))
        for name, fit in fits.items()
    }
    alone = coefficients.pop("Nomogram_C")
    turned: dict[str, list[str]] = {}
    for name, joined in coefficients.items():
        for which, value in joined.items():
            if value * alone.get(which, 0.0) < 0:
                turned.setdefault(_coefficient(which, dictionary), []).append(name)
    if not turned:
        return "No coefficient of a clinical factor has another sign beside a signature."
    where = [f"{factor} in {listed(names)}" for factor, names in turned.items()]
    return (
        f"Against Nomogram_C a coefficient changes its sign: {'; '.join(where)}. Beside a "
        "signature it is not the effect of the factor alone."
    )


def _coefficient(name: str, dictionary: Mapping) -> str:
    """ "margin (Irregular)" of "margin=Irregular", as a sentence calls it."""
    term, _, level = name.partition("=")
    return inside(dictionary[term]["label"]) + (f" ({level})" if level else "")


def external(
    patients: pd.DataFrame, flow: list[dict], table: pd.DataFrame, calibration: pd.DataFrame
) -> dict:
    """Size of the external cohort, and the nomograms in it."""
    there = calibration[calibration["cohort"].eq("external")].set_index("model")["slope"]
    names = list(there.index)
    return {
        "n": str(len(patients)),
        "events": str(patients["y"].sum()),
        "excluded": _excluded(flow, external=True),
        "aucs": each(aucs(table, "external", names)),
        "measures": each(aucs(table, "external", names, accuracy=True)),
        "slopes": each({name: tables.number(slope, 2) for name, slope in there.items()}),
    }


def performance(table: pd.DataFrame) -> dict:
    """AUC and accuracy of every model and cohort, by lower-case name."""
    tree: dict = {}
    for row in table.itertuples():
        tree.setdefault(row.model.lower(), {})[row.cohort] = {
            "auc": tables.estimate(row.auc, row.ci_low, row.ci_high),
            "accuracy": tables.probability(row.accuracy),
        }
    return tree


def delong(table: pd.DataFrame) -> dict:
    """The comparisons in the test cohort that the text names, as far as the study has them."""
    pairs = {
        "sr_vs_or": ("SR_SVM", "OR_SVM"),
        "a_vs_b": ("Nomogram_A", "Nomogram_B"),
        "a_vs_c": ("Nomogram_A", "Nomogram_C"),
        "a_vs_radiologist": ("Nomogram_A", "Radiologist"),
    }
    test = table[table["cohort"].eq("test")].set_index(["model_a", "model_b"])
    return {key: comparison(test.loc[pair]) for key, pair in pairs.items() if pair in test.index}


def comparison(test: pd.Series) -> dict[str, str]:
    """A DeLong test: difference with interval, p, and p after Holm's adjustment."""
    return {
        "difference_ci": tables.estimate(*test[["difference", "ci_low", "ci_high"]]),
        "p": relation(test["p_value"]),
        "p_holm": relation(test["p_holm"]),
    }


def calibration(table: pd.DataFrame) -> dict:
    """Calibration of every nomogram in the test cohort, by lower-case name."""
    test = table[table["cohort"].eq("test")].set_index("model")
    return {
        model.lower(): {
            "slope": tables.number(row["slope"], 2),
            "intercept": tables.number(row["intercept"], 2),
            "hl_p": relation(row["p_value"]),
        }
        for model, row in test.iterrows()
    }


def validation(scalars: Mapping, repeated: pd.DataFrame, penalised: pd.DataFrame) -> dict:
    """Internal validation, size of the cohort, and the penalised model beside Nomogram_C.

    `scalars` are those of 05, `repeated` the stacked tables of `validation.Validation`, and
    `penalised` the DeLong tests against Nomogram_C.
    """
    table = repeated.set_index(["model", "measure"])
    fell = {
        model: f"{tables.probability(table.loc[(model, 'auc'), 'corrected'])} instead of "
        f"{tables.probability(table.loc[(model, 'auc'), 'apparent'])} (slope "
        f"{tables.number(table.loc[(model, 'slope'), 'corrected'], 2)})"
        for model in repeated["model"].unique()
    }
    failed = scalars["bootstraps_failed"]
    lost = f"; {failed} samples could not be fitted and are left out" if failed else ""
    (candidates, each_has), *_ = scalars["events_per_parameter"].items()
    against = penalised[penalised["cohort"].eq("test")].iloc[0]
    kind = "were out of fold" if scalars["validated"] == "sound" else "are those of the table"
    return {
        "draws": str(scalars["bootstraps"]),
        "signature": f"signatures stayed as they were and {kind}.",
        "text": f"Corrected for optimism by the bootstrap, the AUC of {each(fell)}{lost}.",
        "size": f"The candidates have {tables.number(each_has, 1)} events per parameter, and "
        f"Riley’s criteria ask for {scalars['minimum_n'][candidates]:,} patients.",
        "penalised": "in the test cohort the AUC of Nomogram_C less theirs was "
        f"{tables.estimate(*against[['difference', 'ci_low', 'ci_high']])} "
        f"(p {relation(against['p_value'])})",
    }


def checklist(has: Mapping[str, bool], about: Mapping) -> dict:
    """Places that the checklists name and not every study has."""
    images = has["images"]
    outlines = "One outline per nodule serves OR and SR images"
    second = "; a second reader’s are kept (00_cohort/masks_2) and train nothing"
    return {
        "preparation": "Methods, Cohort, Super-resolution and Radiomics features"
        if images
        else "Methods, Cohort and Scores; images: left to the study",
        "predictors": f"Methods, {'Radiomics features' if images else 'Scores'}, Clinical factors",
        "protocols": "; Two protocols" if images else "",
        "external": "Results, External cohort" if has["external"] else "none",
        "outlines": outlines + (second if about.get("second_reader") else ""),
    }
