"""A home, stand-ins for the engines, and ports that are free."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.stack.names import VARIABLES
from tests.support.fake_engines import FakeEngines, fake_engines
from tests.support.servers import free_port


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[FakeEngines]:
    with fake_engines(tmp_path / "engines") as engines:
        yield engines


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose stack has four free ports."""
    folder = tmp_path / "home" / "data" / "stack"
    folder.mkdir(parents=True)
    lines = [f"{variable}={free_port()}" for variable in VARIABLES.values()]
    (folder / ".env").write_text("\n".join(["# mine", *lines, "CCMON_RETENTION_TIME=30d"]) + "\n")
    return tmp_path / "home"
