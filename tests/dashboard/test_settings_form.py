import re
import stat
import tomllib
from pathlib import Path
from queue import Queue

import pytest

from ccmon_tray.dashboard.setting_groups import ITEMS, SECRETS, Item, Kind
from ccmon_tray.dashboard.settings_form import Note, Tone, Value, check, read_form, save_setting
from ccmon_tray.desktop.channel import ChannelServer, Message, Request
from ccmon_tray.errors import SettingsError
from ccmon_tray.paths import Paths, find_paths
from ccmon_tray.setting_keys import KEYS
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import load, with_value
from tests.support.patience import PATIENCE_S
from tests.support.settings_files import write

BY_NAME = {item.dotted: item for item in ITEMS}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CCMON_TRAY_HOME": str(tmp_path)})


def item(dotted: str) -> Item:
    return BY_NAME[dotted]


def test_every_setting_is_offered_once_and_secrets_only_told() -> None:
    names = [each.dotted for each in ITEMS]
    assert sorted([*names, *SECRETS]) == sorted(KEYS)
    assert {dotted for dotted, key in KEYS.items() if key.secret} == set(SECRETS)


@pytest.mark.parametrize("each", [each for each in ITEMS if each.choices], ids=lambda each: each.dotted)
def test_each_choice_can_be_made(each: Item) -> None:
    for value, words in each.choices:
        assert check(each, value) is None
        assert words
    default = KEYS[each.dotted].default
    assert str(getattr(default, "value", default)).lower() in dict(each.choices)


def test_defaults_are_shown_as_people_write_them(paths: Paths) -> None:
    values = read_form(paths, Settings(), {}).values

    assert values["prometheus.url"] == Value("http://localhost:9090")
    assert values["poll.interval_s"] == Value("30")
    assert values["prometheus.timeout_s"] == Value("10")
    assert values["prometheus.verify_tls"] == Value("true")
    assert values["prometheus.ca_file"] == Value("")
    assert values["appearance.theme"] == Value("system")


@pytest.mark.parametrize(
    ("dotted", "text", "words"),
    [
        ("poll.interval_s", "4", "a whole number from 5 up to 300"),
        ("poll.interval_s", "thirty", "a whole number from 5 up to 300"),
        ("poll.interval_s", "301", "a whole number from 5 up to 300"),
        ("prometheus.timeout_s", "0", "a number above 0"),
        ("prometheus.url", "localhost:9090", "a URL such as http://localhost:9090"),
        ("prometheus.url", "http://me:word@host", "Leave the password out"),
        ("prometheus.url", "http://host/graph?x=1", "address of a page"),
        ("prometheus.matchers", "{user=}", "matchers cannot be read"),
        ("time.zone", "Europe/Berlinn", "a time zone such as Europe/Berlin"),
        ("prometheus.password_command", "pass 'show", "a list of words"),
        ("claude.config_dir", "~nobody-of-that-name/x", "whose ~ names a user"),
    ],
)
def test_what_cannot_be_used_is_said_in_words_and_never_saved(
    paths: Paths, dotted: str, text: str, words: str
) -> None:
    note = check(item(dotted), text)

    assert note is not None
    assert note.tone is Tone.BAD
    assert words in note.words
    with pytest.raises(SettingsError, match="was not saved"):
        save_setting(paths, item(dotted), text)
    assert not paths.settings_file.exists()


@pytest.mark.parametrize(
    ("dotted", "text", "held"),
    [
        ("poll.interval_s", " 5 ", 5),
        ("prometheus.url", "https://host/prefix", "https://host/prefix"),
        ("prometheus.matchers", '{user_email="me@example.com"}', '{user_email="me@example.com"}'),
        ("prometheus.password_command", "pass show 'my prom'", ["pass", "show", "my prom"]),
        ("prometheus.verify_tls", "false", False),
        ("appearance.text_size", "120", 120),
        ("time.zone", "Asia/Kathmandu", "Asia/Kathmandu"),
    ],
)
def test_what_can_be_used_is_saved_and_read_back(paths: Paths, dotted: str, text: str, held: object) -> None:
    assert check(item(dotted), text) is None

    save_setting(paths, item(dotted), text)

    section, _, name = dotted.partition(".")
    assert tomllib.loads(paths.settings_file.read_text()) == {section: {name: held}}
    assert stat.S_IMODE(paths.settings_file.stat().st_mode) == 0o600
    assert read_form(paths, load(paths, {}).settings, {}).values[dotted] == Value(text.strip())


def test_a_path_at_which_nothing_is_can_be_saved_but_is_remarked(paths: Paths, tmp_path: Path) -> None:
    ca = item("prometheus.ca_file")

    assert check(ca, str(tmp_path / "no.pem")) == Note("There is nothing at this path", Tone.WARNING)
    assert check(ca, str(tmp_path)) is None
    save_setting(paths, ca, str(tmp_path / "no.pem"))
    assert load(paths, {}).settings.prometheus.ca_file == tmp_path / "no.pem"


