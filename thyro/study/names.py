"""Names of a study, made and read here and nowhere else: image sets, cohorts, models, nomograms."""

import string
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ImageSet:
    """Images of one kind, of every patient."""

    name: str  # first part of a model's name: "SR"
    label: str  # in words
    line: str | tuple  # of its models' curves
    control: bool = False  # stands beside the study's models, and is none of them

    @property
    def key(self) -> str:
        """In names of files: "sr"."""
        return self.name.lower()


OR = ImageSet("OR", "original", "--")
SR = ImageSet("SR", "super-resolved", "-")
BC = ImageSet("BC", "bicubic", "-.", control=True)
IMAGE_SETS = {images.name: images for images in (OR, SR, BC)}

TRAIN, TEST, EXTERNAL = "train", "test", "external"
COHORTS = {TRAIN: "Training cohort", TEST: "Test cohort", EXTERNAL: "External cohort"}
RADIOLOGIST = "Radiologist"
PENALISED = "Penalised"  # the clinical model of every candidate
PLANAR = "planar"  # radiomic features of a slice, not of a volume
TUNED = "tuned"  # variant of a model: settings by inner cross-validation
FROZEN = "frozen"  # variant of a model: on features of a network that was not tuned
PAPER, SOUND = "paper", "sound"  # recipes: the publication's, and the one of the sound half


def cohort_label(name: str) -> str:
    """What readers call a cohort: "Test cohort"; "Centre b cohort" of one that the user named."""
    return COHORTS.get(name) or f"{name.replace('_', ' ').capitalize()} cohort"


@dataclass(frozen=True)
class ModelName:
    """Which images a model reads, of which kind it is, and in which variant."""

    image_set: str
    kind: str  # a classifier on radiomic features, or the network whose features a head reads
    variant: str = ""

    def __str__(self) -> str:
        return "_".join(part for part in (self.image_set, self.kind, self.variant) if part)

    @classmethod
    def read(cls, name: str) -> "ModelName | None":
        """The parts of a name that a study of images gave, or None: a score of a user's table."""
        image_set, _, rest = name.partition("_")
        kind, _, variant = rest.partition("_")
        return cls(image_set, kind, variant) if image_set in IMAGE_SETS and kind else None


@dataclass(frozen=True)
class NomogramName:
    """A nomogram of a study, and the signature in it; C has clinical factors alone."""

    letter: str
    signature: str | None

    def __str__(self) -> str:
        return f"Nomogram_{self.letter}"

    def file(self, *, sound: bool = False) -> str:
        """Its file in `05_nomogram`, without ending."""
        return f"nomogram_{self.letter}{'_sound' if sound else ''}"


CLINICAL_LETTER = "C"  # in every study, as in the publication
SIGNED_LETTERS = [letter for letter in string.ascii_uppercase if letter != CLINICAL_LETTER]
CLINICAL = str(NomogramName(CLINICAL_LETTER, None))
BEST = "best"  # a signature: of the models of Table 2, by cross-fitted predictions of training


def nomograms(signatures: Sequence[str]) -> list[NomogramName]:
    """One for every signature: A, B, D, E ...; then C, the clinical model."""
    letters = SIGNED_LETTERS[: len(signatures)]
    return [
        *(NomogramName(letter, name) for letter, name in zip(letters, signatures, strict=True)),
        NomogramName(CLINICAL_LETTER, None),
    ]


def with_best(signatures: Sequence[str], ranked: Sequence[str]) -> list[str]:
    """The signatures, `BEST` replaced by the first of `ranked` that is not named besides."""
    free = [name for name in ranked if name not in signatures]
    return [free[0] if name == BEST else name for name in signatures]
