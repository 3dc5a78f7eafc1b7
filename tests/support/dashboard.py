"""Looks after a dashboard window inside the test's own process."""

import time
import tkinter as tk
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ccmon_tray.dashboard.page import Page
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from ccmon_tray.dashboard.window import DashboardWindow


def pump(root: tk.Misc, until: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Handle events as a main loop does until something is so.

    Args:
        root: Whose events.
        until: Says whether it is so.
        what: What is waited for, for the failure's words.
        timeout_s: How long at most.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        root.update()
        if until():
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {timeout_s:g} s: {what}")
        time.sleep(0.001)


def is_drawn(page: Page) -> bool:
    """Whether a page shows what is known, its charts included; after an ``update``, which draws the rest."""
    in_sight = [chart for chart in page.view.charts if chart.widget.winfo_viewable() and not chart._obscured]
    return not page.loading and not any(chart._stale or chart._waiting for chart in in_sight)


def await_drawn(window: "DashboardWindow") -> None:
    """Wait until the open view shows its figures or says why not, and has drawn its charts."""

    def there() -> bool:
        page = window.page
        answered = page.current or page.error is not None
        return answered and window._charts_ready and is_drawn(page)

    pump(window.root, there, f"{window.view_name} drawn")


def sync(root: tk.Misc) -> None:
    """Wait until the display has done all that was asked of it."""
    root.winfo_pointerxy()  # answered after everything that was sent before


def descendants(widget: tk.Misc) -> Iterator[Any]:
    """All widgets in a widget, depth first."""
    for child in widget.winfo_children():
        yield child
        yield from descendants(child)
