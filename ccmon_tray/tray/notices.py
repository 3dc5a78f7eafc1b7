"""What the menu tells of what has just happened, and no longer than it is news.

States (a file that is damaged, a port that is taken) are told as long as they last, by those who know them.
Here are events: a click that failed, a start that went well.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from ccmon_tray.tray.model import Action

SHOWN_S: Final = 900.0
"""So long a notice stays: whoever was away for a moment still finds it."""

MARKED_S: Final = 60.0
"""So long the line of a deed says that it is done."""

_MOST: Final = 3


class Notices:
    """Notices of events, and words beside the lines of deeds; the caller sees to threads.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}  # until when, the newest last
        self._marks: dict[Action, tuple[str, float]] = {}

    @property
    def words(self) -> tuple[str, ...]:
        """What is to be told now, the newest last."""
        now = self._clock()
        return tuple(words for words, until in self._told.items() if now < until)

    @property
    def marks(self) -> Mapping[Action, str]:
        """What the lines of deeds say besides their names."""
        now = self._clock()
        return {action: words for action, (words, until) in self._marks.items() if words and now < until}

    def tell(self, words: str) -> None:
        """Tell this for a while, from now on if it was told before; of many, the newest few."""
        kept = [each for each in self.words if each != words][1 - _MOST :]
        self._told = {**{each: self._told[each] for each in kept}, words: self._clock() + SHOWN_S}

    def mark(self, action: Action, words: str, for_s: float = MARKED_S) -> None:
        """Say something beside the line of a deed for so many seconds; "" is nothing."""
        self._marks[action] = (words, self._clock() + for_s)

    def forget(self) -> None:
        """Tell none of the notices any more: what they are about has changed."""
        self._told = {}
