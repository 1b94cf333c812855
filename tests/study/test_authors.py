"""What only authors know: optional, text alone, and known to the checklists."""

import pytest
import yaml
from pydantic import ValidationError

from thyro.study.authors import Authors


def test_nothing_has_to_be_said():
    assert set(Authors().model_dump().values()) == {""}
    assert Authors(ethics="No. 7").ethics == "No. 7"


@pytest.mark.parametrize("wrong", [{"ethic": "a"}, {"dates": 2020}])
def test_an_unknown_key_and_what_is_no_text_are_refused(wrong):
    with pytest.raises(ValidationError):
        Authors(**wrong)


def test_every_key_is_asked_for_by_an_item():
    with open("report/checklists.yml", encoding="utf-8") as file:
        items = [item for items in yaml.safe_load(file).values() for item in items]
    rules = [rule for item in items for rule in (item, *item.get("unless", {}).values())]
    asked = {rule.get(key) for rule in rules for key in ("authors", "instead")} - {None}
    assert asked == set(Authors.model_fields)
