"""Words on the publication: facts of its numbers and of their audit, which the discussion names."""

from collections.abc import Mapping

from thyro import tables
from thyro.report.results import Results
from thyro.report.words.phrases import relation
from thyro.study import Study


def texts(study: Study, results: Results) -> dict:
    """Texts of the publication, from what 06 left; the same for every study.

    Returns
    -------
    dict
        published.
    """
    return {"published": facts(results.values("06_statistics/published"))}


def facts(values: Mapping) -> dict[str, str]:
    """`published_facts` as text."""
    f1, auc = (
        {name: tables.probability(x) for name, x in values[key].items()}
        for key in ("radiologist_f1", "auc")
    )
    size = values["n"]
    return {
        "n": str(size["all"]),
        "n_train": str(size["train"]),
        "n_test": str(size["test"]),
        "checks": str(values["checks"]),
        "inconsistent": str(values["inconsistent"]),
        **{f"outcome_{place}": str(n) for place, n in values["outcome"].items()},
        **{f"radiologist_f1_{where}": text for where, text in f1.items()},
        **{f"radiologist_positive_{place}": str(n) for place, n in values["suspected"].items()},
        "delong_p": relation(values["delong_p"]),
        "delong_p_holm": relation(values["delong_p_holm"]),
        "auc_chosen": auc[values["chosen"]],
        "auc_nomogram_b": auc["Nomogram_B"],
        "auc_nomogram_c": auc["Nomogram_C"],
    }
