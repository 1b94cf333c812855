"""Nomograms as their files hold them: the axes, and the regression that they come from."""

from collections.abc import Mapping, Sequence

from thyro.clinical import LogisticFit
from thyro.nomogram.axes import Nomogram
from thyro.study import NomogramName


def as_saved(fit: LogisticFit) -> dict:
    """A regression with its axes, ready for JSON: nomogram (`Nomogram.to_dict`) and fit."""
    return {"nomogram": Nomogram.from_fit(fit).to_dict(), "fit": fit.to_dict()}


def saved_nomograms(
    names: Sequence[NomogramName], fits: Mapping[str, Mapping[str, LogisticFit]]
) -> dict[str, dict]:
    """All nomograms of a study by the names of their files, as `as_saved`.

    Parameters
    ----------
    names : sequence of NomogramName
    fits : mapping of protocol to mapping of nomogram to LogisticFit
        "paper" and, where there is one, "sound"; one without signature is the same under both,
        and has one file.
    """
    files = {name.file(): as_saved(fits["paper"][str(name)]) for name in names}
    if sound := fits.get("sound"):
        signed = [name for name in names if name.signature]
        files |= {name.file(sound=True): as_saved(sound[str(name)]) for name in signed}
    return files
