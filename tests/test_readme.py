"""The documents say what the program does: every setting, command, exit code, variable and file they name."""

import json
import re
import subprocess
import sys
import tomllib
from enum import Enum
from pathlib import Path

import pytest

from ccmon_tray import __version__
from ccmon_tray.setting_keys import KEYS, Key
from ccmon_tray.view_names import ViewName

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SETTINGS = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])


def settings_table(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| (\S.*?) \|", text, re.MULTILINE))


def default(key: Key) -> str:
    value = key.default
    if value is None:
        return "–"
    return f"`{json.dumps(value.value if isinstance(value, Enum) else value)}`"


@pytest.mark.parametrize("text", [README, SETTINGS], ids=["README", "docs/settings.md"])
def test_the_tables_list_every_setting_with_its_default(text: str) -> None:
    assert settings_table(text) == {dotted: default(key) for dotted, key in KEYS.items()}


def test_the_defaults_in_the_tables_are_toml_of_the_right_kind() -> None:
    for dotted, shown in settings_table(SETTINGS).items():
        if shown != "–":
            value = tomllib.loads(f"x = {shown.strip('`')}")["x"]
            default = KEYS[dotted].default
            assert value == (list(default) if isinstance(default, tuple) else default), dotted


def test_every_limit_and_choice_of_a_setting_is_told() -> None:
    rows = dict(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|.*?\| (.*) \|$", SETTINGS, re.MULTILINE))
    for dotted, key in KEYS.items():
        kind, choices, words = key.allowed().partition("one of ")
        told = words.split(", ") if choices else re.findall(r"\d+", kind)
        if dotted != "time.week_start":  # the days of the week go without saying
            assert [word for word in told if word not in rows[dotted]] == [], dotted


def test_the_views_that_the_window_can_open_with_are_those_there_are() -> None:
    (row,) = re.findall(r"^\| `dashboard .*$", README, re.MULTILINE)
    assert re.findall(r"`([a-z-]+)`", row.rpartition(" | ")[2]) == [name.value for name in ViewName]


def test_the_warnings_that_are_explained_are_those_there_are() -> None:
    sources = (PROJECT / "ccmon_tray" / "sources").rglob("*.py")
    written = "".join(file.read_text(encoding="utf-8") for file in sources)
    codes = set(re.findall(r'UsageWarning\(\s*code="([a-z-]+)"', written))
    table = README.partition("**Warnings**")[2].partition("\n## ")[0]
    assert len(codes) > 5
    assert set(re.findall(r"\| `([a-z-]+)` \|", table)) == codes


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text)
    for target in links + re.findall(r'src(?:set)?="([^"]+)"', text):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_variables_that_are_named_exist(document: Path) -> None:
    known = {key.variable for key in KEYS.values()} | {"CCMON_TRAY_HOME", "CCMON_TRAY_SECTION__KEY"}
    assert set(re.findall(r"CCMON_TRAY_[A-Z_]+[A-Z]", document.read_text(encoding="utf-8"))) <= known


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ccmon_tray", *command, "--help"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        cwd=PROJECT,
    )
    return done.stdout


def test_the_commands_that_are_named_are_those_there_are() -> None:
    there = set(re.findall(r"^    ([a-z-]+) ", help_of(), re.MULTILINE))
    assert there
    table = README.partition("## Command line")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z-]+)", table, re.MULTILINE)) == there


def test_the_options_that_are_named_are_those_there_are() -> None:
    table = README.partition("## Command line")[2].partition("\n## ")[0]
    for row in table.splitlines():
        if found := re.match(r"\| `([a-z-]+)", row):
            options = set(re.findall(r"--[a-z-]+", help_of(found[1]))) - {"--help"}
            assert set(re.findall(r"--[a-z-]+", row.split("|")[1])) == options


@pytest.mark.parametrize("script", ["scripts/run.py", "scripts/test.py"])
def test_both_commands_are_named(script: str) -> None:
    assert f"    python3 {script}\n" in README
    assert (PROJECT / script).exists()


def test_ci_runs_the_command_that_people_run() -> None:
    commands = (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "exec python3 scripts/test.py" in commands


def test_one_version_everywhere() -> None:
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"] == __version__
