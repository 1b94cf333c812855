"""What the publication prints of each of its figures and tables: facts beside the regenerated ones.

Every number comes from `paper_reference.yml`; what is null there is said not to be printed.
"""

from collections.abc import Mapping

from thyro import store
from thyro.report.published import reference
from thyro.report.results import Results
from thyro.report.words.phrases import inside, listed
from thyro.study import Study

FOLDER = "report/published"


def texts(study: Study, results: Results) -> dict:
    """Facts of the publication by figure and table; the same for every study.

    Returns
    -------
    dict
        printed: one text per item, such as figure_4.
    """
    return {"printed": printed(reference(store.path(FOLDER)))}


def printed(facts: Mapping) -> dict[str, str]:
    """A sentence or two per item.

    Parameters
    ----------
    facts : mapping
        `published.reference`.
    """
    return {
        "figure_1": _flow(facts),
        "figure_2": _super_resolution(facts["super_resolution"]),
        "figure_3": _process(facts),
        "figure_4": _curves(facts["table_2"]["rows"]),
        "figure_5": _nomograms(facts),
        "figure_6": _performance(facts),
        "table_1": _patients(facts["table_1"]["rows"]),
        "table_2": _metrics(facts["table_2"]["rows"]),
        "supplementary_table_1": _factors(facts["clinical_model"]),
        "supplementary_table_2": _features(facts["radiomics"]),
        "supplementary_figure_1": _tests(facts["comparisons"], of_nomograms=False),
        "supplementary_figure_2": "No number is printed with the heat maps.",
        "supplementary_figure_3": _calibration(facts["hosmer_lemeshow"]),
    }


def _flow(facts: Mapping) -> str:
    cohorts = facts["cohorts"]
    parts = cohorts["parts"]
    text = (
        f"Printed: {cohorts['whole']['n']} patients, enrolled from {facts['about']['enrolment']}, "
        f"{parts['Train']} of them for training and {parts['Test']} for testing "
        f"({cohorts['ratio']})."
    )
    hidden = "excluded" in facts["not_printed"]
    return text + (" How many were excluded is not printed in the text." if hidden else "")


def _super_resolution(facts: Mapping) -> str:
    text = (
        f"Printed: images degraded to {facts['low_resolution_factor']} of the resolution, with "
        f"{facts['noise']} noise"
    )
    missing = _missing(
        {
            "its standard deviation": facts["noise_sigma"],
            "PSNR and SSIM of the restored images": facts["psnr_ssim"],
        }
    )
    return f"{text}. {missing}".strip()


def _process(facts: Mapping) -> str:
    radiomics, selection = facts["radiomics"], facts["feature_selection"]
    text = (
        f"Printed: PyRadiomics {radiomics['pyradiomics_version']} and {radiomics['n_total']:,} "
        f"features per image; a Mann–Whitney test at p < {selection['mann_whitney_p']}, Spearman "
        f"correlations above {selection['spearman_rho']} removed, and a LASSO with "
        f"{selection['lasso_folds']}-fold cross-validation."
    )
    return (
        f"{text} {_missing({'the number of features selected': selection['n_selected']})}".strip()
    )


def _curves(rows: list[Mapping]) -> str:
    aucs: dict[str, dict[str, str]] = {}
    for row in rows:
        aucs.setdefault(row["model"], {})[row["cohort"]] = row["auc"]
    models = [
        f"{model} {of['Train']} and {of['Test']}"
        for model, of in aucs.items()
        if "_" in model  # the reader is no model of images
    ]
    return f"Printed AUCs in training and test: {listed(models)}."


def _nomograms(facts: Mapping) -> str:
    made = {name: one["signature"] for name, one in facts["nomograms"].items()}
    joined = [f"{name} has the signature of {model}" for name, model in made.items() if model]
    terms = listed(facts["clinical_model"]["terms"])
    model = facts["clinical_model"]["model"]
    missing = _missing({"coefficients and odds ratios": facts["clinical_model"]["odds_ratios"]})
    return f"Printed: {', '.join(joined)}; {model} has {terms}, as they all do. {missing}".strip()


def _performance(facts: Mapping) -> str:
    aucs = [
        f"{name} {one['test']['auc']} ({one['test']['ci95']}), accuracy {one['test']['accuracy']}"
        for name, one in facts["nomograms"].items()
    ]
    tests = _tests(facts["comparisons"], of_nomograms=True)
    return f"Printed AUCs in the test cohort: {'; '.join(aucs)}. {tests}"


def _tests(comparisons: Mapping, *, of_nomograms: bool) -> str:
    """The printed p values of DeLong's test."""
    told = [
        f"{pair['a']} and {pair['b']} p {_relation(pair['p'])}"
        for pair in comparisons["pairs"]
        if pair["a"].startswith("Nomogram") == of_nomograms
    ]
    adjusted = "" if comparisons["correction"] else ", without a correction for their number"
    return f"Printed tests of AUCs in the test cohort{adjusted}: {listed(told)}."


def _relation(p: str) -> str:
    return p if p[0] in "<>" else f"= {p}"


def _patients(rows: list[Mapping]) -> str:
    of = {row["variable"]: row for row in rows}
    means = [
        f"{inside(name)} {of[name]['ALL']['mean']} ± {of[name]['ALL']['sd']}"
        for name in of
        if of[name]["kind"] == "continuous"
    ]
    counts = {level["level"]: level["ALL"] for level in of["CLNM"]["levels"]}
    return (
        f"Printed of all patients: {listed(means)}; metastasis in {counts['Yes']['n']} "
        f"({counts['Yes']['percent']}%). {len(of)} variables are compared between the cohorts, "
        f"with p from {min(of[name]['p'] for name in of if of[name]['p'])} upwards."
    )


def _metrics(rows: list[Mapping]) -> str:
    test = [row for row in rows if row["cohort"] == "Test"]
    best = max(test, key=lambda row: float(row["auc"]))
    worst = min(test, key=lambda row: float(row["auc"]))
    return (
        f"Printed: {len(rows)} rows. In the test cohort the AUC lies between {worst['auc']} "
        f"({worst['model']}) and {best['auc']} ({best['model']}, at an accuracy of "
        f"{best['accuracy']})."
    )


def _factors(facts: Mapping) -> str:
    missing = _missing({"odds ratios": facts["odds_ratios"]})
    return (
        f"Printed: {len(facts['candidates'])} candidates, a univariate p below "
        f"{facts['univariate_p']} to enter; {listed(facts['terms'])} stayed. {missing}"
    ).strip()


def _features(facts: Mapping) -> str:
    missing = _missing({"the names of the image types": facts["image_types"]})
    return (
        f"Printed: {facts['n_total']:,} features: {facts['n_first_order']} first-order and "
        f"{facts['n_texture']} texture features in each of {facts['n_image_filters']} image types, "
        f"and {facts['n_shape']} of shape. {missing}"
    ).strip()


def _calibration(facts: Mapping) -> str:
    missing = _missing(
        {"the test statistic": facts["statistic"], "the number of groups": facts["groups"]}
    )
    return (f"Printed: Hosmer–Lemeshow p {facts['p']} for the nomograms. {missing}").strip()


def _missing(found: Mapping) -> str:
    """ "The statistic and the groups are not printed in the text."; nothing where all are."""
    absent = [name for name, value in found.items() if value is None]
    if not absent:
        return ""
    text = listed(absent)
    one = len(absent) == 1 and not absent[0].endswith("s") and " and " not in absent[0]
    return f"{text[0].upper()}{text[1:]} {'is' if one else 'are'} not printed in the text."
