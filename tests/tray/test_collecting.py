"""The real tray on a bare machine: it receives exports, shows them, loses none, names who holds its ports."""

import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import find_paths
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Question, Span
from ccmon_tray.sources.collector import usage_file
from ccmon_tray.sources.collector.ports import holder_of, listen
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.prometheus.source import PrometheusSource
from ccmon_tray.usage.metrics import Label, Metric
from tests.sources.collector.sending import CUMULATIVE, Data, export
from tests.support.command_line import run, start
from tests.support.desktop import wait_for
from tests.support.patience import PATIENCE_S, allowed

ANSWERED = 5  # exports before a kill is due
# Root writes there all the same.
READ_ONLY = ["a read-only folder"] if os.name == "posix" and os.getuid() != 0 else []


def free_port() -> int:
    with listen("127.0.0.1", 0) as listening:
        port: int = listening.getsockname()[1]
        return port


class Machine:
    """A machine without Prometheus and without Claude Code, on which a tray may run."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.http, self.grpc = free_port(), free_port()
        self.variables = {
            "CCMON_TRAY_COLLECTOR__ENABLED": "true",
            "CCMON_TRAY_COLLECTOR__HTTP_PORT": str(self.http),
            "CCMON_TRAY_COLLECTOR__GRPC_PORT": str(self.grpc),
            # Nothing listens there, and nobody has set it up.
            "CCMON_TRAY_PROMETHEUS__URL": "http://localhost:9090",
            "HOME": str(home),
        }
        self.paths = find_paths({"CCMON_TRAY_HOME": str(home)})

    @contextlib.contextmanager
    def tray(self, **more: str) -> Iterator[subprocess.Popen[str]]:
        with start(self.home, "run", "--headless", **{**self.variables, **more}) as process:
            try:
                wait_for(self.paths.snapshot_file.exists, "the first poll")
                yield process
            finally:
                process.kill()

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run(self.home, "status", "--json", **self.variables).stdout)
        return found

    def send(self, body: bytes) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=5)
        try:
            connection.request("POST", "/v1/metrics", body, {"Content-Type": "application/x-protobuf"})
            return connection.getresponse().status
        finally:
            connection.close()

    def listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.http), timeout=1):
            return True
        return False

    def cost_usd(self) -> float:
        source = CollectorSource(usage_file(self.paths))
        now = int(time.time())
        try:
            (answer,) = source.ask([Question(Metric.COST, Span(now - 86_400, now + 60), (Label.SESSION,))])
        finally:
            source.close()
        return sum(row.total for row in answer.rows)


@pytest.fixture
def bare() -> None:
    """A machine on which Prometheus has nothing of Claude Code, as in CI: else it would be preferred."""
    source = PrometheusSource(PrometheusSettings())
    try:
        held = source.inventory().metrics
    except CcmonError:
        return
    finally:
        source.close()
    if held:
        pytest.skip("this machine’s own Prometheus has figures of Claude Code, which are preferred")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home")


def spent(usd: float, session: str, began: float) -> bytes:
    labels = (("session_id", session), ("model", "claude-opus-4-8"))
    own = Data(Metric.COST, labels, began, time.time(), usd)
    return export([own], CUMULATIVE)


def test_the_first_command_shows_real_use_as_soon_as_claude_code_exports(
    bare: None, machine: Machine
) -> None:
    with machine.tray() as tray:
        wait_for(machine.listens, "the collector")
        first = machine.status()
        assert (first["state"], first["source"]["kind"]) == ("no-telemetry", "collector")
        assert "connect" in first["problem"]["next_step"]

        sent_at = time.monotonic()
        assert machine.send(spent(1.25, "s1", time.time() - 5)) == 200
        found = wait_for(lambda: (s := machine.status())["state"] == "fresh" and s, "real use")
        assert time.monotonic() - sent_at < min(
            25, allowed(10)
        )  # not only with the next poll, half a minute later
        assert found["figures"]["range"]["totals"]["cost_usd"] == 1.25
        assert found["source"]["kind"] == "collector"

        began = time.monotonic()
        tray.send_signal(signal.SIGTERM)
        assert tray.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < allowed(1.5)
    assert not machine.listens()


def test_whatever_moment_it_is_killed_at_no_answered_export_is_lost(machine: Machine) -> None:
    began = time.time() - 60
    acknowledged: dict[str, float] = {}
    for round_ in range(3):
        with machine.tray() as tray:
            wait_for(machine.listens, "the collector")
            killing = threading.Timer(0.1 + 0.2 * round_, tray.kill)
            before = len(acknowledged)
            while tray.poll() is None:
                session = str(uuid.uuid4())
                with contextlib.suppress(OSError, http.client.HTTPException):
                    if machine.send(spent(0.5, session, began)) == 200:
                        acknowledged[session] = 0.5
                if len(acknowledged) == before + ANSWERED and killing.ident is None:
                    killing.start()
            killing.join()
            assert tray.wait() == -signal.SIGKILL
        machine.paths.snapshot_file.unlink()
    assert len(acknowledged) >= 3 * ANSWERED
    # One more may have been kept each time, whose answer did not get out.
    assert sum(acknowledged.values()) <= machine.cost_usd() <= sum(acknowledged.values()) + 1.5


def test_a_taken_port_is_told_with_its_holder_and_the_other_one_goes_on(machine: Machine) -> None:
    program = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); s.accept()"
    with subprocess.Popen([sys.executable, "-c", program, str(machine.grpc)]) as holder:
        try:
            wait_for(lambda: holder_of(machine.grpc).pid == holder.pid, "the holder")
            with machine.tray():
                wait_for(machine.listens, "the other listener")
                assert machine.send(spent(1.0, "s1", time.time() - 5)) == 200
                said = f"Port {machine.grpc} is taken: {holder_of(machine.grpc).name} listens there"
                wait_for(lambda: said in machine.paths.log_file.read_text(), said)
                # A real collector there is nothing that a person has to put right.
                assert machine.status()["notices"] == []
        finally:
            holder.kill()


def test_a_locked_file_is_said_to_the_sender_and_to_the_person(machine: Machine) -> None:
    with machine.tray():
        wait_for(machine.listens, "the collector")
        assert machine.send(spent(1.0, "s1", time.time() - 5)) == 200
        with contextlib.closing(sqlite3.connect(usage_file(machine.paths), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert machine.send(spent(1.0, "s2", time.time() - 5)) == 503
            found = wait_for(lambda: machine.status()["notices"], "the notice")
            assert any("is locked" in notice for notice in found)
            other.execute("ROLLBACK")
        assert machine.send(spent(1.0, "s2", time.time() - 5)) == 200
        wait_for(lambda: machine.status()["notices"] == [], "the end of it")


def test_it_can_be_switched_off(machine: Machine) -> None:
    with machine.tray(CCMON_TRAY_COLLECTOR__ENABLED="false"):
        assert not machine.listens()
        assert not usage_file(machine.paths).exists()


def test_beyond_this_machine_without_a_token_it_does_not_listen_and_says_so(machine: Machine) -> None:
    with machine.tray(CCMON_TRAY_COLLECTOR__HOST="0.0.0.0"):  # noqa: S104
        found = wait_for(lambda: (s := machine.status())["notices"] and s, "the notice")
        assert any("collector.token_file" in notice for notice in found["notices"])
        assert not machine.listens()


@pytest.mark.parametrize("in_the_way", ["a file for the folder", "a folder for the file", *READ_ONLY])
def test_what_cannot_be_written_is_said(machine: Machine, in_the_way: str) -> None:
    folder = machine.paths.data
    match in_the_way:
        case "a file for the folder":
            folder.parent.mkdir(parents=True)
            folder.write_text("no folder")
        case "a folder for the file":
            usage_file(machine.paths).mkdir(parents=True)
        case _:
            folder.mkdir(parents=True)
            folder.chmod(0o500)
    with machine.tray():
        wait_for(machine.listens, "the collector")
        assert machine.send(spent(1.0, "s1", time.time() - 5)) == 503
        (said,) = wait_for(lambda: machine.status()["notices"], "the notice")
        assert said.startswith("The built-in collector’s file cannot be used: ")
