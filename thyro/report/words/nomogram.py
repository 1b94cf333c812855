"""Words on the nomograms: their clinical factors, what each joins, and their validation."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.clinical import (
    AUC_WIDTH,
    COVERAGE,
    MAX_OPTIMISM,
    MAX_SHRINKAGE,
    MIDDLE,
    OE_WIDTH,
    RISK_MARGIN,
    SLOPE_WIDTH,
)
from thyro.report.results import Results
from thyro.report.words.phrases import (
    above,
    applying,
    aucs,
    each,
    inside,
    listed,
    relation,
    term_test,
)
from thyro.study import CLINICAL, NETWORKS, PAPER, ModelName, NomogramName, Study, nomograms

BY_SOUND = " by the sound recipe, with the cross-fitted signature as log odds"


def texts(study: Study, results: Results) -> dict:
    """Texts of the nomograms, from what 00, 05 and 06 left.

    Returns
    -------
    dict
        clinical, nomogram, validation.
    """
    about = results.values("00_cohort/cohort")
    scalars = results.values("05_nomogram/scalars")
    named = nomograms(study.nomogram.signatures)
    return {
        "clinical": clinical(study, about, scalars, results.table("05_nomogram/logistic")),
        "nomogram": composition(
            named,
            results.table("06_statistics/main_performance"),
            results.table("05_nomogram/coefficients"),
            about,
            chosen=_chosen(study, results),
            images=study.cohort.has_images,
            best=scalars.get("best", False),
        ),
        "validation": validation(
            scalars,
            results.table("05_nomogram/validation"),
            results.table("06_statistics/penalised"),
            results.table("00_cohort/patients"),
            level=study.statistics.level,
        ),
    }


def _chosen(study: Study, results: Results) -> str:
    """The model that the reference chose."""
    if study.reference == "none":
        return ""
    return results.values("06_statistics/published")["chosen"]


def clinical(
    study: Study, about: Mapping, scalars: Mapping, regressions: pd.DataFrame
) -> dict[str, str]:
    """The clinical factors of the nomograms and how they were chosen.

    With what was done to the candidates before: scores told from their parts, rare levels merged.

    Parameters
    ----------
    study : Study
    about : mapping
        `cohort.json` of 00.
    scalars : mapping
        `scalars.json` of 05: terms, note, notes, merged_levels, composites, undeclared.
    regressions : DataFrame
        `clinical.ClinicalSelection.to_frame()`.
    """
    entry, retain = (f"{limit:g}" for limit in (study.nomogram.entry, study.nomogram.retain))
    terms = listed([inside(about["variables"][term]["label"]) for term in scalars["terms"]])
    test = term_test(regressions)
    kind = test.removesuffix(" test")
    together = f"those with a {kind} p < {entry} entered one multivariable model"
    if not regressions["lr_p"].lt(study.nomogram.entry).any():
        choice = f"none had a {kind} p < {entry}, so that with the smallest was taken"
    elif not regressions["lr_p_multivariable"].lt(study.nomogram.retain).any():
        choice = f"{together}; none had p < {retain} there, so that with the smallest univariate p "
        choice += "was taken"
    else:
        choice = f"{together}, and those with p < {retain} there, by the same test, were kept"
    notes = dict.fromkeys([scalars["note"], *scalars["notes"].values()])
    return {
        "choice": f"{choice}: {terms}.",
        "test": test,
        "note": " ".join(filter(None, notes)),
        "composites": _composites(scalars, about["variables"]),
        "levels": _merged(study, scalars["merged_levels"], about["variables"]),
    }


def _composites(scalars: Mapping, dictionary: Mapping) -> str:
    """Which scores or parts were left out and why; what looks like a score and was not declared."""

    def named(names: Sequence[str]) -> str:
        return listed([inside(dictionary[name]["label"]) for name in names])

    sentences = [
        f"{dictionary[one['score']]['label']} follows from {named(one['parts'])}: in training each "
        f"of their {one['combinations']} combinations has one value of it ({one['shared']} "
        f"patients share theirs). {_capital(named(one['left_out']))} "
        f"{'was' if len(one['left_out']) == 1 else 'were'} left out, so that nothing is said twice."
        for one in scalars["composites"]
    ]
    ties = [f"{named([score])} from {named(of)}" for score, of in scalars["undeclared"].items()]
    if ties:
        sentences.append(
            f"In training there follows {listed(ties)}, which the study file does not declare; "
            "coefficients of variables that say the same twice mean little."
        )
    return " ".join(sentences)


def _merged(study: Study, rows: Sequence[Mapping], dictionary: Mapping) -> str:
    """Which rare levels count as which, with their patients."""
    smallest = study.nomogram.smallest_level
    if not smallest:
        return "Rare levels were not merged."
    limit = f"fewer than {smallest} training patients"
    if not rows:
        return f"No level of a candidate has {limit}."
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        goals = found.setdefault(inside(dictionary[row["variable"]]["label"]), {})
        goals.setdefault(row["into"], []).append(f"{row['level']} ({row['n']})")
    of_variables = [
        f"{variable}, {'; '.join(f'{listed(rare)} as {goal}' for goal, rare in goals.items())}"
        for variable, goals in found.items()
    ]
    told = ". ".join(map(_capital, of_variables))
    return (
        f"A level that {limit} have was merged before any regression, without a look at the "
        "outcome: where levels rise with the neighbour towards the most common one, else with the "
        f"most common one. So count (patients in brackets): {told}."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def composition(
    named: Sequence[NomogramName],
    table: pd.DataFrame,
    coefficients: pd.DataFrame,
    about: Mapping,
    *,
    chosen: str,
    images: bool = True,
    best: bool = False,
) -> dict[str, str]:
    """What each nomogram is made of and how well it does in the test cohort.

    Parameters
    ----------
    named : sequence of NomogramName
        Of the study.
    table : DataFrame
        `statistics.performance_table`.
    coefficients : DataFrame
        `clinical.coefficient_table`; those of the nomograms that are drawn are told.
    about : mapping
        `cohort.json` of 00.
    chosen : str
        The model that the publication chose by its result in the test cohort; "" without one.
    best : bool
        Whether a signature is that of the best model by cross-fitted predictions.
    """
    joined = {str(name): name.signature for name in named if name.signature}
    made_of = {name: f"signature of {s} and clinical factors" for name, s in joined.items()}
    made_of[CLINICAL] = "clinical factors only"
    auc = aucs(table, "test", list(made_of))
    joins = [f"{name} the signature of {s}" for name, s in joined.items()]
    first, signature = next(iter(joined.items()))
    joins[0] = f"{first} joins the signature of {signature} to the clinical factors"
    alone = f"and {CLINICAL} uses the clinical factors alone."
    choice = _chosen_by(len(joined), best=best)
    if chosen in joined.values():
        choice += f" The publication chose {chosen} by its result in the test cohort."
    return {
        "joins": ", ".join([*joins, alone]),
        "choice": choice,
        "aucs": each({f"{name} ({made_of[name]})": text for name, text in auc.items()}),
        "measures": each(aucs(table, "test", list(made_of), accuracy=True)),
        "panels": " ".join(f"{name}: {parts}." for name, parts in made_of.items()),
        "signs": _signs(coefficients, about["variables"]),
        "drawn": first + (BY_SOUND if images else ""),
    }


def _chosen_by(n: int, *, best: bool) -> str:
    """How the signatures of nomograms were chosen, which is without the test cohort."""
    by_training = "the model with the highest cross-fitted AUC in the training cohort"
    if best:
        rest = "" if n == 1 else "; what else there is was named before anything was computed"
        return f"A signature is that of {by_training}{rest}."
    what = {1: "The signature was", 2: "Both signatures were"}.get(n, f"All {n} signatures were")
    return f"{what} named before anything was computed."


def _signs(coefficients: pd.DataFrame, dictionary: Mapping) -> str:
    """Whether a clinical coefficient has another sign beside a signature than without one.

    An estimate whose interval holds zero has no sign that could change.
    """
    of = coefficients[coefficients["protocol"].eq(PAPER)]
    of = of.assign(clear=of["low"].gt(0) | of["high"].lt(0), level=of["level"].fillna(""))
    keys, columns = ["term", "level"], ["estimate", "clear"]
    alone = of[of["nomogram"].eq(CLINICAL)].set_index(keys)[columns]
    beside = of[of["nomogram"].ne(CLINICAL)].join(alone.add_suffix("_alone"), on=keys, how="inner")
    turned = beside[beside["estimate"] * beside["estimate_alone"] < 0]
    clear = turned["clear"] & turned["clear_alone"].astype(bool)
    sentences = {
        f"Against {CLINICAL} a coefficient changes its sign: {_where(turned[clear], dictionary)}. "
        "Beside a signature it is not the effect of the factor alone.": clear.any(),
        f"Against {CLINICAL} an estimate lies on the other side of zero, with an interval there or "
        f"here that holds zero: {_where(turned[~clear], dictionary)}.": (~clear).any(),
        "No coefficient of a clinical factor has another sign beside a signature.": turned.empty,
    }
    return " ".join(applying(sentences))


def _where(rows: pd.DataFrame, dictionary: Mapping) -> str:
    """ "HT in Nomogram_A and Nomogram_B; margin (Rough) in Nomogram_B"."""
    found: dict[str, list[str]] = {}
    for row in rows.itertuples():
        found.setdefault(_coefficient(row.term, row.level, dictionary), []).append(row.nomogram)
    return "; ".join(f"{factor} in {listed(names)}" for factor, names in found.items())


def _coefficient(term: str, level: str, dictionary: Mapping) -> str:
    """ "margin (Irregular)", as a sentence calls it."""
    return inside(dictionary[term]["label"]) + (f" ({level})" if level else "")


def validation(
    scalars: Mapping,
    repeated: pd.DataFrame,
    penalised: pd.DataFrame,
    patients: pd.DataFrame,
    *,
    level: float,
) -> dict[str, str]:
    """Internal validation, size of the cohort, and the penalised model beside the clinical one.

    Parameters
    ----------
    scalars : mapping
        `scalars.json` of 05.
    repeated : DataFrame
        `clinical.validation_table`.
    penalised : DataFrame
        DeLong tests of the penalised model against the clinical nomogram.
    patients : DataFrame
        `patients.parquet` of 00: split and y.
    level : float
        Coverage of the intervals.
    """
    failed = scalars["validations_failed"]
    fell = _fell(repeated[repeated["signature"].eq("fixed")])
    (candidates, each_has), *_ = scalars["events_per_parameter"].items()
    against = penalised[penalised["cohort"].eq("test")].iloc[0]
    crossed = scalars["validated"] == "sound"  # or scores that came with the table
    kind = "cross-fitted by the sound recipe" if crossed else "those of the table"
    begin = "Corrected for optimism by the bootstrap, "
    if crossed:
        begin = (
            "The bootstrap validates the nomograms of the sound recipe, with cross-fitted "
            "signatures. Corrected for optimism, "
        )
    return {
        "draws": str(scalars["bootstraps"]),
        "signature": f"signatures stayed as they were ({kind}), so that what is corrected is "
        f"conditional on the signature.{_made_again(scalars)}",
        "text": f"{begin}the AUC of {fell}{_lost(failed['fixed'])}.",
        "again": "Signature: as it is, or made again in every sample of the whole pipeline."
        if scalars["pipeline_bootstraps"]
        else "",
        "pipeline": _pipeline(scalars, repeated[repeated["signature"].eq("repeated")]),
        "instability": _instability(scalars["instability"]),
        "middle": _middle(),
        "limits": _limits(),
        "widths": f"{tables.percent(COVERAGE, 0)} intervals with a width of {OE_WIDTH:g} for O:E, "
        f"{SLOPE_WIDTH:g} for the slope and {AUC_WIDTH:g} for the AUC",
        "size": f"The candidates have {tables.number(each_has, 1)} events per parameter, and "
        f"Riley’s criteria ask for {scalars['minimum_n'][candidates]:,} patients at an AUC of "
        f"{tables.probability(scalars['assumed_auc'])}.",
        "validation_size": _validation_size(scalars["validation_n"], patients),
        "penalised": f"in the test cohort the AUC of {CLINICAL} was "
        f"{above(against['difference'])} theirs ({tables.coverage(level)} CI of the difference "
        f"{tables.interval(against['ci_low'], against['ci_high'])}; "
        f"p {relation(against['p_value'])})",
    }


def _fell(table: pd.DataFrame) -> str:
    """The corrected AUC and slope of every model, beside its apparent AUC."""
    rows = table.set_index(["model", "measure"])
    return each(
        {
            model: f"{tables.probability(rows.loc[(model, 'auc'), 'corrected'])} instead of "
            f"{tables.probability(rows.loc[(model, 'auc'), 'apparent'])} (slope "
            f"{tables.number(rows.loc[(model, 'slope'), 'corrected'], 2)})"
            for model in table["model"].unique()
        }
    )


def _middle() -> str:
    """The share of a patient's risks whose range is shown."""
    low, high = MIDDLE
    return tables.percent(high - low, 0)


