"""One display for all windows that tests open in their own process."""

import gc
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support.desktop import Desktop
from tests.support.views import OpenView, opening


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a test's windows go at its end: found by another thread later, Tcl would end the process."""
    outcome = yield
    if "desktop" in getattr(item, "fixturenames", ()):
        gc.collect()
    return outcome


@pytest.fixture(scope="session")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A display that lasts as long as the tests: Tk never lets one go, and ends the process with it."""
    with Desktop(tmp_path_factory.mktemp("desktop"), bus=False, size=(1600, 1200)) as made:
        yield made


@pytest.fixture
def open_view(desktop: Desktop, tmp_path: Path) -> Iterator[OpenView]:
    """Open the window with a view of demo data, or of the source given, and wait until it is drawn."""
    with opening(desktop, tmp_path) as make:
        yield make
