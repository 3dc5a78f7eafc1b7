"""How far back a source can answer, and what that means for a window and the one before it."""

from typing import Final

from ccmon_tray.sources.base import Inventory
from ccmon_tray.usage.windows import Window

# A window as long as the retention begins when it does, to the seconds that a poll takes.
_SLACK_S: Final = 300


def known_since(inventory: Inventory, now: float) -> int | None:
    """Unix seconds from which on the source can know anything; None where it does not say."""
    return None if inventory.retention_s is None else int(now - inventory.retention_s)


def reaches(window: Window, since: int | None) -> bool:
    """Whether a source that knows use from ``since`` on (None: always) knows all of a window."""
    return since is None or window.start >= since - _SLACK_S
