"""Servers: real ones that hold the datasets of known truth, each started once, and one that can fail."""

import threading
from collections.abc import Callable, Iterator

import pytest

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus.source import PrometheusSource
from tests.support.faulty_server import FaultyServer
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


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


@pytest.fixture
def client_threads() -> Callable[[], list[threading.Thread]]:
    """Lists the threads of clients made since; sources that other tests share keep theirs.

    Name it before a fixture that makes a client.
    """
    before = set(threading.enumerate())

    def list_new() -> list[threading.Thread]:
        threads = set(threading.enumerate()) - before
        return [thread for thread in threads if thread.name.startswith("prometheus-")]

    return list_new
