import re
import tomllib
from pathlib import Path

from ccmon_tray import __version__
from ccmon_tray.dashboard.about import COMPONENTS, Component, components

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9._-]+", each)[0].lower() for each in requirements}  # type: ignore[index]


def test_all_that_the_package_asks_for_is_listed() -> None:
    asked = names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"]["keyring"])
    assert asked <= {name.lower() for name in COMPONENTS}


def test_each_part_has_its_version_and_a_short_licence() -> None:
    found = components()

    assert found[0] == Component("ccmon-tray", __version__, PROJECT["license"])
    by_name = {each.name.lower(): each for each in found}
    assert {"python", "tk", "httpx", "pydantic", "matplotlib", "pystray"} <= by_name.keys()
    assert by_name["httpx"].licence == "BSD-3-Clause"
    assert by_name["pystray"].licence == "LGPLv3"
    for each in found:
        assert re.match(r"\d+\.\d", each.version), each
        assert 2 <= len(each.licence) <= 60, each
        assert "\n" not in each.licence
