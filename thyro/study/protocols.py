"""Protocols: how the models of a study are made, and who is asked what they know of training.

A recipe says which radiomic features are read and where the settings of a classifier come from.
Evaluation says who predicts a training patient: a model that the patient helped to fit (in-sample),
or models that never saw the patient (cross-fitted). Two recipes times two evaluations are the
protocols; the steps between the recipes change one thing at a time.
"""

from dataclasses import dataclass

from thyro.study.classifiers import RADIOMICS
from thyro.study.names import PAPER, PLANAR, SOUND


@dataclass(frozen=True)
class StudyRecipe:
    """How the models of a study are made."""

    name: str
    label: str  # in tables and figures
    features: str  # table of radiomic features: RADIOMICS or PLANAR
    tuned: bool  # settings by inner cross-validation, where the study tunes; else as published
    as_log_odds: bool = False  # how a signature enters a nomogram; else as a probability


PAPER_RECIPE = StudyRecipe(PAPER, "Paper’s", RADIOMICS, tuned=False)
SOUND_RECIPE = StudyRecipe(SOUND, "Sound", PLANAR, tuned=True, as_log_odds=True)
STEPS = (  # between the two, for the supplement
    StudyRecipe("paper_tuned", "Paper’s, tuned", RADIOMICS, tuned=True),
    StudyRecipe("planar", "Sound features, published settings", PLANAR, tuned=False),
)
RECIPES = (PAPER_RECIPE, SOUND_RECIPE)


@dataclass(frozen=True)
class Protocol:
    """A recipe, and whether training patients are predicted by models that never saw them."""

    recipe: StudyRecipe
    cross_fitted: bool

    @property
    def name(self) -> str:
        """In the column `protocol`.

        "paper" is in-sample and "sound" is cross-fitted, each as its recipe is meant to be used.
        """
        usual = self.cross_fitted == (self.recipe is SOUND_RECIPE)
        return self.recipe.name + (
            "" if usual else "_cross_fitted" if self.cross_fitted else "_in_sample"
        )


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (Protocol(one, crossed) for one in RECIPES for crossed in (False, True))
}


def recipe_protocols() -> dict[str, tuple[str, str]]:
    """Of every recipe the names of its protocols: in-sample, cross-fitted."""
    return {one.name: (Protocol(one, False).name, Protocol(one, True).name) for one in RECIPES}


def cross_fitted(protocol: str) -> bool:
    """Whether training patients are predicted by models that never saw them; all steps are."""
    return protocol not in PROTOCOLS or PROTOCOLS[protocol].cross_fitted
