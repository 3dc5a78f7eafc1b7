"""What the sidebar's foot says of the figures: their source, state and age, and today's cost."""

from ccmon_tray.dashboard.widgets.sidebar import BETWEEN, Status
from ccmon_tray.usage import formatting, wording
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar

_WORDS = {
    State.FRESH: "fresh",
    State.STALE: "stale",
    State.OFFLINE: wording.OFFLINE,
    State.NO_TELEMETRY: wording.NO_TELEMETRY,
    State.NO_DATA: "no use today",
}


def status_of(snapshot: Snapshot | None, now: float, calendar: Calendar, interval_s: float) -> Status:
    """What a snapshot says at a moment.

    Args:
        snapshot: The newest one, or None if there is none yet.
        now: Unix seconds.
        calendar: The user's days.
        interval_s: How often the figures are read.
    """
    if snapshot is None:
        return Status(source="Reading…")
    age_s = snapshot.age_s(now)
    state = snapshot.state
    if state in {State.FRESH, State.NO_DATA} and age_s is not None and age_s > 4 * interval_s:
        state = State.STALE  # left by a tray that runs no more
    today = ""
    if snapshot.figures is not None:
        period = snapshot.figures.today
        today = f"{wording.day_title(period, now, calendar)} {formatting.money(period.cost_usd)}"
    return Status(
        state,
        wording.source_title(snapshot) + BETWEEN + _WORDS[state],
        "" if age_s is None else f"updated {formatting.age(age_s)}",
        today,
        demo=snapshot.source.kind is SourceKind.DEMO,
    )
