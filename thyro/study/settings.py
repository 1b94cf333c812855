"""The typed model of a study file: one section per notebook, the cohorts, and `compute`.

Every key says here what it means and what it accepts; `files` reads files into it.
"""

import difflib
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from thyro.study.authors import Authors
from thyro.study.centres import HARMONISATION, check_harmonisation
from thyro.study.classifiers import RADIOMICS, feature_models, radiomic_classifiers
from thyro.study.cohorts import Cohort, Name, Source, check_candidates, check_external
from thyro.study.declared import Declared
from thyro.study.fields import Distinct, Positive, Section, Share, Text, known_names
from thyro.study.names import (
    BEST,
    OR,
    RADIOLOGIST,
    SIGNED_LETTERS,
    SR,
    TEST,
    TRAIN,
    ModelName,
    nomograms,
)
from thyro.study.networks import NETWORKS
from thyro.study.plan import OF_CENTRES, OF_GAPS, OF_HARMONISATION, Job, plan
from thyro.study.radiomics import Radiomics
from thyro.study.subgroups import Subgroup, check_subgroups
from thyro.study.thresholds import threshold_points

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


class Study(Section):
    """A whole study."""

    title: Text
    outcome: Text  # in words: "cervical lymph-node metastasis"
    outcome_levels: Annotated[list[Text], Distinct] = Field(
        min_length=2, max_length=2
    )  # names of 0 and 1
    credit: str = ""  # where real data come from, as captions cite it
    reference: Literal["li2024", "none"] = "li2024"  # publication that the report goes through
    published: str = ""  # file of printed numbers that it audits; empty: those of `reference`
    lesion: Text = "nodule"  # what the images show outlined, as the report calls it
    organ: Text = "thyroid"  # where
    modality: Text = "ultrasound"  # of the images
    authors: Authors = Authors()
    cohort: Cohort
    external: Source | None = None  # only ever predicted on; what it does not say is as in `cohort`
    super_resolution: SuperResolution = SuperResolution()
    features: Features = Features()
    selection: Selection = Selection()
    models: Models = Models()
    nomogram: Nomogram = Nomogram()
    statistics: Statistics = Statistics()
    compute: Compute = Compute()

    @model_validator(mode="before")
    @classmethod
    def _external_is_like_the_cohort(cls, raw: Any) -> Any:
        cohort, external = raw.get("cohort"), raw.get("external")
        if not (isinstance(cohort, dict) and isinstance(external, dict)):
            return raw
        split = set(Cohort.model_fields) - set(Source.model_fields)
        alike = {key: value for key, value in cohort.items() if key not in split}
        return raw | {"external": alike | external}

    @model_validator(mode="after")
    def _fused_are_measured(self):
        absent = {part for one in self.models.fused for part in one} - {RADIOMICS}
        absent -= set(self.features.networks)
        if absent:
            raise ValueError(
                f"`models.fused` joins {', '.join(sorted(absent))}, which `features.networks` "
                "does not name; add it there"
            )
        return self

    @model_validator(mode="after")
    def _signatures_are_models(self):
        if not self.has_nomograms:
            return self
        if not (self.nomogram.signatures or self.cohort.scores):
            named = self.declared.signatures
            self.nomogram = self.nomogram.model_copy(update={"signatures": named})
        models = list(self.cohort.scores) or [*map(str, self.declared.model_names()), BEST]
        unknown = [name for name in self.nomogram.signatures if name not in models]
        if unknown or not self.nomogram.signatures:
            near = [difflib.get_close_matches(name, models, n=1) for name in unknown]
            hints = [f"the nearest is {one[0]}" for one in near if one]
            raise ValueError(
                f"`nomogram.signatures` {self.nomogram.signatures} must be among {models}"
                + ("".join(f"; {hint}" for hint in hints))
            )
        return self

    @model_validator(mode="after")
    def _pipeline_has_images(self):
        asked = self.nomogram.pipeline_bootstraps
        if asked and not self.cohort.has_images:
            given = "scores" if self.cohort.scores else "features"
            raise ValueError(
                "`nomogram.pipeline_bootstraps` makes signatures again, and "
                f"`cohort.{given}` are given: leave it 0"
            )
        if 0 < asked < LEAST_BOOTSTRAPS:
            raise ValueError(
                f"`nomogram.pipeline_bootstraps` is 0 or at least {LEAST_BOOTSTRAPS}, got {asked}"
            )
        return self

    @model_validator(mode="after")
    def _scores_take_no_name_of_ours(self):
        ours = {RADIOLOGIST, *(str(name) for name in nomograms(SIGNED_LETTERS))}
        ours |= {variable.name for variable in self.cohort.variables}
        taken = [name for name in self.cohort.scores if name in ours or ModelName.read(name)]
        if taken:
            raise ValueError(
                f"`cohort.scores`: other names than {taken}, which tables use for something else"
            )
        return self

    @model_validator(mode="after")
    def _somebody_trains_and_tests(self):
        if self.has_nomograms and not {TRAIN, TEST} <= set(self.cohort.named):
            raise ValueError(
                f"`cohort.cohorts` must name {TRAIN!r} and {TEST!r}, where models are fitted and "
                f"tested, got {self.cohort.named}"
            )
        return self

    @model_validator(mode="after")
    def _candidates_may_be_used(self):
        if self.cohort.source == "folder":  # `thyro check` knows the variables of the simulation
            check_candidates(self.nomogram.candidates, self.cohort.variables)
            check_subgroups(self.statistics.subgroups, self.cohort.variables)
        return self

    @model_validator(mode="after")
    def _harmonisation_knows_centres(self):
        check_harmonisation(self.cohort, **self.selection.model_dump(include=HARMONISATION))
        return self

    @model_validator(mode="after")
    def _imputation_has_regressions(self):
        if self.cohort.missing_values == "impute" and not self.has_nomograms:
            raise ValueError(
                "`cohort.missing_values: impute` is for regressions, and this study fits none"
            )
        return self

    @model_validator(mode="after")
    def _external_fits_the_cohort(self):
        if self.external:
            check_external(self.external, self.cohort)
        return self

    @property
    def has_nomograms(self) -> bool:
        """Whether clinical variables are joined to a signature: not to models of given features."""
        return self.cohort.has_images or bool(self.cohort.scores and self.cohort.variables)

    @property
    def report_files(self) -> list[str]:
        """What its report consists of; a calculator where there are nomograms."""
        calculator = ["calculator.html"] if self.has_nomograms else []
        return ["index.html", "thyro.pdf", "thyro.docx", *calculator]

    @property
    def feature_models(self) -> list[str]:
        """The models of given features, each of one family."""
        return feature_models(self.cohort.features, self.models.classifiers)

    @model_validator(mode="after")
    def _features_have_who_trains(self):
        if self.cohort.features and not {TRAIN, TEST} <= set(self.cohort.named):
            raise ValueError(f"`cohort.cohorts` must name {TRAIN!r} and {TEST!r}")
        return self

    @property
    def judges_scores(self) -> bool:
        """Whether scores are judged by their kind: where one has another kind, or they are all."""
        return not self.has_nomograms or bool(set(self.cohort.score_kinds.values()) - {"score"})

    @property
    def judged(self) -> dict[str, str]:
        """What is judged by its kind: scores of the table, or the models of given features."""
        return dict.fromkeys(self.feature_models, "probability") | self.cohort.judged

    @property
    def declared(self) -> Declared:
        """What the study uses of the registries."""
        return Declared(
            image_sets=tuple(self.models.image_sets),
            classifiers=tuple(self.models.classifiers),
            networks=tuple(self.features.networks),
            fused=tuple(tuple(one) for one in self.models.fused),
        )

    @property
    def checkpoints(self) -> dict[str, str]:
        """Files of weights that the study names and reads, by key."""
        images = self.cohort.has_images
        named = {
            "super_resolution.start": (
                self.super_resolution.start,
                STARTS,
                images and self.declared.enhanced,
            ),
            "features.weights": (
                self.features.weights,
                WEIGHTS,
                images and bool(self.declared.networks),
            ),
        }
        return {
            key: file for key, (file, words, read) in named.items() if read and file not in words
        }

    @property
    def jobs(self) -> dict[str, Job]:
        """The notebook runs of this study."""
        return plan(
            self.declared,
            images=self.cohort.has_images,
            truth=self.cohort.source == "simulated",
            signatures=self.nomogram.signatures,
            start=self.checkpoints.get("super_resolution.start"),
            weights=self.checkpoints.get("features.weights"),
            published=self.published,
            reference=self.reference != "none",
            beside=[
                *([OF_GAPS] if self.cohort.missing_values == "impute" else []),
                *([OF_CENTRES] if self.cohort.centre_column else []),
                *([OF_HARMONISATION] if self.selection.harmonisation != "none" else []),
            ],
            nomograms=self.has_nomograms,
            families=list(self.cohort.features),
            judged=self.judged if self.judges_scores else {},
            printed=self.cohort.published,
        )
