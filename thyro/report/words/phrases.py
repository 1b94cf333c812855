"""How numbers and lists are put into words; used by the modules of all sections."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro import tables
from thyro.study import RADIOLOGIST

RANDOM = "random"  # begins what 02 says of weights that were drawn
EPONYMS = {"Bethesda", "Doppler", "Graves", "Hashimoto"}


def listed(items: Sequence[str]) -> str:
    """ "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if items[1:] else items)


def plural(noun: str) -> str:
    """ "nodules", "masses", "biopsies", "metastases"."""
    if noun.endswith("sis"):
        return f"{noun[:-2]}es"
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def applying(texts: Mapping[str, bool]) -> list[str]:
    """Those of `texts` whose condition holds, in their order."""
    return [text for text, holds in texts.items() if holds]


def each(values: Mapping[str, str]) -> str:
    """ "A was 0.9, of B 0.8 and of C 0.7", as a sentence goes on after "the AUC of"."""
    (first, value), *others = values.items()
    return listed([f"{first} was {value}", *(f"of {name} {text}" for name, text in others)])


def relation(p: float) -> str:
    """ "= 0.013" or "< 0.001", as a sentence continues after "p"."""
    text = tables.p_value(p)
    return text.replace("<", "< ") if text.startswith("<") else f"= {text}"


def term_test(table: pd.DataFrame) -> str:
    """The test behind `lr_p` of a table of coefficients: pooled ones have degrees of freedom."""
    return "pooled Wald test" if "df" in table else "likelihood-ratio test"


def inside(label: str) -> str:
    """A label as it stands inside a sentence; names and abbreviations keep their capital."""
    first = label.split()[0].removesuffix("'s").removesuffix("’s")
    plain = first[1:2].isalpha() and not any(c.isupper() or c.isdigit() for c in first[1:])
    return label[0].lower() + label[1:] if plain and first not in EPONYMS else label


def aucs(
    table: pd.DataFrame, cohort: str, names: Sequence[str], *, accuracy: bool = False
) -> dict[str, str]:
    """AUC with interval of every model in one cohort.

    Parameters
    ----------
    table : DataFrame
        `statistics.performance_table`.
    cohort : str
        "train", "test" or "external".
    names : sequence of str
        Of the models, in the order of the sentence.
    accuracy : bool
        Whether the accuracy is told too.

    Returns
    -------
    dict of model to text
    """
    rows = table[table["cohort"].eq(cohort)].set_index("model").loc[list(names)]
    return {
        row.Index: tables.estimate(row.auc, row.ci_low, row.ci_high)
        + (f" at an accuracy of {tables.probability(row.accuracy)}" if accuracy else "")
        for row in rows.itertuples()
    }


def above(difference: float, digits: int = 3) -> str:
    """ "0.160 above", "0.024 below" or "equal to", as a sentence goes on with "that of"."""
    size = tables.number(abs(difference), digits)
    if not float(size):
        return "equal to"
    return f"{size} {'above' if difference > 0 else 'below'}"


def side(low: float, high: float) -> int:
    """Where an interval lies: 1 above zero, -1 below it, 0 where it holds zero or is missing."""
    return int(low > 0) - int(high < 0)


def gap(first: str, second: str, row: pd.Series, *, level: float) -> str:
    """ "the AUC of A was 0.024 below that of B (95% CI of the difference ...; p = 0.451)".

    `row` is of `statistics.delong_matrix`, first less second; p is told after Holm's adjustment,
    too, where the row has it.
    """
    other = "the radiologist’s" if second == RADIOLOGIST else f"that of {second}"
    told = f"p {relation(row['p_value'])}"
    if "p_holm" in row:
        adjusted = f"p {relation(row['p_holm'])}"
        told += (
            ", before and after Holm’s adjustment"
            if adjusted == told
            else f", after Holm’s adjustment {adjusted.removeprefix('p ')}"
        )
    return (
        f"the AUC of {first} was {above(row['difference'])} {other} ({tables.coverage(level)} CI "
        f"of the difference {tables.interval(row['ci_low'], row['ci_high'])}; {told})"
    )
