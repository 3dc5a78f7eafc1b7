"""The window's keys, and what of the pointer and the focus concerns the whole window."""

import sys
import tkinter as tk
from typing import TYPE_CHECKING, Any, Final

from ccmon_tray.dashboard.views.registry import SHORTCUTS
from ccmon_tray.view_names import ViewName

if TYPE_CHECKING:
    from ccmon_tray.dashboard.window import DashboardWindow

_MODIFIER: Final = "Command" if sys.platform == "darwin" else "Control"


def bind_keys(window: "DashboardWindow") -> None:
    """Bind the keys that work wherever the focus is."""
    bind = window.root.bind_all
    for name, shortcut in SHORTCUTS.items():
        bind(f"<{_MODIFIER}-Key-{shortcut}>", lambda _event, name=name: window.open_view(name))  # type: ignore[misc]
    for keys in with_letter("r"):
        bind(keys, lambda _event: window.reload())
    bind("<F5>", lambda _event: window.reload())
    bind(f"<{_MODIFIER}-comma>", lambda _event: window.open_view(ViewName.SETTINGS))
    for keys in (*with_letter("w"), *with_letter("q")):
        bind(keys, lambda _event: window.close())
    for keys in with_letter("c"):
        bind(keys, _ask_for_value)
    bind("<<CopyValue>>", lambda event: _copy_value(window, event))
    if window.root.tk.call("tk", "windowingsystem") == "x11":
        for keys in with_letter("a"):  # which Tk has as Emacs does there, and no program of today
            window.root.bind_class("TEntry", keys, _select_all)
    window.root.bind("<Escape>", lambda event: _escape(window, event))
    for keys in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
        bind(keys, lambda event: _wheel(window, event))
    bind("<Prior>", lambda _event: window.page.page_keys(-1))
    bind("<Next>", lambda _event: window.page.page_keys(1))
    bind("<FocusIn>", lambda event: _reveal(window, event))


def with_letter(letter: str) -> tuple[str, str]:
    """Ctrl (macOS: Cmd) with a letter, as Tk names it without Caps Lock and with it, which is another key."""
    return f"<{_MODIFIER}-{letter}>", f"<{_MODIFIER}-Lock-{letter.upper()}>"


def _ask_for_value(event: "tk.Event[Any]") -> None:
    if isinstance(event.widget, tk.Entry | tk.Text):
        return  # which copies what is marked in it
    if isinstance(event.widget, tk.Misc):
        event.widget.event_generate("<<CopyValue>>")


def _select_all(event: "tk.Event[Any]") -> str:
    event.widget.selection_range(0, "end")
    event.widget.icursor("end")
    return "break"


def _copy_value(window: "DashboardWindow", event: "tk.Event[Any]") -> None:
    chart = getattr(event.widget, "chart", None)
    if chart is not None and chart.hovered_text:
        window.copy(chart.hovered_text)


def _escape(window: "DashboardWindow", event: "tk.Event[Any]") -> None:
    if event.widget.winfo_toplevel() is window.root and not window.page.view.escape():
        window.close()


def _wheel(window: "DashboardWindow", event: "tk.Event[Any]") -> None:
    if isinstance(event.widget, tk.Misc) and event.widget.winfo_toplevel() is window.root:
        window.page.wheel(event)


def _reveal(window: "DashboardWindow", event: "tk.Event[Any]") -> None:
    if isinstance(event.widget, tk.Misc):
        window.page.reveal(event.widget)
