"""The transcripts of Claude Code as a source of usage.

They tell the tokens of each request, but no cost: that is estimated at list price. They do not tell of the
requests that Claude Code makes on its own (titles, summaries), of active time, and of decisions about edits.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from ccmon_tray.errors import SourceUnavailable
from ccmon_tray.sources.base import Answer, Inventory, Question, SessionSeen, Span
from ccmon_tray.sources.claude_files.transcript_answers import METRICS, Answers
from ccmon_tray.sources.claude_files.transcript_index import TranscriptIndex, TranscriptState
from ccmon_tray.sources.claude_files.transcript_pricing import RequestPrices
from ccmon_tray.sources.claude_files.transcript_tree import changes
from ccmon_tray.usage.formatting import tokens as tokens_text
from ccmon_tray.usage.model_names import friendly_model_name
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.pricing import PriceTable, load_prices
from ccmon_tray.usage.states import SourceKind

# The questions of one poll, asked one after another, are answered from one look at the files.
_LOOK_S: Final = 0.5
# A transcript that was not written for so long is looked at when all are, and not each second.
_LIVE_S: Final = 86_400.0
# Claude Code deletes what was not written for 30 days; one to spare.
_UNDELETED_S: Final = 29 * 86_400.0
# How far back they reach grows by the second; what is derived from it need not be read anew at each poll.
_REACH_S: Final = 3600.0
_NO_MODEL: Final = "a model without a name"

T = TypeVar("T")


class TranscriptsSource:
    """What the transcripts tell. Safe to use from several threads, and by several processes at once.

    Args:
        folders: The folders of Claude Code.
        cache_dir: Where the index is kept, or None for memory.
        prices: List prices; None for those that come with the application.
        provider: Whose prices count.
        regional: Whether a regional end point of the provider answers.
        clock: Unix seconds now.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        cache_dir: Path | None,
        prices: PriceTable | None = None,
        provider: str = "anthropic",
        regional: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        request_prices = RequestPrices(prices or load_prices(), provider, regional=regional)
        self._index = TranscriptIndex(folders, cache_dir, request_prices)
        self._lock = threading.Lock()
        self._looked_at: float | None = None
        self._reached_at = float("-inf")
        self._closed = False

    @property
    def info(self) -> SourceInfo:
        """The transcripts."""
        return SourceInfo(kind=SourceKind.TRANSCRIPTS)

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """The counters there are transcripts of, and how far back they reach.

        Claude Code deletes transcripts after 30 days. If the first request is younger, it was the first of
        all, and everything is known.
        """
        first = self._read(Answers.first, refresh=refresh)
        if first is None:
            return Inventory(self.info, {})
        names = {metric: (f"claude_code.{metric.value}",) for metric in METRICS}
        now = self._clock()
        if refresh or not 0 <= now - self._reached_at < _REACH_S:
            self._reached_at = now
        age_s = self._reached_at - first
        return Inventory(self.info, names, retention_s=age_s if age_s > _UNDELETED_S else None)

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers, in the order of the questions, all of one moment."""
        return self._read(lambda answers: tuple(map(answers.answer, questions)))

    def count_sessions(self, span: Span) -> int:
        """How many distinct sessions had any use in the window."""
        return self._read(lambda answers: answers.count_sessions(span))

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last use inside the window, of all its sessions or of those named."""
        return self._read(lambda answers: answers.sessions_seen(span, session_ids))

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why the cost in this window may be too low: models without a price."""
        unpriced = self._read(lambda answers: answers.unpriced(span))
        if not unpriced:
            return ()
        names = list(dict.fromkeys(friendly_model_name(model) or _NO_MODEL for model in unpriced))
        return (
            UsageWarning(
                code="unpriced-models",
                message=f"No list price is known of {', '.join(names)}: "
                f"{tokens_text(sum(unpriced.values()))} tokens are missing from the cost, which is too low",
                cure="Update ccmon-tray, or read Claude Code’s own figures: ccmon-tray connect",
            ),
        )

    def state(self) -> TranscriptState:
        """How many transcripts there are, and what of them could not be read."""
        with self._lock:
            return self._looked(self._index.state, refresh=True)

    def changed(self) -> bool:
        """Whether anything was written since the last question: a cheap look, for each second or two."""
        tree = self._index.tree
        return self._looked_at is None or any(changes(tree, int((self._clock() - _LIVE_S) * 1e9)))

    def close(self) -> None:
        """Close the index; calls under way fail soon."""
        self._closed = True
        # Where nothing is under way, SQLite would take it for the tidying up that closing does.
        if not self._lock.acquire(blocking=False):
            self._index.stop()
            self._lock.acquire()
        try:
            self._index.close()
        finally:
            self._lock.release()

    def _read(self, question: Callable[[Answers], T], *, refresh: bool = False) -> T:
        with self._lock:
            return self._looked(lambda: question(Answers(self._index.connection)), refresh=refresh)

    def _looked(self, read: Callable[[], T], *, refresh: bool) -> T:
        """Read what is new, unless that was done just now, then something from the index."""
        if self._closed:
            raise _unreadable("it is closed")
        now = time.monotonic()
        try:
            if refresh or self._looked_at is None or now - self._looked_at >= _LOOK_S:
                self._index.refresh()
                self._looked_at = time.monotonic()
            return read()
        except sqlite3.Error as error:
            raise _unreadable(str(error)) from error


def _unreadable(cause: str) -> SourceUnavailable:
    return SourceUnavailable(
        "The index of transcripts cannot be read",
        cause=cause,
        next_step="Start ccmon-tray anew, which checks it",
    )
