"""The exact usage of a window, from any source: what ``ccmon-tray report`` says."""

from collections.abc import Sequence
from typing import Final

from ccmon_tray.errors import UsageError
from ccmon_tray.sources.base import Question, Span, UsageSource
from ccmon_tray.sources.claude_files.history import History
from ccmon_tray.sources.session_usage import (
    project_usages,
    session_questions,
    session_usages,
    with_projects,
)
from ccmon_tray.sources.tally import (
    UNKNOWN_NAME,
    Tally,
    active_time,
    ask_all,
    edit_decisions,
    known_cost,
    models,
    value_of,
)
from ccmon_tray.usage.by_name import add_tokens
from ccmon_tray.usage.formatting import short_id
from ccmon_tray.usage.metrics import Label, Metric, token_type
from ccmon_tray.usage.models import GroupUsage, RangeInfo, Report, StepUsage, Tokens, Totals
from ccmon_tray.usage.states import State
from ccmon_tray.usage.steps import Steps, tile
from ccmon_tray.usage.windows import Calendar, Window

GROUPINGS: Final = ("model", "type", "session", "project", "day", "user")

_USER: Final = (Label.USER_EMAIL, Label.USER_ACCOUNT, Label.USER_ID)
_DAY_S: Final = 86_400


def build_report(
    source: UsageSource,
    window: Window,
    calendar: Calendar,
    *,
    by: str | None = None,
    history: History | None = None,
) -> Report:
    """The exact usage of a window.

    Args:
        source: Where usage comes from.
        window: What to report on.
        calendar: The user's days, which steps and days are aligned to.
        by: One of :data:`GROUPINGS` for additional groups, or None.
        history: Claude Code's own history, which knows projects and messages of sessions; None if unknown.

    Raises:
        SourceError: The source cannot answer.
        UsageError: There is no such grouping.
    """
    if by is not None and by not in GROUPINGS:
        raise UsageError(f"There is no grouping “{by}”", next_step="Use one of " + ", ".join(GROUPINGS))
    inventory = source.inventory()
    steps = tile(window, calendar)
    info = range_info(window, steps, calendar)
    if not inventory.metrics:
        return Report(
            source=inventory.info,
            range=info,
            state=State.NO_TELEMETRY,
            totals=Totals(),
            over_time=over_time(steps, None, None),
            by=by,
        )

    span = Span(window.start, window.end)
    # Sessions, models and totals come from the same answers, so that they add up to each other.
    cost_q, tokens_q, active_q = session_questions(span)
    cost_steps_q = Question(Metric.COST, span, boundaries=steps.boundaries)
    tokens_steps_q = Question(Metric.TOKENS, span, boundaries=steps.boundaries)
    extra = _extra_questions(by, window, calendar)
    productivity = productivity_questions(span)
    tallies = ask_all(
        source, [cost_q, tokens_q, active_q, cost_steps_q, tokens_steps_q, *productivity, *extra]
    )
    cost, tokens, active = tallies[cost_q], tallies[tokens_q], tallies[active_q]
    seen = source.sessions_seen(span)
    sessions = with_projects(session_usages(seen, cost, tokens, active), history, span)
    totals = build_totals(cost, tokens, active, [tallies[q] for q in productivity], len(sessions))
    report = Report(
        source=inventory.info,
        range=info,
        state=State.FRESH if has_use(totals) else State.NO_DATA,
        totals=totals,
        by_model=models(cost, tokens),
        over_time=over_time(steps, tallies[cost_steps_q].steps(), tallies[tokens_steps_q].steps()),
        sessions=sessions,
        by=by,
        warnings=source.warnings(span),
    )
    groups = _groups(report, (cost, tokens, active), [tallies[q] for q in extra], calendar)
    return report.model_copy(update={"groups": groups})


def range_info(window: Window, steps: Steps, calendar: Calendar) -> RangeInfo:
    """What is said about a window that is tiled by these steps."""
    return RangeInfo(
        name=window.name,
        start=window.start,
        end=window.end,
        step_seconds=steps.seconds,
        timezone=calendar.zone_name,
    )


def over_time(
    steps: Steps, cost_usd: Sequence[float] | None, tokens: Sequence[float] | None
) -> tuple[StepUsage, ...]:
    """Cost and tokens of each step; None where the source does not know the counter."""
    return tuple(
        StepUsage(
            start=start,
            end=end,
            cost_usd=None if cost_usd is None else cost_usd[i],
            tokens=None if tokens is None else tokens[i],
        )
        for i, (start, end) in enumerate(steps.pairs)
    )


def productivity_questions(span: Span) -> tuple[Question, Question, Question, Question]:
    """Lines, commits, pull requests and edit decisions of a window, as :func:`build_totals` takes them."""
    return (
        Question(Metric.LINES, span, (Label.TYPE,)),
        Question(Metric.COMMITS, span),
        Question(Metric.PULL_REQUESTS, span),
        Question(Metric.EDIT_DECISIONS, span, (Label.DECISION,)),
    )


def build_totals(
    cost: Tally, tokens: Tally, active: Tally, productivity: list[Tally], sessions: int
) -> Totals:
    """The totals of a window from its tallies; ``productivity`` answers :func:`productivity_questions`."""
    lines, commits, pull_requests, decisions = productivity
    by_type = tokens.tokens()
    return Totals(
        cost_usd=known_cost(cost.total or None, by_type) if cost.answer.known else None,
        tokens=by_type,
        active_time_seconds=active_time(active),
        sessions=known_sessions(sessions, cost, tokens),
        lines_added=value_of(lines, Label.TYPE, "added"),
        lines_removed=value_of(lines, Label.TYPE, "removed"),
        commits=commits.total,
        pull_requests=pull_requests.total,
        edit_decisions=edit_decisions(decisions),
        cache_hit_ratio=by_type.cache_hit_ratio if by_type else None,
    )


