"""Loading settings: the file, the environment, secrets, and what is wrong in any of them."""

import json
import os
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from ccmon_tray import settings_file
from ccmon_tray.errors import SettingsError
from ccmon_tray.paths import Paths
from ccmon_tray.setting_keys import KEYS
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import load, save, with_value
from tests.support.settings_files import aside, value, write

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def test_no_file_means_defaults_and_makes_none(paths: Paths) -> None:
    loaded = load(paths, {})
    assert loaded.settings == Settings()
    assert loaded.notices == ()
    assert not paths.config.exists()


def test_the_file_is_above_the_defaults_and_the_environment_above_the_file(paths: Paths) -> None:
    write(paths, '[poll]\ninterval_s = 60\n[prometheus]\nurl = "https://a/p"\ntimeout_s = 3\n')
    settings = load(paths, {"CCMON_TRAY_PROMETHEUS__URL": "http://b:1"}).settings
    assert settings.poll.interval_s == 60
    assert settings.prometheus.url == "http://b:1"
    assert settings.prometheus.timeout_s == 3


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_lines_are_read(paths: Paths, newline: str) -> None:
    write(paths, "\ufeff" + newline.join(["[poll]", "interval_s = 60", ""]))
    loaded = load(paths, {})
    assert (loaded.settings.poll.interval_s, loaded.notices) == (60, ())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[poll\ninterval_s = 60", "not TOML"),
        (b"\xff\xfe[poll]", "not UTF-8"),
        (b"\0" * 100, "not TOML"),
        (b"a = " + b"[" * 100_000, "not TOML"),
    ],
)
def test_a_damaged_file_is_set_aside_and_said(paths: Paths, content: bytes, why: str) -> None:
    write(paths, content)
    loaded = load(paths, {})
    assert loaded.settings == Settings()
    (kept,) = aside(paths)
    assert kept.read_bytes() == content
    assert str(kept) in loaded.notices[0]
    assert why in loaded.notices[0]
    assert load(paths, {}).notices == ()


def test_a_second_damaged_file_does_not_replace_the_first(paths: Paths) -> None:
    for text in ("one =", "two =", "three ="):
        write(paths, text)
        load(paths, {})
    assert {path.read_text() for path in aside(paths)} == {"one =", "two =", "three ="}


def test_a_damaged_file_that_cannot_be_moved_is_said_so(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(paths, "one =")
    monkeypatch.setattr(settings_file, "_LOCK_TIMEOUT_S", 0.05)
    paths.state.mkdir()
    with FileLock(paths.state / "settings.lock"):
        (notice,) = load(paths, {}).notices
    assert "stays there" in notice
    assert paths.settings_file.read_text() == "one ="


def test_a_file_that_cannot_be_read_is_left_alone(paths: Paths) -> None:
    paths.settings_file.mkdir(parents=True)
    loaded = load(paths, {})
    assert loaded.settings == Settings()
    assert "cannot be read" in loaded.notices[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("poll.interval_s = 4", "a whole number from 5 up to 300; 30 is used"),
        ("poll.interval_s = 30.5", "a whole number from 5 up to 300"),
        ("prometheus.timeout_s = nan", "a number above 0 up to 120"),
        ("prometheus.url = 9090", "text"),
        ('prometheus.url = "localhost:9090"', "a URL such as"),
        ('prometheus.url = "http://"', "a URL such as"),
        ('prometheus.url = "http://a:99999"', "a URL such as"),
        ('prometheus.verify_tls = "perhaps"', "true or false"),
        ('prometheus.token_command = "pass show"', "a list of words"),
        ('prometheus.ca_file = "~nobody-of-this-name/ca.pem"', "a path"),
        ('time.zone = "Europe/Atlantis"', "a time zone such as Europe/Berlin"),
        ('time.week_start = "Monday"', "one of monday, tuesday"),
        ('tray.range = "2d"', "one of 15m, 1h"),
        ('appearance.theme = "blue"', "one of system, light, dark"),
    ],
)
def test_one_wrong_value_costs_that_value_alone(paths: Paths, line: str, words: str) -> None:
    text = f'{line}\nlog.level = "debug"\n'
    write(paths, text)
    loaded = load(paths, {})
    assert loaded.settings.log.level == "debug"
    dotted = line.partition(" ")[0]
    assert value(loaded.settings, dotted) == KEYS[dotted].default
    (notice,) = loaded.notices
    assert "settings.toml" in notice
    assert dotted in notice
    assert words in notice
    assert line.partition("= ")[2].strip('"').lower() in notice.lower()
    assert paths.settings_file.read_text() == text


