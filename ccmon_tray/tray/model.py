"""What the tray shows, as plain data: backends draw it, nothing else does.

A :class:`Face` is everything visible at one moment. It is compared by value, so that a backend touches the
desktop only when something that shows has changed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from ccmon_tray.usage.states import State


class Action(StrEnum):
    """What a click can ask for.

    An action may carry an argument: ``SET_RANGE`` the range's name, ``SET_SOURCE`` the source's, ``SNOOZE``
    for how long, ``OPEN_QUICK_STATS`` the place of the click, ``OPEN_DASHBOARD`` the view's name and, after a
    space, the range's.
    """

    OPEN_DASHBOARD = "open-dashboard"
    OPEN_QUICK_STATS = "open-quick-stats"
    OPEN_SETTINGS = "open-settings"
    REFRESH = "refresh"
    COPY_SUMMARY = "copy-summary"
    TOGGLE_AUTOSTART = "toggle-autostart"
    OPEN_LOGS = "open-logs"
    COPY_DIAGNOSTICS = "copy-diagnostics"
    START_STACK = "start-stack"
    STOP_STACK = "stop-stack"
    SET_RANGE = "set-range"
    SET_SOURCE = "set-source"
    SNOOZE = "snooze"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Command:
    """An action with its argument."""

    action: Action
    argument: str = ""


@dataclass(frozen=True, slots=True)
class StackFace:
    """What the menu says of the Prometheus stack.

    Attributes:
        words: How it is.
        can_start: Whether starting it is offered.
        can_stop: Whether stopping it is.
    """

    words: str
    can_start: bool = False
    can_stop: bool = False


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A line of the menu.

    Attributes:
        key: Stable name of the line, unique among its siblings; toolkits keep their widget while it lasts.
        label: The words; backends escape what their toolkit treats specially (`_`, `&`).
        command: What a click does; None for a line that only informs (drawn disabled or inert).
        kind: Plain, separator, check mark or radio mark.
        checked: For check and radio lines.
        default: Double or left click does this where the host knows a default.
        children: A submenu; then ``command`` is None.
    """

    key: str
    label: str = ""
    command: Command | None = None
    kind: Literal["plain", "separator", "check", "radio"] = "plain"
    checked: bool = False
    default: bool = False
    children: tuple["MenuItem", ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether it can be chosen: it does something, or opens a submenu."""
        return self.command is not None or bool(self.children)


@dataclass(frozen=True, slots=True)
class AlertsShown:
    """What the menu says of alerts.

    Attributes:
        snoozed_until: Unix seconds until when a person wants none; None where they do.
        quiet: Whether it is one of the quiet hours.
        warned: Whether figures carry a warning, so that they are no reason for an alert.
        recent: The last alerts, newest first: Unix seconds and title.
    """

    snoozed_until: float | None = None
    quiet: bool = False
    warned: bool = False
    recent: tuple[tuple[float, str], ...] = ()


BUDGET_STEPS: Final = 20
"""The icon shows a budget in twentieths."""


@dataclass(frozen=True, slots=True)
class SourcesShown:
    """What the menu says of sources.

    Attributes:
        chosen: The value of ``source.kind``; None where the command line names the source.
        lines: How it is with the built-in collector.
    """

    chosen: str | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IconFace:
    """What the icon says.

    Attributes:
        state: Freshness, told by colour *and* shape.
        attention: A warning or a problem that wants the person's eye.
        text: A short figure (``$12``) drawn instead of the mark, or "".
        demo: Whether figures are generated.
        dark_bar: Whether it is for a dark bar.
        budget: Full steps of the budget that are used, of :data:`BUDGET_STEPS`; one more once it is exceeded,
            None where there is none.
    """

    state: State
    attention: bool = False
    text: str = ""
    demo: bool = False
    dark_bar: bool = True
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """Everything the tray shows at one moment. ``tooltip`` has at most 127 characters."""

    icon: IconFace
    tooltip: str
    menu: tuple[MenuItem, ...]
