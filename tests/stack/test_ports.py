"""``ccmon-tray stack ports``: shown, checked, changed by flags and by answers, with everything following."""

import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ccmon_tray.stack.ports import Ports
from tests.support.command_line import COMMAND, ROOT
from tests.support.desktop import wait_for
from tests.support.fake_engines import FakeEngines
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port
from tests.support.stack import BOTH, Run, folder_of, is_served, settings_of, write_settings


def test_ports_are_shown_with_who_listens(ask: Run, ports: Ports, somebody: int) -> None:
    done = ask("ports")

    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"OTLP over gRPC     {ports.otlp_grpc:>7}  free"
    assert lines[1].startswith(f"OTLP over HTTP     {somebody:>7}  ")
    assert lines[1].endswith("listens there")
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--prometheus", "0"), "0 is no port"),
        (("--prometheus", "65536"), "65536 is no port"),
        (("--health", "80"), "port 80 is privileged"),
        (("--otlp-http", "5000", "--otlp-grpc", "5000"), "Port 5000 is given twice"),
        (("--otlp-http", "x"), "invalid int value"),
    ],
)
def test_ports_that_cannot_be_are_wrong_usage(
    ask: Run, home: Path, words: tuple[str, ...], told: str
) -> None:
    before = (home / "data" / "stack" / ".env").read_text()

    done = ask("ports", *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert (home / "data" / "stack" / ".env").read_text() == before


def test_a_port_that_somebody_has_is_refused(ask: Run, home: Path, ports: Ports) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        done = ask("ports", "--prometheus", str(port))

    assert done.returncode == 1
    assert f"Port {port} (Prometheus) is taken" in done.stderr
    assert folder_of(home).ports == ports


def test_a_running_stack_moves_and_everything_follows(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports, in_project: list[str]
) -> None:
    engines.install("docker")
    assert ask("up").returncode == 0
    new = free_port()

    done = ask("ports", "--prometheus", str(new))

    assert done.returncode == 0, done.stderr
    assert folder_of(home).ports.prometheus == new
    assert ["docker", "compose", *in_project, "up", "-d", "--force-recreate"] in engines.asked
    assert settings_of(home)["prometheus"]["url"] == f"http://127.0.0.1:{new}"
    (copy,) = (home / "data" / "stack").glob(".env.*")
    assert f"CCMON_PROMETHEUS_PORT={ports.prometheus}" in copy.read_text()
    text = (home / "data" / "stack" / ".env").read_text()
    assert text.startswith("# mine\n")
    assert "CCMON_RETENTION_TIME=30d" in text
    assert ask("status").returncode == 0


def test_where_claude_code_must_send_is_said_when_it_moves(ask: Run, engines: FakeEngines) -> None:
    engines.install("docker")
    new = free_port()
    done = ask("ports", "--otlp-http", str(new))
    assert f"Next: ccmon-tray connect --endpoint http://127.0.0.1:{new}\n" in done.stdout


def test_ports_at_which_it_does_not_serve_are_taken_back(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    ask("up")
    new = free_port()
    # At the new port only the collector answers, at the old ones both did.
    engines.plan(serves=BOTH[:1])

    done = ask("ports", "--prometheus", str(new), "--timeout", "0.5")

    assert done.returncode == 1
    assert folder_of(home).ports == ports
    assert settings_of(home)["prometheus"]["url"] == ports.prometheus_url


def test_the_built_in_collector_gives_way_to_a_stack_that_moves(
    ask: Run, engines: FakeEngines, home: Path
) -> None:
    engines.install("docker")
    assert ask("up").returncode == 0
    new = free_port()
    settings = home / "config" / "settings.toml"
    settings.write_text(settings.read_text() + f"[collector]\ngrpc_port = {new}\n")

    assert ask("ports", "--otlp-grpc", str(new)).returncode == 0
    assert settings_of(home)["collector"] == {"grpc_port": new, "enabled": False}


def test_a_move_that_fails_leaves_the_built_in_collector_on(
    ask: Run, engines: FakeEngines, home: Path
) -> None:
    engines.install("docker")
    assert ask("up").returncode == 0
    settings = home / "config" / "settings.toml"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings.write_text(settings.read_text() + f"[collector]\ngrpc_port = {port}\n")

        done = ask("ports", "--otlp-grpc", str(port))

    assert done.returncode == 1
    assert f"Port {port} (OTLP over gRPC) is taken" in done.stderr
    assert settings_of(home)["collector"] == {"grpc_port": port}


def test_two_ports_change_places(ask: Run, engines: FakeEngines, home: Path, ports: Ports) -> None:
    engines.install("docker")
    ask("up")

    done = ask("ports", "--otlp-grpc", str(ports.otlp_http), "--otlp-http", str(ports.otlp_grpc))

    assert done.returncode == 0, done.stderr
    assert folder_of(home).ports.otlp_grpc == ports.otlp_http


def test_nobody_to_ask_is_wrong_usage(ask: Run) -> None:
    done = ask("ports", "--ask")
    assert done.returncode == 2
    assert "nobody to ask" in done.stderr


def test_a_running_tray_gives_its_ports_to_the_stack_and_takes_them_back(
    ask: Run, environ: dict[str, str], engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    write_settings(
        home,
        f"[collector]\nhttp_port = {ports.otlp_http}\ngrpc_port = {ports.otlp_grpc}\n"
        f"[prometheus]\nurl = {ports.prometheus_url!r}\n",
    )
    otlp = (ports.otlp_http, ports.otlp_grpc)
    tray = subprocess.Popen([*COMMAND, "run", "--headless"], cwd=ROOT, env=environ, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: all(map(is_served, otlp)), "the tray's collector")

        up = ask("up")
        assert up.returncode == 0, up.stderr
        assert not any(map(is_served, otlp))

        assert ask("down").returncode == 0
        wait_for(lambda: all(map(is_served, otlp)), "the tray's collector")
    finally:
        tray.terminate()
        _, words = tray.communicate(timeout=PATIENCE_S)
    assert tray.returncode == 0, words


def answer(environ: dict[str, str], typed: str) -> tuple[int, str, str]:
    """What ``stack ports --ask`` ends with and says at a terminal where this is typed."""
    terminal, person = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "stack", "ports", "--ask"],
        cwd=ROOT,
        env=environ,
        stdin=person,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as asking:
        os.write(terminal, typed.encode())
        told, errors = asking.communicate(timeout=PATIENCE_S)
    os.close(terminal)
    os.close(person)
    return asking.returncode, told, errors


def test_ports_are_asked_for_one_by_one(environ: dict[str, str], home: Path, ports: Ports) -> None:
    """At a terminal: an empty answer keeps a port, and what cannot be one is asked for again."""
    new = free_port()
    code, told, errors = answer(environ, f"\n80\nabout 5000\n{new}\n\n\n")

    assert code == 0, errors
    assert f"OTLP over HTTP [{ports.otlp_http}]: " in told
    assert "port 80 is privileged" in told
    assert "about 5000 is no number" in told
    assert dict(folder_of(home).ports.items()) == {**dict(ports.items()), "otlp_http": new}


def test_answers_that_end_change_nothing(environ: dict[str, str], home: Path, ports: Ports) -> None:
    code, _, errors = answer(environ, f"{free_port()}\n\x04")

    assert code == 2
    assert "nothing was changed" in errors
    assert folder_of(home).ports == ports


def test_the_script_is_the_same_command(environ: dict[str, str], home: Path, ports: Ports) -> None:
    new = free_port()
    command = [sys.executable, "scripts/configure_ports.py", "--health", str(new)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert folder_of(home).ports.health == new
