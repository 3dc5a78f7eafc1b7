"""A tray inside the test's process."""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.settings import Settings
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.usage.windows import Calendar
from tests.support.running_tray import RunningTray, Start
from tests.support.snapshots import NOW

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Make a tray that reads a source, or what makes one."""

    def start(
        source: UsageSource | Callable[..., UsageSource],
        settings: Settings | None = None,
        *,
        headless: bool = False,
    ) -> RunningTray:
        def open_source(given: Settings, calendar: Calendar) -> UsageSource:
            return source(given, calendar) if callable(source) else source

        return RunningTray(
            tmp_path, settings or Settings(), open_source, calendar=BERLIN, now=NOW, headless=headless
        )

    return start
