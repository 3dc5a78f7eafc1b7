"""What a view is, and what the window does for it.

A view is read off the Tk thread and shown on it:

1. :meth:`View.build` makes its widgets, once, when it is first opened. Charts are made in
   ``self.host.when_charts_ready(...)``: the window's first frame comes before matplotlib.
2. :meth:`View.read` runs on a worker's thread and returns a reading: frozen, complete.
3. :meth:`View.show` puts a reading into the widgets that are there; it makes none.

The window does the rest: it decides when to read, gives up on what nobody waits for, keeps the last reading,
and says what is wrong in its place or above it.
"""

import tkinter as tk
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.services import Services
from ccmon_tray.usage.models import UsageWarning
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Window

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.base import Chart

R = TypeVar("R")

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Exported:
    """A table of what a view shows, as exact as it is known: for CSV, and by its name for JSON."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a view is asked to read.

    Attributes:
        services: The way to the data.
        window: The range; also given to views without one.
        cancelled: Set once nobody waits for the reading: reading in several steps looks at it between them.
        refresh: A person asked for it: trust nothing remembered.
    """

    services: Services
    window: Window
    cancelled: Event = field(default_factory=Event)
    refresh: bool = False


class Host(Protocol):
    """What the window offers to its views."""

    @property
    def design(self) -> Design:
        """How things look."""
        ...

    @property
    def services(self) -> Services:
        """The way to the data."""
        ...

    def copy(self, text: str) -> None:
        """Put a text into the clipboard, and say so."""
        ...

    def say(self, words: str) -> None:
        """Say something that passes."""
        ...

    def open_view(self, name: str) -> None:
        """Show another view."""
        ...

    def reload(self) -> None:
        """Read this view anew, and trust nothing remembered."""
        ...

    def settings_changed(self) -> None:
        """Go by the settings as they are in their file now."""
        ...

    def when_charts_ready(self, do: Callable[[], None]) -> None:
        """Do something once matplotlib can be used: at once, if it can."""
        ...

    def work(
        self,
        job: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        *,
        finish: bool = False,
    ) -> Callable[[], None]:
        """Run a job off the Tk thread for the view that is shown; returns what gives it up.

        Its result is given up as well when the view is left. Where ``finish`` says so, the job itself always
        ends, even if the window is closed meanwhile.
        """
        ...

    def remember(self, key: str, value: str) -> None:
        """Remember a switch of a view for the next time the window is opened."""
        ...

    def remembered(self, key: str, default: str) -> str:
        """What was remembered."""
        ...


class View(ABC, Generic[R]):
    """Base of all views.

    Attributes:
        name: Its name on the command line.
        title: Its title.
        ranged: Whether it shows the chosen range.
        live: Whether it is read anew as time goes by.
        of_settings: Whether it shows settings alone, so that it stays when they change.
        scrolls: Whether the window lets it scroll; a view that does so itself fills its place.
        charts: Its charts, for export.
        first_cards: What the first frame of a start can show of it.

    Args:
        host: The window.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    ranged: ClassVar[bool] = True
    live: ClassVar[bool] = True
    of_settings: ClassVar[bool] = False
    scrolls: ClassVar[bool] = True

    def __init__(self, host: Host) -> None:
        self.host = host
        self.design = host.design
        self.charts: list[Chart[Any]] = []
        self.first_cards: Sequence[tk.Widget] = ()

    @abstractmethod
    def build(self, body: tk.Frame) -> None:
        """Make the widgets in ``body``."""

    @abstractmethod
    def read(self, asked: Asked) -> R:
        """Read everything it shows; on a worker's thread.

        Raises:
            CcmonError: It cannot be read.
        """

    @abstractmethod
    def show(self, reading: R) -> None:
        """Show a reading, within some tens of milliseconds."""

    def await_figures(self) -> None:
        """Show that other figures are awaited: those shown are of another range."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what the tray's snapshot knows of the chosen range, until the view's own reading is there.

        Called only while there is none, with a snapshot of that range.
        """

    def follow(self, snapshot: Snapshot) -> None:
        """Show what the newest snapshot says besides the chosen range, such as the budgets."""

    def subtitle(self, reading: R) -> str:  # noqa: ARG002  # what it says is others' business
        """What stands after the range below the title."""
        return ""

    def state(self, reading: R) -> State:  # noqa: ARG002
        """Whether there is anything to show."""
        return State.FRESH

    def warnings(self, reading: R) -> tuple[UsageWarning, ...]:  # noqa: ARG002
        """Why its figures may be off."""
        return ()

    def known_since(self, reading: R) -> int | None:  # noqa: ARG002
        """Unix seconds since when the source can know, where the range begins before it."""
        return None

    def export(self, reading: R) -> Sequence[Exported]:  # noqa: ARG002
        """What it shows as tables, the main one first."""
        return ()

    def carry(self) -> object:
        """What the view that takes its place gets, when everything is made anew in another look."""
        return None

    def take_over(self, carried: object) -> None:
        """Go on where the view was that this one takes the place of; ``carried`` is what that gave."""

    def left(self) -> None:
        """Called when another view is opened."""

    def escape(self) -> bool:
        """Close what can be closed in it; whether there was anything."""
        return False
