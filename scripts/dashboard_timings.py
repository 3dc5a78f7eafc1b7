"""Measure a dashboard window from inside its process; run by ``bench_dashboard.py``, which says where.

A part is *drawn* when Tk has nothing left to draw, all charts in sight have been drawn, and the display has
answered a question that was sent after all drawing.

Prints one line of JSON.
"""

import _tkinter
import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ccmon_tray.dashboard.garbage import collect_here_alone  # noqa: E402
from ccmon_tray.dashboard.main import Dashboard  # noqa: E402
from ccmon_tray.dashboard.views.base import Asked  # noqa: E402
from ccmon_tray.dashboard.views.registry import ORDER  # noqa: E402
from ccmon_tray.paths import find_paths  # noqa: E402
from ccmon_tray.usage.windows import Window  # noqa: E402
from tests.support.dashboard import await_drawn, is_drawn, pump, sync  # noqa: E402

STEPS: Final = 40
REST_S: Final = 0.25  # a chart that was drawn a moment ago waits for twice as long as that took
READINGS: Final = 5
FRAME_EVENTS: Final = (
    _tkinter.DONT_WAIT | _tkinter.FILE_EVENTS | _tkinter.WINDOW_EVENTS | _tkinter.IDLE_EVENTS
)


class Timings:
    """Times of one window.

    Args:
        app: The window's process, from its start on.
    """

    def __init__(self, app: Dashboard) -> None:
        self.root = app.root
        self.window = app.window

    def boxes(self) -> dict[str, Any]:
        """Where first figure, last figure and charts of the summary are: x, y, width, height in pixels."""
        view: Any = self.window.page.view
        card = view.main_cards[0]
        x, y, _, _ = self._box(card)
        last_x, last_y, _, _ = self._box(view.more_cards[-1])
        px = self.window.design.px
        return {
            "figure": (x + px(16), y + px(36), px(100), px(28)),
            "last": (last_x + px(16), last_y + px(34), px(60), px(22)),
            "charts": [self._box(chart.widget) for chart in view.charts],
        }

    def first_visit_ms(self, name: str) -> dict[str, float]:
        """Milliseconds from the wish to see a view to its first frame, and to all its figures and charts."""
        began = time.perf_counter()
        self.window.open_view(name)
        _draw_frame(self.root)
        frame = _ms_since(began)
        await_drawn(self.window)
        sync(self.root)
        return {"frame": frame, "drawn": _ms_since(began)}

    def later_visit_ms(self, name: str) -> float:
        """Milliseconds from the wish to see a view that was seen before until it is drawn."""
        began = time.perf_counter()
        self.window.open_view(name)
        pump(self.root, lambda: is_drawn(self.window.page), name)
        sync(self.root)
        return _ms_since(began)

    def redraws_ms(self) -> list[float]:
        """Milliseconds from a new reading to its last pixel; no two readings are alike."""
        page, services = self.window.page, self.window.services
        now = int(services.clock())
        readings = [
            page.view.read(Asked(services, Window("7d", now - 7 * 86_400 - by, now - by)))
            for by in (17 * 3600 * number for number in range(1, READINGS + 1))
        ]
        times = []
        for reading in readings:
            self._rest()
            draws = [chart.draws for chart in page.view.charts]
            began = time.perf_counter()
            page.view.show(reading)
            page.say()
            pump(self.root, lambda: is_drawn(page), "new data")
            sync(self.root)
            times.append(_ms_since(began))
            assert all(chart.draws > n for chart, n in zip(page.view.charts, draws, strict=True))
        return times

    def frames_per_s(self) -> float:
        """Complete frames a second while the window gets another size with each."""
        self._rest()
        sizes = cycle(_sizes(1180, 800))
        began = time.perf_counter()
        for _ in range(STEPS):
            self._resize(*next(sizes))
        took_s = time.perf_counter() - began
        self._resize(1180, 800)  # which is remembered, for the next one
        return STEPS / took_s

    def _resize(self, width: int, height: int) -> None:
        root = self.root
        root.geometry(f"{width}x{height}")
        page = self.window.page

        def done() -> bool:
            return (root.winfo_width(), root.winfo_height()) == (width, height) and is_drawn(page)

        pump(root, done, f"{width}x{height}")
        sync(root)

    def _rest(self) -> None:
        until = time.monotonic() + REST_S
        pump(self.root, lambda: time.monotonic() > until, "rest")

    def _box(self, widget: Any) -> tuple[int, int, int, int]:
        root = self.root
        left, top = widget.winfo_rootx() - root.winfo_rootx(), widget.winfo_rooty() - root.winfo_rooty()
        return left, top, widget.winfo_width(), widget.winfo_height()


def _sizes(width: int, height: int) -> Iterator[tuple[int, int]]:
    for step in (*range(20), *range(20, 0, -1)):
        yield width - 9 * step, height - 7 * step


def _draw_frame(root: Any) -> None:
    """Draw what is there, but take up no results and no timers, which ``update`` would go on with."""
    while root.tk.dooneevent(FRAME_EVENTS):
        pass
    sync(root)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def measure(app: Dashboard, report: Callable[[dict[str, Any]], None]) -> None:
    """Everything, in a window that has just been started."""
    timings = Timings(app)
    await_drawn(app.window)
    report({"boxes": timings.boxes()})
    for name in ORDER[1:]:
        report({"first": {name: timings.first_visit_ms(name)}})
        timings._rest()  # noqa: SLF001
    for name in (*ORDER, *ORDER):
        report({"later": {name: timings.later_visit_ms(name)}})
    app.window.open_view("summary")
    await_drawn(app.window)
    report({"redraws": timings.redraws_ms()})
    for name in ORDER:
        app.window.open_view(name)
        await_drawn(app.window)
        report({"frames": {name: timings.frames_per_s()}})
    app.window.open_view("summary")
    await_drawn(app.window)
    timings._rest()  # noqa: SLF001  # what the window is like is seen for the next one


def main() -> None:
    """Open a window and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--range", default="7d")
    options = parser.parse_args()
    collect_here_alone()
    app = Dashboard(find_paths(), "summary", options.range)
    app.root.after(1, lambda: _measure_and_close(app))
    raise SystemExit(app.run())


def _measure_and_close(app: Dashboard) -> None:
    if app._channel is None:  # noqa: SLF001  # it has not begun yet
        app.root.after(10, lambda: _measure_and_close(app))
        return
    try:
        measure(app, lambda found: print(json.dumps(found), flush=True))
    except BaseException:  # noqa: BLE001
        # Whatever it was: the window must not stay open for ever.
        traceback.print_exc()
        os._exit(1)
    app.window.close()


if __name__ == "__main__":
    main()
