"""What the sections of a study file accept, each by itself."""

import pytest

from thyro.study import StudyError, load_study


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"selection": {"folds": 5.0}},
            "`selection.folds`: Input should be a valid integer, found 5.0",
        ),
        ({"compute": {"device": "tpu"}}, "Input should be 'cpu' or 'cuda', found 'tpu'"),
        (
            {"nomogram": {"pipeline_bootstraps": 5}},
            "`nomogram.pipeline_bootstraps` is 0 or at least 20, got 5",
        ),
        ({"nomogram": {"smallest_level": -1}}, "`nomogram.smallest_level`: Input should be gre"),
        ({"nomogram": {"composites": "both"}}, "Input should be 'parts' or 'score', found 'both'"),
        (
            {"selection": {"minimum_icc": 1.0}},
            "`selection.minimum_icc`: Input should be less than 1, found 1.0",
        ),
        (
            {"selection": {"minimum_distinct": -0.1}},
            "`selection.minimum_distinct`: Input should be greater than or equal to 0, found -0.1",
        ),
        (
            {"features": {"pixel_mm": 10}},
            "`features.pixel_mm`: Input should be less than or equal to 1, found 10",
        ),
        ({"features": {"bins": 32.5}}, "`features.bins`: Input should be a valid integer"),
        (
            {"features": {"crop_mm": -1}},
            "`features.crop_mm`: Input should be greater than or equal to 0, found -1",
        ),
        (
            {"statistics": {"threshold_grid": [0.9, 0.1, 0.1]}},
            "`statistics.threshold_grid`: must be start, stop and step",
        ),
        (
            {"statistics": {"threshold_grid": [0.5, 0.99, 0.3]}},
            "`statistics.threshold_grid`: stop must be a whole number of steps from start; "
            "the last one below is 0.8, found [0.5, 0.99, 0.3]",
        ),
        (
            {"statistics": {"threshold_grid": [0.1, 0.2]}},
            "`statistics.threshold_grid`: List should have at least 3 items",
        ),
        ({"statistics": {"risk_cuts": [0.5, 0.2]}}, "`risk_cuts` must rise, got [0.5, 0.2]"),
        (
            {"statistics": {"decision_range": [0.6, 0.05]}},
            "`decision_range` must rise, got [0.6, 0.05]",
        ),
        (
            {"statistics": {"decision_points": [0.1, 0.7]}},
            "`decision_points` must lie within `decision_range` [0.05, 0.6], got [0.1, 0.7]",
        ),
        (
            {"statistics": {"threshold_grid": [0.7, 0.9, 0.1]}},
            "`decision_range` [0.05, 0.6] must hold two or more points of `threshold_grid`",
        ),
        (
            {"statistics": {"sensitivity": 1.2}},
            "`statistics.sensitivity`: Input should be less than 1",
        ),
        ({"super_resolution": {"scale": 2}}, "`scale` is 1 (same grid) or equal to `factor`"),
        (
            {"super_resolution": {"start": "scratch", "frozen_blocks": 1}},
            "`frozen_blocks` needs another `start` than scratch",
        ),
    ],
)
def test_a_wrong_section_names_file_key_and_remedy(changed, changes, message):
    with pytest.raises(StudyError) as error:
        load_study("mine", changed(**changes))
    assert "mine.yml" in str(error.value) and message in str(error.value)