def test_a_section_that_is_no_table(paths: Paths) -> None:
    write(paths, 'poll = 5\n[log]\nlevel = "debug"\n')
    loaded = load(paths, {})
    assert loaded.settings.log.level == "debug"
    assert "[poll]" in loaded.notices[0]


def test_unknown_keys_are_named_in_one_notice(paths: Paths) -> None:
    write(paths, "[poll]\nintervall = 5\n[later]\nthing = 1\n")
    (notice,) = load(paths, {}).notices
    assert "later, poll.intervall" in notice


def test_paths_may_begin_at_home_and_ranges_be_written_as_on_the_command_line(paths: Paths) -> None:
    write(paths, 'prometheus.ca_file = "~/ca.pem"\ntray.range = "This-Week"\n')
    settings = load(paths, {}).settings
    assert settings.prometheus.ca_file == Path.home() / "ca.pem"
    assert settings.tray.range == "this week"


# Secrets


@posix
def test_a_secret_in_a_private_file_is_used(paths: Paths) -> None:
    write(paths, 'prometheus.token = "hush-hush"\n', mode=0o600)
    loaded = load(paths, {})
    assert loaded.settings.prometheus.token is not None
    assert loaded.settings.prometheus.token.get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(loaded)


@posix
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_secret_that_others_can_read_is_refused(paths: Paths, mode: int) -> None:
    write(
        paths,
        '[prometheus]\nurl = "http://me:pw@host"\npassword = "hush-hush"\n'
        'headers = {Authorization = "hush-hush", X-Scope-OrgID = "team"}\n',
        mode,
    )
    loaded = load(paths, {})
    assert loaded.settings.prometheus.password is None
    assert loaded.settings.prometheus.headers.keys() == {"X-Scope-OrgID"}
    assert loaded.settings.prometheus.url == "http://me:pw@host"
    refused = " ".join(loaded.notices)
    assert len(loaded.notices) == 3
    assert "prometheus.password" in refused
    assert "prometheus.headers.Authorization" in refused
    assert f"chmod 600 {paths.settings_file}" in refused
    assert "hush-hush" not in repr(loaded)
    assert "pw" not in refused.replace("password", "")


def test_a_wrong_secret_is_not_shown(paths: Paths) -> None:
    write(paths, 'prometheus.token = 987654\nprometheus.url = "me:hush@host"\n')
    notices = " ".join(load(paths, {}).notices)
    assert "prometheus.token = (not shown)" in notices
    assert "987654" not in notices
    assert "hush" not in notices
    with pytest.raises(SettingsError) as caught:
        load(paths, {"CCMON_TRAY_PROMETHEUS__HEADERS": "hush"})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("dotted", "secret"),
    [
        ("prometheus.token", "hush"),
        ("prometheus.password", "hush"),
        ("prometheus.headers", {"authorization": "hush"}),
    ],
)
def test_a_secret_is_never_saved(paths: Paths, dotted: str, secret: object) -> None:
    with pytest.raises(SettingsError, match="not written"):
        save(paths, {dotted: secret})
    assert not paths.settings_file.exists()


# The environment


