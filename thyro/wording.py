"""The words that the manuscript draws from results: numbers rounded, lists joined, verdicts.

Every function takes what the notebooks left, as frames and dictionaries, and returns display
strings. Nothing is computed but verdicts that a reader would draw from two numbers.
"""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from thyro import rounding
from thyro.study import Study

SPLITS = {
    "random": "at random",
    "stratified": "at random, stratified by the outcome",
    "centre": "by centre",
    "column": "as the table gives it",
}


def listed(items: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if items[1:] else items)


def each(values: Mapping[str, str]) -> str:
    """ "A was 0.9, of B 0.8 and of C 0.7", as a sentence goes on after "the AUC of"."""
    (first, value), *others = values.items()
    return listed([f"{first} was {value}", *(f"of {name} {text}" for name, text in others)])


def relation(p: float) -> str:
    """ "= 0.013" or "< 0.001", as a sentence continues after "p"."""
    text = rounding.p_value(p)
    return text.replace("<", "< ") if text.startswith("<") else f"= {text}"


def cohort_name(name: str, about: dict, n: int) -> str:
    """How the report calls the study: "a simulated cohort of 60 patients (smoke)"."""
    if about["simulated"]:
        return f"a simulated cohort of {n} patients ({name})"
    return f"a cohort of {n} real patients ({name})"


def origin(about: dict) -> dict:
    """Where the data come from, as a label, a note under every caption, and a statement."""
    if about["simulated"]:
        statement = (
            "Every patient, image and result in this report is simulated. The data of the "
            "reference study are not public. The simulation exists so that the methods can be "
            "followed from image to nomogram; no number here says anything about thyroid cancer."
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
        f"{real if about.get('scores') else 'The images are real'}; the outcome is "
        f"{about['outcome']}. These are other patients than those of the reference study, and "
        "unless the outcome is the same, another question."
    )
    if not about.get("scores") and not about["spacing_known"]:
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
        "prevalence": rounding.percent(patients["y"].mean()),
        "excluded": _excluded(flow, external=False),
        "split": SPLITS[study.cohort.split],
        "criteria": _criteria(about.get("criteria", 0)),
        "missing": _missing(about["variables"].values()),
        "flags": _flags(about.get("flags", {}), study.cohort.exclude_flagged),
    }


def _excluded(flow: list[dict], *, external: bool) -> str:
    own = [step for step in flow if bool(step.get("external")) == external]
    return str(sum(step["n"] for step in own if step["excluded"]))


def _criteria(n: int) -> str:
    if n == 0:
        return "The table records no criterion of eligibility."
    return (
        f"Eligibility was decided by {n} recorded {'criterion' if n == 1 else 'criteria'}, in the "
        "order of the flow chart; a patient is counted at the first that fails."
    )


def _missing(variables: Collection[Mapping]) -> str:
    own = [_inside(v["label"]) for v in variables if v.get("missing")]
    optional = [_inside(v["label"]) for v in variables if not v.get("required", True)]
    text = "Patients without the outcome or a required clinical value were excluded and counted."
    if own:
        text += f" An empty cell is a level of its own for {listed(own)}."
    if optional:
        text += f" Some patients may lack {listed(optional)}, and no model uses it."
    return text


def _inside(label: str) -> str:
    """A label as it stands inside a sentence; an abbreviation keeps its capitals."""
    return label if label[:2].isupper() else label[0].lower() + label[1:]


def _flags(counts: Mapping[str, int], excluding: Sequence[str]) -> str:
    found = [f"{flag} {n}" for flag, n in counts.items() if n]
    text = f"Flags: {listed(found)} (00_cohort/flagged_sheet.pdf)." if found else "None had a flag."
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
        row.Index: rounding.estimate(row.auc, row.ci_low, row.ci_high)
        + (f" at an accuracy of {rounding.probability(row.accuracy)}" if accuracy else "")
        for row in rows.itertuples()
    }


def super_resolution(study: Study, scalars: dict) -> dict:
    """Settings and verdict of the super-resolution."""
    better = [m for m in ("psnr", "ssim") if scalars[m] > scalars[f"{m}_bicubic"]]
    verdicts = {
        2: "The generator exceeded bicubic interpolation on both measures.",
        1: f"The generator exceeded bicubic interpolation in {''.join(better).upper()} only.",
        0: "The generator did not exceed bicubic interpolation: its images are not better.",
    }
    digits = {"psnr": 2, "psnr_bicubic": 2, "ssim": 3, "ssim_bicubic": 3}
    return {
        "factor": str(study.super_resolution.factor),
        "noise": rounding.number(255 * study.super_resolution.noise_sigma, 0),
        "parameters": f"{scalars['parameters_generator']:,}",
        "verdict": verdicts[len(better)],
        **{key: rounding.number(scalars[key], places) for key, places in digits.items()},
    }


def selection(study: Study, scalars: dict) -> dict:
    """Settings of the selection and what it left."""
    return {
        "alpha": f"{study.selection.alpha:g}",
        "rho": f"{study.selection.correlation:g}",
        "folds": str(study.selection.folds),
        "or_kept": str(scalars["radiomics_or"]["kept"]),
        "sr_kept": str(scalars["radiomics_sr"]["kept"]),
    }


def clinical(study: Study, about: dict, scalars: dict) -> dict:
    """The clinical factors of the nomograms and how they were chosen."""
    terms = [_inside(about["variables"][term]["label"]) for term in scalars["terms"]]
    notes = dict.fromkeys([scalars["note"], *scalars["notes"].values()])
    return {
        "entry": f"{study.nomogram.entry:g}",
        "retain": f"{study.nomogram.retain:g}",
        "terms": listed(terms),
        "note": " ".join(filter(None, notes)),
    }


