import json
import os
import stat
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ccmon_tray import settings_file
from ccmon_tray.errors import SettingsError
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.setting_keys import KEYS
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import load, save, with_value

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path)})


def write(paths: Paths, text: str | bytes, mode: int = 0o600) -> None:
    paths.config.mkdir(parents=True, exist_ok=True)
    paths.settings_file.write_bytes(text.encode() if isinstance(text, str) else text)
    paths.settings_file.chmod(mode)


def aside(paths: Paths) -> list[Path]:
    return sorted(paths.config.glob("settings.toml.damaged-*"))


def value(settings: Settings, dotted: str) -> object:
    section, _, name = dotted.partition(".")
    return getattr(getattr(settings, section), name)


# Loading


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


# Saving

BY_HAND = """\
# My settings
poll.interval_s = 60   # seconds

[prometheus]
# the team's server
url = 'https://prometheus.example/p'  # with a prefix
future = { a = 1, b = [1, 2] }
headers.X-Scope-OrgID = "team"

[tray]
range = "7d"


[later]
thing = 2026-11-23T14:00:00Z
[[later.list]]
a = 1
[prometheus.more]
b = 2
"""


def test_saving_keeps_comments_order_and_unknown_keys(paths: Paths) -> None:
    write(paths, BY_HAND, mode=0o644)
    save(paths, {"tray.range": "This-Month", "poll.interval_s": 5, "prometheus.timeout_s": 3.5})
    text = paths.settings_file.read_text()
    expected = (
        BY_HAND.replace('range = "7d"', 'range = "this month"')
        .replace("interval_s = 60 ", "interval_s = 5 ")
        .splitlines()
    )
    left = [line for line in text.splitlines() if line != "timeout_s = 3.5"]
    assert left == expected
    assert load(paths, {}).settings.prometheus.timeout_s == 3.5
    if os.name == "posix":
        assert stat.S_IMODE(paths.settings_file.stat().st_mode) == 0o600


def test_saving_none_takes_the_setting_out(paths: Paths) -> None:
    write(paths, BY_HAND)
    save(paths, {"tray.range": None, "time.zone": None})
    assert "7d" not in paths.settings_file.read_text()
    assert load(paths, {}).settings.tray.range == "today"


def test_a_new_file_is_private_and_readable(paths: Paths) -> None:
    save(paths, {"tray.range": "7d", "log.level": "debug"})
    assert paths.settings_file.read_text() == '[tray]\nrange = "7d"\n\n[log]\nlevel = "debug"\n'


def test_saving_over_a_damaged_file_sets_it_aside(paths: Paths) -> None:
    write(paths, "precious = ")
    save(paths, {"tray.range": "7d"})
    assert [path.read_text() for path in aside(paths)] == ["precious = "]
    assert load(paths, {}).settings.tray.range == "7d"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tray.colour": "red"}, "no setting tray.colour"),
        ({"tray.range": "2d", "log.level": "debug"}, "tray.range cannot be used"),
    ],
)
def test_a_save_that_is_refused_changes_nothing(paths: Paths, changes: dict[str, object], words: str) -> None:
    write(paths, BY_HAND)
    with pytest.raises(SettingsError, match=words):
        save(paths, changes)
    assert paths.settings_file.read_text() == BY_HAND


def test_a_section_that_is_a_value_is_not_overwritten(paths: Paths) -> None:
    write(paths, "tray = 5\n")
    with pytest.raises(SettingsError, match=r"\[tray\]"):
        save(paths, {"tray.range": "7d"})
    assert paths.settings_file.read_text() == "tray = 5\n"


def test_another_writer_is_waited_for_and_in_the_end_said(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_file, "_LOCK_TIMEOUT_S", 0.05)
    save(paths, {"tray.range": "7d"})
    with FileLock(paths.state / "settings.lock"), pytest.raises(SettingsError, match="another process"):
        save(paths, {"tray.range": "1d"})
    assert load(paths, {}).settings.tray.range == "7d"


def test_two_writers_lose_nothing_of_each_other(paths: Paths) -> None:
    def write_many(dotted: str, values: list[int]) -> None:
        for number in values:
            save(paths, {dotted: number})

    writers = [
        threading.Thread(target=write_many, args=(dotted, list(range(5, 15))))
        for dotted in ("poll.interval_s", "prometheus.lookback_days", "prometheus.concurrency")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    settings = load(paths, {}).settings
    assert (settings.poll.interval_s, settings.prometheus.lookback_days, settings.prometheus.concurrency) == (
        14,
        14,
        14,
    )


def test_a_folder_that_cannot_be_written(paths: Paths) -> None:
    paths.config.parent.mkdir(exist_ok=True)
    paths.config.write_text("a file where the folder should be")
    with pytest.raises(SettingsError, match="could not be saved"):
        save(paths, {"tray.range": "7d"})


CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "poll.interval_s": st.integers(5, 300),
    "prometheus.matchers": st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    "prometheus.verify_tls": st.booleans(),
    "prometheus.timeout_s": st.floats(0.01, 120),
    "prometheus.token_command": st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1),
    "tray.range": st.sampled_from(["7d", "today", "last month"]),
    "log.level": st.sampled_from(["debug", "info"]),
}


@hypothesis_settings(max_examples=40)  # each writes several files to the disk
@given(
    st.lists(
        st.sampled_from(sorted(CHANGES)).flatmap(
            lambda dotted: st.tuples(st.just(dotted), st.none() | CHANGES[dotted])
        ),
        max_size=6,
    )
)
def test_what_is_saved_is_what_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, object]]
) -> None:
    paths = find_paths({"CCMON_TRAY_HOME": str(tmp_path_factory.mktemp("home"))})
    write(paths, BY_HAND)
    expected: dict[str, object] = {"poll.interval_s": 60, "tray.range": "7d"}
    for dotted, new in changes:
        save(paths, {dotted: new})
        expected[dotted] = KEYS[dotted].default if new is None else new
    loaded = load(paths, {})
    for dotted, new in expected.items():
        assert value(loaded.settings, dotted) == (tuple(new) if isinstance(new, list) else new)
    before, after = tomllib.loads(BY_HAND), tomllib.loads(paths.settings_file.read_text())
    assert after["later"] == before["later"]
    assert after["prometheus"]["future"] == before["prometheus"]["future"]
    assert after["prometheus"]["more"] == before["prometheus"]["more"]


def test_loading_does_not_import_what_only_saving_needs() -> None:
    import subprocess  # noqa: PLC0415

    code = "import sys, ccmon_tray.settings_file; sys.exit('tomlkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
