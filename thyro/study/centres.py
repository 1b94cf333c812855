"""What a study file may say of centres and of the harmonisation of their features."""

from collections.abc import Sequence

from thyro.study.cohorts import Cohort

HARMONISATION = {"harmonisation", "preserved", "unseen_centre"}  # keys of `selection`


def check_harmonisation(
    cohort: Cohort, *, harmonisation: str, preserved: Sequence[str], unseen_centre: str
) -> None:
    """See that the centres are known and that nothing is asked for which cannot be had.

    Raises
    ------
    ValueError
        Naming the key of `selection`, and the remedy.
    """
    if harmonisation == "none":
        if preserved or unseen_centre != "refuse":
            raise ValueError(
                "`selection.preserved` and `unseen_centre` belong to `harmonisation: combat`"
            )
        return
    if not cohort.centre_column:
        raise ValueError("`selection.harmonisation: combat` needs `cohort.centre_column`")
    if not cohort.has_images:
        raise ValueError(
            "`selection.harmonisation` is of features that are measured here, and "
            "`cohort.scores` or `features` are given: harmonise features of other programs before"
        )
    declared = [variable.name for variable in cohort.variables]
    strange = [name for name in preserved if declared and name not in declared]
    if strange:
        raise ValueError(
            f"`selection.preserved`: {strange[0]!r} is not among the variables {declared}; the "
            "outcome cannot be preserved, since nobody knows it of a new patient"
        )
    if cohort.split == "leave_one_centre_out" and unseen_centre == "refuse":
        raise ValueError(
            "`split: leave_one_centre_out` predicts centres that were never seen: "
            "`selection.unseen_centre` says pass or own"
        )
