"""Notes below tables name their source, and reach the page as they are."""

import pandas as pd
import pytest

from thyro import tables
from thyro.tables import notes


@pytest.mark.parametrize("note", [notes.HOSMER, notes.NRI, notes.DELONG_TRAINING])
def test_a_note_stands_below_its_table(note):
    shown = tables.show(pd.DataFrame({"A": ["1"]}), note=note).data
    head, below = shown.strip().split("\n\n")
    assert head.startswith("| A") and below == note


def test_a_note_that_warns_of_a_test_names_who_showed_it():
    assert "Hilden and Gerds 2014" in notes.NRI and "Demler 2012" in notes.DELONG_TRAINING
