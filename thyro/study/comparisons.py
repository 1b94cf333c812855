"""Which comparisons of models belong together: Holm's method adjusts for all of a family."""

from collections.abc import Collection, Sequence

from thyro.study.names import CLINICAL, PENALISED

PENALISED_PAIR = [CLINICAL, PENALISED]  # the clinical model, screened and of all candidates


def comparison_families(
    image_models: Sequence[str],
    nomograms: Sequence[str],
    scored: Collection[str],
    *,
    control_group: Sequence[str] = (),
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
    control_group : sequence of str
        As `Declared.control_group`.

    Returns
    -------
    dict of family to groups of models
        Within a group every two are compared, as `statistics.delong_by_family` takes them.
    """
    families = {
        "image": [list(image_models), *([list(control_group)] if control_group else [])],
        "nomogram": [list(nomograms), PENALISED_PAIR],
    }
    return {
        family: [group for group in groups if set(group) <= set(scored)]
        for family, groups in families.items()
    }
