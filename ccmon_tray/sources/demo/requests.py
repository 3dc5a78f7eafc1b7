"""The demo's single requests and tools: so many, and so long, as the generated tokens would have taken."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ccmon_tray.sources.demo.days import WATCHED, Track
from ccmon_tray.sources.reports import range_info
from ccmon_tray.sources.request_figures import (
    ModelRequests,
    RequestsReading,
    RequestsStep,
    StatusErrors,
    ToolUse,
    latency_of,
)
from ccmon_tray.sources.tally import model_name
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SourceInfo
from ccmon_tray.usage.steps import tile
from ccmon_tray.usage.windows import Calendar, Window

_TOKENS_A_REQUEST: Final = 420  # written by a typical one
_FIRST_TOKEN_MS: Final = 700
_MS_A_TOKEN: Final = {"haiku": 6, "sonnet": 11, "opus": 16}
_OVERLOADED: Final = 529
# What a failed attempt was answered; None is no answer.
_STATUSES: Final = (_OVERLOADED, _OVERLOADED, _OVERLOADED, 429, 429, 500, None)
_ONE_ERROR_IN: Final = 90
# The watch moves every minute, day and night; were each of its moves a request, there would be few others.
_MOVES_A_WATCHED_REQUEST: Final = 8


class _Tool(NamedTuple):
    """A tool: how often it is used, how often that fails, and how long it takes."""

    name: str
    weight: int
    failures_in_1000: int
    usual_ms: int


_TOOLS: Final = (
    _Tool("Bash", 34, 62, 1_900),
    _Tool("Read", 30, 12, 18),
    _Tool("Edit", 18, 41, 35),
    _Tool("Grep", 9, 4, 90),
    _Tool("Glob", 4, 2, 60),
    _Tool("Write", 3, 9, 30),
    _Tool("WebFetch", 1, 120, 4_200),
    _Tool("Task", 1, 15, 74_000),
)
_BY_WEIGHT: Final = tuple(tool for tool in _TOOLS for _ in range(tool.weight))


@dataclass(slots=True)
class _Sum:
    count: int = 0
    failed: int = 0
    cost_usd: float = 0.0
    took_ms: list[int] = field(default_factory=list)


def demo_requests(
    parts: Iterable[tuple[int, int, int, Track]], source: SourceInfo, window: Window, calendar: Calendar
) -> RequestsReading:
    """What the events of generated use would tell; the same use always tells the same.

    Args:
        parts: The tracks of each day: its midnight, the track's part in the window, and the track.
        source: The demo.
        window: The range.
        calendar: The user's days.
    """
    steps = tile(window, calendar)
    answered, failed = [0] * len(steps.pairs), [0] * len(steps.pairs)
    models: dict[str, _Sum] = defaultdict(_Sum)
    tools: dict[str, _Sum] = defaultdict(_Sum)
    statuses: dict[int | None, int] = defaultdict(int)
    for midnight, low, high, track in parts:
        labels = dict(track.labels)
        model = labels.get(Label.MODEL)
        if model is None or high == low:
            continue
        one = models[model]
        columns = {
            (column.metric, dict(column.labels).get(Label.TYPE)): column.running for column in track.columns
        }
        cost, written = columns[Metric.COST, None], columns[Metric.TOKENS, "output"]
        one.cost_usd += cost[high] - cost[low]
        pace_ms = next(ms for family, ms in _MS_A_TOKEN.items() if family in model)
        every = _MOVES_A_WATCHED_REQUEST if track.project == WATCHED else 1
        for index in range(low + -low % every, high, every):
            at = track.times[index] - track.midnight_s + midnight
            step = bisect_left(steps.boundaries, at) - 1
            tokens = int(written[index + 1] - written[index])
            count = 1 + tokens // _TOKENS_A_REQUEST
            answered[step] += count
            one.count += count
            for number in range(count):
                chance = _chance(at, tokens + number)
                one.took_ms.append(
                    _FIRST_TOKEN_MS + chance % 900 + tokens // count * pace_ms * (70 + chance % 90) // 100
                )
                if chance // 7 % _ONE_ERROR_IN == 0:
                    failed[step] += 1
                    one.failed += 1
                    statuses[_STATUSES[chance // 1000 % len(_STATUSES)]] += 1
                if chance % 4:
                    _use_tool(tools, _chance(chance, number))
    return RequestsReading(
        info=range_info(window, steps, calendar),
        source=source,
        known=True,
        requests=sum(answered),
        errors=sum(failed),
        latency=latency_of(duration for one in models.values() for duration in one.took_ms),
        steps=tuple(
            RequestsStep(start, end, *counts)
            for (start, end), *counts in zip(steps.pairs, answered, failed, strict=True)
        ),
        by_model=tuple(
            ModelRequests(
                model, model_name(model), one.count, one.failed, one.cost_usd, latency_of(one.took_ms)
            )
            for model, one in sorted(models.items(), key=lambda item: -item[1].count)
        ),
        tools=tuple(
            ToolUse(tool, one.count, one.failed, latency_of(one.took_ms))
            for tool, one in sorted(tools.items(), key=lambda item: -item[1].count)
        ),
        errors_by_status=tuple(
            StatusErrors(status, count)
            for status, count in sorted(statuses.items(), key=lambda item: -item[1])
        ),
        warnings=(),
    )


def _use_tool(tools: dict[str, _Sum], chance: int) -> None:
    tool = _BY_WEIGHT[chance % len(_BY_WEIGHT)]
    one = tools[tool.name]
    one.count += 1
    one.failed += chance // 128 % 1000 < tool.failures_in_1000
    spread = chance // 512 % 256
    one.took_ms.append(tool.usual_ms // 3 + tool.usual_ms * spread * spread // 24_000)


def _chance(at: int, number: int) -> int:
    """A number that looks drawn, and is always the same (Knuth's multiplicative hashing, folded)."""
    mixed = (at * 2_654_435_761 + number * 40_503) & 0xFFFF_FFFF
    mixed = (mixed ^ mixed >> 15) * 2_246_822_519 & 0xFFFF_FFFF
    return mixed ^ mixed >> 13
