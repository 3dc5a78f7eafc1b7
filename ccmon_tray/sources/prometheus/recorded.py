"""Hours that recording rules have summed already (``stack/rules.yml``), in place of thousands of counters.

A long question about what the rules keep is cut in pieces: settled hours that were recorded are sums over
recorded samples; the window's edges, its newest hours and hours that were not recorded are asked of the
counters, as everything else is. Increments tile, so the pieces add up to the whole.

How far an hour can be trusted: by the rules' expression it is exact for every counter that never falls in it,
and off in a known way (:func:`.recorded_hours.by_rules`) for one that falls once, so that what a resumed
session really used is put in its place; hours in which a counter falls more often are asked of the counters.
What arrived after an hour had been evaluated is not in it. So before recorded hours are first used, some days
are compared with the counters; and what is read from them is compared, group by group, with the totals that
the counters tell of the same hours, which cost little beside steps. Both are done again every hour. Once they
differ the rules are left alone, and :meth:`Recorded.warnings` says so.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from math import isclose, isfinite
from threading import Lock
from typing import Final

from ccmon_tray.errors import SourceAnswerInvalid
from ccmon_tray.sources.base import Answer, Question, Span
from ccmon_tray.sources.prometheus.batches import Rise, equal_steps
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.evaluate import Evaluator
from ccmon_tray.sources.prometheus.promql import Matcher, Selector, Spelling, one_of
from ccmon_tray.sources.prometheus.recorded_hours import HOUR_S, RULES, Run, clipped, runs_of
from ccmon_tray.sources.prometheus.recorded_plans import Plan, counted_rises, distrusted_hours, put_right
from ccmon_tray.sources.prometheus.scope import Need, Scope
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.models import UsageWarning

LONG_S: Final = 10 * 86_400
"""Shorter windows are asked of the counters: a week costs no less from recorded hours (docs/scale.md)."""

TOLERANCE: Final = 1e-4
"""How far recorded hours and counters may be apart, as a share."""

# Fewer steps are cheap to ask of the counters, too.
_MANY_STEPS: Final = 40
# The rules look for the value before an hour so far back.
_RULES_LOOKBACK_S: Final = 30 * 86_400
# Hours are settled so long after their end: what comes later than that is rare, and found by the comparison.
_SETTLED_S: Final = 3 * HOUR_S
_COMPARED_EVERY_S: Final = 3_600.0
_DAY_S: Final = 86_400
_FLOOR: Final = 1e-6  # a millionth of a dollar, a token, a second
_PLAIN: Final = Spelling()


@dataclass(frozen=True, slots=True)
class _Difference:
    """What recorded hours say, and what the counters say of the same hours."""

    metric: Metric
    span: Span
    recorded: float
    counted: float

    @property
    def is_small(self) -> bool:
        """Whether it is mere rounding."""
        return isclose(self.recorded, self.counted, rel_tol=TOLERANCE, abs_tol=_FLOOR)

    def is_about(self, other: "_Difference") -> bool:
        """Whether both are about the same hours."""
        return (self.metric, self.span) == (other.metric, other.span)


class Recorded:
    """Answers questions from recorded hours where that is cheaper and as exact. Safe for several threads.

    Args:
        client: The connection.
        matchers: The user's extra matchers.
        lookback_s: How far before a window a counter's base may lie, seconds.
        is_on: Whether the rules are used at all.
        clock: Returns Unix seconds.
        ask_counters: Answers questions from the counters alone.
        scopes_of: Finds the scopes of windows, with as much as is needed.
    """

    def __init__(
        self,
        client: PrometheusClient,
        matchers: tuple[Matcher, ...],
        lookback_s: int,
        *,
        is_on: bool,
        clock: Callable[[], float],
        ask_counters: Callable[[Sequence[Question]], tuple[Answer, ...]],
        scopes_of: Callable[[Mapping[Span, Need]], Mapping[Span, Scope]],
    ) -> None:
        self._client = client
        self._matchers = matchers
        self._lookback_s = lookback_s
        self._is_on = is_on and lookback_s <= _RULES_LOOKBACK_S
        self._clock = clock
        self._ask_counters = ask_counters
        self._scopes_of = scopes_of
        self._lock = Lock()
        self._compared_at = float("-inf")
        self._compared: dict[Metric, bool] = {}
        self._difference: _Difference | None = None
        self._agreed: dict[tuple[Question, ...], float] = {}

    def forget(self) -> None:
        """Trust nothing remembered: compare again."""
        with self._lock:
            self._compared_at = float("-inf")
            self._agreed.clear()

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """That recorded hours are wrong, where they would have been used."""
        with self._lock:
            found = self._difference
        if found is None or span.end - span.start < LONG_S:
            return ()
        day = datetime.fromtimestamp(found.span.start, UTC)
        share = abs(found.recorded - found.counted) / max(abs(found.counted), abs(found.recorded))
        return (
            UsageWarning(
                code="recorded-hours-differ",
                message=f"{RULES[found.metric].record} is {share:.2%} off what the counters say of "
                f"the time from {day:%Y-%m-%d %H:%M} UTC on: samples came after the rule was evaluated, or "
                "it sums others. Figures are read from the counters instead: they are right, but slower.",
                cure="Delete the recorded series and fill them again with “promtool tsdb create-blocks-from "
                'rules”, or set prometheus.recording_rules = "off".',
            ),
        )

    def ask(self, catalogue: Catalogue, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers, from recorded hours as far as they reach."""
        helped = [question for question in questions if self._may_help(catalogue, question)]
        # Totals and few steps alone cost no less from recorded hours, since it must be asked all the same
        # which sessions were resumed; beside many steps of the same window they cost nothing more.
        stepped = {question.span for question in helped if len(question.boundaries or ()) > _MANY_STEPS}
        helped = [question for question in helped if question.span in stepped]
        if not helped:
            return self._ask_counters(questions)
        since = min(question.span.start for question in helped)
        # Asked for each time: what somebody has deleted meanwhile must not count as 0.
        metrics = tuple({question.metric for question in helped})
        found = self._client.gather([partial(self._find_runs, metric, since) for metric in metrics])
        runs = dict(zip(metrics, found, strict=True))
        helped = [question for question in helped if clipped(runs[question.metric], question.span)]
        confirmed = self._confirmed(runs) if helped else frozenset()
        helped = [question for question in helped if question.metric in confirmed]
        if not helped:
            return self._ask_counters(questions)
        needs = {question.span: Need.IRREGULAR for question in helped}
        for question in questions:
            if question not in helped and question.span in needs:
                need = Need.ACTIVE if question.boundaries else Need.BASES
                needs[question.span] = max(needs[question.span], need)
        scopes = self._scopes_of(needs)
        plans = {}
        for question in helped:
            distrusted = distrusted_hours(scopes[question.span], question.metric)
            usable = clipped(runs[question.metric], question.span, distrusted)
            if usable:
                plans[question] = Plan(question, tuple(usable))
        answered = self._carry_out(tuple(plans.values()), scopes)
        evaluator = Evaluator(self._client, catalogue, self._lookback_s)
        if self._differ(plans.values(), answered, evaluator):
            return self._ask_counters(questions)
        rest = [question for question in questions if question not in plans]
        pieces = [piece for plan in plans.values() for piece in plan.pieces]
        counted = dict(zip([*rest, *pieces], self._ask_counters([*rest, *pieces]), strict=True))
        for question, plan in plans.items():
            rises = chain(answered[question], counted_rises(plan, counted))
            counted[question] = evaluator.answer(question, rises)
        return tuple(counted[question] for question in questions)

    def _may_help(self, catalogue: Catalogue, question: Question) -> bool:
        """Whether the rules keep all that a question asks for, in a window that is long enough."""
        rule = RULES.get(question.metric)
        if rule is None or not self._is_on or not catalogue.lists_sessions:
            return False
        if question.span.end - question.span.start < LONG_S or question.top is not None:
            return False
        labels = {*question.by, *(label for label, _ in question.where)}
        named = {str(label) for label in labels} | {matcher.name for matcher in self._matchers}
        # The rules know one spelling, and steps begin on whole hours of the clock where the rules' hours do.
        is_known = rule.record in catalogue.recorded and catalogue.names[question.metric] == (rule.counter,)
        is_hourly = all(edge % HOUR_S == 0 for edge in (question.boundaries or ())[1:-1])
        return is_known and is_hourly and named <= {str(label) for label in rule.labels}

    def _find_runs(self, metric: Metric, since: int) -> list[Run]:
        """The settled hours that were recorded of a metric, back to ``since``."""
        # The rule's own 0, which is there for each hour that was evaluated and carries no label. Two of them
        # are two writers of recorded series, whose sums would hold both.
        rule, now = RULES[metric], self._clock()
        if since >= now:
            return []
        unlabelled = tuple(Matcher(label, "=", "") for label in sorted(rule.labels))
        selector = Selector((rule.record,), unlabelled, _PLAIN)
        witnesses = self._client.query_samples(selector.over(now - since), now)
        if len(witnesses) != 1:
            return []
        settled = int(now - _SETTLED_S) // HOUR_S * HOUR_S
        runs = runs_of(round(t * 1000) for t, _ in witnesses[0].points)
        return [replace(run, end=min(run.end, settled)) for run in runs if run.start < settled]

    def _confirmed(self, runs: Mapping[Metric, list[Run]]) -> frozenset[Metric]:
        """The metrics whose recorded hours may be used: they were compared with the counters, and equal."""
        moment = time.monotonic()
        with self._lock:
            is_recent = moment - self._compared_at < _COMPARED_EVERY_S
            before, kept = self._difference, self._compared if is_recent else {}
        new = [metric for metric in runs if metric not in kept]
        if not new:
            return frozenset(metric for metric, equal in kept.items() if equal)
        days = {
            Question(metric, day): runs[metric]
            for metric in new
            for day in _days_to_compare(
                runs[metric], self._clock(), before if before and before.metric is metric else None
            )
        }
        scopes = self._scopes_of({day.span: Need.BASES for day in days})
        plans = [
            Plan(day, tuple(clipped(own, day.span, distrusted_hours(scopes[day.span], day.metric))))
            for day, own in days.items()
        ]
        recorded = self._carry_out(plans, scopes)
        parts = [replace(plan.question, span=Span(run.start, run.end)) for plan in plans for run in plan.runs]
        answers = iter(self._ask_counters(parts))
        compared = {**kept, **dict.fromkeys(new, False)}
        # A day that differed does so until it is seen to agree.
        difference = before
        for plan in plans:
            if not plan.runs:
                continue
            compared[plan.question.metric] = True
            said = sum(rise.steps[0] for rise in recorded[plan.question])
            is_so = sum(next(answers).total or 0.0 for _ in plan.runs)
            found = _Difference(plan.question.metric, plan.question.span, said, is_so)
            if not found.is_small:
                difference = found
            elif difference is not None and found.is_about(difference):
                difference = None
        if difference is not None:
            # Where one rule is wrong, the others will have missed as much.
            compared = dict.fromkeys(compared, False)
        with self._lock:
            self._difference, self._compared = difference, compared
            if not is_recent:
                self._compared_at = moment
        return frozenset(metric for metric, equal in compared.items() if equal)

    def _differ(
        self, plans: Iterable[Plan], answered: Mapping[Question, list[Rise]], evaluator: Evaluator
    ) -> bool:
        """Whether what is read from recorded hours is not what the counters tell of them, in any group."""
        moment = time.monotonic()
        # Without the window's own start and steps, so that the same hours are compared once an hour.
        parts = {
            plan.question: tuple(
                replace(plan.question, span=Span(run.start, run.end), boundaries=None) for run in plan.runs
            )
            for plan in plans
        }
        with self._lock:
            self._agreed = {k: at for k, at in self._agreed.items() if moment - at < _COMPARED_EVERY_S}
            due = {question: asked for question, asked in parts.items() if asked not in self._agreed}
        answers = iter(self._ask_counters([part for asked in due.values() for part in asked]))
        for question, asked in due.items():
            counted = defaultdict[tuple[str, ...], float](float)
            for row in chain.from_iterable(next(answers).rows for _ in asked):
                counted[row.key] += row.total
            said = {row.key: row.total for row in evaluator.answer(question, answered[question]).rows}
            span = Span(asked[0].span.start, asked[-1].span.end)
            for key in counted.keys() | said:
                found = _Difference(question.metric, span, said.get(key, 0.0), counted.get(key, 0.0))
                if not found.is_small:
                    with self._lock:
                        self._difference = found
                        self._compared = dict.fromkeys(self._compared, False)
                    return True
        with self._lock:
            self._agreed |= dict.fromkeys(due.values(), moment)
        return False

    def _carry_out(self, plans: Sequence[Plan], scopes: Mapping[Span, Scope]) -> dict[Question, list[Rise]]:
        """What was recorded in the hours of each plan, with what irregular sessions really used."""
        calls = [(plan.question, call) for plan in plans for call in self._calls(plan)]
        found: dict[Question, list[Rise]] = {plan.question: [] for plan in plans}
        for (question, _), rises in zip(calls, self._client.gather([c for _, c in calls]), strict=True):
            found[question] += rises
        for plan in plans:
            found[plan.question] += put_right(plan, scopes[plan.question.span].series)
        return found

    def _calls(self, plan: Plan) -> Iterator[Callable[[], list[Rise]]]:
        """The calls for the recorded sums of a plan: one for each stretch of equal steps."""
        metric, where = plan.question.metric, plan.question.where
        matchers = (*self._matchers, *(one_of(label, values) for label, values in where))
        selector = Selector((RULES[metric].record,), matchers, _PLAIN)
        by = _PLAIN.by(plan.question.by)
        for run in plan.runs:
            for start, end, step in equal_steps(plan.edges_within(run.start, run.end)):
                # From the first sample to the last, and no other however near.
                samples = selector.over(step - HOUR_S + 0.001)
                query = f"sum by ({by}) (sum_over_time({samples}))"

                def call(
                    query: str = query, run: Run = run, start: int = start, end: int = end, step: int = step
                ) -> list[Rise]:
                    first = run.stamp_s(start + step)
                    rises = []
                    for series in self._client.query_range(query, first, run.stamp_s(end), step):
                        amounts = {
                            start + round((t - first) / step) * step: value for t, value in series.points
                        }
                        if not all(map(isfinite, amounts.values())):
                            raise _no_number(RULES[metric].record)
                        rises.append(Rise(metric, series.labels, plan.placed(amounts)))
                    return rises

                yield call


def _days_to_compare(runs: Sequence[Run], now: float, before: _Difference | None) -> list[Span]:
    """The newest settled day of some runs, an older one that is another each hour, and one that differed."""
    days = [
        Span(end - _DAY_S, end) for run in runs for end in range(run.end, run.start + _DAY_S - 1, -_DAY_S)
    ]
    days.sort(key=lambda day: -day.end)
    chosen = [*days[:1], *([days[int(now) // HOUR_S % len(days)]] if days else [])]
    return list(dict.fromkeys([*chosen, *([before.span] if before else [])]))


def _no_number(record: str) -> SourceAnswerInvalid:
    return SourceAnswerInvalid(
        "The server answers with no number",
        cause=f"a sum over {record} is NaN or infinite",
        next_step='Look at that series, or set prometheus.recording_rules = "off"',
    )
