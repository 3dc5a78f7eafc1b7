"""``ccmon-tray stack`` against stand-ins for podman and docker: what they are asked, and each way to fail."""

import os
import pty
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccmon_tray.paths import find_paths
from ccmon_tray.stack.folder import FILES, StackFolder
from ccmon_tray.stack.ports import Ports
from tests.support.command_line import COMMAND, ROOT, environment
from tests.support.desktop import wait_for
from tests.support.fake_engines import FakeEngines
from tests.support.servers import free_port

Run = Callable[..., subprocess.CompletedProcess[str]]
COMPOSE = ["-p", "ccmon-tray", "-f", "compose.yaml"]
PATIENCE_S = 30.0
BOTH = ("CCMON_COLLECTOR_HEALTH_PORT", "CCMON_PROMETHEUS_PORT")


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


def folder_of(home: Path) -> StackFolder:
    return StackFolder(find_paths({"CCMON_TRAY_HOME": str(home)}))


def is_served(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def settings_of(home: Path) -> dict[str, dict[str, object]]:
    file = home / "config" / "settings.toml"
    return tomllib.loads(file.read_text()) if file.exists() else {}


@pytest.fixture
def somebody(ports: Ports) -> Iterator[int]:
    """Somebody who listens at the stack's port for OTLP over HTTP."""
    with socket.create_server(("127.0.0.1", ports.otlp_http)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("installed", "compose"),
    [
        (("podman", "podman-compose", "docker"), ["podman-compose"]),
        (("podman", "docker"), ["podman", "compose"]),
        (("docker", "docker-compose"), ["docker", "compose"]),
    ],
    ids=["podman-compose", "podman compose", "docker compose"],
)
def test_up_starts_the_containers_waits_and_says_the_one_next_step(
    ask: Run, engines: FakeEngines, ports: Ports, installed: tuple[str, ...], compose: list[str]
) -> None:
    engines.install(*installed)
    engines.plan(serves=BOTH, up={"says": "Pulling collector\nStarting collector\n"})

    done = ask("up")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"The stack serves: Prometheus at {ports.prometheus_url}, OTLP at {ports.otlp_endpoint}",
        f"Next: ccmon-tray connect --endpoint http://127.0.0.1:{ports.otlp_http}",
    ]
    assert "  Pulling collector\n  Starting collector\n" in done.stderr
    assert [*compose, *COMPOSE, "up", "-d"] in engines.asked
    assert ask("status").returncode == 0


def test_up_puts_the_files_into_the_data_folder_and_works_there(
    ask: Run, engines: FakeEngines, home: Path
) -> None:
    engines.install("docker")
    assert ask("up").returncode == 0
    assert engines.folders == {str(home / "data" / "stack")}
    assert {file.name for file in (home / "data" / "stack").iterdir()} >= {*FILES, ".env"}


def test_docker_compose_of_its_own_will_do(ask: Run, engines: FakeEngines) -> None:
    engines.install("docker", "docker-compose")
    engines.plan(serves=BOTH, docker__version={"status": 1, "complains": "no such command"})

    assert ask("up").returncode == 0
    assert ["docker-compose", *COMPOSE, "up", "-d"] in engines.asked


def test_the_engine_that_was_asked_for_is_kept(ask: Run, engines: FakeEngines) -> None:
    engines.install("podman", "podman-compose", "docker")

    assert ask("up", "--engine", "docker").returncode == 0
    assert ask("down").returncode == 0
    assert ["docker", "compose", *COMPOSE, "down"] in engines.asked
    assert not any(words[0].startswith("podman") for words in engines.asked)


def test_an_engine_that_was_removed_since_is_done_without(ask: Run, engines: FakeEngines) -> None:
    engines.install("podman", "podman-compose", "docker")
    assert ask("up", "--engine", "docker").returncode == 0
    engines.remove("docker")

    assert ask("status").stdout.startswith("The stack is running, with podman\n")


def test_down_stops_it_and_status_says_so(ask: Run, engines: FakeEngines, ports: Ports) -> None:
    engines.install("docker")
    ask("up")

    down, status = ask("down"), ask("status")

    assert (down.returncode, down.stdout) == (0, "")
    assert "what it has stored stays" in down.stderr
    assert status.returncode == 1
    assert status.stdout.splitlines()[:3] == [
        "The stack is stopped, with docker",
        f"  Collector   no answer  http://127.0.0.1:{ports.otlp_http}",
        f"  Prometheus  no answer  http://localhost:{ports.prometheus}",
    ]


