import os
from pathlib import Path

import pytest

from ccmon_tray.desktop import diagnostics
from ccmon_tray.paths import Paths, find_paths
from tests.support.settings_files import write


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET http://me:hush@host:9090/x", "GET http://…@host:9090/x"),
        ("https://hush@host/", "https://…@host/"),
        ("Authorization: Bearer hush.hush-hush", "Authorization: … …"),
        ("sent bearer hush123== to it", "sent bearer … to it"),
        ('headers {"X-Api-Key": "hush"}', 'headers {"X-Api-Key": …}'),
        ("password = 'hush and more'", "password = …"),
        ("OTEL_EXPORTER_OTLP_HEADERS=api-key=hush,x=y", "OTEL_EXPORTER_OTLP_HEADERS=api-key=…"),
        ("?token=hush&query=up", "?token=…"),
        ('{user_email="somebody.hush+x@example.co.uk"}', '{user_email="…@…"}'),
        ("/home/hush/shop and /home/hush", "~/shop and ~"),
        # What looks like it stays as it is.
        ("5.6M tokens, 12 ms, basic authentication", "5.6M tokens, 12 ms, basic …"),
        ("/home/hushed/x", "/home/hushed/x"),
        ("claude_code_token_usage_tokens_total 5", "claude_code_token_usage_tokens_total 5"),
    ],
)
def test_nothing_private_is_left(text: str, shown: str) -> None:
    assert diagnostics.scrub(text, Path("/home/hush")) == shown


def test_settings_are_told_without_what_lets_somebody_in(paths: Paths) -> None:
    write(
        paths,
        """
        [poll]
        interval_s = 60
        [time]
        zone = "Europe/Berlin"
        no_such = 1
        [prometheus]
        username = "hush-user"
        password_command = ["echo", "hush-password"]
        headers = { Authorization = "hush-header", X-Scope-OrgID = "hush-team" }
        """,
    )
    environ = {"CCMON_TRAY_PROMETHEUS__TIMEOUT_S": "5", "CCMON_TRAY_PROMETHEUS__TOKEN": "hush-token"}
    text = diagnostics.settings_text(paths, environ)
    assert "hush" not in text
    for line in (
        "poll.interval_s = 60",
        "time.zone = Europe/Berlin",
        "prometheus.username = …",
        "prometheus.password_command = …",
        "prometheus.headers = …",
        "prometheus.token = … (by CCMON_TRAY_PROMETHEUS__TOKEN)",
        "prometheus.timeout_s = 5.0 (by CCMON_TRAY_PROMETHEUS__TIMEOUT_S)",
    ):
        assert line in text.splitlines()
    assert "no_such" in text  # what is wrong in the file is of interest
    assert "source.kind" not in text  # as it is by default


def test_settings_that_cannot_be_used_are_told(paths: Paths) -> None:
    text = diagnostics.settings_text(paths, {"CCMON_TRAY_POLL__INTERVAL_S": "never"})
    assert "CCMON_TRAY_POLL__INTERVAL_S" in text


def test_the_last_lines_of_each_log(paths: Paths) -> None:
    assert "no logs" in diagnostics.log_text(paths)
    paths.log.mkdir()
    paths.log_file.write_text("".join(f"line {number} {'x' * 600}\n" for number in range(500)))
    paths.window_log_file.write_bytes(b"\xff the window\n")
    text = diagnostics.log_text(paths)
    assert "line 499 " in text
    assert "line 400 " not in text
    assert text.count("\n") < 140
    assert "the window" in text


def test_the_system_is_described() -> None:
    text = diagnostics.system_text({**os.environ, "XDG_CURRENT_DESKTOP": "XFCE"})
    assert "XDG_CURRENT_DESKTOP=XFCE" in text
    assert "Python 3." in text
