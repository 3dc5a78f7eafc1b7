"""What the quick-stats window says, as plain data: words and figures, no pixels.

Compared by value, so that the window draws again only when something that shows has changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ccmon_tray.usage import budgets, formatting, wording
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.snapshot import Figures, Period, Problem, RangeUsage, Snapshot
from ccmon_tray.usage.states import SOURCE_TITLES, SourceKind, State
from ccmon_tray.usage.summary import summary
from ccmon_tray.usage.windows import Calendar

MOST_MODELS = 4
MOST_SESSIONS = 4
MOST_WARNINGS = 2

# The tray reads every 5 min at the least: a "fresh" reading this old means that it has stopped.
SILENT_AFTER_S = 900.0


class Tone(StrEnum):
    """What colour words have; the words themselves say the same."""

    TEXT = "text"
    QUIET = "secondary"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure's direction (``▲ 12 %``) and what it is measured against (``on last week``)."""

    figure: str = ""
    words: str = ""
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """A period with what it cost."""

    label: str
    figure: str
    trend: Trend = Trend()


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A model's part of the cost; ``share`` is of the dearest model, 0 to 1."""

    name: str
    tokens: str
    figure: str
    share: float


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session: its project or short id, the id beside a project, its last activity, its cost."""

    title: str
    detail: str
    when: str
    figure: str


@dataclass(frozen=True, slots=True)
class Note:
    """A problem, warning or notice with what to do about it."""

    tone: Tone
    title: str
    body: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """Everything the window shows at one moment.

    Attributes:
        state: The mark in the header; None before the first reading.
        source: The source's title.
        status: How current the figures are, in words.
        status_tone: The colour of these words.
        demo: Whether the figures are generated.
        blank: What stands in the place of figures where there are none.
        problem: What is wrong now, above the figures.
        today: Today's cost; with its tokens in ``today_tokens``.
        periods: Week, month, last hour, and the budgets that are set.
        activity: Active time, lines, commits, in one line, or "".
        range_name: The range that models and sessions are of.
        models: The dearest models; ``more_models`` says how many others, or "".
        sessions: The dearest sessions.
        notes: Warnings and notices, below the figures.
    """

    state: State | None
    source: str
    status: str
    status_tone: Tone = Tone.QUIET
    demo: bool = False
    blank: Note | None = None
    problem: Note | None = None
    today: PeriodLine | None = None
    today_tokens: str = ""
    periods: tuple[PeriodLine, ...] = ()
    activity: str = ""
    range_name: str = ""
    models: tuple[ModelLine, ...] = ()
    more_models: str = ""
    sessions: tuple[SessionLine, ...] = ()
    notes: tuple[Note, ...] = ()


WAITING = Content(
    state=None,
    source="Claude Code",
    status="starting",
    blank=Note(
        Tone.QUIET,
        "Waiting for the first reading",
        ("The numbers appear here as soon as the tray has them.", "None coming? Start it: ccmon-tray run"),
    ),
)

UNREADABLE = Content(
    state=State.OFFLINE,
    source="Claude Code",
    status="unreadable",
    status_tone=Tone.BAD,
    blank=Note(
        Tone.BAD,
        "The tray’s last reading cannot be understood",
        ("The tray may be of another version.", "Quit it and start it again."),
    ),
)

_BLANKS: dict[State, tuple[str, tuple[str, ...]]] = {
    State.OFFLINE: ("No connection", ("The source of usage cannot be reached.",)),
    State.STALE: ("No numbers yet", ("The source of usage does not answer.",)),
}
_NOTHING_USED = (wording.NOTHING_USED, ("Numbers appear with the next request of Claude Code.",))


def compose(snapshot: Snapshot, *, now: float) -> Content:
    """What to show of a snapshot. ``now`` is Unix seconds."""
    demo = snapshot.source.kind is SourceKind.DEMO
    state, problem = _state(snapshot, now)
    status, status_tone = _status(snapshot, state, now)
    source = SOURCE_TITLES[snapshot.source.kind]
    notes = _notes(snapshot)
    figures = snapshot.figures
    if figures is None:
        title, body = _BLANKS.get(state, _NOTHING_USED)
        tone = Tone.BAD if state is State.OFFLINE else Tone.QUIET
        blank = _problem_note(problem, tone) if problem else Note(tone, title, body)
        return Content(state, source, status, status_tone, demo=demo, blank=blank, notes=notes)
    calendar = _calendar(figures)
    used = figures.range
    return Content(
        state,
        source,
        status,
        status_tone,
        demo=demo,
        problem=_problem_note(problem, Tone.WARNING) if problem else None,
        today=_today(figures.today, now, calendar),
        today_tokens=_tokens(figures.today.tokens),
        periods=(
            *_periods(snapshot.model_copy(update={"state": state}), figures, now, calendar),
            *_budgets(snapshot, now),
        ),
        activity=" · ".join(wording.work(used.totals)),
        range_name=used.info.name,
        models=_models(used),
        more_models=_more_models(used),
        sessions=_sessions(used, calendar.local(now)),
        notes=notes,
    )


def clipboard_text(snapshot: Snapshot, *, now: float) -> str:
    """The figures as lines of text, or "" if there are none. ``now`` is Unix seconds."""
    figures = snapshot.figures
    return "" if figures is None else summary(snapshot, now=now, calendar=_calendar(figures))


def _state(snapshot: Snapshot, now: float) -> tuple[State, Problem | None]:
    """The state to show: a reading that stays "fresh" for long was left by a tray that has stopped."""
    age_s = snapshot.age_s(now)
    if snapshot.state in (State.FRESH, State.NO_DATA) and age_s is not None and age_s > SILENT_AFTER_S:
        stopped = Problem(
            code="tray-silent",
            title="The tray has stopped reading",
            next_step="Start it again: ccmon-tray run",
            since=snapshot.polled_at,
        )
        return State.STALE, snapshot.problem or stopped
    return snapshot.state, wording.problem_of(snapshot)


def _status(snapshot: Snapshot, state: State, now: float) -> tuple[str, Tone]:
    age_s = snapshot.age_s(now)
    age = "" if age_s is None else formatting.age(age_s)
    match state:
        case State.STALE:
            return (f"stale · read {age}" if age else "stale"), Tone.WARNING
        case State.OFFLINE:
            return wording.OFFLINE, Tone.BAD
        case State.NO_TELEMETRY:
            return wording.NO_TELEMETRY, Tone.QUIET
        case State.FRESH | State.NO_DATA:
            return f"updated {age}".strip(), Tone.QUIET


def _calendar(figures: Figures) -> Calendar:
    """The days of whoever took the reading."""
    name = figures.range.info.timezone
    try:
        return Calendar(ZoneInfo(name), name)
    except (ZoneInfoNotFoundError, ValueError):
        return Calendar(datetime.now().astimezone().tzinfo or UTC, name)


def _trend(figure: str, words: str) -> Trend:
    tone = Tone.BAD if figure.startswith("▲") else Tone.GOOD if figure.startswith("▼") else Tone.QUIET
    return Trend(figure, words, tone) if figure else Trend()


def _tokens(count: float | None) -> str:
    return "" if count is None else f"{formatting.tokens(count)} tokens"


def _today(period: Period, now: float, calendar: Calendar) -> PeriodLine:
    """Today's cost; a day that is over since the reading goes by its date."""
    over = calendar.day_of(now) > calendar.day_of(period.start)
    words = "on the day before" if over else "on yesterday at this time"
    trend = _trend(formatting.change(period.change) if period.cost_usd else "", words)
    return PeriodLine(wording.day_title(period, now, calendar), formatting.money(period.cost_usd), trend)


