"""What Claude Code writes is shown within two seconds, while its transcripts are the source."""

import threading
from collections.abc import Callable
from typing import Final

from ccmon_tray.errors import CcmonError
from ccmon_tray.sources.auto import in_use
from ccmon_tray.sources.base import UsageSource
from ccmon_tray.usage.states import SourceKind

_LOOK_S: Final = 0.9
_IDLE_S: Final = 5.0
_END_S: Final = 0.2
# A window ends with a full second, so what is written in this one may only be seen in the next.
_MORE_POLLS: Final = 2


class LiveTranscripts:
    """Looks whether transcripts were written, and asks for a poll.

    Args:
        source: The open source, if there is one.
        refresh: Asks for a poll.
    """

    def __init__(self, source: Callable[[], UsageSource | None], refresh: Callable[[], None]) -> None:
        self._source = source
        self._refresh = refresh
        self._closing = threading.Event()
        self._due = 0
        self._thread = threading.Thread(target=self._run, name="live-transcripts", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(_END_S)

    def _run(self) -> None:
        pause_s = _LOOK_S
        while not self._closing.wait(pause_s):
            try:
                pause_s = _LOOK_S if self._look() else _IDLE_S
            except CcmonError:
                pause_s = _IDLE_S  # the poll tells of it

    def _look(self) -> bool:
        """Ask for a poll if there is something to see; False where transcripts are not the source."""
        source = self._source()
        if source is None or source.info.kind is not SourceKind.TRANSCRIPTS:
            return False
        from ccmon_tray.sources.claude_files.transcripts import TranscriptsSource  # noqa: PLC0415

        used = in_use(source)
        if not isinstance(used, TranscriptsSource):
            return False
        if used.changed():
            self._due = 1 + _MORE_POLLS
        if self._due:
            self._due -= 1
            self._refresh()
        return True
