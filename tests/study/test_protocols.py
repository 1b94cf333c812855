"""Recipes by evaluations, by name."""

from thyro.study import protocols


def test_two_recipes_by_two_evaluations():
    assert list(protocols.PROTOCOLS) == ["paper", "paper_cross_fitted", "sound_in_sample", "sound"]
    paper, sound = (protocols.PROTOCOLS[name] for name in ("paper", "sound"))
    assert paper.recipe is protocols.PAPER_RECIPE and not paper.cross_fitted
    assert sound.recipe is protocols.SOUND_RECIPE and sound.cross_fitted
    assert protocols.recipe_protocols() == {
        "paper": ("paper", "paper_cross_fitted"),
        "sound": ("sound_in_sample", "sound"),
    }


def test_steps_change_one_thing_at_a_time():
    ends = {(one.features, one.tuned) for one in protocols.RECIPES}
    steps = {(one.features, one.tuned) for one in protocols.STEPS}
    assert len(ends) == len(steps) == 2 and not ends & steps
    for step in steps:
        assert all(sum(a == b for a, b in zip(step, end, strict=True)) == 1 for end in ends)


def test_steps_are_cross_fitted_and_a_recipe_is_as_its_protocol_says():
    assert [protocols.cross_fitted(name) for name in ("paper", "sound", "planar")] == [
        False,
        True,
        True,
    ]


def test_only_the_sound_recipe_gives_log_odds_to_a_nomogram():
    assert [one.as_log_odds for one in protocols.RECIPES] == [False, True]
