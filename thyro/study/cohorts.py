"""The typed model of a cohort in a study file: its source, variables, criteria and split."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from thyro.study.fields import CsvInFolder, Encoding, Positive, Section, Share, Text
from thyro.study.names import EXTERNAL, RADIOLOGIST, TEST, TRAIN, WHOLE
from thyro.study.variables import Criterion, Name, Variable, check_composed

Model = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ .-]*$")]
TOGETHER = "all"  # what tables call the first two cohorts together
KINDS = ("probability", "score", "reading")  # of what a model outside the study says
ABOUT_IMAGES = ("image_column", "mask_column", "second_mask_column", "frame", "decisions")
Flag = Literal[
    "duplicate",
    "copy",
    "blur",
    "size",
    "border",
    "components",
    "outline",
    "turned",
    "area",
    "colour",
    "text",
]


class Score(Section):
    """What a model outside the study, or a reader, says of every patient."""

    column: str = ""  # of the table
    # instead of a column: a file that `thyro export` wrote, relative to the project; it predicts
    # every patient, and nothing is fitted in the whole study
    model: str = ""
    # probability: between 0 and 1, and judged as such; score: higher means more suspicious;
    # reading: 1 and 0, for yes and no
    kind: Literal["probability", "score", "reading"] = "score"
    published: dict[Name, Share] = {}  # AUC by cohort, to stand beside that of this table

    @model_validator(mode="before")
    @classmethod
    def _a_model_gives_risks(cls, raw: Any) -> Any:
        return {"kind": "probability"} | raw if isinstance(raw, dict) and raw.get("model") else raw

    @model_validator(mode="after")
    def _comes_from_one_place(self):
        if bool(self.column.strip()) == bool(self.model):
            raise ValueError("a score has a `column` of the table, or a `model` that predicts it")
        if self.model and self.kind != "probability":
            raise ValueError("a `model` gives a probability; leave `kind` out")
        return self


class Family(Section):
    """Features that another program measured: columns of a table, joined to patients by the id."""

    table: str = ""  # CSV or XLSX in the data folder; empty: the cohort's own
    id_column: str | list[str] = ""  # empty: called as in the cohort
    columns: list[Text] = Field(min_length=1)  # names, or patterns such as "original_*"
    without: list[Text] = []  # those of them that are no features, such as "diagnostics_*"


class Source(Section):
    """Patients from somewhere: what the simulation makes, or how the user's folder is read."""

    source: Literal["simulated", "folder"]  # of the patients

    # Keys of simulated patients

    n_patients: Annotated[int, Field(ge=20)] = 544  # included, if nothing is missing
    # rows and columns of a frame
    image_shape: list[Annotated[int, Field(ge=128, le=4096)]] = Field(
        default=[384, 512], min_length=2, max_length=2
    )
    effect: Annotated[float, Field(ge=0)] = 1.0  # 0: nothing predicts the outcome
    coarse_log_odds: float = 1.6  # of the outcome, per SD of the coarse texture of a nodule
    fine_log_odds: float = 1.2  # and of the fine one, which a fourfold loss of resolution destroys
    prevalence: Share | None = None  # of the outcome; null: the published one, 162 of 544
    size_shift: float = 0.0  # SD by which nodules, and what goes with size, exceed Table 1
    device: Literal["A", "B", "F"] = "A"  # scanner
    exclusions: Annotated[float, Field(ge=0, le=1)] = 0.0  # share of patients who fail a criterion
    missing: Annotated[float, Field(ge=0, lt=1)] = 0.0  # share of clinical cells left empty
    # share of the cells of some variables left empty, more often of the older and the diseased
    missing_at_random: Annotated[float, Field(ge=0, lt=0.5)] = 0.0

    # Keys of all patients

    # an empty cell of a required clinical variable excludes its patient, or is filled several times
    # in 05
    missing_values: Literal["exclude", "impute"] = "exclude"
    centre_column: str = ""  # hospital or scanner of every patient; empty: not known

    # Keys of a folder: the table and its columns

    simulated: bool = False  # the table's patients are invented, and every page has to say so
    table: str = ""  # CSV or XLSX in the data folder
    sheet: str = ""  # of an XLSX; empty: the only one that holds anything
    encoding: Encoding = "utf-8"  # of a CSV; gb18030: as Excel saves one in Chinese
    header_row: Positive = 1  # of the table: with the names of its columns; titles stand above
    decimal: Literal["point", "comma"] = "point"  # how its numbers are written
    recode: dict[Text, dict[str, str]] = {}  # column -> what a cell says -> what is read in it
    id_column: str | list[str] = ""  # several make one id, such as centre and number
    image_column: str = ""  # path of the image below the folder
    mask_column: str = ""  # path of the mask, on the grid of its image
    second_mask_column: str = ""  # of a second reader
    outcome_column: str = ""  # 1, 0, or empty: then the patient is excluded, and counted
    radiologist_column: str = ""  # 0/1 reading, or grades; empty when there is none
    radiologist_yes_from: float | None = None  # a column of grades: these and above are a yes
    frame: Annotated[int, Field(ge=0)] | str | None = None  # of multi-frame files, or its column
    view_column: str = ""  # of the view of each row, such as longitudinal and transverse
    view: str = ""  # the one analysed; rows of others are set aside
    one_per_patient: str = ""  # column, or measured one, whose largest value picks the row
    scores: dict[Model, Text | Score] = {}  # instead of images: model -> column, or with its kind
    # instead of images: families of features that another program measured
    features: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*$")], Family] = {}
    criteria: list[Criterion] = []  # in the order of the flow chart
    quality_column: str = ""  # the reader's "keep" or "exclude", which overrules the flags
    decisions: CsvInFolder = ""  # CSV in the data folder with the same by image id, which 00 writes

    # Keys of a folder: images and masks

    # label or segment of the nodule; null: label 1, or the only segment
    mask_label: Annotated[int, Field(ge=1, le=255)] | Text | None = None
    # where the drawing tool turned the masks
    mask_flip: Literal["none", "horizontal", "vertical", "both"] = "none"
    # several parts are an error, or the largest is taken, or all of them
    mask_component: Literal["single", "largest", "all"] = "single"
    mask_fill: bool = False  # what an outline encloses belongs to the nodule
    spacing_mm: Annotated[float, Field(gt=0)] | None = None  # where the images do not tell it
    # top, bottom, left, right: made black
    border_px: list[Annotated[int, Field(ge=0)]] = Field(
        default=[0, 0, 0, 0], min_length=4, max_length=4
    )
    blank_outside_scan: bool = False  # everything beside the scan made black

    # Flags of image quality, and the variables

    exclude_flagged: list[Flag] = [
        "duplicate",
        "copy",
    ]  # these exclude unless the reader says "keep"
    min_sharpness: Annotated[float, Field(ge=0)] = 0.1  # below: flagged as blurred
    max_pixels: Positive = 4_000_000  # above: flagged as too large
    variables: list[Variable] = []  # clinical ones; all who may enter a model, and others

    @property
    def has_images(self) -> bool:
        """Whether images are read, and not what others measured in them."""
        return not (self.scores or self.features)

    @property
    def score_columns(self) -> dict[str, str]:
        """The column of every score that the table holds."""
        columns = {
            name: score if isinstance(score, str) else score.column
            for name, score in self.scores.items()
        }
        return {name: column for name, column in columns.items() if column}

    @property
    def models(self) -> dict[str, str]:
        """The file of every score that a frozen model predicts."""
        files = {name: s.model for name, s in self.scores.items() if not isinstance(s, str)}
        return {name: file for name, file in files.items() if file}

    @property
    def score_kinds(self) -> dict[str, str]:
        """What every score is, of `KINDS`; one with a column alone is a score."""
        return {
            name: "score" if isinstance(score, str) else score.kind
            for name, score in self.scores.items()
        }

    @property
    def published(self) -> dict[str, dict[str, float]]:
        """AUCs that others printed, by score and cohort."""
        given = {name: s.published for name, s in self.scores.items() if not isinstance(s, str)}
        return {name: dict(printed) for name, printed in given.items() if printed}

    @property
    def judged(self) -> dict[str, str]:
        """Kinds of the scores and of the radiologist, who says yes or no, or gives grades."""
        reader = "reading" if self.radiologist_yes_from is None else "score"
        return self.score_kinds | ({RADIOLOGIST: reader} if self.radiologist_column else {})

    @model_validator(mode="after")
    def _scores_are_of_a_folder(self):
        for key in ("scores", "features"):
            if getattr(self, key) and self.source == "simulated":
                raise ValueError(f"`{key}` are those of a folder's table")
            named = [name for name in ABOUT_IMAGES if getattr(self, name) not in ("", None)]
            if getattr(self, key) and named and not self.models:  # which read images
                raise ValueError(f"`{key}` stand instead of images: leave {', '.join(named)} out")
        if self.models and bool(self.image_column) != bool(self.mask_column):
            raise ValueError("`image_column` and `mask_column` go together")
        if self.scores and self.features:
            raise ValueError("`scores` or `features`: one of them stands instead of images")
        return self

    @model_validator(mode="after")
    def _folder_names_its_columns(self):
        if self.source == "simulated":
            return self
        needed = ["table", "id_column", "outcome_column"]
        needed += ["image_column", "mask_column"] if self.has_images else []
        absent = [key for key in needed if not getattr(self, key)]
        if absent or not (self.variables or not self.has_images):
            raise ValueError(f"a folder cohort needs {', '.join(absent or ['variables'])}")
        return self

    @model_validator(mode="after")
    def _decisions_have_a_folder(self):
        if self.decisions and self.source == "simulated":
            raise ValueError(
                "`decisions` lie in the data folder, and a simulated cohort has none; "
                "`thyro example` writes simulated patients as a folder"
            )
        return self

    @model_validator(mode="after")
    def _outcome_has_a_column_of_its_own(self):
        if self.source == "simulated":
            return self
        columns = {variable.name: variable.column or variable.name for variable in self.variables}
        columns |= self.score_columns
        told = [name for name, column in columns.items() if column == self.outcome_column]
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
        check_composed(self.variables)
        return self