def test_up_again_changes_nothing_while_files_are_the_same(
    ask: Run, engines: FakeEngines, home: Path
) -> None:
    engines.install("docker")
    ask("up")
    assert ask("up").returncode == 0
    assert not any("--force-recreate" in words for words in engines.asked)

    (home / "data" / "stack" / "prometheus.yml").write_text("# mine\n")

    assert ask("up").returncode == 0
    assert ["docker", "compose", *COMPOSE, "up", "-d", "--force-recreate"] in engines.asked


def test_logs_are_composes_own(ask: Run, engines: FakeEngines) -> None:
    engines.install("docker")
    ask("up")
    engines.plan(serves=BOTH, logs={"says": "collector-1  | well\n"})

    done = ask("logs", "--tail", "7", "collector")

    assert (done.returncode, done.stdout) == (0, "collector-1  | well\n")
    assert ["docker", "compose", *COMPOSE, "logs", "--tail", "7", "collector"] in engines.asked


# What is missing


def test_no_engine_is_said_with_how_to_get_one(ask: Run, engines: FakeEngines) -> None:
    done = ask("up")

    assert (done.returncode, done.stdout) == (1, "")
    assert "Neither podman nor docker is installed" in done.stderr
    assert "apt install podman podman-compose" in done.stderr
    assert "its own collector" in done.stderr


@pytest.mark.parametrize(
    ("name", "cure"), [("podman", "podman-compose"), ("docker", "compose plugin")], ids=["podman", "docker"]
)
def test_an_engine_without_compose_is_said(ask: Run, engines: FakeEngines, name: str, cure: str) -> None:
    engines.install(name)
    engines.plan(version={"status": 125, "complains": "unknown command"})

    done = ask("up")

    assert done.returncode == 1
    assert f"{name} has no compose" in done.stderr
    assert cure in done.stderr


@pytest.mark.parametrize(
    ("complaint", "cure"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?",
            "systemctl start",
        ),
        ("permission denied while trying to connect to the Docker daemon socket", "usermod -aG docker"),
    ],
    ids=["down", "not allowed"],
)
def test_a_daemon_that_does_not_answer_is_said(
    ask: Run, engines: FakeEngines, complaint: str, cure: str
) -> None:
    engines.install("docker")
    engines.plan(info={"status": 1, "complains": complaint + "\n"})

    done = ask("up")

    assert done.returncode == 1
    assert "docker is installed, but does not run" in done.stderr
    assert cure in done.stderr
    assert not any("up" in words for words in engines.asked)


def test_podman_is_taken_where_docker_does_not_run(ask: Run, engines: FakeEngines) -> None:
    engines.install("podman", "podman-compose", "docker")
    engines.plan(serves=BOTH, docker__info={"status": 1})

    assert ask("up").returncode == 0
    assert ["podman-compose", *COMPOSE, "up", "-d"] in engines.asked


# What goes wrong


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (
            (
                "Error response from daemon: Get https://registry-1.docker.io/v2/: dial tcp: lookup "
                "registry-1.docker.io: no such host"
            ),
            "The images could not be fetched",
        ),
        (
            "Error: initializing source docker://otel/collector: pinging registry",
            "The images could not be fetched",
        ),
        ("toomanyrequests: You have reached your unauthenticated pull rate limit", "could not be fetched"),
        (
            "Bind for 127.0.0.1:4318 failed: port is already allocated",
            "A port of the stack is taken",
        ),
        (
            "rootlessport listen tcp 127.0.0.1:9090: bind: address already in use",
            "A port of the stack is taken",
        ),
        ("write /var/lib/docker/tmp/x: no space left on device", "The disk is full"),
        ("Cannot connect to the Docker daemon", "stopped answering"),
        ("yaml: line 3: mapping values are not allowed in this context", "compose up failed: yaml: line 3"),
    ],
)
def test_a_start_that_fails_is_told_in_words(ask: Run, engines: FakeEngines, output: str, words: str) -> None:
    engines.install("docker")
    engines.plan(up={"status": 1, "complains": f"{output}\n"})

    done = ask("up")

    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr.splitlines()[-1]
    assert output[:40] in done.stderr


def test_a_taken_port_is_found_before_anything_starts(ask: Run, engines: FakeEngines, somebody: int) -> None:
    engines.install("docker")

    done = ask("up")

    assert done.returncode == 1
    assert f"Port {somebody} (OTLP over HTTP) is taken: " in done.stderr
    assert "stack ports --otlp-http PORT" in done.stderr
    assert not any("up" in words for words in engines.asked)


