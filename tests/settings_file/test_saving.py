"""Saving settings: nothing that a person wrote is lost."""

import os
import stat
import threading
import tomllib
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
from ccmon_tray.settings_file import load, save
from tests.support.settings_files import aside, value, write

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