@pytest.mark.parametrize(
    ("dotted", "text", "expected"),
    [
        ("poll.interval_s", "5", 5),
        ("prometheus.timeout_s", "2.5", 2.5),
        ("prometheus.verify_tls", "off", False),
        ("prometheus.verify_tls", "1", True),
        ("prometheus.token_command", "pass show 'a b'", ("pass", "show", "a b")),
        ("prometheus.token_command", '["pass", "show", "a b"]', ("pass", "show", "a b")),
        ("prometheus.ca_file", "/etc/ca.pem", Path("/etc/ca.pem")),
        ("tray.icon_text", "last hour", "last hour"),
        ("prometheus.matchers", 'user_email="me@example.com"', 'user_email="me@example.com"'),
        ("prometheus.url", "", "http://localhost:9090"),
        ("prometheus.username", "", None),
    ],
)
def test_each_kind_of_setting_can_be_overridden(
    paths: Paths, dotted: str, text: str, expected: object
) -> None:
    write(paths, '[prometheus]\nurl = "http://file"\nusername = "file"\nverify_tls = true\n')
    variable = "CCMON_TRAY_" + dotted.replace(".", "__").upper()
    assert value(load(paths, {variable: text}).settings, dotted) == expected


@pytest.mark.parametrize("text", ["X-Scope-OrgID=team, Authorization=Basic YQ==", None])
def test_headers_in_the_environment(paths: Paths, text: str | None) -> None:
    headers = {"X-Scope-OrgID": "team", "Authorization": "Basic YQ=="}
    loaded = load(paths, {"CCMON_TRAY_PROMETHEUS__HEADERS": text or json.dumps(headers)})
    got = loaded.settings.prometheus.headers
    assert {name: secret.get_secret_value() for name, secret in got.items()} == headers


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("CCMON_TRAY_POLL__INTERVAL_S", "soon", '"soon" is not a whole number from 5 up to 300'),
        ("CCMON_TRAY_PROMETHEUS__TOKEN_COMMAND", "pass 'show", "a list of words"),
        ("CCMON_TRAY_PROMETHEUS__TOKEN_COMMAND", '["pass"', "a list of words"),
        ("CCMON_TRAY_PROMETHEUS__HEADERS", "no-value", "a table"),
        ("CCMON_TRAY_TRAY__RANGE", "2d", "one of 15m"),
    ],
)
def test_a_wrong_override_ends_the_start(paths: Paths, variable: str, text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(paths, {variable: text})
    assert caught.value.exit_status == 2
    assert variable in str(caught.value)
    assert words in str(caught.value)


def test_a_good_override_hides_a_wrong_value_of_the_file_but_not_its_notice(paths: Paths) -> None:
    write(paths, "poll.interval_s = 1")
    loaded = load(paths, {"CCMON_TRAY_POLL__INTERVAL_S": "10"})
    assert loaded.settings.poll.interval_s == 10
    assert len(loaded.notices) == 1


def test_variables_that_name_no_setting(paths: Paths) -> None:
    loaded = load(paths, {"CCMON_TRAY_HOME": "/x", "CCMON_TRAY_POLL__SPEED": "1", "OTHER__THING": "1"})
    assert loaded.notices == ("CCMON_TRAY_POLL__SPEED names no setting, so it is not used",)


def test_a_flag_is_checked_like_a_setting() -> None:
    changed = with_value(Settings(), "prometheus.url", "http://b", "--prometheus-url")
    assert changed.prometheus.url == "http://b"
    assert changed.prometheus.timeout_s == Settings().prometheus.timeout_s
    with pytest.raises(SettingsError, match="--prometheus-url cannot be used") as caught:
        with_value(changed, "prometheus.url", "b", "--prometheus-url")
    assert caught.value.exit_status == 2


def test_loading_does_not_import_what_only_saving_needs() -> None:
    import subprocess  # noqa: PLC0415

    code = "import sys, ccmon_tray.settings_file; sys.exit('tomlkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
