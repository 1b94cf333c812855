"""Frozen models of invented studies: plain, imputed and harmonised."""

import pytest

from tests.frozen.results import make_results
from thyro.frozen import freeze


@pytest.fixture(scope="session")
def plain_results(tmp_path_factory):
    return make_results(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
def imputed_results(tmp_path_factory):
    return make_results(tmp_path_factory.mktemp("imputed"), gaps=0.2, combat=True)


@pytest.fixture(scope="session")
def plain(plain_results):
    """Nomogram A of a study without gaps, by the sound recipe."""
    return freeze.freeze(plain_results, "invented")


@pytest.fixture(scope="session")
def imputed(imputed_results):
    """The same of a study that imputes, and harmonises by centre."""
    return freeze.freeze(imputed_results, "invented")


@pytest.fixture(scope="session")
def clinical_only(plain_results):
    """Its nomogram C, which reads no image."""
    return freeze.freeze(plain_results, "invented", which="C")
