"""Words on the publication are its facts, rounded as printed."""

from pathlib import Path

import yaml

from thyro.report import published_facts
from thyro.report.words import published

FACTS = published_facts("report/published")


def test_the_facts_are_told_as_the_publication_and_its_audit_have_them():
    told = published.facts(FACTS)
    counts = [told[f"outcome_{source}"] for source in ("table1", "location", "table2")]
    assert counts == ["162", "165", "173"]
    assert (told["n"], told["n_train"], told["n_test"]) == ("544", "380", "164")
    f1 = [told[f"radiologist_f1_{where}"] for where in ("printed", "train", "test")]
    assert f1 == ["0.682", "0.736", "0.624"]
    assert told["radiologist_positive_table1"] == "182"
    assert told["radiologist_positive_table2"] == "170"
    assert (told["delong_p"], told["delong_p_holm"]) == ("= 0.013", "= 0.052")
    assert (told["checks"], told["inconsistent"]) == ("48", "24")
    assert [told[f"auc_{name}"] for name in ("chosen", "nomogram_b", "nomogram_c")] == [
        "0.878",
        "0.868",
        "0.880",
    ]


def test_the_manuscript_knows_every_fact():
    invented = yaml.safe_load(Path("tests/report/variables.yml").read_text(encoding="utf-8"))
    assert invented["published"] == published.facts(FACTS)
