"""What only the collector can tell: requests and errors over time, how long they took, and tools.

Claude Code sends these as events, one for each request and each use of a tool, so that latencies are exact
percentiles and no guesses from buckets.
"""

import sqlite3
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.collector.reading import Reader
from ccmon_tray.sources.collector.rises import unpacked
from ccmon_tray.sources.collector.rollups import rounded, stretches
from ccmon_tray.sources.collector.schema import HOUR_S, NO_STATUS, EventKind
from ccmon_tray.sources.collector.source import CollectorSource
from ccmon_tray.sources.collector.units import from_units
from ccmon_tray.sources.reports import range_info
from ccmon_tray.sources.request_figures import (
    ModelRequests,
    RequestsReading,
    RequestsStep,
    StatusErrors,
    ToolUse,
    latency_of_counts,
)
from ccmon_tray.sources.tally import model_name
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, Window


def read_requests(source: CollectorSource, window: Window, calendar: Calendar) -> RequestsReading:
    """What the events of a range tell.

    Args:
        source: The collector.
        window: The range.
        calendar: The user's days, which steps are aligned to.

    Raises:
        SourceError: The file cannot be read.
    """
    steps = tile(window, calendar)
    events = source.read(lambda reader: _Events(reader, steps.boundaries)) or _Events(None, steps.boundaries)
    requests, errors = events.sums[EventKind.REQUESTS_BY_MODEL], events.sums[EventKind.ERRORS_BY_MODEL]
    durations = {word: one.durations_ms() for word, one in requests.items()}
    answered, failed = events.steps[EventKind.REQUESTS_BY_MODEL], events.steps[EventKind.ERRORS_BY_MODEL]
    return RequestsReading(
        info=range_info(window, steps, calendar),
        source=source.info,
        known=events.known,
        requests=sum(answered),
        errors=sum(failed),
        latency=latency_of_counts(sum(durations.values(), Counter())),
        steps=tuple(
            RequestsStep(start, end, *counts)
            for (start, end), *counts in zip(steps.pairs, answered, failed, strict=True)
        ),
        by_model=_by_model(requests, errors, durations, events.words),
        tools=_tools(events.sums[EventKind.TOOLS], events.words),
        errors_by_status=_by_status(events.sums[EventKind.ERRORS_BY_STATUS]),
        warnings=source.warnings(Span(window.start, window.end)),
    )


@dataclass(slots=True)
class _Sum:
    """Events with one word; most durations are packed, as the roll-ups have them."""

    count: int = 0
    failures: int = 0
    cost_units: int = 0
    packed: list[bytes] = field(default_factory=list)
    took_ms: list[int] = field(default_factory=list)

    def durations_ms(self) -> Counter[int]:
        """How long each took that said so: durations, and how often there were."""
        counts = Counter(unpacked(b"".join(self.packed)))
        counts.update(self.took_ms)
        return counts


# Where hours are not whole: the second, the word, whether it failed, cost and duration of each event.
_SINGLE: Final = {
    EventKind.REQUESTS_BY_MODEL: "SELECT at, model, 0, cost_units, duration_ms FROM api_requests",
    EventKind.ERRORS_BY_MODEL: "SELECT at, model, 0, 0, NULL FROM api_errors",
    EventKind.ERRORS_BY_STATUS: f"SELECT at, IFNULL(status, {NO_STATUS}), 0, 0, NULL FROM api_errors",  # noqa: S608
    EventKind.TOOLS: "SELECT at, tool, IFNULL(success = 0, 0), 0, duration_ms FROM tool_results",
}
_SUMS: Final = (
    "SELECT cell, word, count, failures, cost_units, took_ms FROM event_hours "
    "WHERE kind = ? AND cell >= ? AND cell < ?"
)


class _Events:
    """The events of a window, added up at one moment.

    Args:
        reader: The file; None if there is none.
        boundaries: Edges of the steps.

    Attributes:
        known: Whether there are any events, of whatever time.
        words: Models and tools by their numbers.
        sums: The events of each kind, by word.
        steps: How many events of each kind are in each step.
    """

    def __init__(self, reader: Reader | None, boundaries: Sequence[int]) -> None:
        self.known = False
        self.words: dict[int, str] = {}
        self.sums: dict[EventKind, dict[int, _Sum]] = {kind: defaultdict(_Sum) for kind in EventKind}
        self.steps = {kind: [0] * (len(boundaries) - 1) for kind in EventKind}
        if reader is None:
            return
        execute = reader.connection.execute
        self.known = reader.has_events()
        self.words = dict(execute("SELECT id, word FROM words").fetchall())
        edges = rounded(boundaries, reader.detail_from, HOUR_S)
        for stretch in stretches(edges, HOUR_S):
            for kind in EventKind:
                if stretch.whole:
                    self._add_hours(reader.connection, kind, stretch.span, edges)
                else:
                    self._add_single(reader.connection, kind, stretch.span, edges)

    def _add_hours(
        self, connection: sqlite3.Connection, kind: EventKind, span: Span, edges: Sequence[int]
    ) -> None:
        cells = (kind, span.start // HOUR_S, span.end // HOUR_S)
        for cell, word, count, failures, cost_units, took_ms in connection.execute(_SUMS, cells):
            one = self._at(kind, word, (cell + 1) * HOUR_S, edges, count)
            one.failures += failures
            one.cost_units += cost_units
            one.packed.append(took_ms)

    def _add_single(
        self, connection: sqlite3.Connection, kind: EventKind, span: Span, edges: Sequence[int]
    ) -> None:
        query = f"{_SINGLE[kind]} WHERE at > ? AND at <= ?"
        for at, word, failed, cost_units, took_ms in connection.execute(query, (span.start, span.end)):
            one = self._at(kind, word, at, edges, 1)
            one.failures += failed
            one.cost_units += cost_units or 0
            if took_ms is not None:
                one.took_ms.append(took_ms)

    def _at(self, kind: EventKind, word: int, at: int, edges: Sequence[int], count: int) -> _Sum:
        """Count events of a moment; the sum that they go to."""
        self.steps[kind][bisect_left(edges, at) - 1] += count
        one = self.sums[kind][word]
        one.count += count
        return one


def _by_model(
    requests: Mapping[int, _Sum],
    errors: Mapping[int, _Sum],
    durations: Mapping[int, Counter[int]],
    words: Mapping[int, str],
) -> tuple[ModelRequests, ...]:
    nothing = _Sum()
    models = []
    for word in dict.fromkeys((*requests, *errors)):
        answered, failed = requests.get(word, nothing), errors.get(word, nothing)
        models.append(
            ModelRequests(
                model=words[word],
                name=model_name(words[word]),
                requests=answered.count,
                errors=failed.count,
                cost_usd=from_units(Metric.COST, answered.cost_units),
                latency=latency_of_counts(durations.get(word, {})),
            )
        )
    return tuple(sorted(models, key=lambda one: (-one.requests, -one.errors, one.model)))


def _tools(sums: Mapping[int, _Sum], words: Mapping[int, str]) -> tuple[ToolUse, ...]:
    tools = [
        ToolUse(words[word], one.count, one.failures, latency_of_counts(one.durations_ms()))
        for word, one in sums.items()
    ]
    return tuple(sorted(tools, key=lambda one: (-one.uses, one.tool)))


def _by_status(sums: Mapping[int, _Sum]) -> tuple[StatusErrors, ...]:
    statuses = sorted(sums.items(), key=lambda item: (-item[1].count, item[0]))
    return tuple(StatusErrors(None if word == NO_STATUS else word, one.count) for word, one in statuses)
