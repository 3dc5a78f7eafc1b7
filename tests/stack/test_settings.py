"""What ``ccmon-tray stack`` does with the built-in collector and the settings, and what it leaves alone."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from ccmon_tray.stack.ports import Ports
from tests.support.command_line import COMMAND, ROOT
from tests.support.fake_engines import FakeEngines
from tests.support.stack import BOTH, Run, settings_of, write_settings


def test_the_built_in_collector_gives_way_and_comes_back(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    write_settings(home, f"[collector]\nhttp_port = {ports.otlp_http}\n")

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
    write_settings(home, "[collector]\nenabled = false\n")

    ask("up")
    ask("down")

    assert settings_of(home)["collector"] == {"enabled": False}


def test_a_start_that_fails_leaves_the_built_in_collector_on(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    engines.plan(up={"status": 1})
    write_settings(home, f"[collector]\nhttp_port = {ports.otlp_http}\n")

    assert ask("up").returncode == 1
    assert settings_of(home)["collector"] == {"http_port": ports.otlp_http}


def test_the_url_follows_the_stack(ask: Run, engines: FakeEngines, home: Path, ports: Ports) -> None:
    engines.install("docker")
    ask("up")
    assert settings_of(home)["prometheus"]["url"] == ports.prometheus_url


def test_the_stack_is_read_by_its_number(ask: Run, engines: FakeEngines, home: Path, ports: Ports) -> None:
    """``localhost`` may mean ::1 first, where the stack does not listen and somebody else may."""
    engines.install("docker")
    write_settings(home, f'[prometheus]\nurl = "http://localhost:{ports.prometheus}/"\n')

    done = ask("up")

    url = f"http://127.0.0.1:{ports.prometheus}"
    assert settings_of(home)["prometheus"]["url"] == url
    assert f"prometheus.url is {url} now" in done.stderr
    assert f"Prometheus at {url}," in done.stdout
    assert "prometheus.url" not in ask("up").stderr


@pytest.mark.parametrize("server", ["http://[::1]:{}", "https://me:pw@localhost:{}"])
def test_what_the_stack_is_not_stays_set_and_its_password_untold(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports, server: str
) -> None:
    engines.install("docker")
    url = server.format(ports.prometheus)
    write_settings(home, f'[prometheus]\nurl = "{url}"\n').chmod(0o600)

    done = ask("up")

    assert settings_of(home)["prometheus"]["url"] == url
    assert f"prometheus.url is {url.replace('me:pw@', '')}; to read the stack" in done.stderr


def test_a_url_with_a_password_that_reads_the_stack_stays_as_it_is(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    url = f"http://me:pw@localhost:{ports.prometheus}"
    write_settings(home, f'[prometheus]\nurl = "{url}"\n').chmod(0o600)

    assert "prometheus.url" not in ask("up").stderr
    assert settings_of(home)["prometheus"]["url"] == url


def test_a_source_that_was_chosen_stays_chosen_and_is_said(
    ask: Run, engines: FakeEngines, home: Path
) -> None:
    engines.install("docker")
    write_settings(home, '[source]\nkind = "collector"\n')

    done = ask("up")

    assert settings_of(home)["source"] == {"kind": "collector"}
    assert "source.kind is collector; to read the stack, set it to auto" in done.stderr


def test_another_server_of_the_person_stays_theirs(ask: Run, engines: FakeEngines, home: Path) -> None:
    engines.install("docker")
    write_settings(home, '[prometheus]\nurl = "https://mimir.example.com/prometheus"\n')

    done = ask("up")

    assert settings_of(home)["prometheus"]["url"] == "https://mimir.example.com/prometheus"
    assert "prometheus.url is https://mimir.example.com/prometheus; to read the stack" in done.stderr


def test_a_url_of_the_environment_wins_and_is_not_said_to_be_another(
    ask: Run, environ: dict[str, str], engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    environ["CCMON_TRAY_PROMETHEUS__URL"] = "http://localhost:9090"

    done = ask("up")

    assert done.returncode == 0, done.stderr
    assert "prometheus.url is" not in done.stderr
    assert "CCMON_TRAY_PROMETHEUS__URL is http://localhost:9090, which goes before" in done.stderr
    assert f"to read the stack, set it to {ports.prometheus_url}\n" in done.stderr
    assert settings_of(home) == {}


def test_a_built_in_collector_that_the_environment_keeps_on_is_not_said_to_give_way(
    ask: Run, environ: dict[str, str], engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    environ["CCMON_TRAY_COLLECTOR__ENABLED"] = "true"
    write_settings(home, f"[collector]\nhttp_port = {ports.otlp_http}\n")

    done = ask("up")

    assert "CCMON_TRAY_COLLECTOR__ENABLED keeps the built-in collector on" in done.stderr
    assert "gives way" not in done.stderr
    assert settings_of(home)["collector"] == {"http_port": ports.otlp_http}


def test_ctrl_c_while_images_are_fetched_leaves_the_built_in_collector_on(
    ask: Run, environ: dict[str, str], engines: FakeEngines, home: Path, ports: Ports
) -> None:
    engines.install("docker")
    engines.plan(up={"says": "Pulling collector\n", "stays": True})
    write_settings(home, f"[collector]\nhttp_port = {ports.otlp_http}\n")
    words = [*COMMAND, "stack", "up"]
    with subprocess.Popen(
        words, cwd=ROOT, env=environ, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True
    ) as starting:
        assert starting.stderr is not None
        assert any("Pulling" in line for line in starting.stderr)
        assert settings_of(home)["collector"]["enabled"] is False
        os.killpg(starting.pid, signal.SIGINT)  # as a terminal does
        said = starting.stderr.read()

    assert starting.returncode == 130
    assert "switched on again" in said
    assert "Traceback" not in said
    assert settings_of(home)["collector"] == {"http_port": ports.otlp_http}


def test_a_stack_that_runs_unwell_keeps_its_ports(
    ask: Run, engines: FakeEngines, home: Path, ports: Ports
) -> None:
    """Its containers hold them, so that the built-in collector could not listen."""
    engines.install("docker")
    engines.plan(serves=BOTH[:1])
    write_settings(home, f"[collector]\nhttp_port = {ports.otlp_http}\n")

    assert ask("up", "--timeout", "0.5").returncode == 1
    assert settings_of(home)["collector"]["enabled"] is False
    assert "switched on again" in ask("down").stderr
    assert settings_of(home)["collector"] == {"http_port": ports.otlp_http}
