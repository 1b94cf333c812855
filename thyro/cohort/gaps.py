"""Empty cells of the included, where they are imputed instead of excluding their patients."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro.cohort.ingested import Ingested


def missing_cells(patients: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """How many cells are empty, by variable, cohort and outcome.

    Parameters
    ----------
    patients : DataFrame
        All included: split, y and the variables.
    variables : sequence of str
        In the order of the rows; those without any empty cell are left out.

    Returns
    -------
    DataFrame
        variable, cohort, y, n (patients), missing, share (0-1).
    """
    rows = []
    for name in variables:
        if patients[name].isna().any():
            for (cohort, y), part in patients.groupby(["split", "y"], sort=False):
                empty = int(part[name].isna().sum())
                rows.append((name, cohort, int(y), len(part), empty, empty / len(part)))
    table = pd.DataFrame(rows, columns=["variable", "cohort", "y", "n", "missing", "share"])
    order = {name: k for k, name in enumerate(("train", "test", "external"))}
    by_cohort = table["cohort"].map(order)
    return (
        table.assign(order=by_cohort, row=table["variable"].map(list(variables).index))
        .sort_values(["row", "order", "y"], kind="stable", ignore_index=True)
        .drop(columns=["row", "order"])
    )


def check_gaps(ingested: Mapping[str, Ingested], split: pd.Series) -> list[str]:
    """Variables that no training patient has a value of, so that nothing can fill a gap."""
    main = ingested["cohort"]
    train = main.flow.frame[split == "train"]
    return [
        f"{variable['name']}: empty for all {len(train)} training patients, so that nothing tells "
        "what to impute; leave it out of `variables`, or make it `required: false`"
        for variable in main.opened.variables
        if variable["required"] and variable["preoperative"]
        if train[variable["name"]].isna().all()
    ]
