"""One display for all windows that tests open in their own process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desktop import Desktop
from tests.support.views import OpenView, opening


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
