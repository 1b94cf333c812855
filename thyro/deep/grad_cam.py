"""Where networks look: Grad-CAM maps, what they have to do with the nodule, and with the weights.

A map belongs to a network and a linear head on its pooled features, such as `models.linear_weights`
gives.
"""

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from scipy import stats
from skimage.metrics import structural_similarity
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from thyro.core import as_labels, as_one_of, as_probabilities
from thyro.deep.backbones import Network, as_input, build, calibrate_batchnorm
from thyro.deep.crops import as_crops
from thyro.deep.features import feature_names
from thyro.study import NETWORKS

OUTCOMES = ("true positive", "false positive", "false negative", "true negative")


@dataclass(frozen=True)
class Example:
    """One patient as a network saw and judged them, for a figure."""

    patient_id: str
    p: float  # probability of metastasis that the network's model gave
    crop: np.ndarray  # grey 0-255, shape (size, size)
    heat: np.ndarray  # of `heat_maps`, same shape
    mask: np.ndarray  # bool, same shape: the nodule


def head_weights(weights: pd.Series, network: Network) -> np.ndarray:
    """One weight per pooled feature, shape (width,), zero where `weights` names none.

    Parameters
    ----------
    weights : Series of float, index as `feature_names`
        Weights of the selected features in their own units (`models.linear_weights`).
    """
    names = feature_names(network)
    strange = sorted(set(weights.index) - set(names))
    if strange:
        raise ValueError(
            f"weights: expected names from {names[0]} to {names[-1]}, found {strange[:3]}."
        )
    return weights.reindex(names, fill_value=0.0).to_numpy()


def heat_maps(
    network: Network, head_weights: ArrayLike, crops: ArrayLike, *, batch: int = 16
) -> np.ndarray:
    """Where in the crops a linear head finds evidence, by Grad-CAM at the last block.

    Parameters
    ----------
    network : Network
    head_weights : array_like of float, shape (width,) or (n, width)
        Weights of the pooled features in the score of metastasis, zero for features that were
        not selected; negated, the map shows evidence against metastasis. One set for all crops,
        or one each.
    crops : array_like of float, shape (n, size, size) or (size, size)
        Grey 0-255.
    batch : int, default 16
        Crops computed at once; no influence beyond rounding.

    Returns
    -------
    ndarray of float32, shape of `crops`
        0-1, the maximum of each map being 1; zero everywhere if no region raises the score.

    References
    ----------
    Selvaraju et al. (2017), ICCV, 618-626.
    """
    single = np.ndim(crops) == 2
    crops = as_crops(np.asarray(crops)[None] if single else crops)
    heads = np.asarray(head_weights, dtype=np.float32)
    if heads.shape not in ((network.width,), (len(crops), network.width)):
        raise ValueError(
            f"head_weights: expected one per pooled feature, shape ({network.width},), or such a "
            f"row per crop, shape ({len(crops)}, {network.width}), got {heads.shape}."
        )
    heads = np.broadcast_to(heads, (len(crops), network.width))
    network.module.eval()
    maps = [
        _maps(network, heads[i : i + batch], crops[i : i + batch])
        for i in range(0, len(crops), batch)
    ]
    return maps[0][0] if single else np.concatenate(maps)


def surest_by_outcome(y: pd.Series, p: pd.Series, threshold: float) -> dict[str, str | None]:
    """The surest right and wrong predictions of one network, of either class.

    Parameters
    ----------
    y : Series of int, index patient id
        1 for metastasis, 0 for none.
    p : Series of float, same index
        Probability of metastasis.
    threshold : float
        Metastasis is predicted where p is this or more.

    Returns
    -------
    dict of str to patient id or None
        In the order of `OUTCOMES`. Of positives the one with the largest p, of negatives with
        the smallest, of equals the one first by id; None where no patient is.
    """
    if not y.index.equals(p.index) or not p.index.is_unique:
        raise ValueError(
            "p: expected the index of y, every patient once. Align the tables by patient_id first."
        )
    as_labels(y, "y", min_per_class=0)
    as_probabilities(p)
    ordered = p.sort_index()
    positive, case = ordered.ge(threshold), y.loc[ordered.index].eq(1)
    groups = (positive & case, positive & ~case, ~positive & case, ~positive & ~case)
    chosen: dict[str, str | None] = {}
    for name, members in zip(OUTCOMES, groups, strict=True):
        found = ordered[members]
        # both give the first of equals
        sure = found.idxmax if name.endswith("positive") else found.idxmin
        chosen[name] = sure() if len(found) else None
    return chosen


def randomised_network(
    network: Network,
    seed: int,
    crops: ArrayLike,
    *,
    what: Literal["all", "last block"] = "all",
) -> Network:
    """The network with weights drawn anew, as a control: what it learned is gone.

    A map that looks the same with these weights does not show what the network learned. Weights are
    drawn as `build` does. Batch normalisation is set anew on `crops`: the old statistics
    are of channels that exist no more, and activations would explode or fade, so that the map
    changed for want of scale and not of knowledge.

    Parameters
    ----------
    network : Network
        Not changed.
    seed : int
        Of the new weights; not the one that the network itself was built with.
    crops : array_like of float, shape (n, size, size)
        Of TRAINING patients, at least two, grey 0-255.
    what : "all" or "last block"
        Of DenseNet121 the last block passes on what it receives beside what it adds, so half of
        the 1024 pooled features outlive a redrawn last block.

    References
    ----------
    Adebayo et al. (2018), NeurIPS 31, 9505-9515.
    """
    as_one_of(what, "what", ("all", "last block"))
    fresh = build(network.name, seed=seed).module
    module = deepcopy(network.module).eval()
    names = [""] if what == "all" else NETWORKS[network.name].redrawn  # "" is the module itself
    parts = [module.get_submodule(name) for name in names]
    for name, part in zip(names, parts, strict=True):
        part.load_state_dict(fresh.get_submodule(name).state_dict())
    calibrate_batchnorm(replace(network, module=_Seen(module, parts)), crops)
    return replace(network, module=module, weights=f"{network.weights}; {what} drawn anew")


