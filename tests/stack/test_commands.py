"""``ccmon-tray stack`` against stand-ins for podman and docker: what they are asked, and each way to fail."""

import subprocess
from pathlib import Path

import pytest

from ccmon_tray.stack.folder import FILES
from ccmon_tray.stack.ports import Ports
from tests.support.command_line import COMMAND, ROOT
from tests.support.fake_engines import FakeEngines
from tests.support.stack import BOTH, Run, folder_of


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
    ask: Run,
    engines: FakeEngines,
    home: Path,
    installed: tuple[str, ...],
    compose: list[str],
) -> None:
    folder = folder_of(home)
    ports = folder.ports
    engines.install(*installed)
    engines.plan(serves=BOTH, up={"says": "Pulling collector\nStarting collector\n"})

    done = ask("up")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"The stack serves: Prometheus at {ports.prometheus_url}, OTLP at {ports.otlp_endpoint}",
        f"Next: ccmon-tray connect --endpoint http://127.0.0.1:{ports.otlp_http}",
    ]
    assert "  Pulling collector\n  Starting collector\n" in done.stderr
    assert [*compose, "-p", folder.project, "-f", "compose.yaml", "up", "-d"] in engines.asked
    assert ask("status").returncode == 0


def test_up_puts_the_files_into_the_data_folder_and_works_there(
    ask: Run, engines: FakeEngines, home: Path
) -> None:
    engines.install("docker")
    assert ask("up").returncode == 0
    assert engines.folders == {str(home / "data" / "stack")}
    assert {file.name for file in (home / "data" / "stack").iterdir()} >= {*FILES, ".env"}


def test_another_homes_containers_are_not_taken_for_this_ones(
    ask: Run, engines: FakeEngines, in_project: list[str]
) -> None:
    engines.install("docker")
    assert ask("up").returncode == 0

    project = in_project[1]
    assert project != "ccmon-tray"
    filters = [words[-1] for words in engines.asked if words[1] == "ps"]
    assert set(filters) == {f"label=com.docker.compose.project={project}"}
    assert f"  Project     {project}\n" in ask("status").stdout


def test_docker_compose_of_its_own_will_do(ask: Run, engines: FakeEngines, in_project: list[str]) -> None:
    engines.install("docker", "docker-compose")
    engines.plan(serves=BOTH, docker__version={"status": 1, "complains": "no such command"})

    assert ask("up").returncode == 0
    assert ["docker-compose", *in_project, "up", "-d"] in engines.asked


def test_the_engine_that_was_asked_for_is_kept(ask: Run, engines: FakeEngines, in_project: list[str]) -> None:
    engines.install("podman", "podman-compose", "docker")

    assert ask("up", "--engine", "docker").returncode == 0
    assert ask("down").returncode == 0
    assert ["docker", "compose", *in_project, "down"] in engines.asked
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
        f"  Prometheus  no answer  http://127.0.0.1:{ports.prometheus}",
    ]


def test_up_again_changes_nothing_while_files_are_the_same(
    ask: Run, engines: FakeEngines, home: Path, in_project: list[str]
) -> None:
    engines.install("docker")
    ask("up")
    assert ask("up").returncode == 0
    assert not any("--force-recreate" in words for words in engines.asked)

    (home / "data" / "stack" / "prometheus.yml").write_text("# mine\n")

    assert ask("up").returncode == 0
    assert ["docker", "compose", *in_project, "up", "-d", "--force-recreate"] in engines.asked


def test_logs_are_composes_own(ask: Run, engines: FakeEngines, in_project: list[str]) -> None:
    engines.install("docker")
    ask("up")
    engines.plan(serves=BOTH, logs={"says": "collector-1  | well\n"})

    done = ask("logs", "--tail", "7", "collector")

    assert (done.returncode, done.stdout) == (0, "collector-1  | well\n")
    assert ["docker", "compose", *in_project, "logs", "--tail", "7", "collector"] in engines.asked


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


def test_podman_is_taken_where_docker_does_not_run(
    ask: Run, engines: FakeEngines, in_project: list[str]
) -> None:
    engines.install("podman", "podman-compose", "docker")
    engines.plan(serves=BOTH, docker__info={"status": 1})

    assert ask("up").returncode == 0
    assert ["podman-compose", *in_project, "up", "-d"] in engines.asked


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


def test_where_claude_code_sends_there_already_nothing_is_left_to_do(
    ask: Run, environ: dict[str, str], engines: FakeEngines, ports: Ports
) -> None:
    engines.install("docker")
    connect = [*COMMAND, "connect", "--endpoint", ports.otlp_endpoint]
    subprocess.run(connect, cwd=ROOT, env=environ, capture_output=True, check=True)

    done = ask("up")

    assert done.returncode == 0, done.stderr
    assert "nothing else is to be done" in done.stdout
    assert "Next:" not in done.stdout


def test_down_without_a_stack_says_one_thing(ask: Run, tmp_path: Path) -> None:
    done = ask("down")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "ccmon-tray: There is no stack here, so nothing was stopped\n"


def test_an_engine_that_was_asked_for_and_is_not_there_is_named(ask: Run, engines: FakeEngines) -> None:
    engines.install("docker")

    done = ask("up", "--engine", "podman")

    assert done.returncode == 1
    assert "podman is not installed" in done.stderr
    assert "leave out --engine podman" in done.stderr
    assert "docker" not in done.stderr
