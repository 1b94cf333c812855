"""A model and the members of its file."""

import numpy as np
import pytest

from thyro import clinical
from thyro.frozen.model import FrozenModel


@pytest.mark.parametrize("study", ["plain", "imputed", "clinical_only"])
def test_members_are_read_again_to_the_last_bit(study, request):
    model = request.getfixturevalue(study)
    members = model.to_members()
    again = FrozenModel.from_members(members)
    assert again.to_members() == members
    np.testing.assert_array_equal(again.fit.coefficients, model.fit.coefficients)
    np.testing.assert_array_equal(again.fit.covariance, model.fit.covariance)
    assert again.imputes == (study == "imputed") and again.required == model.required


def test_an_imputing_model_takes_every_candidate_and_needs_none_of_them(imputed):
    assert list(imputed.variables) == ["age", "margin", "gender", "centre"]
    assert imputed.required == ["centre"]
    assert isinstance(imputed.fit.imputation, clinical.Completion)


def test_only_an_image_signature_reads_images(plain, clinical_only):
    assert plain.reads_images and not clinical_only.reads_images
