"""Real servers that hold the datasets of known truth, started once for all the tests of a dataset."""

from collections.abc import Iterator

import pytest

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.source import PrometheusSource
from tests.support.truth.cases import CASE_NAMES, NOW, dataset
from tests.support.truth.loading import Loaded, loading, on_servers


@pytest.fixture(scope="session", params=on_servers(CASE_NAMES))
def loaded(request: pytest.FixtureRequest) -> Iterator[Loaded]:
    """Each dataset on each server that can hold it."""
    name, kind = request.param
    with loading(dataset(name), kind) as held:
        yield held


@pytest.fixture(scope="session")
def source(loaded: Loaded) -> Iterator[PrometheusSource]:
    """The source under test on that server, at the datasets' own present."""
    # Two cores may be shared with other tests: a slow answer is no wrong one.
    source = PrometheusSource(PrometheusSettings(url=loaded.server.url, timeout_s=60), clock=lambda: NOW)
    yield source
    source.close()
