"""A check carries its question; what it found decides weight, kind and consequence."""

import pytest

from thyro.audit.finding import Found, check, run
from thyro.audit.printed import NotPrinted, Printed


def made(verdict="inconsistent"):
    @check("B2", "A topic", kind="number", weight="major", consequence="It matters.")
    def one(printed: Printed) -> Found:
        """How it
        is computed."""
        if printed.data.get("lacking"):
            raise NotPrinted("table_9")
        return Found(verdict, "Table 1", "1", "2")

    return one


def test_the_docstring_is_how_it_is_computed():
    found = made()(Printed({}))
    assert found.how == "How it is computed."
    assert (found.kind, found.weight, found.consequence) == ("number", "major", "It matters.")


@pytest.mark.parametrize(
    ("verdict", "weight", "consequence"),
    [("consistent", "info", ""), ("cannot tell", "major", "It matters.")],
)
def test_what_is_not_inconsistent_has_no_kind(verdict, weight, consequence):
    found = made(verdict)(Printed({}))
    assert (found.kind, found.weight, found.consequence) == ("", weight, consequence)


def test_a_check_without_its_numbers_is_left_out_and_says_so():
    (row,) = run(Printed({"lacking": True}), [made()]).to_dict("records")
    assert (row["verdict"], row["printed"]) == ("not printed", "needs table_9")
    assert row["weight"] == row["implied"] == row["consequence"] == ""


def test_checks_run_in_the_order_of_their_numbers():
    @check("B10", "Later", kind="claim", weight="minor", consequence="")
    def later(printed: Printed) -> Found:
        """Of no matter."""
        return Found("consistent", "", "", "")

    assert list(run(Printed({}), [later, made()])["id"]) == ["B2", "B10"]


def test_an_unknown_verdict_or_kind_is_refused():
    with pytest.raises(ValueError, match="B2: expected one of .*'perhaps'"):
        made("perhaps")(Printed({}))
    with pytest.raises(ValueError, match="B1: expected a kind"):
        check("B1", "", kind="feeling", weight="major", consequence="")
