"""What only the authors of a study know, for the reporting checklists."""

from thyro.study.fields import Section


class Authors(Section):
    """Sentences as they should be printed; whatever is empty is said to be left to the authors."""

    ethics: str = ""  # committee, number, consent
    dates: str = ""  # of enrolment
    centre: str = ""  # or centres: where, of which kind
    device: str = ""  # scanner, probe, settings, who scanned
    funding: str = ""  # by whom, and what they had to say in it
    conflicts: str = ""  # of interest
    protocol: str = ""  # where it is
    registration: str = ""  # number and register
    design: str = ""  # retrospective or prospective
    overlap: str = ""  # with patients of earlier publications
    keywords: str = ""  # of the publication
    intended_use: str = ""  # by whom, when, with which skill
    inequalities: str = ""  # in health, between groups of the population
    treatment: str = ""  # that patients had, where it could change the outcome
    outcome_assessment: str = ""  # how and by whom the outcome was determined
    blinding: str = ""  # of that to the predictors
    outlines: str = ""  # how lesions were outlined
    extraction: str = ""  # how features were measured that came with a table
    readers: str = ""  # who outlined and read, with which experience
    patient_involvement: str = ""  # of patients and the public in the study
    data_sharing: str = ""  # where data, images and features are
