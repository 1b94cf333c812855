"""The typed model of a study file: one section per notebook, the cohorts, and `compute`.

Every key says here what it means and what it accepts; `params` reads files into it.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thyro.study.plan import Job, plan

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Level = Annotated[int, Field(ge=0, le=1)]
Model = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ .-]*$")]
Flag = Literal["duplicate", "blur", "size", "border", "components", "text"]
KINDS = ("SVM", "KNN", "ResNet101", "DenseNet121")  # of image models, each of OR and SR images


class Section(BaseModel):
    """Part of a study file: every key is known, nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Variable(Section):
    """A clinical variable of the user's table."""

    name: Name  # short name used in tables and formulas
    column: str | None = None  # column of the table when it is called otherwise
    label: Text  # how the report calls it
    kind: Literal["continuous", "categorical"]
    unit: str = ""
    levels: list[str] = []  # categorical: the first is the reference
    recode: dict[str, str] = {}  # value in the table -> level
    missing: str | None = None  # level for an empty cell; without one the patient is excluded
    required: bool = True  # false: an empty cell excludes nobody, and no model uses the variable
    preoperative: bool = True  # known before surgery, so allowed in a model
    minimum: float | None = 0.0  # continuous: what lies outside is a wrong cell
    maximum: float | None = None
    tells_outcome: dict[str, Level] = {}  # level -> the outcome it implies; others are errors

    @model_validator(mode="after")
    def _levels_fit_the_kind(self):
        if self.kind == "categorical" and len(self.levels) < 2:
            raise ValueError("a categorical variable needs at least two levels")
        if len(set(self.levels)) < len(self.levels):
            raise ValueError(f"levels must differ, got {self.levels}")
        if self.kind == "continuous" and (self.levels or self.recode or self.missing):
            raise ValueError("levels, recode and missing belong to categorical variables")
        named = {*self.recode.values(), *filter(None, [self.missing]), *self.tells_outcome}
        strange = sorted(named - {*self.levels})
        if self.kind == "categorical" and strange:
            raise ValueError(f"{strange} not among the levels {self.levels}")
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} is above maximum {self.maximum:g}")
        if self.tells_outcome and (self.preoperative or self.kind == "continuous"):
            raise ValueError(
                "a variable that tells the outcome is categorical and `preoperative: false`"
            )
        return self


class Criterion(Section):
    """A recorded decision on inclusion or exclusion."""

    column: Text
    label: Text  # of those it excludes, as the flow chart says it: "intervention before ultrasound"
    kind: Literal["inclusion", "exclusion"]  # 1 is needed, or 1 excludes
    at_least: float | None = None  # the column holds a number within these limits instead of 1 or 0
    at_most: float | None = None
    until: str | None = None  # `column` and this one hold ISO dates: limits are on the days between

    @model_validator(mode="after")
    def _limits_are_whole(self):
        if self.until and self.at_least is None and self.at_most is None:
            raise ValueError("`until` counts days: say at_most, at_least or both")
        if None not in (self.at_least, self.at_most) and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least:g} is above at_most {self.at_most:g}")
        return self


