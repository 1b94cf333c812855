"""Words on the nomograms: their clinical factors, what each joins, and their validation."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import applying, aucs, each, inside, listed, relation
from thyro.study import CLINICAL, PAPER, NomogramName, Study, nomograms


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
            results.table("06_statistics/performance"),
            results.table("05_nomogram/coefficients"),
            about,
            chosen=results.values("06_statistics/published")["chosen"],
        ),
        "validation": validation(
            scalars,
            results.table("05_nomogram/validation"),
            results.table("06_statistics/penalised"),
            results.table("00_cohort/patients"),
        ),
    }


def clinical(
    study: Study, about: Mapping, scalars: Mapping, regressions: pd.DataFrame
) -> dict[str, str]:
    """The clinical factors of the nomograms and how they were chosen.

    Parameters
    ----------
    study : Study
    about : mapping
        `cohort.json` of 00.
    scalars : mapping
        `scalars.json` of 05.
    regressions : DataFrame
        `clinical.ClinicalSelection.to_frame()`.
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


def composition(
    named: Sequence[NomogramName],
    table: pd.DataFrame,
    coefficients: pd.DataFrame,
    about: Mapping,
    *,
    chosen: str,
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
        The model that the publication chose by its result in the test cohort.
    """
    joined = {str(name): name.signature for name in named if name.signature}
    made_of = {name: f"signature of {s} and clinical factors" for name, s in joined.items()}
    made_of[CLINICAL] = "clinical factors only"
    auc = aucs(table, "test", list(made_of))
    joins = [f"{name} the signature of {s}" for name, s in joined.items()]
    first, signature = next(iter(joined.items()))
    joins[0] = f"{first} joins the signature of {signature} to the clinical factors"
    alone = f"and {CLINICAL} uses the clinical factors alone."
    one = "The signature is named in the study file."
    both = "Both signatures are named in the study file."
    choice = both if len(joined) > 1 else one
    if chosen in joined.values():
        choice += f" The publication chose {chosen} by its result in the test cohort."
    return {
        "joins": ", ".join([*joins, alone]),
        "choice": choice,
        "aucs": each({f"{name} ({made_of[name]})": text for name, text in auc.items()}),
        "measures": each(aucs(table, "test", list(made_of), accuracy=True)),
        "panels": " ".join(f"{name}: {parts}." for name, parts in made_of.items()),
        "protocol": ""
        if about.get("scores")
        else "The nomograms drawn here are those of the paper’s recipe, in-sample.",
        "signs": _signs(coefficients, about["variables"]),
    }


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
    scalars: Mapping, repeated: pd.DataFrame, penalised: pd.DataFrame, patients: pd.DataFrame
) -> dict[str, str]:
    """Internal validation, size of the cohort, and the penalised model beside the clinical one.

    Parameters
    ----------
    scalars : mapping
        `scalars.json` of 05.
    repeated : DataFrame
        The stacked tables of `clinical.optimism_of`.
    penalised : DataFrame
        DeLong tests of the penalised model against the clinical nomogram.
    patients : DataFrame
        `patients.parquet` of 00: split and y.
    """
    table = repeated.set_index(["model", "measure"])
    fell = {
        model: f"{tables.probability(table.loc[(model, 'auc'), 'corrected'])} instead of "
        f"{tables.probability(table.loc[(model, 'auc'), 'apparent'])} (slope "
        f"{tables.number(table.loc[(model, 'slope'), 'corrected'], 2)})"
        for model in repeated["model"].unique()
    }
    failed = scalars["bootstraps_failed"]
    samples = "1 sample was" if failed == 1 else f"{failed} samples were"
    lost = f"; {samples} left out, as no fit was possible" if failed else ""
    (candidates, each_has), *_ = scalars["events_per_parameter"].items()
    against = penalised[penalised["cohort"].eq("test")].iloc[0]
    crossed = scalars["validated"] == "sound"  # or scores that came with the table
    kind = "cross-fitted by the sound recipe" if crossed else "those of the table"
    begin = "Corrected for optimism by the bootstrap, "
    if crossed:
        begin = (
            "The bootstrap validates the nomograms of the sound recipe, with cross-fitted "
            "signatures, and not those drawn above. Corrected for optimism, "
        )
    return {
        "draws": str(scalars["bootstraps"]),
        "signature": f"signatures stayed as they were ({kind}), so that what is corrected is "
        "conditional on them.",
        "text": f"{begin}the AUC of {each(fell)}{lost}.",
        "size": f"The candidates have {tables.number(each_has, 1)} events per parameter, and "
        f"Riley’s criteria ask for {scalars['minimum_n'][candidates]:,} patients at an AUC of "
        f"{tables.probability(scalars['assumed_auc'])}.",
        "validation_size": _validation_size(scalars["validation_n"], patients),
        "penalised": f"in the test cohort the AUC of {CLINICAL} less theirs was "
        f"{tables.estimate(*against[['difference', 'ci_low', 'ci_high']])} "
        f"(p {relation(against['p_value'])})",
    }


def _validation_size(wanted: Mapping[str, int], patients: pd.DataFrame) -> str:
    """What validations of the nomograms need, and what there is."""
    held = patients[patients["split"].ne("train")].groupby("split", sort=False)["y"]
    there = [
        f"the {cohort} cohort has {len(y):,} ({y.sum():,} with the outcome)" for cohort, y in held
    ]
    needs = listed([f"{n:,} patients ({name})" for name, n in wanted.items()])
    return f"A validation of the wanted precision would need {needs}; {listed(there)}."
