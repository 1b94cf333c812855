"""Where one network looks in the patients of a study: examples, controls, and their summary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from thyro.deep.backbones import Network
from thyro.deep.crops import Cropping
from thyro.deep.grad_cam import (
    Example,
    energy_in_nodule,
    head_weights,
    heat_map_agreement,
    heat_maps,
    randomised_network,
    surest_by_outcome,
)

CALIBRATION_CROPS = 16  # of the network whose weights are drawn anew; a mean and a variance


@dataclass(frozen=True)
class Explained:
    """What a network looks at, in a few patients and in a sample of them."""

    examples: dict[str, Example | None]  # by outcome, as `surest_by_outcome`
    sanity: pd.DataFrame  # one row per drawn patient, as `explain_network` says
    drawn: dict[str, Example]  # by patient_id


def explain_network(
    network: Network,
    weights: pd.Series,
    read: Callable[[str], tuple],
    y: pd.Series,
    p: pd.Series,
    *,
    threshold: float,
    training: Sequence[str],
    drawn: Sequence[str],
    cropping: Cropping,
    seed: int = 0,
) -> Explained:
    """Heat maps of the patients a network is surest of, and of drawn ones with their control.

    Parameters
    ----------
    network : Network
    weights : Series of float
        Of selected features in their own units (`models.linear_weights`).
    read : callable
        Gives image (grey 0-255), mask and pixel size of a patient, as `imaging.Frames` does.
    y : Series of int, index test patients
    p : Series of float, same index
        Probability of metastasis by the network's model.
    threshold : float
        Metastasis is predicted where p is this or more.
    training : sequence of str
        Training patients; the first `CALIBRATION_CROPS` calibrate the network drawn anew.
    drawn : sequence of str
        Patients whose maps are compared.
    cropping : Cropping
        What the network saw of a frame.
    seed : int
        That the network was built with; the next one draws the control's weights.

    Returns
    -------
    Explained
        `sanity` has the columns of `energy_in_nodule`, those of `heat_map_agreement` of the maps
        with those of `randomised_network`, and patient_id.
    """
    surest = surest_by_outcome(y, p, threshold)
    shown = [patient for patient in surest.values() if patient]
    calibrating = list(training[:CALIBRATION_CROPS])
    frames = {i: read(i) for i in dict.fromkeys([*calibrating, *drawn, *shown])}
    crops = {i: cropping.crop(i, *frame) for i, frame in frames.items()}
    masks = {i: cropping.crop_mask(i, *frame[1:]) for i, frame in frames.items()}
    head = head_weights(weights, network)
    control = randomised_network(network, seed + 1, [crops[i] for i in calibrating])
    of_drawn = [crops[i] for i in drawn]
    maps = heat_maps(network, head, of_drawn)
    alike = heat_map_agreement(maps, heat_maps(control, head, of_drawn))
    inside = energy_in_nodule(maps, [masks[i] for i in drawn])
    of_shown = dict(zip(shown, heat_maps(network, head, [crops[i] for i in shown]), strict=True))
    return Explained(
        examples={
            outcome: Example(i, p.loc[i], crops[i], of_shown[i], masks[i]) if i else None
            for outcome, i in surest.items()
        },
        sanity=inside.join(alike).assign(patient_id=list(drawn)),
        drawn={
            i: Example(i, p.loc[i], crops[i], heat, masks[i])
            for i, heat in zip(drawn, maps, strict=True)
        },
    )


def heat_map_summary(sanity: pd.DataFrame) -> dict:
    """Medians over patients of `Explained.sanity` of several networks.

    Parameters
    ----------
    sanity : DataFrame
        With `model`, rows of all networks.

    Returns
    -------
    dict
        area: of all; models: network -> inside and rank_correlation.
    """
    by_model = sanity.groupby("model", sort=False)[["inside", "rank_correlation"]].median()
    return {"area": sanity["area"].median(), "models": by_model.T.to_dict()}
