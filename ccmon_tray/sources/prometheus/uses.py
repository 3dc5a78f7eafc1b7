"""When sessions were used, from the raw samples of their counters: to the sample, and in one pass over them.

A query that looks at each step of a grid has the server search for the base of every series at every step. To
read the samples themselves is cheaper as long as there are not millions of them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from math import isfinite
from typing import Final

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.answers import Series
from ccmon_tray.sources.prometheus.batches import NOTHING
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.promql import NAME_LABEL, Selector, labelled
from ccmon_tray.usage.metrics import Label

# Raw samples that are read of a window: some seconds, where a grid would take longer still.
_MOST_SAMPLES: Final = 2_000_000
# Raw samples fetched in one answer: a MB or two of JSON, more than half of it labels; 9 MB at most, where
# each series has one sample.
_SAMPLES_AN_ANSWER: Final = 20_000
# Stretches of a window of which it is asked how many samples they hold, for use comes in bursts.
_STRETCHES: Final = 12
# A window this short holds few samples of each series, whatever the interval between them.
_SHORT_S: Final = 3_600


@dataclass(slots=True)
class _Stretch:
    """What one series did in a slice of the window: values, and Unix seconds."""

    session: str
    began: float
    first: float
    last: float
    rises: list[float]


def uses_by_samples(
    client: PrometheusClient,
    selectors: Sequence[Selector],
    bases: Sequence[str],
    span: Span,
    *,
    few: bool,
) -> list[tuple[str, float]] | None:
    """(session, Unix seconds) of the first and last samples in a window that show use.

    Args:
        client: The connection.
        selectors: Counters whose rise is use, one spelling each; none that falls in the window.
        bases: Expressions for what those that were there before the window were then, if asked at its end.
        span: The window.
        few: They are of a few sessions.

    Returns:
        None where there are too many samples to read.

    Raises:
        SourceError: The server cannot answer.
    """
    parts = [span]
    if not few or span.end - span.start > _SHORT_S:
        counts: dict[Span, float] = defaultdict(float)
        for found in client.gather([partial(_count, client, one, span) for one in selectors]):
            for part, samples in found.items():
                counts[part] += samples
        if sum(counts.values()) > _MOST_SAMPLES:
            return None
        parts = parts_of(span, counts)
    before = [partial(_bases, client, base, span.end) for base in bases]
    read = [partial(_stretches, client, one, part) for part in parts for one in selectors]
    answers: list[list[tuple[str, _Stretch]]] = client.gather([*before, *read])
    heights = {key: base.last for answer in answers[: len(before)] for key, base in answer}
    uses: dict[str, list[float]] = {}
    for key, stretch in chain.from_iterable(answers[len(before) :]):
        is_use = _is_use(heights.get(key, 0.0), stretch.first)
        moments = [stretch.began, *stretch.rises] if is_use else stretch.rises
        uses.setdefault(stretch.session, []).extend(moments)
        heights[key] = stretch.last
    return [(session, t) for session, times in uses.items() if times for t in (min(times), max(times))]


def _count(client: PrometheusClient, selector: Selector, span: Span) -> dict[Span, float]:
    """How many samples a selector has in each of some equal stretches of a window."""
    step = max(1, (span.end - span.start) // _STRETCHES)
    counts = [
        labelled(f"sum(count_over_time({one.over(step)}))", NAME_LABEL, one.names[0])
        for one in selector.by_name()
    ]
    found: dict[Span, float] = defaultdict(float)
    for series in client.query_range(" or ".join(counts), span.start + step, span.end, step):
        for at, samples in series.points:
            found[Span(round(at) - step, round(at))] += samples
    return found


def parts_of(span: Span, counts: Mapping[Span, float]) -> list[Span]:
    """Parts that tile a window, each with about as many samples as one answer may have, or fewer.

    Args:
        span: The window.
        counts: How many samples there are in stretches of it that do not overlap.
    """
    edges, held = [span.start], 0.0
    for stretch, samples in sorted(counts.items(), key=lambda item: item[0].start):
        if held + samples > _SAMPLES_AN_ANSWER:
            edges.append(stretch.start)
            held = 0.0
        pieces = max(1, -(-int(samples) // _SAMPLES_AN_ANSWER))
        long_s = stretch.end - stretch.start
        edges += [stretch.start + long_s * i // pieces for i in range(1, pieces)]
        held += samples / pieces
    return [Span(begin, end) for begin, end in pairwise([*edges, span.end]) if begin < end]


def _bases(client: PrometheusClient, expression: str, at: int) -> list[tuple[str, _Stretch]]:
    """What each series was before the window."""
    return [
        (_key(sample.labels), _Stretch("", sample.time, sample.value, sample.value, []))
        for sample in client.query(expression, at)
    ]


def _stretches(client: PrometheusClient, selector: Selector, part: Span) -> list[tuple[str, _Stretch]]:
    """What each series did in a part of the window; as little of it as will do, for there are thousands."""
    label = selector.spelling.label(Label.SESSION)
    found = []
    for series in client.query_samples(selector.over(part.end - part.start), part.end):
        stretch = _stretch(series, series.labels.get(label, ""), part.start)
        if stretch is not None:
            found.append((_key(series.labels), stretch))
    return found


def _stretch(series: Series, session: str, start: int) -> _Stretch | None:
    # Before Prometheus 3 a range includes its first moment: it belongs to what came before.
    points = [(t, value) for t, value in series.points if t > start and isfinite(value)]
    if not points:
        return None
    rises = [t for (_, before), (t, value) in pairwise(points) if _is_use(before, value)]
    return _Stretch(session, points[0][0], points[0][1], points[-1][1], [*rises[:1], *rises[1:][-1:]])


def _is_use(before: float, value: float) -> bool:
    """Whether a counter has risen; one that fell began again at 0."""
    return value - before > NOTHING or NOTHING < value < before - NOTHING


def _key(labels: Mapping[str, str]) -> str:
    """What tells a series from all others, in one piece: of tuples there would be some 50 MB."""
    return "\0".join(chain.from_iterable(sorted(labels.items())))
