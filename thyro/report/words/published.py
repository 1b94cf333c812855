"""Words on the publication: numbers of it, and what the audit of its numbers found."""

from collections.abc import Mapping

from thyro import store, tables
from thyro.report.published import published_sizes
from thyro.report.results import Results
from thyro.report.words.phrases import listed, relation
from thyro.study import Study

PUBLISHED_DIR = "report/published"
WRONG = "inconsistent"
KINDS = {  # of what is inconsistent
    "number": "of printed numbers with each other",
    "claim": "of a claim with the numbers",
    "method": "of a method with its assumption or with usual practice",
    "wording": "of wording",
}


def texts(study: Study, results: Results) -> dict:
    """Texts of the publication that this one follows, and of the audit, from what 06 computed.

    The audit is of that publication, or of the file that the study names.

    Returns
    -------
    dict
        published.
    """
    n = {}
    if study.reference != "none":
        sizes = published_sizes(store.path(PUBLISHED_DIR))
        n = {"n" if name == "all" else f"n_{name}": str(size) for name, size in sizes.items()}
    return {"published": n | facts(results.values("06_statistics/published"))}


def facts(values: Mapping) -> dict[str, str]:
    """The facts of `audit.audit_file` as numbers and sentences.

    A sentence whose check did not find what it says is left out.
    """
    return {
        "source": values["source"] or "the audited publication",
        "counts": counts(values),
        "credit": credit(values),
        "outcome": outcome(values),
        "reader": reader(values),
        "comparison": comparison(values),
        "clinical": clinical(values),
        "training": training(values),
        "determined": determined(values),
        "null": null_pattern(values),
    }


def counts(values: Mapping) -> str:
    """How many checks there are, by verdict and by kind."""
    kinds = [f"{n} {KINDS[kind]}" for kind, n in values["kinds"].items() if n]
    verdicts = {"consistent": 0, WRONG: 0, "cannot tell": 0} | values["verdicts"]
    found = f"{verdicts[WRONG]} found an inconsistency" + (f": {listed(kinds)}" if kinds else "")
    return (
        f"Of {values['checks']} checks {verdicts['consistent']} found the numbers consistent, "
        f"{verdicts['cannot tell']} could not tell, and {found}."
    )


def credit(values: Mapping) -> str:
    """What holds."""
    told = {
        "matrices": "rows of metrics come from exactly one confusion matrix in whole patients",
        "p_values": "p values of categorical variables follow from the counts beside them",
        "intervals": "intervals of an AUC are symmetric about it, as Wald’s are",
    }
    found = [
        f"{values['credit'][key][0]} of {values['credit'][key][1]} {text}"
        for key, text in told.items()
        if values["credit"][key]
    ]
    return f"Much holds: {listed(found)}." if found else ""


def outcome(values: Mapping) -> str:
    """The counts of the outcome, where they differ."""
    if _wrong(values, "B1") or _wrong(values, "B3"):
        rows = [
            f"{n} patients by the row {name}"
            for name, n in values["outcome"].items()
            if name != "performance"
        ]
        return (
            f"The outcome is counted as {listed(rows)}, while the metrics can only come from "
            f"{values['outcome']['performance']}. Which definition trained the models cannot be "
            "told."
        )
    return ""


def reader(values: Mapping) -> str:
    """F1, calls and AUC of the radiologist, where they contradict other numbers."""
    told = []
    if _wrong(values, "C2") and values["reader_f1"]:
        f1 = {where: tables.probability(x) for where, x in values["reader_f1"].items()}
        told.append(
            f"The F1 score in test is given as {f1['printed']}; the other metrics of the rows "
            f"imply {f1['train']} in training and {f1['test']} in test."
        )
    if _wrong(values, "C3") and values["called"]:
        called = values["called"]
        told.append(
            f"The radiologist suspects {called['characteristics']} patients in one table and "
            f"{called['performance']} in the other."
        )
    if _wrong(values, "C4"):
        told.append("The AUC is not that of the yes/no reading that both tables describe.")
    return " ".join(told)


