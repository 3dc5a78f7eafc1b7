"""The demo source: generated days, answered like any other source."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ccmon_tray.sources.base import Answer, Inventory, Question, Row, SessionSeen, Span
from ccmon_tray.sources.demo.days import DayGenerator, Labels, Track
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import Calendar, Window

if TYPE_CHECKING:
    from ccmon_tray.sources.request_figures import RequestsReading
    from ccmon_tray.sources.server_health import ServerHealth

_HISTORY_DAYS: Final = 400
# A day takes some twenty kilobytes, so this stays within two megabytes.
_REMEMBERED_DAYS: Final = 100

_PERSON: Final[Labels] = (
    (Label.USER_ID, "demo"),
    (Label.USER_EMAIL, "demo@example.com"),
    (Label.USER_ACCOUNT, "00000000-0000-4000-8000-000000000000"),
)


class DemoSource:
    """Lifelike usage that moves with the clock; the same seed always tells the same story.

    Args:
        calendar: The days in which the generated person works.
        seed: Another seed is another person.
        clock: Unix seconds now; nothing later than this is shown.
    """

    def __init__(self, calendar: Calendar, *, seed: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._calendar = calendar
        self._clock = clock
        self._tracks = lru_cache(_REMEMBERED_DAYS)(DayGenerator(seed).generate)

    @property
    def info(self) -> SourceInfo:
        """The demo."""
        return SourceInfo(kind=SourceKind.DEMO)

    def inventory(self, *, refresh: bool = False) -> Inventory:  # noqa: ARG002 — nothing can change
        """Every counter, four hundred days back."""
        return Inventory(
            self.info,
            {metric: (f"claude_code.{metric.value}",) for metric in Metric},
            retention_s=_HISTORY_DAYS * 86_400.0,
        )

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers, in the order of the questions."""
        return tuple(map(self._answer, questions))

    def count_sessions(self, span: Span) -> int:
        """How many distinct sessions had any use in the window."""
        return len(self.sessions_seen(span))

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last activity inside the window, of all its sessions or of those named."""
        seen: dict[str, tuple[int, int]] = {}
        for midnight, low, high, track in self._cut(span):
            if high > low:
                session = dict(track.labels)[Label.SESSION]
                shift = midnight - track.midnight_s
                first, last = track.times[low] + shift, track.times[high - 1] + shift
                before = seen.get(session, (first, last))
                seen[session] = (min(first, before[0]), max(last, before[1]))
        return tuple(
            SessionSeen(session, first, last)
            for session, (first, last) in seen.items()
            if session_ids is None or session in session_ids
        )

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:  # noqa: ARG002 — generated use is exact
        """None."""
        return ()

    def health(self, span: Span) -> "ServerHealth":
        """How the server is that a demo does not have: generated, too."""
        from ccmon_tray.sources.demo.health import demo_health  # noqa: PLC0415  # for one view alone

        return demo_health(self._clock(), span)

    def keeps_requests(self) -> bool:
        """Generated ones."""
        return True

    def requests(self, window: Window, calendar: Calendar) -> "RequestsReading":
        """The requests behind the generated use of a range, and what tools they ran."""
        from ccmon_tray.sources.demo.requests import demo_requests  # noqa: PLC0415  # for one view alone

        return demo_requests(self._cut(Span(window.start, window.end)), self.info, window, calendar)

    def close(self) -> None:
        """Forget the generated days."""
        self._tracks.cache_clear()

    def _answer(self, question: Question) -> Answer:
        edges = question.boundaries or (question.span.start, question.span.end)
        sums: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0] * (len(edges) - 1))
        wanted = {label: frozenset(values) for label, values in question.where}
        for step, (start, end) in enumerate(pairwise(edges)):
            for _, low, high, track in self._cut(Span(start, end)):
                if high == low:
                    continue
                for column in track.columns:
                    if column.metric is not question.metric:
                        continue
                    increase = column.running[high] - column.running[low]
                    if not increase:
                        continue
                    labels = dict((*_PERSON, *track.labels, *column.labels))
                    if all(labels.get(label, "") in values for label, values in wanted.items()):
                        sums[tuple(labels.get(label, "") for label in question.by)][step] += increase
        rows = [
            Row(key, sum(steps), tuple(steps) if question.boundaries else ()) for key, steps in sums.items()
        ]
        rows.sort(key=lambda row: (-row.total, row.key))
        return Answer(tuple(rows[: question.top]))

    def _cut(self, span: Span) -> Iterator[tuple[int, int, int, Track]]:
        """Each day's tracks with their part of a window: midnight, and the indices before and after it."""
        now = int(self._clock())
        end = min(span.end, now)
        day = max(self._calendar.day_of(span.start), self._calendar.day_of(now) - timedelta(_HISTORY_DAYS))
        midnight = self._calendar.midnight(day)
        while midnight < end:
            day += timedelta(days=1)
            tomorrow = self._calendar.midnight(day)
            low, high = max(span.start, midnight) - midnight, min(end, tomorrow) - midnight
            for track in self._tracks(day - timedelta(days=1)):
                yield midnight, track.index(low), track.index(high), track
            midnight = tomorrow
