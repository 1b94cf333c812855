"""Results are found by stage and name, and what is absent is told."""

import pandas as pd
import pytest

from thyro.report.results import Results


def test_tables_and_values_are_those_of_the_study(tmp_path):
    folder = tmp_path / "06_statistics"
    folder.mkdir()
    pd.DataFrame({"auc": [0.7]}).to_parquet(folder / "delong.parquet")
    (folder / "scalars.json").write_text('{"level": 0.9}')
    results = Results(str(tmp_path))
    assert results.table("06_statistics/delong")["auc"].tolist() == [0.7]
    assert results.values("06_statistics/scalars") == {"level": 0.9}


@pytest.mark.parametrize("kind", ["table", "values"])
def test_what_no_notebook_wrote_is_an_error(tmp_path, kind):
    with pytest.raises(FileNotFoundError, match="06_statistics"):
        getattr(Results(str(tmp_path)), kind)("06_statistics/none")
