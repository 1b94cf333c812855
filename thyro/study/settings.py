"""The typed model of a study file: one section per notebook, the cohorts, and `compute`.

Every key says here what it means and what it accepts; `files` reads files into it.
"""

import difflib
import math
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from thyro.study.authors import Authors
from thyro.study.centres import HARMONISATION, check_harmonisation
from thyro.study.classifiers import RADIOMICS, feature_models, patients_needed
from thyro.study.cohorts import Cohort, Source, check_external
from thyro.study.declared import Declared
from thyro.study.fields import Distinct, Section, Text
from thyro.study.jobs import Job
from thyro.study.names import (
    BEST,
    RADIOLOGIST,
    SIGNED_LETTERS,
    TEST,
    TRAIN,
    ModelName,
    nomograms,
)
from thyro.study.plan import OF_CENTRES, OF_GAPS, OF_HARMONISATION, plan
from thyro.study.sections import (
    LEAST_BOOTSTRAPS,
    STARTS,
    WEIGHTS,
    Compute,
    Features,
    Models,
    Nomogram,
    Selection,
    Statistics,
    SuperResolution,
)
from thyro.study.subgroups import check_subgroups
from thyro.study.variables import check_candidates


class Study(Section):
    """A whole study."""

    title: Text  # of the report
    outcome: Text  # as it reads in a sentence: "cervical lymph-node metastasis"
    outcome_levels: Annotated[list[Text], Distinct] = Field(
        min_length=2, max_length=2
    )  # names of 0 and 1
    guessed: list[Text] = []  # roles of columns, as `thyro audit` guessed them; the report says so
    credit: str = ""  # where real data come from, as captions cite it
    reference: Literal["li2024", "none"] = "li2024"  # publication that the report goes through
    published: str = ""  # file of printed numbers that it audits; empty: those of `reference`
    lesion: Text = "nodule"  # what the images show outlined, as the report calls it
    organ: Text = "thyroid"  # in which it lies
    modality: Text = "ultrasound"  # of the images
    authors: Authors = Authors()  # what only they know, for the checklists
    cohort: Cohort  # who is studied, who trains, who tests
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
            if self.cohort.features:  # one of each family
                named = feature_models(self.cohort.features, [self.declared.principal])
                named = named[: len(SIGNED_LETTERS)]
            self.nomogram = self.nomogram.model_copy(update={"signatures": named})
        ours = self.feature_models or map(str, self.declared.model_names())
        models = list(self.cohort.scores) or [*ours, BEST]
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

    @model_validator(mode="after")
    def _simulation_has_who_trains(self):
        if self.cohort.source == "simulated":  # a table is counted by `cohort.check_training`
            n, folds = self.cohort.n_patients, self.models.outer_folds
            train = math.floor(n * (1 - self.cohort.test_share))
            left = train - math.ceil(train / folds)
            few = {name: k for name, k in self.fitted["needed"].items() if k > left}
            if few:
                raise ValueError(
                    f"`cohort.n_patients`: of {n} patients {train} train, {left} without a fold, "
                    f"and `models.classifiers` needs more: {few}"
                )
        return self

    @property
    def has_nomograms(self) -> bool:
        """Whether clinical variables are joined to a signature.

        Variables that no model may use are those of Table 1 and of groups of patients alone; so are
        those that frozen models read.
        """
        if self.cohort.models:
            return False
        used = any(one.required and one.preoperative for one in self.cohort.variables)
        given = self.cohort.scores or self.cohort.features
        return self.cohort.has_images or bool(given and used)

    @property
    def report_files(self) -> list[str]:
        """What its report consists of; a calculator where there are nomograms."""
        calculator = ["calculator.html"] if self.has_nomograms else []
        return ["index.html", "thyro.pdf", "thyro.docx", *calculator]

    @property
    def fitted(self) -> dict[str, Any]:
        """What its models ask of the training patients, as `cohort.check_training` takes it."""
        models, fits = self.models, self.cohort.has_images or bool(self.cohort.features)
        needed = patients_needed(models.classifiers if fits else (), neighbours=models.neighbours)
        tuned = self.cohort.has_images and self.features.fine_tuning != "none"
        return {
            "needed": needed,
            "outer_folds": models.outer_folds,
            "tuned": tuned and bool(self.features.networks),
        }

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
        """Whether 06_scores judges what the table holds, by its kind, before any regression.

        Not where nomograms have scores of no kind, of which 06_statistics says as much.
        """
        kinds = set(self.cohort.score_kinds.values()) - {"score"}
        return not self.has_nomograms or bool(self.cohort.features or kinds)

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
            grouped=bool(self.statistics.subgroups),
            printed=self.cohort.published,
            frozen=self.cohort.models,
            scored=bool(self.cohort.score_columns),
        )
