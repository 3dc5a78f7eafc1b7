"""Exports that come while nothing is known of Claude Code are shown within seconds, not at the next poll."""

import threading
from collections.abc import Callable
from typing import Final

from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State

# A window ends with a full second, so that what is used in this one is seen in the next.
_DELAY_S: Final = 1.5
_WAITING: Final = frozenset({State.NO_TELEMETRY, State.NO_DATA, State.OFFLINE})


class FirstExports:
    """Asks for a poll soon after an export, where there are no figures yet.

    Args:
        snapshot: What is shown now.
        refresh: Asks for a poll.
    """

    def __init__(self, snapshot: Callable[[], Snapshot | None], refresh: Callable[[], None]) -> None:
        self._snapshot = snapshot
        self._refresh = refresh
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def heard(self) -> None:
        """An export was kept; from any thread."""
        snapshot = self._snapshot()
        if snapshot is None or snapshot.state not in _WAITING:
            return
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_DELAY_S, self._ring)
                self._timer.name = "first-exports"
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Ask for nothing any more."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

    def _ring(self) -> None:
        with self._lock:
            self._timer = None
        self._refresh()