def known_sessions(sessions: int, cost: Tally, tokens: Tally) -> int | None:
    """The number of sessions in a window, or None where they cannot be told."""
    # Use without any session id means that the ids are not exported, not that there were no sessions.
    return None if sessions == 0 and (cost.total or tokens.total) else sessions


def has_use(totals: Totals) -> bool:
    """Whether anything at all was used."""
    return any(
        (
            totals.cost_usd,
            totals.tokens and totals.tokens.total,
            totals.active_time_seconds and totals.active_time_seconds.total,
            totals.sessions,
            totals.lines_added,
            totals.lines_removed,
            totals.commits,
            totals.pull_requests,
            totals.edit_decisions and (totals.edit_decisions.accept or totals.edit_decisions.reject),
        )
    )


def _extra_questions(by: str | None, window: Window, calendar: Calendar) -> tuple[Question, ...]:
    """Cost and tokens for groupings that the report's own questions do not answer."""
    span = Span(window.start, window.end)
    if by == "day":
        days = tile(window, calendar, _DAY_S).boundaries
        return (
            Question(Metric.COST, span, boundaries=days),
            Question(Metric.TOKENS, span, (Label.TYPE,), boundaries=days),
        )
    if by == "user":
        return Question(Metric.COST, span, _USER), Question(Metric.TOKENS, span, (*_USER, Label.TYPE))
    return ()


def _groups(
    report: Report, sessions: tuple[Tally, Tally, Tally], extra: list[Tally], calendar: Calendar
) -> tuple[GroupUsage, ...]:
    """The groups of ``report.by``, from what was asked for the report itself where that is enough.

    ``sessions`` answers :func:`session_questions`, ``extra`` answers :func:`_extra_questions`.
    """
    groups: list[GroupUsage] = []
    match report.by:
        case "model":
            groups = [
                GroupUsage(key=m.model, name=m.name, cost_usd=m.cost_usd, tokens=m.tokens)
                for m in report.by_model
            ]
        case "session":
            groups = [
                GroupUsage(
                    key=s.session_id, name=short_id(s.session_id), cost_usd=s.cost_usd, tokens=s.tokens
                )
                for s in report.sessions
            ]
        case "project":
            groups = [
                GroupUsage(
                    key=p.path or "", name=p.name or UNKNOWN_NAME, cost_usd=p.cost_usd, tokens=p.tokens
                )
                for p in project_usages(report.sessions, *sessions)
            ]
        case "type":
            groups = _type_groups(sessions[1])
        case "day":
            groups = _day_groups(*extra, calendar=calendar)
        case "user":
            groups = _user_groups(*extra)
    return tuple(groups)


def _type_groups(tokens: Tally) -> list[GroupUsage]:
    """One group per token type, both spellings in one; the cost of a type is not known."""
    sums: dict[str, float] = {}
    for spelling, amount in tokens.per_value(Label.TYPE).items():
        kind = token_type(spelling)
        key = spelling if kind is None else kind.value
        sums[key] = sums.get(key, 0.0) + amount
    return [
        GroupUsage(
            key=key,
            name=key.replace("_", " ") or UNKNOWN_NAME,
            cost_usd=None,
            tokens=Tokens.from_types({token_type(key): amount}),
        )
        for key, amount in sorted(sums.items(), key=lambda item: -item[1])
    ]


def _day_groups(cost: Tally, tokens: Tally, *, calendar: Calendar) -> list[GroupUsage]:
    """One group per local day, those without use included."""
    costs = cost.steps()
    edges = cost.question.boundaries or ()
    groups = []
    for i, start in enumerate(edges[:-1]):
        by_type: dict[str, float] = {}
        for row in tokens.answer.rows:
            by_type[row.key[0]] = by_type.get(row.key[0], 0.0) + row.steps[i]
        kinds = dict.fromkeys(map(token_type, by_type), 0.0)
        for spelling, amount in by_type.items():
            kinds[token_type(spelling)] += amount
        day = calendar.day_of(start)
        groups.append(
            GroupUsage(
                key=day.isoformat(),
                name=f"{day:%a} {day.day} {day:%b}",
                cost_usd=None if costs is None else costs[i],
                tokens=Tokens.from_types(kinds) if tokens.answer.known else None,
            )
        )
    return groups


def _user_groups(cost: Tally, tokens: Tally) -> list[GroupUsage]:
    """One group per person: by e-mail, else account, else user id (all that an API key has)."""

    def person(key: tuple[str, ...]) -> str:
        return next((value for value in key if value), "")

    costs: dict[str, float] = {}
    for key, amount in cost.per(*_USER).items():
        costs[person(key)] = costs.get(person(key), 0.0) + amount
    counts: dict[str, Tokens] = {}
    for key, count in tokens.tokens_per(*_USER).items():
        counts[person(key)] = add_tokens(counts.get(person(key), Tokens()), count)
    groups = [
        GroupUsage(
            key=key,
            name=key or UNKNOWN_NAME,
            cost_usd=costs.get(key, 0.0) if cost.answer.known else None,
            tokens=counts.get(key, Tokens()) if tokens.answer.known else None,
        )
        for key in dict.fromkeys([*costs, *counts])
    ]
    return sorted(groups, key=lambda g: -(g.cost_usd or 0.0))
