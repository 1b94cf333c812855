"""The network that a study uses, and the tables of what it gives."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike
from scipy.special import expit

from thyro.deep import weights as checkpoints
from thyro.deep.backbones import Network, build, calibrate_batchnorm
from thyro.deep.fine_tuning import Learned
from thyro.statistics import log_odds
from thyro.store import Checkpoint
from thyro.study import FROZEN, FeatureTable, ModelName

CALIBRATION_CROPS = 64  # ample for a mean and a variance; all crops would double the cost


def prepare_network(
    name: str,
    weights: str,
    crops: ArrayLike | None = None,
    *,
    seed: int = 0,
    device: str | None = None,
) -> Network:
    """The network that a study uses: weights fetched, built, and calibrated when they are random.

    The same arguments give the same network, so that one stage can compute features and a later
    one explain them.

    Parameters
    ----------
    name : str
        Of `study.NETWORKS`.
    weights : str
        "random", "imagenet" or a file, as in `weights.fetch`.
    crops : array_like of float, shape (n, size, size), optional
        Of TRAINING patients. The first `CALIBRATION_CROPS` set the batch statistics of random
        weights; pre-trained weights bring their own. Left out where `restore_network` brings them.
    seed : int
        Of random weights.
    device : str, optional
        Such as "cuda"; by default the CPU.
    """
    state, description = checkpoints.fetch(weights, name)
    network = build(name, weights=state, seed=seed, description=description)
    network.module.to(device)
    if state is None and crops is not None:
        calibrate_batchnorm(network, np.asarray(crops)[:CALIBRATION_CROPS])
    return network


def use_threads(n: int) -> None:
    """Compute networks on `n` threads from here on: the last bits of features depend on it."""
    torch.set_num_threads(n)


def feature_names(network: Network) -> list[str]:
    """Column names of the pooled features: `resnet101_0000`, `resnet101_0001` and so on."""
    return [f"{network.name.lower()}_{i:04d}" for i in range(network.width)]


def feature_table(network: Network, values: np.ndarray, patients: Sequence[str]) -> pd.DataFrame:
    """Pooled features, shape (n, width), one row per patient."""
    return pd.DataFrame(values, pd.Index(patients, name="patient_id"), feature_names(network))


def fold_table(learned: Learned, patients: Sequence[str], folds: ArrayLike) -> pd.DataFrame:
    """Features of all patients by the network of every fold, indexed by fold and patient.

    Without rows where the network was left frozen: its features then serve every fold.

    Parameters
    ----------
    learned : Learned
    patients : sequence of str, length n
    folds : array_like of int, shape (n_train,)
        Of the training patients.
    """
    numbers = [] if learned.fold_features is None else np.unique(folds).tolist()
    index = pd.MultiIndex.from_product([numbers, patients], names=["fold", "patient_id"])
    values = np.empty((0, learned.network.width), dtype=np.float32)
    if numbers:
        values = learned.fold_features.reshape(len(index), -1)
    return pd.DataFrame(values, index, feature_names(learned.network))


def output_table(
    learned: Learned, model: str, patients: pd.Index, train: ArrayLike, folds: ArrayLike
) -> pd.DataFrame:
    """What the network itself predicts, in the form of the predictions of the models.

    Parameters
    ----------
    learned : Learned
    model : str
        Name of the row.
    patients : Index, shape (n,)
    train : array_like of bool, shape (n,)
    folds : array_like of int, shape (n_train,)

    Returns
    -------
    DataFrame
        patient_id, model, p, protocol, fold: "paper" by the final network; "sound" of a training
        patient by the network without the patient's fold, of others by those of all folds, whose
        log odds are averaged. Without rows where the network was left frozen.
    """
    columns = {"patient_id": str, "model": str, "p": float, "protocol": str, "fold": "Int64"}
    if learned.p is None:
        return pd.DataFrame(columns=list(columns)).astype(columns)
    train, folds = np.asarray(train, dtype=bool), np.asarray(folds)
    paper = pd.DataFrame({"patient_id": patients, "model": model, "p": learned.p})
    paper = paper.assign(protocol="paper", fold=pd.array([pd.NA] * len(paper), dtype="Int64"))
    places = np.searchsorted(np.unique(folds), folds)
    p = expit(log_odds(learned.fold_p).mean(axis=0))
    p[train] = learned.fold_p[places, np.flatnonzero(train)]
    sound = paper.assign(protocol="sound", p=p)
    sound.loc[train, "fold"] = folds
    return pd.concat([paper, sound], ignore_index=True)


def network_tables(
    learned: Learned, images: str, patients: pd.Index, train: Sequence[bool], folds: Sequence[int]
) -> dict[str, pd.DataFrame]:
    """What later notebooks read of a network, by the name of the file.

    Parameters
    ----------
    learned : Learned
    images : str
        The image set: "OR".
    patients : Index, shape (n,)
    train : sequence of bool, shape (n,)
    folds : sequence of int, shape (n_train,)

    Returns
    -------
    dict
        deep (pooled features), folds, output and tuning (the history) of the network; and deep
        of the network as it was given, where `learned` has those.
    """
    model = str(ModelName(images, learned.network.name))
    tuned, frozen = (FeatureTable(images, learned.network.name, one) for one in ("", FROZEN))
    tables = {
        tuned.file: feature_table(learned.network, learned.features, patients),
        f"folds_{tuned.key}": fold_table(learned, patients.tolist(), folds),
        f"output_{tuned.key}": output_table(learned, model, patients, train, folds),
        f"tuning_{tuned.key}": learned.history,
    }
    if learned.frozen is not None:
        tables[frozen.file] = feature_table(learned.network, learned.frozen, patients)
    return tables


def remove_checkpoints(learned: Learned, checkpoint: Callable[[str], Checkpoint]) -> None:
    """Forget the trainings of a network, once what it gives is written."""
    for trained in learned.history["network"].unique():
        checkpoint(trained).remove()