class Source(Section):
    """Patients from somewhere: what the simulation makes, or how the user's folder is read."""

    source: Literal["simulated", "folder"]
    # simulated
    n_patients: Annotated[int, Field(ge=20)] = 544  # included, if nothing is missing
    image_shape: list[Annotated[int, Field(ge=128, le=4096)]] = Field(
        [384, 512], min_length=2, max_length=2
    )
    effect: Annotated[float, Field(ge=0)] = 1.0  # 0: nothing predicts the outcome
    device: Literal["A", "B"] = "A"  # scanner
    exclusions: Annotated[float, Field(ge=0, le=1)] = 0.0  # further patients, to be excluded
    missing: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of clinical cells left empty
    # folder: the table and its columns
    simulated: bool = False  # its patients are invented, and every page has to say so
    table: str = ""  # CSV or XLSX in the data folder
    sheet: str = ""  # of an XLSX; empty: the only one that holds anything
    id_column: str | list[str] = ""  # several make one id, such as centre and number
    image_column: str = ""
    mask_column: str = ""
    second_mask_column: str = ""  # of a second reader
    outcome_column: str = ""
    radiologist_column: str = ""  # 0/1 reading, or grades; empty when there is none
    radiologist_yes_from: float | None = None  # a column of grades: these and above are a yes
    frame: Annotated[int, Field(ge=0)] | str | None = None  # of multi-frame files, or its column
    view_column: str = ""
    view: str = ""  # the one analysed; rows of others are set aside
    one_per_patient: str = ""  # column, or measured one, whose largest value picks the row
    scores: dict[Model, str] = {}  # instead of images: model -> column
    criteria: list[Criterion] = []  # in the order of the flow chart
    quality_column: str = ""  # the reader's "keep" or "exclude", which overrules the flags
    # folder: images and masks
    mask_label: Annotated[int, Field(ge=1, le=255)] = 1
    mask_flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    mask_component: Literal["single", "largest", "all"] = "single"
    spacing_mm: Annotated[float, Field(gt=0)] | None = None  # where the images do not tell it
    border_px: list[Annotated[int, Field(ge=0)]] = Field(
        [0, 0, 0, 0], min_length=4, max_length=4
    )  # top, bottom, left, right: made black
    blank_outside_scan: bool = False  # everything beside the scan made black
    # quality flags
    exclude_flagged: list[Flag] = ["duplicate"]  # these exclude unless the reader says "keep"
    min_sharpness: Annotated[float, Field(ge=0)] = 0.1  # below: flagged as blurred
    max_pixels: Positive = 4_000_000  # above: flagged as too large
    variables: list[Variable] = []

    @model_validator(mode="after")
    def _folder_names_its_columns(self):
        if self.source == "simulated":
            if self.scores:
                raise ValueError("`scores` are those of a folder's table")
            return self
        needed = ["table", "id_column", "outcome_column"]
        needed += [] if self.scores else ["image_column", "mask_column"]
        absent = [key for key in needed if not getattr(self, key)]
        if absent or not self.variables:
            raise ValueError(f"a folder cohort needs {', '.join(absent or ['variables'])}")
        about_images = ("image_column", "mask_column", "second_mask_column", "frame")
        surplus = [key for key in about_images if getattr(self, key) not in ("", None)]
        if self.scores and surplus:
            raise ValueError(f"`scores` stand instead of images: leave {', '.join(surplus)} out")
        told = [v.name for v in self.variables if (v.column or v.name) == self.outcome_column]
        told += [model for model, column in self.scores.items() if column == self.outcome_column]
        if told:
            raise ValueError(f"{told} would be read from the column of the outcome")
        return self

    @model_validator(mode="after")
    def _keys_agree(self):
        if self.radiologist_yes_from is not None and not self.radiologist_column:
            raise ValueError("`radiologist_yes_from` needs `radiologist_column`")
        if bool(self.view) != bool(self.view_column):
            raise ValueError("`view` and `view_column` go together")
        names = [variable.name for variable in self.variables]
        if len(set(names)) < len(names):
            raise ValueError(f"variable names must differ, got {names}")
        return self


class Cohort(Source):
    """Who is studied, and the 7:3 split."""

    split: Literal["random", "stratified", "centre", "column"] = "random"  # the paper's is random
    test_share: Share = 0.3
    split_column: str = ""  # centre: the column of centres; column: cells "train" and "test"
    test_centres: list[str] = []

    @classmethod
    def of(cls, names: dict[str, Any]) -> "Cohort":
        """The cohort whose keys are among `names`: the parameters of a running notebook."""
        return cls(**{key: names[key] for key in cls.model_fields})

    @model_validator(mode="after")
    def _split_names_its_column(self):
        if self.split in ("centre", "column") and not self.split_column:
            raise ValueError(f"`split: {self.split}` needs `split_column`")
        if (self.split == "centre") != bool(self.test_centres):
            raise ValueError("`split: centre` and `test_centres` go together")
        return self


class SuperResolution(Section):
    """The degradation of R-22, how both networks are trained, and what is done with the images."""

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
    patch_px: Annotated[int, Field(ge=32, le=512, multiple_of=16)] = 96
    learning_rate: Annotated[float, Field(gt=0)] = 0.002
    inner_share: Annotated[float, Field(gt=0, lt=0.5)] = 0.1  # of training patients: early stop
    check_every: Positive = 100  # steps between looks at them
    patience: Positive = 5  # looks without improvement

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
    """Radiomics and deep features."""

    bin_width: Annotated[float, Field(gt=0)] = 25.0
    robustness_patients: Annotated[int, Field(ge=5)] = 30  # of training, measured again perturbed
    weights: str = "random"  # "random", "imagenet", or a file with a state dict
    crop_px: Annotated[int, Field(ge=64, le=512, multiple_of=32)] = 224
    crop_margin: Annotated[float, Field(ge=0, le=1)] = 0.1
    fine_tuning: Literal["none", "last_block", "whole"] = "last_block"  # "whole" wants a GPU
    epochs: Positive = 5  # at most
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    inner_share: Annotated[float, Field(gt=0, lt=0.5)] = 0.15  # of training patients: early stop
    patience: Positive = 2  # epochs without improvement
    class_weights: bool = True  # patients of the rarer outcome weigh more
    augmentation: bool = True  # mirror images; with "whole" also small rotations