def comparison(values: Mapping) -> str:
    """Super-resolved against original images."""
    told = []
    if _wrong(values, "D5"):
        told.append(
            f"One difference in the test cohort has a p value (p {relation(values['p'])}); Holm’s "
            f"adjustment for the comparisons made gives p {relation(values['holm'])}."
        )
    if _wrong(values, "D7"):
        told.append("Not every family of models has the higher AUC on super-resolved images.")
    return " ".join(told)


def clinical(values: Mapping) -> str:
    """Clinical factors alone, beside the image models."""
    if not _wrong(values, "D11"):
        return ""
    auc = {name: tables.probability(x) for name, x in values["auc"].items()}
    return (
        f"Nomogram_C (AUC {auc['Nomogram_C']}) does as well as the best image model "
        f"({auc[values['chosen']]}) and better than Nomogram_B ({auc['Nomogram_B']}), which adds "
        "an image signature to the same factors."
    )


def training(values: Mapping) -> str:
    """The fall of the AUCs from training to test."""
    if not _wrong(values, "E1"):
        return ""
    fallen, every = values["falls"]
    return (
        f"Of {every} AUCs {fallen} fall from training to test by more than chance explains, as "
        "figures do that are computed on the patients who fitted the model."
    )


def determined(values: Mapping) -> str:
    """What is not printed and follows from what is."""
    told = []
    if values["no_information_rate"] is not None:
        rate = tables.probability(values["no_information_rate"])
        below = values["below"]
        told.append(
            f"Calling everybody in the test cohort what most are has an accuracy of {rate}"
            + (f", more than {listed(below)}" if below else "")
            + "."
        )
    if values["correlation"]:
        r, low, high = (tables.number(x) for x in values["correlation"])
        told.append(
            f"The p value of the printed difference needs a correlation of {r} between the two "
            f"AUCs ({low} to {high} over rounding)."
        )
    if values["benefit"]:
        rows = [
            f"{tables.number(row['net_benefit'])} at {tables.percent(row['threshold'], 0)} "
            f"({row['model']}; treating all {tables.number(row['treat_all'])})"
            for row in values["benefit"]
        ]
        told.append(f"The highest net benefit of a printed rule in test is {listed(rows)}.")
    return " ".join(told)


def null_pattern(values: Mapping) -> str:
    """How often as much arises where super-resolution does nothing, with its Monte Carlo error."""
    null = values["null"]
    if not null:
        return ""
    n = null["pairs"]
    told = [
        f"the best SR model {tables.number(null['best']['printed'])} or more above the best OR "
        f"model in {_of_draws(null['best'])}",
        f"the largest of the {n} gains {tables.number(null['largest']['printed'])} or more in "
        f"{_of_draws(null['largest'])}",
        f"at least {null['above']['printed']:.0f} of {n} SR models above their twins in "
        f"{_of_draws(null['above'])}",
    ]
    low, middle, high = (tables.number(x) for x in null["largest"]["quartiles"])
    drawn, printed = (null["mean_auc"][which] for which in ("drawn", "printed"))
    level = f"The mean AUC of these models is {tables.number(drawn)}, that of the printed ones "
    level += tables.number(printed)
    level += "; differences of lower AUCs vary more." if drawn < printed else "."
    return (
        f"How surprising is the printed pattern where super-resolution does nothing? In "
        f"{null['draws']} simulated cohorts of {null['train']} and {null['test']} patients the OR "
        "and SR features of each patient changed places at random, so that neither image set tells "
        "more of the outcome, and the models were made anew by the classical recipe. In the test "
        f"cohort as much as printed arose so often: {listed(told)}; all {n} were above in "
        f"{_of_draws(null['all_above'])}. In brackets are Monte Carlo {tables.coverage(0.95)} "
        f"confidence intervals. The largest gain had a median of {middle} (quartiles {low} and "
        f"{high}). {level}"
    )


def _of_draws(share: Mapping) -> str:
    """ "48% (33–63%)"."""
    low, high = (tables.percent(share[end], 0) for end in ("low", "high"))
    return f"{tables.percent(share['share'], 0)} ({low.rstrip('%')}–{high})"


def _wrong(values: Mapping, check: str) -> bool:
    return values["verdict"].get(check) == WRONG
