"""The tables of the sessions view: their columns, and what stands in them."""

from collections.abc import Sequence
from typing import Final

from ccmon_tray.dashboard.widgets.table import Column, TableRow
from ccmon_tray.sources.readings.session import QUERY_SOURCES, SessionReading
from ccmon_tray.sources.readings.sessions import SessionRow
from ccmon_tray.sources.session_usage import ProjectUsage
from ccmon_tray.usage import formatting
from ccmon_tray.usage.models import Tokens
from ccmon_tray.usage.windows import Calendar

UNKNOWN_PROJECT: Final = "unknown"

SESSION_COLUMNS: Final = (
    Column("Session", 72),
    Column("Project", 92, weight=1, strong=True),
    Column("Model", 96, weight=1, optional=5),
    Column("Cost", 66, figure=True, strong=True, descending=True, weight=0.3),
    Column("Tokens", 54, figure=True, descending=True, weight=0.3, optional=3),
    Column("Active", 62, figure=True, descending=True, weight=0.3, optional=4),
    Column("Duration", 66, figure=True, descending=True, weight=0.3, optional=7),
    Column("$/min", 52, figure=True, descending=True, weight=0.3, optional=6),
    Column("Last activity", 90, figure=True, descending=True, weight=0.3, optional=2),
)
COST_COLUMN: Final = 3

PROJECT_COLUMNS: Final = (
    Column("Project", 110, weight=1, strong=True),
    Column("Cost", 72, figure=True, strong=True, descending=True, weight=0.5),
    Column("Share", 58, figure=True, descending=True, weight=0.5, optional=3),
    Column("Tokens", 58, figure=True, descending=True, weight=0.5),
    Column("Sessions", 62, figure=True, descending=True, weight=0.5, optional=1),
    Column("Active", 66, figure=True, descending=True, weight=0.5, optional=2),
)


def session_row(session: SessionRow, now: float, calendar: Calendar) -> TableRow:
    """A session as a row of :data:`SESSION_COLUMNS`; ``now`` is Unix seconds."""
    tokens = session.tokens.total if session.tokens else None
    last = formatting.UNKNOWN
    if session.last is not None:
        last = formatting.when(calendar.local(session.last), calendar.local(now))
    cells = (
        formatting.short_id(session.session_id),
        session.project or UNKNOWN_PROJECT,
        models_in_short(session.models),
        formatting.money(session.cost_usd),
        formatting.tokens(tokens),
        formatting.duration(session.active_s),
        formatting.duration(session.duration_s),
        formatting.money(session.cost_per_minute),
        last,
    )
    order = (
        session.session_id,
        session.project,
        session.models[0] if session.models else None,
        session.cost_usd,
        tokens,
        session.active_s,
        session.duration_s,
        session.cost_per_minute,
        session.last,
    )
    return TableRow(session.session_id, cells, order)


def models_in_short(models: Sequence[str]) -> str:
    """The dearest model, and how many there are besides: ``Opus 4.8 +1``."""
    if not models:
        return formatting.UNKNOWN
    return models[0] if len(models) == 1 else f"{models[0]} +{len(models) - 1}"


def searched_text(session: SessionRow) -> str:
    """What a search looks at, in lower case."""
    parts = (session.session_id, session.project or UNKNOWN_PROJECT, session.project_path, *session.models)
    return "\n".join(part for part in parts if part).casefold()


def found(sought: str, text: str) -> bool:
    """Whether all words that are sought are in a text of :func:`searched_text`."""
    return all(word in text for word in sought.casefold().split())


def project_key(path: str | None) -> str:
    """What a project is found by: its folder, or a word for those that are unknown."""
    return path or UNKNOWN_PROJECT


def project_rows(projects: Sequence[ProjectUsage], cost_usd: float | None) -> list[TableRow]:
    """The projects as rows of :data:`PROJECT_COLUMNS`."""
    rows = []
    for project in projects:
        tokens = project.tokens.total if project.tokens else None
        share = project.cost_usd / cost_usd if project.cost_usd is not None and cost_usd else None
        name = project.name or UNKNOWN_PROJECT
        cells = (
            name,
            formatting.money(project.cost_usd),
            formatting.percent(share),
            formatting.tokens(tokens),
            formatting.count(project.sessions),
            formatting.duration(project.active_s),
        )
        order = (project.name, project.cost_usd, share, tokens, project.sessions, project.active_s)
        rows.append(TableRow(project_key(project.path), cells, order))
    return rows


PART_COLUMNS: Final = (
    Column("", 96, weight=1, strong=True),
    Column("Cost", 62, figure=True, strong=True, descending=True),
    Column("Tokens", 54, figure=True, descending=True),
    Column("Share", 54, figure=True, descending=True),
)
"""Parts of a session's cost; the first column's title is what the parts are."""

TYPE_COLUMNS: Final = (
    Column("Token type", 96, weight=1, strong=True),
    Column("Tokens", 62, figure=True, strong=True, descending=True),
    Column("Share", 54, figure=True, descending=True),
)


def part_row(key: str, name: str, cost: float | None, tokens: Tokens | None, whole: float | None) -> TableRow:
    """A part of a session's cost (``whole``) as a row of :data:`PART_COLUMNS`."""
    count = tokens.total if tokens else None
    share = cost / whole if cost is not None and whole else None
    cells = (name, formatting.money(cost), formatting.tokens(count), formatting.percent(share))
    return TableRow(key, cells, (name, cost, count, share))


def model_rows(reading: SessionReading) -> list[TableRow]:
    """A session's models."""
    whole = reading.totals.cost_usd
    return [part_row(m.model, m.name, m.cost_usd, m.tokens, whole) for m in reading.by_model]


def query_source_rows(reading: SessionReading) -> list[TableRow]:
    """Who asked: the main conversation, subagents, auxiliary requests."""
    whole = reading.totals.cost_usd
    return [
        part_row(
            part.query_source,
            QUERY_SOURCES.get(part.query_source, part.query_source or "not told"),
            part.cost_usd,
            part.tokens,
            whole,
        )
        for part in reading.by_query_source
    ]


def token_rows(tokens: Tokens | None) -> list[TableRow]:
    """Tokens by type as rows of :data:`TYPE_COLUMNS`; those of unknown types are "other"."""
    if tokens is None:
        return []
    kinds = {
        "Input": tokens.input,
        "Output": tokens.output,
        "Cache read": tokens.cache_read,
        "Cache creation": tokens.cache_creation,
    }
    other = tokens.total - sum(kinds.values())
    if other > 0.5:
        kinds["Other"] = other
    rows = []
    for name, count in kinds.items():
        share = count / tokens.total if tokens.total else None
        cells = (name, formatting.tokens(count), formatting.percent(share))
        rows.append(TableRow(name, cells, (name, count, share)))
    return rows