def heat_map_agreement(maps_a: ArrayLike, maps_b: ArrayLike) -> pd.DataFrame:
    """How alike two sets of maps are, such as of a network and of its `randomised_network`.

    Parameters
    ----------
    maps_a, maps_b : array_like of float, shape (n, size, size)
        As `heat_maps` gives, of the same crops; at least 7 pixels a side.

    Returns
    -------
    DataFrame
        One row per crop: rank_correlation (Spearman's, over pixels) and ssim (structural
        similarity), both 1 for equal maps; NaN where a map is flat. Of unrelated maps the rank
        correlation is about 0, the structural similarity more, as dark parts are alike.
    """
    maps_a, maps_b = _as_maps(maps_a, "maps_a"), _as_maps(maps_b, "maps_b")
    if maps_a.shape != maps_b.shape:
        raise ValueError(
            f"maps_b: expected maps of the same crops, shape {maps_a.shape}, got {maps_b.shape}."
        )
    rows = []
    for a, b in zip(maps_a, maps_b, strict=True):
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            rows.append((np.nan, np.nan))
        else:
            correlation = stats.spearmanr(a.ravel(), b.ravel()).statistic
            rows.append((correlation, structural_similarity(a, b, data_range=1.0)))
    return pd.DataFrame(rows, columns=["rank_correlation", "ssim"], dtype=float)


def energy_in_nodule(maps: ArrayLike, masks: ArrayLike) -> pd.DataFrame:
    """How much of each map lies inside the nodule, beside what a flat map would have there.

    Parameters
    ----------
    maps : array_like of float, shape (n, size, size)
    masks : array_like of bool, same shape

    Returns
    -------
    DataFrame
        One row per crop: inside (share of the map's sum, NaN for an empty map), area (share of
        the crop that the nodule covers) and ratio (inside / area, 1 for a flat map).
    """
    maps, masks = _as_maps(maps, "maps"), np.asarray(masks)
    if len(maps) != len(masks):
        raise ValueError(f"masks: expected {len(maps)}, one per map, got {len(masks)}.")
    frame = pd.DataFrame(
        {
            "inside": [share_inside(heat, mask) for heat, mask in zip(maps, masks, strict=True)],
            "area": masks.mean(axis=(1, 2)),
        }
    )
    return frame.assign(ratio=frame["inside"] / frame["area"])


def share_inside(heat: ArrayLike, mask: ArrayLike) -> float:
    """Share of a heat map's sum that lies inside the nodule; NaN for an empty map.

    `mask`, bool and of the shape of `heat`, is the mask of the crop.
    """
    heat, mask = np.asarray(heat, dtype=float), np.asarray(mask)
    if heat.shape != mask.shape or mask.dtype != bool:
        raise ValueError(f"mask: expected bool of shape {heat.shape}, got {mask.shape}.")
    return float(heat[mask].sum() / heat.sum()) if heat.sum() > 0 else float("nan")


class _Seen(nn.Module):
    """A network of which callers see some parts only, and so calibrate no other."""

    def __init__(self, whole: nn.Module, parts: list[nn.Module]):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.whole = (whole,)  # in a tuple it is not registered as a part

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.whole[0](x)


def _maps(network: Network, heads: np.ndarray, crops: np.ndarray) -> np.ndarray:
    """Maps of one batch; heads of shape (n, width)."""
    kept = []

    def start_here(module, inputs, output):
        kept.append(output.detach().requires_grad_())
        return kept[0]

    # Parameters without gradient: nothing is recorded before the block's output, which is the cost.
    fixed = {name: value.detach() for name, value in network.module.named_parameters()}
    block = network.module.get_submodule(NETWORKS[network.name].cam_layer)
    hook = block.register_forward_hook(start_here)
    try:
        features = functional_call(network.module, fixed, (as_input(crops, network),))
    finally:
        hook.remove()
    score = (features * torch.tensor(heads, device=features.device)).sum()
    (gradient,) = torch.autograd.grad(score, kept[0])
    with torch.no_grad():
        weighted = gradient.mean(dim=(2, 3), keepdim=True) * kept[0]
        heat = F.relu(weighted.sum(dim=1, keepdim=True))
        heat = F.interpolate(heat, size=crops.shape[1:], mode="bilinear", align_corners=False)
    maps = heat[:, 0].cpu().numpy()
    top = maps.max(axis=(1, 2), keepdims=True)
    return np.divide(maps, top, out=np.zeros_like(maps), where=top > 0)


def _as_maps(maps, name: str) -> np.ndarray:
    maps = np.asarray(maps, dtype=float)
    if maps.ndim != 3 or not len(maps) or not np.isfinite(maps).all() or maps.min() < 0:
        raise ValueError(
            f"{name}: expected finite numbers of 0 or more, shape (n, size, size), got shape "
            f"{maps.shape}. Give those of heat_maps."
        )
    return maps
