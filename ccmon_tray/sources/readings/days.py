"""Use by the hour over the last months and by the day over the last year, without asking for all of it again.

What is over does not change: the past is asked for in pieces that keep their place from day to day, and each
piece that is over is remembered for a while.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ccmon_tray.sources.base import Question, Span, UsageSource
from ccmon_tray.sources.tally import ask_all
from ccmon_tray.usage.insights import DayUsage, Grid, week_grid
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.steps import Steps, tile
from ccmon_tray.usage.windows import Calendar, Window

HOURLY_DAYS: Final = 90
"""So many days, today included, are known by the hour."""
DAYS: Final = 365
"""So many days, today included, are known by the day."""

_Key = tuple[Span, int]  # a piece's window and the length of its steps, seconds

METRICS: Final = (Metric.COST, Metric.TOKENS, Metric.ACTIVE_TIME)

_HOUR_S: Final = 3600
_DAY_S: Final = 86_400
# A server looks at each session for each step of its piece: short pieces where steps are many.
_WEEK: Final = 7
_FOUR_WEEKS: Final = 28
_SETTLED_S: Final = 900  # exports may be late
_REMEMBERED_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Piece:
    """The steps of a stretch of days, and what each counter rose by in each; None where that is unknown."""

    steps: Steps
    values: Mapping[Metric, tuple[float, ...] | None]

    def per_step(self, metric: Metric) -> Iterator[tuple[int, float]]:
        """Start (Unix seconds) and increase of each step; nothing where that is unknown."""
        values = self.values[metric]
        if values is not None:
            yield from zip(self.steps.boundaries[:-1], values, strict=True)


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the last year.

    Attributes:
        days: Every day, oldest first, today last.
        pieces: The hours of the last ninety days, and of some days before.
    """

    days: tuple[DayUsage, ...]
    pieces: tuple[Piece, ...]

    def grid(self, metric: Metric, days: int, calendar: Calendar) -> Grid | None:
        """The last so many days by weekday and hour; None where the counter is unknown."""
        if any(piece.values[metric] is None for piece in self.pieces):
            return None
        first = calendar.midnight(self.days[-days].day)
        local = (
            (calendar.local(start), value)
            for piece in self.pieces
            for start, value in piece.per_step(metric)
            if start >= first
        )
        return week_grid((moment.weekday(), moment.hour, value) for moment, value in local)


class PastReader:
    """Reads the past of one source. Safe to use from several threads.

    Args:
        source: Where usage comes from.
        calendar: The user's days.
    """

    def __init__(self, source: UsageSource, calendar: Calendar) -> None:
        self._source = source
        self._calendar = calendar
        # What is over, and when that was begun to be remembered; replaced as a whole, never changed.
        self._remembered: tuple[dict[_Key, Piece], float] = {}, 0.0

    def read(self, now: float, since: int | None) -> Past:
        """The past as it is known now.

        Args:
            now: Unix seconds.
            since: Unix seconds since when the source can know anything; None where it does not say.

        Raises:
            SourceError: The source cannot answer.
        """
        over, begun = self._remembered
        if not 0 <= now - begun < _REMEMBERED_S:
            over, begun = {}, now
        today = self._calendar.day_of(now)
        wanted = self._wanted(today, int(now), since)
        fresh = {key: tile(_window(key[0]), self._calendar, key[1]) for key in wanted if key not in over}
        questions = {
            (key, metric): Question(metric, key[0], boundaries=steps.boundaries)
            for key, steps in fresh.items()
            for metric in METRICS
        }
        tallies = ask_all(self._source, questions.values())
        pieces = {key: over[key] for key in wanted if key in over}
        for key, steps in fresh.items():
            own = {metric: tallies[questions[key, metric]].steps() for metric in METRICS}
            pieces[key] = Piece(steps, own)
        settled = {key: piece for key, piece in pieces.items() if key[0].end <= now - _SETTLED_S}
        self._remembered = settled, begun
        found = [pieces[key] for key in wanted]
        return Past(
            days=tuple(self._days(today, found, since)),
            pieces=tuple(piece for piece in found if piece.steps.seconds == _HOUR_S),
        )

    def _wanted(self, today: date, now: int, since: int | None) -> list[_Key]:
        """The windows of all pieces and the lengths of their steps, seconds, oldest first."""
        midnight = self._calendar.midnight
        hourly = _aligned(today - timedelta(days=HOURLY_DAYS - 1), _WEEK)
        wanted = []
        for first, length, last, step_s in (
            (_aligned(today - timedelta(days=DAYS - 1), _FOUR_WEEKS), _FOUR_WEEKS, hourly, _DAY_S),
            (hourly, _WEEK, today + timedelta(days=1), _HOUR_S),
        ):
            day = first
            while day < last:
                after = min(day + timedelta(days=length), last)
                start, end = midnight(day), min(midnight(after), now)
                # At the very second of midnight nothing of today has been yet.
                if start < end and (since is None or end > since):
                    wanted.append((Span(start, end), step_s))
                day = after
        return wanted

    def _days(self, today: date, pieces: Sequence[Piece], since: int | None) -> Iterator[DayUsage]:
        sums: dict[tuple[date, Metric], float] = {}
        for piece in pieces:
            for metric in METRICS:
                for start, value in piece.per_step(metric):
                    key = self._calendar.day_of(start), metric
                    sums[key] = sums.get(key, 0.0) + value
        for back in range(DAYS - 1, -1, -1):
            day = today - timedelta(days=back)
            known = since is None or self._calendar.midnight(day) >= since
            cost, tokens, active = (sums.get((day, metric)) if known else None for metric in METRICS)
            yield DayUsage(day, cost, tokens, active)


def _aligned(day: date, length: int) -> date:
    """The first day of the piece of ``length`` days that a day is in, the same whenever it is asked."""
    return date.fromordinal(day.toordinal() // length * length)


def _window(span: Span) -> Window:
    return Window("custom", span.start, span.end)
