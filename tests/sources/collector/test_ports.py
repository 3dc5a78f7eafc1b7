"""Who holds a port, on each system; and that a port that is held cannot be taken."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from ccmon_tray.errors import CcmonError
from ccmon_tray.sources.collector import ports
from ccmon_tray.sources.collector.ports import Holder, PortTaken, holder_of, listen

LSOF = "p4711\ncotelcol-contrib\nf7\n"
NETSTAT = """
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1044
  TCP    127.0.0.1:14318        0.0.0.0:0              LISTENING       12
  TCP    127.0.0.1:4318         127.0.0.1:51234        ESTABLISHED     77
  TCP    127.0.0.1:4318         0.0.0.0:0              LISTENING       4711
"""
TASKS = '"otelcol.exe","4711","Console","1","35,120 K"\n'

Tell = Callable[..., None]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    def tell(platform: str, **answers: str) -> None:
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(ports, "_told", lambda program, *_: answers[program])

    return tell


def test_lsof_tells(tell: Tell) -> None:
    tell("darwin", lsof=LSOF)
    assert holder_of(4318) == Holder("otelcol-contrib", 4711)
    tell("darwin", lsof="")
    assert holder_of(4318) == Holder()


def test_windows_tells(tell: Tell) -> None:
    tell("win32", netstat=NETSTAT, tasklist=TASKS)
    assert holder_of(4318) == Holder("otelcol.exe", 4711)
    assert holder_of(9999) == Holder()
    tell("win32", netstat=NETSTAT, tasklist="INFO: No tasks are running\n")
    assert holder_of(4318) == Holder("", 4711)


def test_a_system_that_does_not_tell_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: str) -> str:
        raise subprocess.TimeoutExpired("lsof", 3)

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ports, "_told", fail)
    assert holder_of(4318) == Holder()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_linux_tells_of_both_families() -> None:
    for host in ("127.0.0.1", "::1"):
        with listen(host, 0) as listening:
            assert holder_of(listening.getsockname()[1]).pid == os.getpid()


def test_a_port_that_is_held_cannot_be_taken() -> None:
    with listen("127.0.0.1", 0) as held, pytest.raises(PortTaken) as caught:
        listen("127.0.0.1", held.getsockname()[1])
    assert "listens there" in str(caught.value)


@pytest.mark.parametrize("host", ["no such host", "203.0.113.1"])
def test_a_host_that_is_not_this_machine_is_said(host: str) -> None:
    with pytest.raises(CcmonError, match="cannot listen"):
        listen(host, 0)


def test_a_connection_that_has_just_ended_does_not_keep_the_port() -> None:
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)):
        accepted, _ = listening.accept()
        accepted.close()  # from this side: it is remembered for a minute
    listening.close()
    listen("127.0.0.1", port).close()