@pytest.mark.parametrize(
    ("serves", "missing"),
    [((), "collector and prometheus"), (BOTH[:1], "prometheus"), (BOTH[1:], "collector")],
)
def test_a_stack_that_does_not_serve_is_said_with_the_part(
    ask: Run, engines: FakeEngines, serves: tuple[str, ...], missing: str
) -> None:
    engines.install("docker")
    engines.plan(serves=serves)

    done = ask("up", "--timeout", "0.5")

    assert done.returncode == 1
    assert f"no good answer from {missing} within" in done.stderr
    assert f"ccmon-tray stack logs {missing.split(maxsplit=1)[0]}" in done.stderr


# The built-in collector and the settings


def test_the_built_in_collector_gives_way_and_comes_back(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text(f"[collector]\nhttp_port = {ports.otlp_http}\n")

    up = ask("up")
    assert up.returncode == 0, up.stderr
    assert "gives way" in up.stderr
    assert settings_of(home)["collector"] == {"http_port": ports.otlp_http, "enabled": False}

    assert "switched on again" in ask("down").stderr
    assert settings_of(home)["collector"] == {"http_port": ports.otlp_http}


def test_a_collector_that_the_person_switched_off_stays_off(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text("[collector]\nenabled = false\n")

    ask("up")
    ask("down")

    assert settings_of(home)["collector"] == {"enabled": False}


def test_a_start_that_fails_leaves_the_built_in_collector_on(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    engines.plan(up={"status": 1})
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text(f"[collector]\nhttp_port = {ports.otlp_http}\n")

    assert ask("up").returncode == 1
    assert settings_of(home)["collector"] == {"http_port": ports.otlp_http}


def test_the_url_follows_the_stack(ask: Run, engines: FakeEngines, home: Path, ports: Ports) -> None:
    engines.install("docker")
    ask("up")
    assert settings_of(home)["prometheus"]["url"] == f"http://localhost:{ports.prometheus}"


def test_another_server_of_the_person_stays_theirs(ask: Run, engines: FakeEngines, home: Path) -> None:
    engines.install("docker")
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text('[prometheus]\nurl = "https://mimir.example.com/prometheus"\n')

    done = ask("up")

    assert settings_of(home)["prometheus"]["url"] == "https://mimir.example.com/prometheus"
    assert "prometheus.url is https://mimir.example.com/prometheus; to read the stack" in done.stderr


# Ports


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
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    assert ask("up").returncode == 0
    new = free_port()

    done = ask("ports", "--prometheus", str(new))

    assert done.returncode == 0, done.stderr
    assert folder_of(home).ports.prometheus == new
    assert ["docker", "compose", *COMPOSE, "up", "-d", "--force-recreate"] in engines.asked
    assert settings_of(home)["prometheus"]["url"] == f"http://localhost:{new}"
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
    assert settings_of(home)["prometheus"]["url"] == f"http://localhost:{ports.prometheus}"


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
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(mode=0o700)
    settings.write_text(
        f"[collector]\nhttp_port = {ports.otlp_http}\ngrpc_port = {ports.otlp_grpc}\n"
        f"[prometheus]\nurl = {ports.prometheus_url!r}\n"
    )
    otlp = (ports.otlp_http, ports.otlp_grpc)
    tray = subprocess.Popen([*COMMAND, "run", "--headless"], cwd=ROOT, env=environ, stderr=subprocess.PIPE)
    try:
        wait_for(lambda: all(map(is_served, otlp)), "the tray's collector", PATIENCE_S)

        up = ask("up")
        assert up.returncode == 0, up.stderr
        assert not any(map(is_served, otlp))

        assert ask("down").returncode == 0
        wait_for(lambda: all(map(is_served, otlp)), "the tray's collector", PATIENCE_S)
    finally:
        tray.terminate()
        _, words = tray.communicate(timeout=30)
    assert tray.returncode == 0, words


def test_ports_are_asked_for_one_by_one(environ: dict[str, str], home: Path, ports: Ports) -> None:
    """At a terminal: an empty answer keeps a port, and what cannot be one is asked for again."""
    new = free_port()
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
        os.write(terminal, f"\n80\nabout 5000\n{new}\n\n\n".encode())
        told, errors = asking.communicate(timeout=PATIENCE_S)
    os.close(terminal)
    os.close(person)

    assert asking.returncode == 0, errors
    assert f"OTLP over HTTP [{ports.otlp_http}]: " in told
    assert "port 80 is privileged" in told
    assert "about 5000 is no number" in told
    assert dict(folder_of(home).ports.items()) == {**dict(ports.items()), "otlp_http": new}


def test_the_script_is_the_same_command(environ: dict[str, str], home: Path, ports: Ports) -> None:
    new = free_port()
    command = [sys.executable, "scripts/configure_ports.py", "--health", str(new)]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert folder_of(home).ports.health == new
