import tkinter as tk
from tkinter import ttk

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets import notes
from ccmon_tray.dashboard.widgets.notes import Banner, Deed, Note, Panel, Toast
from tests.support.dashboard import descendants, pump

pytestmark = pytest.mark.needs("Xvfb")

LONG = (
    "Prometheus at http://prometheus.monitoring.example.internal:9090 answers every question with 503. " * 2
)


def labels(part: tk.Misc) -> list[tk.Label]:
    return [
        widget for widget in descendants(part) if isinstance(widget, tk.Label) and widget.winfo_ismapped()
    ]


def words(part: tk.Misc) -> list[str]:
    return [str(label.cget("text")) for label in labels(part)]


@pytest.mark.parametrize("kind", [Banner, Panel])
def test_a_note_is_said_with_its_deeds(root: tk.Tk, design: Design, kind: type[Banner | Panel]) -> None:
    done: list[str] = []
    part = kind(root, design)
    part.pack(fill="both", expand=True)
    deeds = (Deed("Try again", lambda: done.append("again")), Deed("Settings", lambda: done.append("set")))
    part.show(Note("It failed", ("Why.", "What to do."), "bad", deeds=deeds))
    root.update()

    assert words(part) == ["It failed", "Why.", "What to do."]
    again, settings = [widget for widget in descendants(part) if isinstance(widget, ttk.Button)]
    again.invoke()
    settings.focus_force()
    root.update()
    settings.event_generate("<Return>")
    assert done == ["again", "set"]

    part.show(Note("It works again"))
    root.update()
    assert words(part) == ["It works again"]
    assert not [widget for widget in descendants(part) if isinstance(widget, ttk.Button)]


@pytest.mark.parametrize("kind", [Banner, Panel])
@pytest.mark.parametrize("width", [600, 1400])
def test_long_words_take_more_lines(
    root: tk.Tk, design: Design, kind: type[Banner | Panel], width: int
) -> None:
    part = kind(root, design)
    part.pack(fill="x" if kind is Banner else "both", expand=kind is Panel)
    part.show(Note("It failed", (LONG,), "warning", deeds=(Deed("Smoke test", lambda: None),)))
    root.geometry(f"{width}x500")
    pump(root, lambda: root.winfo_width() == width, "the width")
    root.update()

    for label in labels(part):
        assert label.winfo_reqwidth() <= label.winfo_width()
        assert label.winfo_reqheight() <= label.winfo_height()
    assert all(
        widget.winfo_rootx() + widget.winfo_width() <= root.winfo_rootx() + width
        for widget in descendants(part)
        if widget.winfo_ismapped()
    )


def test_a_word_passes(root: tk.Tk, design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "_TOAST_MS", 150)
    toast = Toast(root, design)
    toast.say("Copied $84.10")
    root.update()
    assert toast.words == "Copied $84.10"

    toast.say("Copied $2.10")
    assert toast.words == "Copied $2.10"
    pump(root, lambda: not toast.words, "the word gone")
    assert words(root) == []


def test_a_long_word_is_cut_to_what_can_be_taken_in(root: tk.Tk, design: Design) -> None:
    toast = Toast(root, design)
    toast.say("x" * 500)
    root.update()

    assert len(toast.words) <= 60
    assert toast.words.endswith("…")