def test_an_empty_field_is_the_default_again(paths: Paths) -> None:
    write(paths, '# mine\n[prometheus]\nurl = "http://other:9090"\nfuture = 1\n')

    save_setting(paths, item("prometheus.url"), "  ")

    assert load(paths, {}).settings.prometheus.url == "http://localhost:9090"
    assert paths.settings_file.read_text() == "# mine\n[prometheus]\nfuture = 1\n"


def test_the_tray_is_told(paths: Paths) -> None:
    heard: Queue[Request] = Queue()
    tray = ChannelServer(paths.tray, heard.put)
    tray.start()
    try:
        save_setting(paths, item("tray.range"), "7d")
    finally:
        tray.close()
    assert heard.get(timeout=PATIENCE_S) == Request(Message.SETTINGS_CHANGED)


def test_what_the_environment_or_the_command_line_sets_is_locked(paths: Paths) -> None:
    write(paths, "[poll]\ninterval_s = 60\n")
    environ = {"CCMON_TRAY_POLL__INTERVAL_S": "15", "CCMON_TRAY_APPEARANCE__THEME": ""}
    loaded = load(paths, environ).settings
    used = with_value(loaded, "prometheus.url", "http://given:9090", "--prometheus-url")

    values = read_form(paths, used, environ).values

    assert values["poll.interval_s"] == Value("15", "CCMON_TRAY_POLL__INTERVAL_S sets it")
    assert values["appearance.theme"].lock.startswith("CCMON_TRAY_APPEARANCE__THEME")
    assert values["prometheus.url"] == Value("http://given:9090", "Given on the command line at the start")
    assert not values["time.zone"].lock


def test_secrets_are_told_of_but_not_told(paths: Paths) -> None:
    write(
        paths,
        '[prometheus]\nurl = "http://me:word1@host:9090/p"\ntoken = "word2"\n'
        'headers = { Authorization = "word3", X-Scope-OrgID = "team" }\n',
    )
    environ = {"CCMON_TRAY_PROMETHEUS__PASSWORD": "word4"}

    reading = read_form(paths, load(paths, environ).settings, environ)

    assert reading.secrets == {
        **dict.fromkeys(SECRETS, "Not set"),
        "prometheus.password": "Set by CCMON_TRAY_PROMETHEUS__PASSWORD",
        "prometheus.token": "Set in the settings file",
        "prometheus.headers": "Set: Authorization, X-Scope-OrgID",
    }
    assert reading.values["prometheus.url"].text == "http://host:9090/p"
    assert "not shown" in reading.values["prometheus.url"].lock
    assert not re.search(r"word\d", repr(reading))


def test_mistakes_in_the_file_are_passed_on(paths: Paths) -> None:
    write(paths, "[poll]\ninterval_s = 1\n")

    reading = read_form(paths, load(paths, {}).settings, {})

    assert "interval_s = 1" in reading.notices[0]
    assert reading.values["poll.interval_s"] == Value("30")


def test_numbers_and_paths_are_entered_as_such() -> None:
    for each in ITEMS:
        allowed = KEYS[each.dotted].allowed()
        if not each.choices:
            assert (each.kind is Kind.NUMBER) == ("number" in allowed), each.dotted
            assert (each.kind is Kind.PATH) == (allowed == "a path"), each.dotted


@pytest.mark.parametrize(
    ("dotted", "text", "value", "shown"),
    [
        ("alerts.thresholds_percent", "90 50, 100%", (50, 90, 100), "50, 90, 100"),
        ("budgets.monthly_usd", "1234567.89", 1_234_567.89, "1234567.89"),
        ("alerts.command", "notify 'two words'", ("notify", "two words"), "notify 'two words'"),
        ("alerts.quiet_hours", "22:00-07:00", "22:00-07:00", "22:00-07:00"),
    ],
)
def test_budgets_and_alerts_are_kept_as_they_are_written(
    paths: Paths, dotted: str, text: str, value: object, shown: str
) -> None:
    assert check(item(dotted), text) is None
    save_setting(paths, item(dotted), text)
    used = load(paths, {}).settings
    section, _, name = dotted.partition(".")
    assert getattr(getattr(used, section), name) == value
    assert read_form(paths, used, {}).values[dotted].text == shown


@pytest.mark.parametrize(
    ("dotted", "text"),
    [
        ("alerts.thresholds_percent", "half"),
        ("alerts.thresholds_percent", "0, 50"),
        ("alerts.quiet_hours", "at night"),
        ("alerts.quiet_hours", "07:00-07:00"),
        ("budgets.daily_usd", "0"),
        ("budgets.daily_usd", "nan"),
    ],
)
def test_budgets_and_alerts_that_cannot_be_used_are_said(dotted: str, text: str) -> None:
    note = check(item(dotted), text)
    assert note is not None
    assert note.words.startswith("Needs ")
