"""The files that the notebooks of a study left, as the words of the report read them."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from thyro import store


@dataclass(frozen=True)
class Results:
    """Results of one study; names are below its folder and without ending."""

    folder: str  # relative to the project

    def table(self, name: str) -> pd.DataFrame:
        """`<name>.parquet`; FileNotFoundError where no notebook wrote it."""
        return store.read_table(f"{self.folder}/{name}.parquet")

    def values(self, name: str) -> Any:
        """`<name>.json`; FileNotFoundError where no notebook wrote it."""
        return store.read_json(f"{self.folder}/{name}.json")