class Cohort(Source):
    """Who is studied, and the 7:3 split."""

    # random as the publication's; leave_one_centre_out: `test_centres` test, as by centre, and the
    # folds of cross-fitting are the other centres; none: one cohort of scores, nothing is fitted
    split: Literal["random", "stratified", "centre", "leave_one_centre_out", "column", "none"] = (
        "random"
    )
    test_share: Share = 0.3  # of the patients, where the split is random or stratified
    split_column: str = ""  # centre: the column of centres; column: cells "train" and "test"
    test_centres: list[str] = []  # centres whose patients test
    # column: its cells -> names of cohorts, in the order of tables; empty: train and test
    cohorts: dict[Text, Name] = {}

    @classmethod
    def of(cls, names: dict[str, Any]) -> "Cohort":
        """The cohort whose keys are among `names`: the parameters of a running notebook."""
        return cls(**{key: names[key] for key in cls.model_fields})

    @property
    def named(self) -> list[str]:
        """The cohorts of the table, in the order of tables and figures."""
        if self.split == "none":
            return [WHOLE]
        return list(dict.fromkeys(self.cohorts.values())) or [TRAIN, TEST]

    @property
    def reference(self) -> str:
        """The cohort in which cut-offs are chosen: the training one, or else the first."""
        return TRAIN if TRAIN in self.named else self.named[0]

    @model_validator(mode="after")
    def _split_names_its_column(self):
        if self.split in ("centre", "column") and not self.split_column:
            raise ValueError(f"`split: {self.split}` needs `split_column`")
        by_centre = self.split in ("centre", "leave_one_centre_out")
        if by_centre != bool(self.test_centres):
            raise ValueError(
                "`split: centre` (or leave_one_centre_out) and `test_centres` go together"
            )
        if self.split == "leave_one_centre_out" and not self.has_images:
            raise ValueError(
                "`split: leave_one_centre_out` fits models of images again; use `split: centre`"
            )
        if self.split == "leave_one_centre_out" and not self.centre_column:
            raise ValueError("`split: leave_one_centre_out` needs `centre_column`")
        if self.cohorts and self.split != "column":
            raise ValueError("`cohorts` names the cells of a `split: column`")
        if self.cohorts and len(self.named) < 2:
            raise ValueError("`cohorts` names two or more: cut-offs are chosen in one for another")
        for name, score in self.scores.items():
            printed = set() if isinstance(score, str) else {*score.published}
            if strange := sorted(printed - {*self.named, EXTERNAL}):
                raise ValueError(f"`published` of {name!r}: {strange} not among {self.named}")
        if TOGETHER in self.cohorts.values():
            raise ValueError(f"`cohorts`: {TOGETHER!r} is everybody; choose another name")
        return self


