"""The source that is chosen by itself: the first of several that has data, one at a time, never mixed.

The choice is made when the inventory is asked for, which begins each poll and each reading, so that all
figures of one reading are of one source. It is made again:

- as long as none has data;
- when a person asks for it (:meth:`AutoSource.reconsider`);
- after the one in use has failed for five minutes, and then only for one that was used in the last week: a
  server that restarts does not make figures jump, and old data do not stand in for new ones;
- every ten minutes while a later one is in use, because an earlier one may be there by now.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from ccmon_tray.errors import CcmonError, SourceUnavailable
from ccmon_tray.sources.base import Answer, Inventory, Question, SessionSeen, Span, UsageSource
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.states import SourceKind

PATIENCE_S: Final = 300.0
"""So long the source in use may fail before another one takes its place."""

LOOK_AGAIN_S: Final = 600.0
"""How often an earlier source is looked for while a later one is in use."""

_LATELY_S: Final = 7 * 86_400

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source that may be chosen.

    Attributes:
        info: What it is, as far as that is known before it is opened.
        open: Opens it; may raise ``CcmonError``.
        insists: Whether it is the one to say what is wrong where no source has data: somebody has set it up.
    """

    info: SourceInfo
    open: Callable[[], UsageSource]
    insists: bool = False


class AutoSource:
    """One source out of several.

    Args:
        candidates: In the order of preference; where none has data and none insists, the fallback is shown.
        fallback: The kind that is in use where none has data.
        expected: The source that was in use last.
        follow: Whether to use that one without looking: a running tray has chosen it.
        clock: Unix seconds now.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        fallback: SourceKind,
        expected: SourceInfo | None = None,
        follow: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._candidates = tuple(candidates)
        self._fallback = fallback
        self._expected = expected
        self._follow = follow
        self._clock = clock
        self._choosing = threading.RLock()
        self._candidate: Candidate | None = None
        self._source: UsageSource | None = None
        self._trial: UsageSource | None = None
        self._has_data = False
        self._looked_at = 0.0
        self._failing_since: float | None = None
        self._doubted = False
        self._closed = False

    @property
    def info(self) -> SourceInfo:
        """The source in use; before the choice, the one that was in use last."""
        source = self._source
        if source is not None:
            return source.info
        return self._expected or self._candidates[0].info

    @property
    def in_use(self) -> UsageSource:
        """The source itself, chosen if need be.

        Raises:
            CcmonError: The one that would be used cannot be opened.
        """
        with self._choosing:
            if self._source is None:
                self._choose(self._clock())
            assert self._source is not None
            return self._source

    def reconsider(self) -> None:
        """Choose anew at the next inventory: a person asked for it."""
        self._doubted = True

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """What the source in use holds; it may be another one from now on."""
        with self._choosing:
            now = self._clock()
            if self._is_due(now, refresh=refresh):
                self._choose(now)
            source = self.in_use
        try:
            found = source.inventory(refresh=refresh)
        except CcmonError:
            if self._failing_since is None:
                self._failing_since = now
            raise
        self._failing_since = None
        if found.metrics:
            self._has_data = True
        return found

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers of the source in use."""
        return self.in_use.ask(questions)

    def count_sessions(self, span: Span) -> int:
        """As the source in use counts them."""
        return self.in_use.count_sessions(span)

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """As the source in use saw them."""
        return self.in_use.sessions_seen(span, session_ids)

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Those of the source in use."""
        return self.in_use.warnings(span)

    def close(self) -> None:
        """Close the source in use, and the one that is being tried."""
        self._closed = True
        for source in (self._trial, self._source):
            if source is not None:
                source.close()

    # Under the lock

    def _is_due(self, now: float, *, refresh: bool) -> bool:
        if self._source is None or self._doubted:
            return True
        if not self._has_data:
            return refresh
        if self._failing_since is not None:
            return now - self._failing_since >= PATIENCE_S
        first = self._candidate is self._candidates[0]
        return not first and not self._follow and not 0 <= now - self._looked_at < LOOK_AGAIN_S

    def _choose(self, now: float) -> None:
        """Put the first source that has data to use, or leave things as they are where that is best."""
        if self._closed:
            raise SourceUnavailable("The source is closed")
        doubted, self._doubted = self._doubted, False
        failed = self._has_data and self._failing_since is not None and not doubted
        self._looked_at = now
        followed = self._expected_candidate() if self._follow and self._source is None else None
        if followed is not None:
            self._use(followed, followed.open(), has_data=True)
            return
        for candidate in self._candidates:
            if candidate is self._candidate and self._has_data:
                if failed or (doubted and not self._still_answers()):
                    continue
                return  # no earlier one has data
            with contextlib.suppress(CcmonError):  # where it matters, its own call says it again
                if self._try(candidate, now if failed else None):
                    return
        if not self._has_data:
            self._fall_back()
        elif failed:
            self._failing_since = now  # none is better: look again later

    def _still_answers(self) -> bool:
        """Whether the source in use has data now."""
        assert self._source is not None
        try:
            return bool(self._source.inventory(refresh=True).metrics)
        except CcmonError:
            return False

    def _try(self, candidate: Candidate, failed_at: float | None) -> bool:
        """Open a candidate, and put it to use if it has data (lately, where another one fails)."""
        source = self._trial = candidate.open()
        good = False
        try:
            good = bool(source.inventory(refresh=True).metrics)
            if good and failed_at is not None:
                good = source.count_sessions(Span(int(failed_at) - _LATELY_S, int(failed_at))) > 0
        finally:
            self._trial = None
            if not good:
                source.close()
        if good:
            self._use(candidate, source, has_data=True)
        return good

    def _fall_back(self) -> None:
        """Use the one that is to say what is missing: a person has set it up, or it needs no setting up."""
        insisting = (each for each in self._candidates if each.insists)
        fallback = (each for each in self._candidates if each.info.kind is self._fallback)
        candidate = next(chain(insisting, fallback))
        if candidate is not self._candidate:
            self._use(candidate, candidate.open(), has_data=False)

    def _use(self, candidate: Candidate, source: UsageSource, *, has_data: bool) -> None:
        before, self._source = self._source, source
        self._candidate, self._has_data, self._failing_since = candidate, has_data, None
        if before is not None:
            _log.info("The source is %s now, instead of %s", source.info.kind, before.info.kind)
            before.close()
        if self._closed:
            source.close()

    def _expected_candidate(self) -> Candidate | None:
        if self._expected is None:
            return None
        kind = self._expected.kind
        return next((each for each in self._candidates if each.info.kind is kind), None)


def in_use(source: UsageSource) -> UsageSource:
    """The source itself where one was chosen out of several: what only it can do is its own."""
    return source.in_use if isinstance(source, AutoSource) else source
