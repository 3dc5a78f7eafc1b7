import zoneinfo
from datetime import UTC, date, datetime

import pytest
import tzlocal

from ccmon_tray.calendars import calendar_from
from ccmon_tray.settings import TimeSettings


def test_a_named_zone_and_week() -> None:
    calendar = calendar_from(TimeSettings(zone="Europe/Berlin", week_start="sunday"))
    assert calendar.zone_name == "Europe/Berlin"
    # 2026-10-25 has 25 hours in Berlin.
    assert calendar.midnight(date(2026, 10, 26)) - calendar.midnight(date(2026, 10, 25)) == 25 * 3600
    assert calendar.first_of_week(date(2026, 11, 25)) == date(2026, 11, 22)


def test_the_systems_zone_knows_daylight_saving_and_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    notices: list[str] = []
    calendar = calendar_from(TimeSettings(), notices.append)
    assert calendar.zone_name == "America/New_York"
    summer, winter = datetime(2026, 7, 1, tzinfo=calendar.zone), datetime(2026, 12, 1, tzinfo=calendar.zone)
    assert summer.utcoffset() != winter.utcoffset()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert calendar_from(TimeSettings(), notices.append).zone_name == "Asia/Tokyo"
    assert notices == []


@pytest.mark.parametrize("broken", ["EST5EDT,M3.2.0,M11.1.0", "No/Such_Zone"])
def test_an_unknown_system_zone_is_utc_and_said(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setenv("TZ", broken)
    notices: list[str] = []
    calendar = calendar_from(TimeSettings(), notices.append)
    assert calendar.zone is UTC
    assert len(notices) == 1
    assert "midnight UTC" in notices[0]
    assert "time.zone" in notices[0]


def test_a_doubtful_system_zone_is_used_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubtful() -> zoneinfo.ZoneInfo:
        import warnings  # noqa: PLC0415

        warnings.warn("Timezone offset does not match system offset: 3600 != 0.", stacklevel=1)
        return zoneinfo.ZoneInfo("Europe/Paris")

    # A system whose files contradict its clock cannot be made here.
    monkeypatch.setattr(tzlocal, "reload_localzone", doubtful)
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: "Europe/Paris")
    notices: list[str] = []
    assert calendar_from(TimeSettings(), notices.append).zone_name == "Europe/Paris"
    assert "does not match" in notices[0]
