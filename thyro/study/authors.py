"""What only the authors of a study know, for the reporting checklists."""

from thyro.study.fields import Section


class Authors(Section):
    """Sentences as they should be printed; whatever is empty is said to be left to the authors."""

    ethics: str = ""  # committee, number, consent
    dates: str = ""  # of enrolment
    centre: str = ""  # or centres: where, of which kind
    device: str = ""  # ultrasound machine, probe, settings, who scanned
    funding: str = ""
    conflicts: str = ""  # of interest
    protocol: str = ""  # where it is
    registration: str = ""
    design: str = ""  # retrospective or prospective
    overlap: str = ""  # with patients of earlier publications
    keywords: str = ""
    intended_use: str = ""  # by whom, when, with which skill
    inequalities: str = ""  # in health, between groups of the population
    treatment: str = ""
    outcome_assessment: str = ""  # how and by whom the outcome was determined
    blinding: str = ""  # of that to the predictors
    outlines: str = ""  # how nodules were outlined
    readers: str = ""  # who outlined and read, with which experience
    patient_involvement: str = ""
    data_sharing: str = ""  # where data, images and features are
