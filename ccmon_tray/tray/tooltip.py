"""The tooltip: the most important numbers in at most 127 characters, which is Windows' limit.

It is made of whole parts, taken by priority for as long as they fit and shown in reading order. So no number
is ever cut: it is there in full or not at all.
"""

import textwrap
from dataclasses import dataclass
from typing import Final

from ccmon_tray.usage import budgets, formatting, wording
from ccmon_tray.usage.snapshot import Figures, Snapshot
from ccmon_tray.usage.states import SourceKind, State

LIMIT: Final = 127
"""UTF-16 code units: ``szTip`` of Windows' NOTIFYICONDATAW holds 128 with its closing zero."""

_NAME: Final = "Claude Code"
_DOT: Final = " · "
_DAY_S: Final = 86_400
_TITLE_LIMIT: Final = 80  # characters of a problem's title, which is cut between words


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the tooltip; a smaller ``rank`` matters more."""

    rank: int
    text: str


def utf16_length(text: str) -> int:
    """The length of a text in UTF-16 code units, which is what Windows counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def compose(snapshot: Snapshot | None, *, now: float) -> str:
    """The tooltip's words.

    Args:
        snapshot: What is known, or None before the first reading.
        now: Unix seconds; the result changes with it once a minute at most.

    Returns:
        One line of at most :data:`LIMIT` UTF-16 code units.
    """
    if snapshot is None:
        return f"{_NAME}: reading…"
    name = f"{_NAME} (Demo)" if snapshot.source.kind is SourceKind.DEMO else _NAME
    return _fit(name, _parts(snapshot, now))


def _parts(snapshot: Snapshot, now: float) -> list[_Part]:
    parts: list[_Part] = []
    problem = wording.problem_of(snapshot)
    if snapshot.figures is not None and snapshot.state is State.STALE:
        parts.append(_Part(0, f"read {wording.coarse_age(snapshot.age_s(now) or 0)}"))
    if problem is not None:
        title = textwrap.shorten(problem.title, _TITLE_LIMIT, placeholder=" …")
        parts.append(_Part(1 if snapshot.figures is None else 3, title))
    elif snapshot.state is State.OFFLINE:
        parts.append(_Part(1, wording.OFFLINE))
    elif snapshot.figures is None:
        parts.append(_Part(1, wording.NOTHING_USED.lower()))
    if snapshot.figures is not None:
        parts += _figures(snapshot.figures, now)
        parts += _budgets(snapshot)
    if snapshot.warnings:
        parts.append(_Part(7, formatting.counted(len(snapshot.warnings), "warning")))
    if snapshot.figures is not None and snapshot.source.kind is not SourceKind.DEMO:
        parts.append(_Part(8, wording.source_title(snapshot)))
    return parts


def _figures(figures: Figures, now: float) -> list[_Part]:
    # Without the calendar the day's end is known to the hour, which is enough for a reading that old.
    over = now - figures.today.start >= _DAY_S
    parts = [
        _Part(1, f"{formatting.money(figures.today.cost_usd)} {'that day' if over else 'today'}"),
        _Part(5, f"{formatting.money(figures.this_week.cost_usd)} {'that' if over else 'this'} week"),
        _Part(6, f"{formatting.money(figures.this_month.cost_usd)} {'that' if over else 'this'} month"),
    ]
    if figures.today.tokens is not None:
        parts.insert(1, _Part(2, f"{formatting.tokens(figures.today.tokens)} tokens"))
    if not over:
        parts.append(_Part(4, f"{formatting.money(figures.last_hour_cost_usd)} last hour"))
    return parts


def _budgets(snapshot: Snapshot) -> list[_Part]:
    """The budget of the shortest period, and any that is exceeded."""
    told = [use for index, use in enumerate(snapshot.budgets) if use.exceeded or not index]
    return [
        _Part(2 if use.exceeded else 3, f"{budgets.share(use.used_ratio)} of {budgets.title(use).lower()}")
        for use in told
    ]


def _fit(name: str, parts: list[_Part]) -> str:
    chosen: set[int] = set()
    for index in sorted(range(len(parts)), key=lambda index: parts[index].rank):
        if utf16_length(_join(name, parts, chosen | {index})) <= LIMIT:
            chosen.add(index)
    return _join(name, parts, chosen)


def _join(name: str, parts: list[_Part], chosen: set[int]) -> str:
    words = _DOT.join(parts[index].text for index in sorted(chosen))
    return f"{name}: {words}" if words else name
