"""Which comparisons of models belong together: Holm's method adjusts for all of a family."""

from collections.abc import Collection, Sequence

from thyro.study.classifiers import model_names, principal_models, radiomic_models
from thyro.study.names import BC, CLINICAL, OR, PENALISED, SR, ModelName


def control_group() -> list[str]:
    """The principal classifier on the study's images and on the bicubic control."""
    return [str(name) for name in (*principal_models(), *principal_models([BC]))]


def enhancement_pairs() -> list[tuple[str, str]]:
    """Every classifier of radiomic features on enhanced images, and on original ones."""
    kinds = dict.fromkeys(name.kind for name in model_names() if str(name) in radiomic_models())
    return [(str(ModelName(SR.name, kind)), str(ModelName(OR.name, kind))) for kind in kinds]


PENALISED_PAIR = [CLINICAL, PENALISED]  # the clinical model, screened and of all candidates


def comparison_families(
    image_models: Sequence[str], nomograms: Sequence[str], scored: Collection[str]
) -> dict[str, list[list[str]]]:
    """The comparisons that a study makes, declared here and nowhere else.

    One family are the models that read images, with their controls; the other the nomograms, the
    radiologist where there is one, and the penalised clinical model. A contrast is in one family
    only, and has the p value of that family wherever it is shown.

    Parameters
    ----------
    image_models : sequence of str
        Or the scores of the user's table.
    nomograms : sequence of str
        With the radiologist.
    scored : collection of str
        Every model that has predictions; groups of which a member has none are left out.

    Returns
    -------
    dict of family to groups of models
        Within a group every two are compared, as `statistics.delong_by_family` takes them.
    """
    families = {
        "image": [list(image_models), control_group()],
        "nomogram": [list(nomograms), PENALISED_PAIR],
    }
    return {
        family: [group for group in groups if set(group) <= set(scored)]
        for family, groups in families.items()
    }
