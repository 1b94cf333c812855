"""The nomograms of a study, each fitted under every protocol that its signatures come from."""

from collections.abc import Mapping, Sequence

import pandas as pd

from thyro.clinical.logistic import LogisticFit, fit_logistic
from thyro.study import NomogramName

Fits = dict[str, dict[str, LogisticFit]]  # protocol -> nomogram -> its regression


def nomogram_terms(
    names: Sequence[NomogramName], clinical: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Terms of every nomogram: its signature, where it has one, and the clinical terms."""
    return {str(name): [*([name.signature] if name.signature else []), *clinical] for name in names}


def fit_by_protocol(
    training: Mapping[str, pd.DataFrame], terms: Mapping[str, Sequence[str]]
) -> Fits:
    """Fit every nomogram under every protocol.

    Parameters
    ----------
    training : mapping of protocol to DataFrame
        Training patients: y, clinical variables, and the signatures under this protocol.
    terms : mapping of nomogram to columns
        As `nomogram_terms`.

    Raises
    ------
    ValueError
        As `fit_logistic`.
    """
    return {
        protocol: {name: fit_logistic(frame, frame["y"], list(of)) for name, of in terms.items()}
        for protocol, frame in training.items()
    }


def predict_by_protocol(
    fits: Fits, patients: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Risk that every nomogram gives every patient: protocol -> table, a column per nomogram.

    Parameters
    ----------
    fits
        As `fit_by_protocol`.
    patients : mapping of protocol to DataFrame
        As its `training`, of all patients whom it asks for.
    """
    return {
        protocol: pd.DataFrame(
            {name: fit.predict(patients[protocol]) for name, fit in of_protocol.items()},
            index=patients[protocol].index,
        )
        for protocol, of_protocol in fits.items()
    }


def coefficient_table(fits: Fits, *, level: float = 0.95) -> pd.DataFrame:
    """`LogisticFit.table` of every nomogram, indexed by protocol and nomogram."""
    tables = {
        (protocol, name): fit.table(level=level)
        for protocol, of_protocol in fits.items()
        for name, fit in of_protocol.items()
    }
    return pd.concat(tables, names=["protocol", "nomogram"])


def long_risks(risks: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Risks as they are kept, from `predict_by_protocol`: patient_id, model, p, protocol.

    One row per protocol, patient and nomogram.
    """
    parts = [
        table.rename_axis(index="patient_id", columns="model")
        .stack()
        .rename("p")
        .reset_index()
        .assign(protocol=protocol)
        for protocol, table in risks.items()
    ]
    return pd.concat(parts)
