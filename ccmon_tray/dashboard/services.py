"""What the views' reading needs: the source, the calendar, the person's settings and folders.

The source is opened on first use, on a worker's thread, and anew after :meth:`Services.drop`, which cuts the
connections of reading that nobody waits for any more.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from ccmon_tray.calendars import calendar_from
from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.windows import Calendar, Window, resolve

if TYPE_CHECKING:
    from ccmon_tray.sources.base import UsageSource
    from ccmon_tray.sources.claude_files import ClaudeFiles


class Services:
    """One window's way to its data. Safe to use from several threads.

    Args:
        paths: The folders.
        settings: All settings, the command line's included.
        clock: Unix seconds now.
    """

    def __init__(self, paths: Paths, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self.paths = paths
        self.settings = settings
        self.calendar: Calendar = calendar_from(settings.time)
        self.clock = clock
        self._lock = Lock()
        self._opening = Lock()  # apart from the other: nobody who closes waits for what is being opened
        self._drops = 0
        self._source: UsageSource | None = None
        self._files: ClaudeFiles | None = None

    @property
    def source(self) -> "UsageSource":
        """The source of usage.

        Raises:
            SettingsError: The settings name one that cannot be used.
        """
        with self._opening:
            with self._lock:
                if self._source is not None:
                    return self._source
                drops = self._drops
            from ccmon_tray.sources.choose import open_source  # noqa: PLC0415  # after the first frame

            source = open_source(self.settings, self.calendar, follow_tray=True, clock=self.clock)
            with self._lock:
                if drops == self._drops:
                    self._source = source
                    return source
        source.close()  # dropped while it was being opened
        return source

    @property
    def files(self) -> "ClaudeFiles":
        """The files of Claude Code that go with the source; what was read of them stays.

        Raises:
            SettingsError: The settings name a source that cannot be used.
        """
        source = self.source
        with self._lock:
            if self._files is None:
                from ccmon_tray.sources.choose import open_files  # noqa: PLC0415

                self._files = open_files(source, self.settings, self.calendar, clock=self.clock)
            return self._files

    def window(self, name: str) -> Window:
        """The window that a range's name means now."""
        return resolve(name, self.clock(), self.calendar)

    def follow(self, info: SourceInfo) -> None:
        """Use the source that the tray uses, where both choose by themselves.

        Args:
            info: The source of the tray's snapshot.
        """
        from ccmon_tray.sources.auto import AutoSource  # noqa: PLC0415  # after the first frame

        with self._lock:
            source = self._source
            differs = isinstance(source, AutoSource) and source.info.kind is not info.kind
        if differs:
            self.drop()

    def drop(self) -> None:
        """Make reading under way fail soon; the next one opens the source anew. Waits for nobody."""
        with self._lock:
            source, self._source = self._source, None
            self._drops += 1
        if source is not None:
            source.close()
