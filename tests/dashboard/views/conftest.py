"""The real window on a display, with a view open and drawn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desktop import Desktop
from tests.support.views import OpenView, opening


@pytest.fixture
def open_view(desktop: Desktop, tmp_path: Path) -> Iterator[OpenView]:
    """Open the window with a view of demo data, or of the source given, and wait until it is drawn."""
    with opening(desktop, tmp_path) as make:
        yield make
