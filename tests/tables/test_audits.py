"""Tables of the audit: nine rows, every check, and what follows from the metrics."""

import pytest

from thyro import audit
from thyro.tables import audits


@pytest.fixture(scope="module")
def audited():
    return audit.audit_file("report/published/paper_reference.yml")


def test_nine_rows_contradict_each_other(audited):
    table = audits.contradictions(audited.findings)
    assert list(table.columns) == ["Check", "Printed", "Implied", "How", "Consequence"]
    ids = [text.split(".")[0] for text in table["Check"]]
    assert ids == ["B1", "B3", "B4", "C2", "C3", "C4", "D3", "D6", "H1"]
    assert table.ne("").all(axis=None)


def test_the_audit_lists_every_check(audited):
    table = audits.audit(audited.findings).set_index("Check")
    assert len(table) == 48
    verdict = table["Verdict"]
    assert verdict.str.startswith("inconsistent").sum() == 24
    assert verdict.iloc[0] == "consistent"
    assert "inconsistent: number, critical" in set(verdict)
    assert verdict[verdict.str.endswith("(read)")].str[:2].tolist() == ["ca", "ca"] + ["in"] * 3 + [
        "ca"
    ]
    assert len(audits.audit_methods(audited.findings)) == 48


def test_a_check_without_its_numbers_is_left_out():
    findings = audit.audit_file("docs/audit_example.yml").findings
    lacking = findings["verdict"].eq("not printed").sum()
    assert lacking and len(audits.audit(findings)) == len(findings) - lacking
    assert len(audits.audit_methods(findings)) == len(findings) - lacking


def test_rules_have_intervals_and_net_benefit(audited):
    table = audits.rules(audited.proportions, audited.net_benefits)
    row = table.set_index(["Model", "Cohort"]).loc[("SR_SVM", "Test")]
    assert row["TP, FN, FP, TN"] == "29, 16, 8, 111"
    assert row["Accuracy (95% CI)"] == "0.85 (0.79–0.90)"
    assert row["Sensitivity (95% CI)"] == "0.64 (0.50–0.77)"
    assert row["Net benefit at 20%, 30%, 40%"] == "0.165, 0.156, 0.144"
