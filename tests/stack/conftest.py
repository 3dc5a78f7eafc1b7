"""A home, stand-ins for the engines, and ports that are free."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccmon_tray.stack.names import VARIABLES
from ccmon_tray.stack.ports import Ports
from tests.support.command_line import COMMAND, ROOT, environment
from tests.support.fake_engines import FakeEngines, fake_engines
from tests.support.servers import free_port
from tests.support.stack import Run, folder_of


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


@pytest.fixture
def environ(home: Path, engines: FakeEngines) -> dict[str, str]:
    """A home whose settings decide about the built-in collector, and the stand-ins as the whole PATH."""
    told = environment(home, PATH=str(engines.path))
    del told["CCMON_TRAY_COLLECTOR__ENABLED"]
    return told


@pytest.fixture
def ask(environ: dict[str, str]) -> Run:
    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "stack", *words],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return ask


@pytest.fixture
def ports(home: Path) -> Ports:
    return folder_of(home).ports


@pytest.fixture
def in_project(home: Path) -> list[str]:
    """What compose is told before each command."""
    return ["-p", folder_of(home).project, "-f", "compose.yaml"]


@pytest.fixture
def somebody(ports: Ports) -> Iterator[int]:
    """Somebody who listens at the stack's port for OTLP over HTTP."""
    with socket.create_server(("127.0.0.1", ports.otlp_http)) as listening:
        yield listening.getsockname()[1]