class Selection(Section):
    """R-39 to R-43."""

    alpha: Share = 0.05
    minimum_icc: Annotated[float, Field(ge=0, le=1)] = 0.0  # of the robustness; 0: no filter
    correlation: Share = 0.9
    rule: Literal["p", "mean correlation", "column order"] = "p"  # who stays of a correlated pair
    family: Literal["binomial", "gaussian"] = "binomial"  # of the LASSO
    penalty: Literal["minimum", "1se"] = "minimum"  # of cross-validated deviance, or one SE above
    folds: Annotated[int, Field(ge=2, le=20)] = 5  # of the LASSO's cross-validation


class Models(Section):
    """The classifiers on top of the selected features, and how they are judged."""

    neighbours: Positive = 5
    outer_folds: Annotated[int, Field(ge=2, le=20)] = 5  # of the sound protocol
    tune: bool = True  # there: kernel width, neighbours and penalties by inner cross-validation
    repeats: Positive = 100  # random divisions of the cohort
    permutations: Positive = 20  # the same with permuted outcomes
    explained: Positive = 40  # test patients whose heat maps are compared


class Nomogram(Section):
    """R-54 to R-59."""

    entry: Share = 0.1
    retain: Share = 0.05
    candidates: list[Name] = []  # empty: every preoperative variable
    signatures: list[str] = Field(["SR_SVM", "SR_ResNet101"], min_length=1, max_length=2)
    bootstraps: Annotated[int, Field(ge=20)] = 500  # of the whole model, with its choice of terms


class Statistics(Section):
    """R-65 to R-75."""

    level: Share = 0.95
    threshold_grid: list[float] = Field([0.01, 0.99, 0.01], min_length=3, max_length=3)
    groups: Annotated[int, Field(ge=3, le=50)] = 10  # Hosmer-Lemeshow
    risk_cuts: list[Share] = Field([0.2, 0.5], min_length=1)  # categories of the NRI
    draws: Annotated[int, Field(ge=20)] = 2000  # bootstrap samples of bands and of AUCs

    @model_validator(mode="after")
    def _cuts_rise(self):
        if sorted(set(self.risk_cuts)) != self.risk_cuts:
            raise ValueError(f"`risk_cuts` must rise, got {self.risk_cuts}")
        return self

    @model_validator(mode="after")
    def _thresholds_rise(self):
        start, stop, step = self.threshold_grid
        if not (0 < start < stop < 1 and 0 < step <= stop - start):
            raise ValueError("`threshold_grid` is start, stop, step, between 0 and 1")
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
    outcome_levels: list[str] = Field(min_length=2, max_length=2)  # names of 0 and 1
    credit: str = ""  # where real data come from, as captions cite it
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
    def _sections_fit_together(self):
        signatures, scores = self.nomogram.signatures, list(self.cohort.scores)
        models = scores or [f"{images}_{kind}" for images in ("SR", "OR") for kind in KINDS]
        if not set(signatures) <= set(models):
            raise ValueError(f"`nomogram.signatures` {signatures} must be among {models}")
        taken = {"Radiologist", *(f"Nomogram_{letter}" for letter in "ABC")}
        taken |= {variable.name for variable in self.cohort.variables}
        if taken & set(scores):
            raise ValueError(f"`cohort.scores`: other names than {sorted(taken & set(scores))}")
        variables = {variable.name: variable for variable in self.cohort.variables}
        for name in self.nomogram.candidates if variables else []:
            if name not in variables:
                raise ValueError(
                    f"`nomogram.candidates`: {name!r} is not among the variables {list(variables)}"
                )
            if not (variables[name].required and variables[name].preoperative):
                raise ValueError(
                    f"`nomogram.candidates`: {name!r} is not required of every patient or not "
                    "known before surgery, so no model may use it"
                )
        external = self.external
        if external and (external.source != self.cohort.source):
            raise ValueError("`external.source` must be that of the cohort")
        if external and list(external.scores) != list(self.cohort.scores):
            raise ValueError("`external.scores` must name the models of `cohort.scores`")
        mine, theirs = (
            [(v.name, v.kind, v.levels, v.required, v.preoperative) for v in part.variables]
            for part in (self.cohort, external or self.cohort)
        )
        if mine != theirs:
            raise ValueError(
                "`external.variables`: name, kind, levels, required and preoperative must be those "
                "of the cohort"
            )
        if external and bool(external.radiologist_column) != bool(self.cohort.radiologist_column):
            raise ValueError("`radiologist_column` is needed in both cohorts, or in none")
        if external and external.radiologist_yes_from != self.cohort.radiologist_yes_from:
            raise ValueError("`external.radiologist_yes_from` must be that of the cohort")
        if external and external.simulated != self.cohort.simulated:
            raise ValueError("`external.simulated` must be that of the cohort")
        return self

    @property
    def jobs(self) -> dict[str, Job]:
        """The notebook runs of this study."""
        return plan(
            images=not self.cohort.scores,
            signatures=len(self.nomogram.signatures),
            truth=self.cohort.source == "simulated",
        )