def check_external(external: Source, cohort: Cohort) -> None:
    """See that the models of the cohort can be used on the patients of `external`.

    Raises
    ------
    ValueError
        Naming the key of `external` that has to be as in `cohort`.
    """
    if external.source != cohort.source:
        raise ValueError("`external.source` must be that of the cohort")
    if list(external.score_kinds.items()) != list(cohort.score_kinds.items()):
        raise ValueError("`external.scores` must name the models of `cohort.scores`, of their kind")
    if list(external.features) != list(cohort.features):
        raise ValueError("`external.features` must name the families of `cohort.features`")
    if EXTERNAL in cohort.cohorts.values():
        raise ValueError(f"`cohort.cohorts` cannot name {EXTERNAL!r} where there is `external`")
    if _told(external) != _told(cohort):
        raise ValueError(
            "`external.variables`: name, kind, levels, ordered, composed_of, required and "
            "preoperative must be those of the cohort"
        )
    if bool(external.radiologist_column) != bool(cohort.radiologist_column):
        raise ValueError("`radiologist_column` is needed in both cohorts, or in none")
    if bool(external.centre_column) != bool(cohort.centre_column):
        raise ValueError("`centre_column` is needed in both cohorts, or in none")
    for key in ("radiologist_yes_from", "simulated", "missing_values"):
        if getattr(external, key) != getattr(cohort, key):
            raise ValueError(f"`external.{key}` must be that of the cohort")


def _told(source: Source) -> list[tuple]:
    """What models and tables need to know of every variable."""
    keys = ("name", "kind", "levels", "ordered", "composed_of", "required", "preoperative")
    return [tuple(getattr(v, key) for key in keys) for v in source.variables]
