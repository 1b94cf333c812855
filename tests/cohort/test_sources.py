"""Tables of patients: the user's, as text; and the simulation's."""

import pandas as pd
import pytest

from thyro.cohort import sources


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_the_users_table_is_read_as_text(project, name):
    frame = pd.DataFrame({"id": ["007", "8"], "age": ["", "41.5"], "note": ["NA", "ü"]})
    file = project / "data" / name
    if name.endswith("csv"):
        file.write_text(frame.to_csv(index=False), encoding="utf-8-sig")  # with byte-order mark
    else:
        frame.to_excel(file, index=False)
    back = sources.read_source_table("data", name)
    assert back.to_dict("list") == frame.to_dict("list")


@pytest.mark.parametrize(
    ("folder", "name", "message"),
    [
        ("absent", "t.csv", "absent: no such folder. Say DATA="),
        ("", "t.csv", "DATA: no such folder"),
        ("data", "t.csv", "table 't.csv' is not in the data folder"),
        ("data", "../t.csv", "outside the data folder"),
    ],
)
def test_a_table_that_is_not_there_is_named(project, folder, name, message):
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        sources.read_source_table(folder, name)
