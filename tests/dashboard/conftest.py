"""One display for all windows that tests open in their own process."""

from collections.abc import Iterator

import pytest

from tests.support.desktop import Desktop


@pytest.fixture(scope="session")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """A display that lasts as long as the tests: Tk never lets one go, and ends the process with it."""
    with Desktop(tmp_path_factory.mktemp("desktop"), bus=False, size=(1600, 1200)) as made:
        yield made