def _limits() -> str:
    """What the minimum size of a training cohort allows."""
    return (
        f"an expected shrinkage of at most {tables.percent(MAX_SHRINKAGE, 0)}, for an optimism of "
        f"Nagelkerke’s R² of at most {MAX_OPTIMISM:g}, and for an overall risk known to within "
        f"{100 * RISK_MARGIN:g} percentage points"
    )


def _instability(found: Mapping[str, Mapping[str, float]]) -> str:
    """How far risks depend on who fitted the nomogram."""
    errors, widths = (
        listed([f"{tables.number(100 * one[key], 1)} ({name})" for name, one in found.items()])
        for key in ("mean_error", "median_width")
    )
    return (
        "By the nomograms of the bootstrap samples the risk of a training patient differed by a "
        f"mean of {errors} percentage points; the middle {_middle()} of a patient’s risks "
        f"spanned, in the median patient, {widths} points"
    )


def _lost(failed: int) -> str:
    samples = "1 sample was" if failed == 1 else f"{failed} samples were"
    return f"; {samples} left out, as no fit was possible" if failed else ""


def _made_again(scalars: Mapping) -> str:
    """What the bootstrap of the whole pipeline repeats; empty without one."""
    if not scalars["pipeline_bootstraps"]:
        return ""
    return (
        f" In {scalars['pipeline_bootstraps']} further samples the signatures of the classical "
        "recipe, in-sample, were made again, too, from the selection of features on; copies of a "
        "patient stayed in one fold of every inner cross-validation."
    )


