"""Every word on screen can be read: its contrast with what it stands on, from the pixels, is WCAG's AA."""

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

import pytest
from PIL import Image, ImageGrab

from ccmon_tray.dashboard.theme import contrast
from ccmon_tray.dashboard.views.registry import ORDER
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.sources.snapshots import SnapshotBuilder
from ccmon_tray.view_names import ViewName
from tests.support.dashboard import descendants, sync
from tests.support.fake_source import FakeSource, request
from tests.support.views import NOW, OpenView

pytestmark = pytest.mark.needs("Xvfb")

Word = tuple[str, str, tuple[int, int, int, int]]
"""A text, its colour, and the box it stands in: left, top, right, bottom, pixels of the screen."""

_AA = 4.5


def words_in(window: DashboardWindow) -> Iterator[Word]:
    """All words in sight that Tk has written."""
    style = ttk.Style(window.root)
    for widget in descendants(window.root):
        if not widget.winfo_viewable():
            continue
        x, y = widget.winfo_rootx(), widget.winfo_rooty()
        whole = (x, y, x + widget.winfo_width(), y + widget.winfo_height())
        if isinstance(widget, tk.Label):
            yield str(widget.cget("text")), str(widget.cget("foreground")), whole
        elif isinstance(widget, ttk.Button) and not widget.instate(["disabled"]):
            colour = style.lookup(str(widget.cget("style")) or "TButton", "foreground")
            yield str(widget.cget("text")), str(colour), whole
        elif isinstance(widget, tk.Canvas):
            for item in widget.find_all():
                if str(widget.type(item)) == "text":
                    left, top, right, bottom = widget.bbox(item)
                    box = (x + left - 2, y + top, x + right + 2, y + bottom)
                    options = widget.itemconfigure(item) or {}
                    yield str(options["text"][-1]), str(options["fill"][-1]), box


def ground(picture: Image.Image, box: tuple[int, int, int, int]) -> str | None:
    """The colour that there is most of in a box, which is what words stand on; None out of sight."""
    left, top = max(0, box[0]), max(0, box[1])
    right, bottom = min(picture.width, box[2]), min(picture.height, box[3])
    if right - left < 3 or bottom - top < 3:
        return None
    colours = picture.crop((left, top, right, bottom)).getcolors(1 << 20)
    assert colours is not None
    _, most = max(colours)
    assert isinstance(most, tuple)
    return "#" + "".join(f"{channel:02x}" for channel in most)


def faint(window: DashboardWindow) -> list[str]:
    """What can hardly be read."""
    root = window.root
    root.update()
    sync(root)
    size = (0, 0, root.winfo_width(), root.winfo_height())
    picture = ImageGrab.grab(size, xdisplay=root.winfo_screen()).convert("RGB")
    found = []
    for text, colour, box in words_in(window):
        below = ground(picture, box) if text.strip() else None
        if below is not None and (ratio := contrast(colour, below)) < _AA:
            found.append(f"{text!r}: {colour} on {below} is {ratio:.2f}")
    return found


def show_snapshot(window: DashboardWindow) -> None:
    """What the tray has left, so that the sidebar has all its words."""
    services = window.services
    window.feed._take(SnapshotBuilder(services.source, services.calendar).build("7d", NOW, None))
    window.root.update()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", ORDER)
def test_words_can_be_read(open_view: OpenView, name: ViewName, theme: str) -> None:
    window = open_view(name, theme=theme)
    show_snapshot(window)

    words = [text for text, _, _ in words_in(window)]
    assert {"Claude Code Monitor", window.header.title.cget("text")} <= set(words)
    assert faint(window) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_words_that_say_that_there_is_nothing_can_be_read(open_view: OpenView, theme: str) -> None:
    source = FakeSource(request(NOW - 40 * 86_400, "s1", 1.0, {"input": 5.0}))
    window = open_view("summary", source=source, theme=theme)
    show_snapshot(window)

    assert "Last 30 days" in [text for text, _, _ in words_in(window)]
    assert faint(window) == []
