"""What an hour usually costs: the median of the same weekday and hour of the last four weeks."""

from statistics import median
from typing import Final

from ccmon_tray.sources.base import Question, Span, UsageSource
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.windows import Calendar

WEEKS: Final = 4
LEAST_WEEKS: Final = 2
"""From fewer weeks nothing is learnt about what is usual."""

_HOUR_S: Final = 3600
_WEEK_S: Final = 6 * 86_400  # of the week before the hour, to tell weeks without any use


def read_usual_hour(source: UsageSource, calendar: Calendar, now: float) -> float | None:
    """What an hour at this time usually costs, US dollars.

    The last hour lies in two hours of the clock: of both the larger median is taken. Weeks without any use
    (before Claude Code was installed, beyond the source's memory, away) say nothing about what is usual.

    Args:
        source: Where usage comes from; asked four questions in one go.
        calendar: The user's days: weeks are of their wall clock.
        now: Unix seconds.

    Returns:
        The median, or None where there were too few weeks of use.

    Raises:
        SourceError: The source cannot answer.
    """
    hour = int(now) // _HOUR_S * _HOUR_S
    questions = []
    for week in range(1, WEEKS + 1):
        then = calendar.same_time(hour, -7 * week)
        start, end = then - _WEEK_S, then + _HOUR_S
        edges = (start, then - _HOUR_S, then, end)
        questions.append(Question(Metric.COST, Span(start, end), boundaries=edges))
    used = []
    for answer in source.ask(questions):
        steps = [sum(row.steps[step] for row in answer.rows) for step in range(3)]
        if sum(steps) > 0:
            used.append(steps)
    if len(used) < LEAST_WEEKS:
        return None
    return max(median(steps[1] for steps in used), median(steps[2] for steps in used))
