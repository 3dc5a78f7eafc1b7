"""The user's calendar out of the settings and the system."""

import logging
import warnings
from collections.abc import Callable
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import tzlocal

from ccmon_tray.settings import TimeSettings
from ccmon_tray.usage.windows import WEEKDAYS, Calendar

_log = logging.getLogger(__name__)


def calendar_from(settings: TimeSettings, notify: Callable[[str], None] = _log.warning) -> Calendar:
    """The calendar of days and weeks.

    The system's zone is read anew each time, so that calling this again after a journey gives the new one.

    Args:
        settings: Zone and start of the week.
        notify: Told in words where the system's zone cannot be found; the calendar is then UTC.
    """
    zone, name = _system_zone(notify) if settings.zone == "system" else (ZoneInfo(settings.zone), "")
    return Calendar(zone, name or settings.zone, WEEKDAYS.index(settings.week_start))


def _system_zone(notify: Callable[[str], None]) -> tuple[tzinfo, str]:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            zone = tzlocal.reload_localzone()
            name = tzlocal.get_localzone_name()
    except Exception as error:  # noqa: BLE001  # whatever the system's files hold, there has to be a calendar
        notify(
            "The system's time zone cannot be found, so days begin at midnight UTC. "
            f"Set time.zone to a name such as Europe/Berlin ({_first_line(error)})"
        )
        return UTC, "UTC"
    if caught:
        notify(f"The system's time zone may be wrong ({_first_line(caught[0].message)})")
    return zone, name or str(zone)


def _first_line(error: object) -> str:
    return next(iter(str(error).splitlines()), "") or repr(error)
