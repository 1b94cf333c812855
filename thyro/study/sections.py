"""The sections of a study file, one for each notebook, and `compute`: what every key accepts."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from thyro.study.classifiers import RADIOMICS, radiomic_classifiers
from thyro.study.declared import Declared
from thyro.study.fields import Distinct, Positive, Section, Share, Text, known_names
from thyro.study.names import (
    OR,
    SIGNED_LETTERS,
    SR,
)
from thyro.study.networks import NETWORKS
from thyro.study.radiomics import Radiomics
from thyro.study.subgroups import Subgroup
from thyro.study.thresholds import threshold_points
from thyro.study.variables import Name

# What `super_resolution.start` and `features.weights` say instead of naming a file.
STARTS = ("simulated", "scratch")
WEIGHTS = ("random", "imagenet")
LEAST_BOOTSTRAPS = 20
LEAST_PATCH_PX, PATCH_STEP_PX = 32, 16  # `super_resolution.patch_px` is 32, 48, 64 ...


class SuperResolution(Section):
    """The loss of resolution to be undone, the training that learns it, and what is enhanced."""

    factor: Literal[1, 2, 4] = 4  # linear loss of resolution; 1: noise only
    along: Literal["both", "rows", "columns"] = "both"  # what becomes coarser
    noise_sigma: Annotated[float, Field(ge=0, lt=0.5)] = 0.0196  # share of 255; 5/255
    scale: Literal[1, 2, 4] = 1  # 1: SR images keep the grid; `factor`: that many times finer
    region: Literal["frame", "nodule"] = "frame"  # what of an image is enhanced
    start: Text = "simulated"  # pretrained on simulated frames, "scratch", or a generator file
    frozen_blocks: Annotated[int, Field(ge=0)] = 0  # first blocks that keep the weights of `start`
    inside: Literal[1, 2, 4] = 4  # grid of the generator, times coarser; best: `factor`
    blocks: Positive = 6
    width: Annotated[int, Field(ge=4, le=128)] = 32
    pretraining_frames: Positive = 24
    pretraining_steps: Annotated[int, Field(ge=0)] = 300
    pixel_steps: Positive = 2000  # without the adversary, at most
    adversarial_steps: Annotated[int, Field(ge=0)] = 300
    adversarial_weight: Annotated[float, Field(ge=0)] = 0.01
    ssim_weight: Annotated[float, Field(ge=0)] = 0.3  # of 1 - SSIM beside the squared error
    border_share: Annotated[float, Field(ge=0, le=1)] = 0.25  # of patches, black to one side
    batch: Positive = 8
    patch_px: Annotated[int, Field(ge=LEAST_PATCH_PX, le=512, multiple_of=PATCH_STEP_PX)] = 96
    learning_rate: Annotated[float, Field(gt=0)] = 0.002
    inner_share: Annotated[float, Field(gt=0, lt=0.5)] = 0.1  # of training patients: early stop
    check_every: Positive = 100  # steps between looks at them
    patience: Positive = 5  # looks without improvement
    low_resolution_patients: Annotated[int, Field(ge=5)] = 30  # of the test cohort: degraded,
    # restored and measured again

    @model_validator(mode="after")
    def _grid_and_start_fit(self):
        if self.scale not in (1, self.factor) or (self.scale > 1 and self.along != "both"):
            raise ValueError(
                "`scale` is 1 (same grid) or equal to `factor`, with `along: both`: the network "
                "undoes the loss that it was trained for"
            )
        if self.frozen_blocks and self.start == "scratch":
            raise ValueError("`frozen_blocks` needs another `start` than scratch")
        if self.frozen_blocks > self.blocks:
            raise ValueError(f"`frozen_blocks` is at most `blocks`, {self.blocks}")
        return self


class Features(Section):
    """Radiomics and deep features.

    `weights` and `fine_tuning` are of the paper's networks. The network of the sound half has its
    ImageNet weights in every study, and is used frozen and with its last block tuned.
    """

    networks: Annotated[list[str], Distinct, known_names(NETWORKS)] = list(Declared().networks)
    bin_width: Annotated[float, Field(gt=0)] = 25.0  # grey levels; of the paper's set
    pixel_mm: Annotated[float, Field(ge=0, le=1)] = 0.1  # of the planar set; 0: as images come
    bins: Annotated[int, Field(ge=0, le=256)] = 32  # of a median planar nodule; 0: `bin_width`
    robustness_patients: Annotated[int, Field(ge=5)] = 30  # of training, measured again perturbed
    radiomics: Radiomics = Radiomics()  # image types, classes and settings of pyradiomics
    weights: Text = "random"  # "random", "imagenet", or a file with a state dict
    crop_px: Annotated[int, Field(ge=64, le=512, multiple_of=32)] = 224
    crop_margin: Annotated[float, Field(ge=0, le=1)] = 0.1  # around the nodule's box
    crop_mm: Annotated[float, Field(ge=0, le=200)] = 30.0  # side for sound networks; 0: the box
    fine_tuning: Literal["none", "last_block", "whole"] = "last_block"  # "whole" wants a GPU
    epochs: Positive = 5  # at most
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    inner_share: Annotated[float, Field(gt=0, lt=0.5)] = 0.15  # of training patients: early stop
    patience: Positive = 2  # epochs without improvement
    class_weights: bool = True  # patients of the rarer outcome weigh more
    augmentation: bool = True  # mirror images; with "whole" also small rotations

    @model_validator(mode="after")
    def _bins_are_of_images_as_they_come(self):
        if self.bins and self.radiomics.changes_images:
            raise ValueError(
                "`radiomics`: `normalise` and `grey_range` change the images whose ranges `bins` "
                "takes the widths from: say `bins: 0` and a `bin_width` of the changed grey levels"
            )
        return self


class Selection(Section):
    """Which features stay: the filters and the LASSO."""

    alpha: Share = 0.05
    minimum_icc: Annotated[float, Field(ge=0, lt=1)] = 0.75  # of the planar set; 0: no filter
    minimum_distinct: Annotated[float, Field(ge=0, lt=1)] = 0.1  # values, share of patients; same
    correlation: Share = 0.9
    rule: Literal["p", "mean correlation", "column order"] = "p"  # who stays of a correlated pair
    family: Literal["binomial", "gaussian"] = "binomial"  # of the LASSO
    penalty: Literal["minimum", "1se"] = "minimum"  # of cross-validated deviance, or one SE above
    folds: Annotated[int, Field(ge=2, le=20)] = 5  # of the LASSO's cross-validation
    harmonisation: Literal["none", "combat"] = "none"  # of features, by `cohort.centre_column`
    preserved: Annotated[list[Name], Distinct] = []  # variables whose effects on features it keeps
    unseen_centre: Literal["refuse", "pass", "own"] = "refuse"  # one without training patients: own
    # learns its shift from the patients who are predicted


class Models(Section):
    """Which images are read, the classifiers on selected features, and how they are judged."""

    image_sets: Annotated[list[Literal["or", "sr"]], Distinct] = ["or", "sr"]
    classifiers: Annotated[list[str], Distinct, known_names(radiomic_classifiers())] = Field(
        default=list(Declared().classifiers), min_length=1
    )  # on radiomic features
    fused: list[Annotated[list[str], Distinct, known_names([RADIOMICS, *NETWORKS])]] = []  # joined
    # before selection: [[radiomics, ResNet101]]
    neighbours: Positive = 5
    outer_folds: Annotated[int, Field(ge=2, le=20)] = 5  # of the cross-fitting
    fold_repeats: Positive = 10  # of the cross-fitting, for classifiers on radiomic features
    tune: bool = True  # sound recipe: kernel width, neighbours, penalties by inner cross-validation
    repeats: Positive = 100  # random splits of the cohort
    permutations: Positive = 200  # the same with permuted outcomes
    explained: Positive = 40  # test patients whose heat maps are compared

    @model_validator(mode="after")
    def _enhanced_images_have_originals(self):
        if OR.key not in self.image_sets:
            raise ValueError(
                f"`image_sets` is [{OR.key}] or [{OR.key}, {SR.key}]: enhanced images are made of, "
                "and compared with, the original ones"
            )
        return self

    @model_validator(mode="after")
    def _fused_are_two_or_more(self):
        alone = [one for one in self.fused if len(one) < 2]
        same = len({frozenset(one) for one in self.fused}) < len(self.fused)
        if alone or same:
            raise ValueError(
                f"`fused` joins two or more families, each choice once, got {self.fused}"
            )
        return self


class Nomogram(Section):
    """The clinical model, and the nomograms that add a signature to it."""

    entry: Share = 0.1
    retain: Share = 0.05
    candidates: Annotated[list[Name], Distinct] = []  # empty: every preoperative variable
    composites: Literal["parts", "score"] = "parts"  # where a score and its parts are candidates
    smallest_level: Annotated[int, Field(ge=0)] = 10  # training patients; rarer levels are merged
    signatures: Annotated[list[str], Distinct] = Field(
        default=[], max_length=len(SIGNED_LETTERS)
    )  # of nomograms A, B, D ...: models, or "best"; empty: one of radiomics, one of a network
    imputations: Annotated[int, Field(ge=2, le=100)] = 20  # where `missing_values: impute`
    bootstraps: Annotated[int, Field(ge=LEAST_BOOTSTRAPS)] = (
        500  # of the whole model, with its choice of terms
    )
    pipeline_bootstraps: Annotated[int, Field(ge=0)] = 0  # of it with its signatures; 0: none


def _makes_a_grid(grid: list[float]) -> list[float]:
    """See that start, stop and step of the thresholds fit together."""
    threshold_points(*grid)
    return grid


Grid = Annotated[
    list[float], Field(min_length=3, max_length=3), AfterValidator(_makes_a_grid)
]  # start, stop, step


class Statistics(Section):
    """How predictions are judged."""

    level: Share = 0.95
    threshold_grid: Grid = [0.01, 0.99, 0.01]  # of the decision curves
    groups: Annotated[int, Field(ge=3, le=50)] = 10  # Hosmer-Lemeshow
    risk_cuts: list[Share] = Field(default=[0.2, 0.5], min_length=1)  # categories of the NRI
    draws: Annotated[int, Field(ge=20)] = 2000  # bootstrap samples of bands and of measures
    decision_range: list[Share] = Field(default=[0.05, 0.6], min_length=2, max_length=2)  # shown
    decision_points: list[Share] = Field(default=[0.1, 0.2, 0.3, 0.4], min_length=1)  # compared at
    sensitivity: Share = 0.9  # of the other cut-off in training, beside Youden's
    subgroups: list[Subgroup] = []  # in which the nomograms are judged apart
    subgroup_threshold: Share = 0.2  # of their net benefit

    @model_validator(mode="after")
    def _thresholds_rise(self):
        for key in ("risk_cuts", "decision_range", "decision_points"):
            values = getattr(self, key)
            if sorted(set(values)) != values:
                raise ValueError(f"`{key}` must rise, got {values}")
        (low, high), points = self.decision_range, self.decision_points
        if not low <= points[0] <= points[-1] <= high:
            raise ValueError(
                f"`decision_points` must lie within `decision_range` {[low, high]}, got {points}"
            )
        shown = [t for t in threshold_points(*self.threshold_grid) if low <= t <= high]
        if len(shown) < 2:
            raise ValueError(
                f"`decision_range` {[low, high]} must hold two or more points of `threshold_grid`"
            )
        return self


class Compute(Section):
    """What changes the time but, on one machine, not the numbers; and the seed."""

    seed: int = 2024
    workers: Positive = 2
    cluster: str = ""  # address of a Dask scheduler that measures the features; or this machine
    device: Literal["cpu", "cuda"] = "cpu"
    devices: Positive = 1  # CUDA devices that train the super-resolution
