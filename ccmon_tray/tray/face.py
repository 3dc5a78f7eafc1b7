"""What the icon says of a snapshot."""

from math import floor
from typing import Final

from ccmon_tray.settings import Settings, Theme
from ccmon_tray.tray.model import BUDGET_STEPS, IconFace
from ccmon_tray.usage.formatting import short_money
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import SourceKind, State

_ROUNDING: Final = 10  # decimals: beyond lies only the error of the division


def icon_face(snapshot: Snapshot | None, settings: Settings) -> IconFace:
    """What the icon says of a snapshot; before the first one it claims nothing."""
    dark_bar = settings.appearance.theme is not Theme.LIGHT
    if snapshot is None:
        return IconFace(State.NO_DATA, dark_bar=dark_bar)
    figures = snapshot.figures
    text = ""
    if figures is not None and settings.tray.icon_text != "none":
        today = settings.tray.icon_text == "today"
        cost = figures.today.cost_usd if today else figures.last_hour_cost_usd
        text = "" if cost is None else short_money(cost)
    attention = bool(snapshot.problem or snapshot.warnings or snapshot.notices)
    demo = snapshot.source.kind is SourceKind.DEMO
    return IconFace(
        snapshot.state, attention, text, demo=demo, dark_bar=dark_bar, budget=_budget_steps(snapshot)
    )


def _budget_steps(snapshot: Snapshot) -> int | None:
    """How far the shortest budget is used, in steps: the icon is not painted anew for each cent."""
    use = snapshot.budgets[0] if snapshot.budgets else None
    if use is None or use.used_ratio is None:
        return None
    if use.exceeded:
        return BUDGET_STEPS + 1
    return min(BUDGET_STEPS, floor(round(use.used_ratio * BUDGET_STEPS, _ROUNDING)))