def _periods(snapshot: Snapshot, figures: Figures, now: float, calendar: Calendar) -> tuple[PeriodLine, ...]:
    week, month = figures.this_week, figures.this_month
    week_title = wording.week_title(week, now, calendar)
    month_title = wording.month_title(month, now, calendar)
    return (
        PeriodLine(
            week_title, formatting.money(week.cost_usd), _trend(*wording.week_change(week, week_title))
        ),
        PeriodLine(
            month_title, formatting.money(month.cost_usd), Trend(*wording.month_forecast(month, month_title))
        ),
        PeriodLine(wording.hour_title(snapshot, now, calendar), formatting.money(figures.last_hour_cost_usd)),
    )


def _budgets(snapshot: Snapshot, now: float) -> Iterator[PeriodLine]:
    for use in snapshot.budgets:
        if now >= use.end:
            continue  # of a day that is over
        nearly = use.used_ratio is not None and use.used_ratio >= budgets.NEARLY_USED
        tone = Tone.BAD if use.exceeded else Tone.WARNING if nearly else Tone.QUIET
        trend = Trend(budgets.left_words(use), f"of {formatting.money(use.budget_usd)}", tone)
        yield PeriodLine(budgets.title(use), budgets.share(use.used_ratio), trend)


def _models(used: RangeUsage) -> tuple[ModelLine, ...]:
    models = merged_by_name(used.by_model)
    most = max((model.cost_usd or 0.0 for model in models), default=0.0)
    return tuple(
        ModelLine(
            model.name,
            "" if model.tokens is None else formatting.tokens(model.tokens.total),
            formatting.money(model.cost_usd),
            (model.cost_usd or 0.0) / most if most > 0 else 0.0,
        )
        for model in models[:MOST_MODELS]
    )


def _more_models(used: RangeUsage) -> str:
    others = merged_by_name(used.by_model)[MOST_MODELS:]
    if not others:
        return ""
    known = [model.cost_usd for model in others if model.cost_usd is not None]
    return (
        f"and {formatting.counted(len(others), 'other')}, {formatting.money(sum(known) if known else None)}"
    )


def _sessions(used: RangeUsage, local_now: datetime) -> tuple[SessionLine, ...]:
    lines = []
    for session in used.top_sessions[:MOST_SESSIONS]:
        short = formatting.short_id(session.session_id)
        when = (
            ""
            if session.last_seen is None
            else formatting.when(datetime.fromtimestamp(session.last_seen, local_now.tzinfo), local_now)
        )
        lines.append(
            SessionLine(
                session.project or short,
                short if session.project else "",
                when,
                formatting.money(session.cost_usd),
            )
        )
    return tuple(lines)


def _problem_note(problem: Problem, tone: Tone) -> Note:
    return Note(
        tone, problem.title, tuple(_sentence(text) for text in (problem.cause, problem.next_step) if text)
    )


def _notes(snapshot: Snapshot) -> tuple[Note, ...]:
    notes = [
        Note(Tone.WARNING, _sentence(warning.message), (_sentence(warning.cure),) if warning.cure else ())
        for warning in snapshot.warnings[:MOST_WARNINGS]
    ]
    more = len(snapshot.warnings) - MOST_WARNINGS
    if more > 0:
        notes.append(Note(Tone.WARNING, f"{formatting.counted(more, 'more warning')}: ccmon-tray status"))
    notes += [Note(Tone.QUIET, _sentence(notice)) for notice in snapshot.notices]
    return tuple(notes)


def _sentence(text: str) -> str:
    """The text with a capital and a full stop, whoever wrote it."""
    text = text.strip()
    if text and not text.endswith((".", "!", "?")):
        text += "."
    return text[:1].upper() + text[1:]