def _pipeline(scalars: Mapping, table: pd.DataFrame) -> str:
    """What is left of the in-sample nomograms where samples make their signatures themselves."""
    if not scalars["pipeline_bootstraps"]:
        return ""
    deep = [name for name in scalars["signatures"] if _is_deep(name)]
    unseen = table.drop_duplicates("model").set_index("model")["left_out_auc"]
    beyond = each({str(model): tables.probability(auc) for model, auc in unseen.items()})
    given = f" The network of {listed(deep)} was not trained again." if deep else ""
    return (
        "With signatures that every sample made for itself, the AUC of the in-sample "
        f"{_fell(table)}{_lost(scalars['validations_failed']['repeated'])}.{given} Of the patients "
        "who judge a sample’s nomogram 63% are in the sample; of a classifier that learns patients "
        "by heart too little is corrected. In the patients that samples lacked the AUC of "
        f"{beyond}."
    )


def _is_deep(signature: str) -> bool:
    model = ModelName.read(signature)
    return model is not None and model.kind in NETWORKS


def _validation_size(wanted: Mapping[str, int], patients: pd.DataFrame) -> str:
    """What validations of the nomograms need, and what there is."""
    held = patients[patients["split"].ne("train")].groupby("split", sort=False)["y"]
    there = [f"the {one} cohort has {len(y):,} ({y.sum():,} with the outcome)" for one, y in held]
    needs = listed([f"{n:,} patients ({name})" for name, n in wanted.items()])
    return f"A validation of the wanted precision would need {needs}; {listed(there)}."
