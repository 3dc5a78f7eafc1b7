"""The numbers as text: for the clipboard, and as one line for a terminal."""

from ccmon_tray.usage import formatting, wording
from ccmon_tray.usage.by_name import merged_by_name
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind
from ccmon_tray.usage.windows import Calendar


def summary(snapshot: Snapshot, *, now: float, calendar: Calendar) -> str:
    """A few lines to paste somewhere.

    Args:
        snapshot: What is known.
        now: Unix seconds.
        calendar: The user's days.

    Returns:
        Lines of text, or "" if there are no figures.
    """
    figures = snapshot.figures
    if figures is None or snapshot.taken_at is None:
        return ""
    moment = calendar.local(snapshot.taken_at)
    demo = f"Demo, {wording.GENERATED}; " if snapshot.source.kind is SourceKind.DEMO else ""
    today, week, month = figures.today, figures.this_week, figures.this_month
    tokens = formatting.tokens(today.tokens)
    lines = [
        f"Claude Code usage, {moment:%Y-%m-%d %H:%M} ({demo}{wording.ESTIMATE})",
        f"{wording.day_title(today, now, calendar)}: {formatting.money(today.cost_usd)}, {tokens} tokens",
        f"{wording.week_title(week, now, calendar)}: {formatting.money(week.cost_usd)}",
        f"{wording.month_title(month, now, calendar)}: {formatting.money(month.cost_usd)}",
    ]
    lines += [
        f"{usage.name}: {formatting.money(usage.cost_usd)} "
        f"({wording.range_title(figures.range.info.name).lower()})"
        for usage in merged_by_name(figures.range.by_model)
    ]
    return "\n".join(lines) + "\n"


def one_line(snapshot: Snapshot, *, now: float) -> str:
    """State and numbers in one line for a terminal.

    Args:
        snapshot: What is known.
        now: Unix seconds.
    """
    parts = [f"{wording.source_title(snapshot)}: {snapshot.state.value}"]
    if snapshot.figures is not None:
        figures = snapshot.figures
        parts.append(
            f"{formatting.money(figures.today.cost_usd)} today, "
            f"{formatting.money(figures.this_week.cost_usd)} this week, "
            f"{formatting.money(figures.this_month.cost_usd)} this month"
        )
        if snapshot.problem is not None:
            parts.append(f"read {wording.coarse_age(snapshot.age_s(now) or 0)}")
    problem = wording.problem_of(snapshot)
    if problem is not None:
        parts.append(problem.sentence)
    return " · ".join(parts)
