"""A file of the collector, and what writes to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.sources.collector.ingest import Ingest
from tests.sources.collector.commits import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "usage.sqlite3"


@pytest.fixture
def ingest(path: Path) -> Iterator[Ingest]:
    found = Ingest(path, clock=lambda: NOW)
    yield found
    found.close()
