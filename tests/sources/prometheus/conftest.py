"""Real servers that hold the datasets of known truth, started once for all the tests of a dataset."""

from collections.abc import Iterator

import pytest

from tests.support.truth.cases import CASE_NAMES, dataset
from tests.support.truth.loading import Loaded, loading, on_servers


@pytest.fixture(scope="session", params=on_servers(CASE_NAMES))
def loaded(request: pytest.FixtureRequest) -> Iterator[Loaded]:
    """Each dataset on each server that can hold it."""
    name, kind = request.param
    with loading(dataset(name), kind) as held:
        yield held