def nomograms(signatures: Sequence[str], table: pd.DataFrame) -> dict:
    """What each nomogram is made of and how well it does in the test cohort."""
    named = dict(zip(("Nomogram_A", "Nomogram_B"), signatures, strict=False))
    made_of = {name: f"signature of {s} and clinical factors" for name, s in named.items()}
    made_of["Nomogram_C"] = "clinical factors only"
    auc = aucs(table, "test", list(made_of))
    joins = [f"{name} the signature of {s}" for name, s in named.items()]
    joins[0] = f"Nomogram_A joins the signature of {signatures[0]} to the clinical factors"
    alone = "and Nomogram_C uses the clinical factors alone."
    panels = zip("ABC", made_of.items(), strict=False)
    one = "The signature is named in the study file; no result chooses it."
    both = "Both signatures are named in the study file; no result chooses them."
    return {
        "joins": ", ".join([*joins, alone]),
        "choice": both if len(signatures) > 1 else one,
        "aucs": each({f"{name} ({made_of[name]})": text for name, text in auc.items()}),
        "measures": each(aucs(table, "test", list(made_of), accuracy=True)),
        "panels": " ".join(f"{letter}: {name}, {parts}." for letter, (name, parts) in panels),
    }


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
        "slopes": each({name: rounding.number(slope, 2) for name, slope in there.items()}),
    }


def performance(table: pd.DataFrame) -> dict:
    """AUC and accuracy of every model and cohort, by lower-case name."""
    tree: dict = {}
    for row in table.itertuples():
        tree.setdefault(row.model.lower(), {})[row.cohort] = {
            "auc": rounding.estimate(row.auc, row.ci_low, row.ci_high),
            "accuracy": rounding.probability(row.accuracy),
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
    return {
        key: {
            "difference_ci": rounding.estimate(
                *test.loc[pair, ["difference", "ci_low", "ci_high"]]
            ),
            "p": relation(test.loc[pair, "p_value"]),
            "p_holm": relation(test.loc[pair, "p_holm"]),
        }
        for key, pair in pairs.items()
        if pair in test.index
    }


def calibration(table: pd.DataFrame) -> dict:
    """Calibration of every nomogram in the test cohort, by lower-case name."""
    test = table[table["cohort"].eq("test")].set_index("model")
    return {
        model.lower(): {
            "slope": rounding.number(row["slope"], 2),
            "intercept": rounding.number(row["intercept"], 2),
            "hl_p": relation(row["p_value"]),
        }
        for model, row in test.iterrows()
    }


def checklist(has: Mapping[str, bool]) -> dict:
    """Places that the checklists name and not every study has."""
    images = has["images"]
    return {
        "preparation": "Methods, Cohort, Super-resolution and Radiomics features"
        if images
        else "Methods, Cohort and Scores; images: left to the study",
        "predictors": f"Methods, {'Radiomics features' if images else 'Scores'}, Clinical factors",
        "external": "Results, External cohort" if has["external"] else "none",
    }


def recovery_rows(
    odds: pd.DataFrame, correlations: pd.DataFrame, risks: pd.DataFrame, dictionary: Mapping
) -> list[dict[str, str]]:
    """Rows of the table that sets the simulated truth beside what was found.

    The frames are those of `recovery`; `dictionary` gives labels and units of the variables.
    """
    names = rounding.display_names(dictionary)
    rows = []
    for row in odds.itertuples():
        compared = "" if pd.isna(row.low) else f", {row.high:.3g} against {row.low:.3g}"
        of = names[row.term] + (f": {row.level}" if row.level else compared)
        found = rounding.estimate(row.estimate, row.ci_low, row.ci_high)
        found = "not in the model" if pd.isna(row.estimate) else found
        rows.append(("Log odds", of, rounding.number(row.truth), found))
    for row in correlations.itertuples():
        found = rounding.estimate(row.rho, row.ci_low, row.ci_high, 2)
        rows.append(("Correlation with the image latent", row.model, rounding.ABSENT, found))
    for row in risks.itertuples():
        found = rounding.estimate(row.auc, row.ci_low, row.ci_high)
        rows.append(("AUC", row.model, rounding.probability(row.auc_of_risk), found))
    for row in risks.itertuples():
        rows.append(("Slope of log odds", row.model, "1", rounding.number(row.slope, 2)))
    for row in risks.itertuples():
        rows.append(("Mean distance of risk", row.model, "0", rounding.number(row.absolute_error)))
    heads = ("Measure", "Of", "Truth", "Estimate")
    return [dict(zip(heads, row, strict=True)) for row in rows]


def recovery(odds: pd.DataFrame, correlations: pd.DataFrame, risks: pd.DataFrame) -> dict:
    """What a reader would say of the recovered truth, in two sentences."""
    estimated = odds.dropna(subset=["estimate"])
    held = estimated["truth"].between(estimated["ci_low"], estimated["ci_high"]).sum()
    seen = int(correlations["ci_low"].gt(0).sum())
    follow = f"the scores of {seen} of the {len(correlations)} image models rise"
    return {
        "verdict": f"The intervals of {held} of the {len(estimated)} log odds that Nomogram_C "
        f"estimates hold the truth, and {follow if seen else 'no score of an image model rises'} "
        "with the image latent beyond chance.",
        "ceiling": "The AUC of the true risk itself, which a model passes by chance only, is "
        f"{rounding.probability(risks['auc_of_risk'].iloc[0])} in the test cohort.",
    }
