"""The snapshot that the running tray leaves in the cache folder, for the other processes of the same user."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ccmon_tray.paths import Paths
from ccmon_tray.settings import Settings
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind

LIFE_INTERVALS: Final = 3
"""A running tray's snapshot is used for so many poll intervals."""


class SnapshotFile:
    """The tray's latest snapshot, read again when its file has changed.

    Attributes:
        snapshot: The last one that could be read, or None.
        readable: Whether the file, if there is one, holds a snapshot of this version.

    Args:
        path: The file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self.snapshot: Snapshot | None = None
        self.readable = True

    def look(self) -> bool:
        """Read the file if it has changed. Returns whether it had."""
        try:
            info = self._path.stat()
            seen = (info.st_mtime_ns, info.st_size, info.st_ino)
            if seen == self._seen:
                return False
            text = self._path.read_bytes()
        except OSError:
            return False  # not there yet, or being replaced: what was read before still holds
        self._seen = seen
        try:
            self.snapshot = Snapshot.model_validate_json(text)
            self.readable = True
        except ValidationError:
            self.readable = False
        return True


def is_of(snapshot: Snapshot, settings: Settings) -> bool:
    """Whether a snapshot is of the source that the settings name; ``auto`` may have chosen any but a demo."""
    kind, named = snapshot.source.kind, settings.source.kind
    if kind != named and (named != "auto" or kind is SourceKind.DEMO):
        return False
    return kind is not SourceKind.PROMETHEUS or snapshot.source.url == settings.prometheus.url.rstrip("/")


def is_young(snapshot: Snapshot, settings: Settings, now: float) -> bool:
    """Whether a snapshot is one that a running tray has just left (``now``: Unix seconds)."""
    return 0 <= now - snapshot.polled_at <= LIFE_INTERVALS * settings.poll.interval_s


def left_by_tray(paths: Paths) -> Snapshot | None:
    """What the tray has left, if one runs or has died a short time ago."""
    # The process id is there as long as the tray is; a tray that died leaves it.
    if not paths.tray.pid_file.exists():
        return None
    file = SnapshotFile(paths.snapshot_file)
    file.look()
    return file.snapshot
