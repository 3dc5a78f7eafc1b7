"""Measure the dashboard window: how soon it is there, how quick it stays, what memory it takes.

It runs real processes on a virtual display with a window manager: a tray over a real Prometheus with about
2,600 series of 30 days that end now, and the window beside it. Bounds are those of docs/performance.md.

* The start is watched from outside, by the display's pixels: from the start of ``python -m ccmon_tray
  dashboard`` to the first figure on the screen, to the last figure, and to the last of the charts.
* Switching, redrawing and resizing are measured inside the window's process by ``dashboard_timings.py``.
* Memory is what the kernel says of the process after all views have been opened.

Usage: python scripts/bench_dashboard.py [--runs 5] [--series 2600] [--write]
Needs Debian's ``prometheus xvfb openbox x11-utils``. ``--write`` puts the table between the
markers of docs/performance.md.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PIL import ImageGrab
from Xlib import X
from Xlib.display import Display
from Xlib.error import XError

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench_prometheus import recordings, write_tables  # noqa: E402

from ccmon_tray.dashboard.theme import DARK  # noqa: E402
from ccmon_tray.dashboard.views.registry import ORDER  # noqa: E402
from ccmon_tray.desktop.channel import Message, send  # noqa: E402
from ccmon_tray.paths import Paths, find_paths  # noqa: E402
from ccmon_tray.usage.snapshot import Snapshot  # noqa: E402
from tests.support.desktop import Desktop, wait_for  # noqa: E402
from tests.support.servers import create_blocks, prometheus  # noqa: E402
from tests.support.truth import render, spellings  # noqa: E402
from tests.support.truth.cases import NOW  # noqa: E402

MARKERS: Final = ("<!-- dashboard: begin -->", "<!-- dashboard: end -->")
RANGE: Final = "7d"
ACCENT: Final = bytes.fromhex(DARK.accent[1:])[::-1]  # as the display has it: blue, green, red
WATCH_S: Final = 0.006
PATIENCE_S: Final = 20.0
SETTLE_S: Final = 3.0
EMPTY: Final = f"""
import tkinter
from pydantic import BaseModel, ConfigDict, Field
class Model(BaseModel):
    number: int = 1
root = tkinter.Tk()
root.geometry("1180x800")
root.configure(background="{DARK.accent}")
root.mainloop()
"""

Box = tuple[int, int, int, int]


@dataclass
class Figures:
    """All that was measured: milliseconds, frames a second, mebibytes."""

    empty_ms: list[float] = field(default_factory=list)
    numbers_ms: list[float] = field(default_factory=list)
    complete_ms: list[float] = field(default_factory=list)
    charts_ms: list[float] = field(default_factory=list)
    first_frame_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    first_drawn_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    later_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    redraw_ms: list[float] = field(default_factory=list)
    frames: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    resident_mb: list[float] = field(default_factory=list)
    own_mb: list[float] = field(default_factory=list)
    close_s: list[float] = field(default_factory=list)


@contextlib.contextmanager
def server(series: int, folder: Path) -> Iterator[str]:
    """A Prometheus with about so many series over the 30 days before this moment."""
    late = int(time.time()) - NOW
    text = folder / "samples.om"
    with text.open("w") as file:
        for recording in recordings(series):
            for line in render.openmetrics(recording, spellings.SUFFIXES):
                if not line.startswith("#"):
                    sample, _, at = line.rpartition(" ")
                    file.write(f"{sample} {float(at) + late:.3f}\n")
        file.write("# EOF\n")
    create_blocks(text, folder / "data")
    text.unlink()
    with prometheus(folder / "data") as running:
        yield running.url


@contextlib.contextmanager
def tray(environ: Mapping[str, str], paths: Paths) -> Iterator[None]:
    """A tray without an icon that keeps its snapshot current, as it is when a window is opened."""
    with subprocess.Popen(
        [sys.executable, "-m", "ccmon_tray", "run", "--headless"], env=environ, cwd=ROOT
    ) as process:
        try:
            wait_for(lambda: _snapshot(paths), "the tray's first snapshot", 30)
            yield
        finally:
            process.terminate()


def _snapshot(paths: Paths) -> Snapshot | None:
    try:
        snapshot = Snapshot.model_validate_json(paths.snapshot_file.read_bytes())
    except (OSError, ValueError):
        return None
    if snapshot.figures is None:
        raise SystemExit(f"the server cannot be used: {snapshot.problem}")
    return snapshot


class Watcher:
    """Sees what a display shows.

    Args:
        name: The display.
    """

    def __init__(self, name: str) -> None:
        self._display = Display(name)
        self._root = self._display.screen().root
        self._clients = self._display.intern_atom("_NET_CLIENT_LIST")
        self._window: Any = None

    def window(self) -> Any:
        """The first window that the window manager manages, or None; looked for until it is there."""
        if self._window is None:
            found = self._root.get_full_property(self._clients, X.AnyPropertyType)
            if found and found.value:
                self._window = self._display.create_resource_object("window", found.value[0])
        return self._window

    def pixels(self, window: Any, box: Box) -> bytes:
        """The pixels in a box of a window, four bytes each; nothing while it does not show."""
        try:
            return bytes(window.get_image(*box, X.ZPixmap, 0xFFFFFFFF).data)
        except XError:
            return b""

    def close(self) -> None:
        """Leave the display."""
        self._display.close()


@contextlib.contextmanager
def dashboard(environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The window's process."""
    command = [sys.executable, "-m", "ccmon_tray", "dashboard", "--view", "summary", "--range", RANGE]
    with subprocess.Popen(command, env=environ, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def watch_start(environ: Mapping[str, str], boxes: Mapping[str, Any], figures: Figures) -> None:
    """One start, seen from outside: contrast where the first figure is, colour in the charts."""
    watcher = Watcher(environ["DISPLAY"])
    began = time.perf_counter()
    with contextlib.closing(watcher), dashboard(environ) as process:
        _until(lambda: _has_figure(watcher, boxes["figure"]), "a figure", environ["DISPLAY"])
        figures.numbers_ms.append((time.perf_counter() - began) * 1000)
        _until(lambda: _has_figure(watcher, boxes["last"]), "the last figure", environ["DISPLAY"])
        figures.complete_ms.append((time.perf_counter() - began) * 1000)
        waiting = list(boxes["charts"])
        while waiting:
            _until(lambda: _has_drawing(watcher, waiting[0]), f"a chart in {waiting[0]}", environ["DISPLAY"])
            waiting.pop(0)
        figures.charts_ms.append((time.perf_counter() - began) * 1000)
        process.terminate()
        process.wait(10)


def watch_empty(environ: Mapping[str, str], figures: Figures) -> None:
    """What the machine takes for the least: Python, pydantic, and a window of one colour."""
    watcher = Watcher(environ["DISPLAY"])
    began = time.perf_counter()
    with (
        contextlib.closing(watcher),
        subprocess.Popen([sys.executable, "-c", EMPTY], env=environ, cwd=ROOT) as process,
    ):
        _until(lambda: _has_colour(watcher, (50, 50, 20, 20)), "an empty window", environ["DISPLAY"])
        figures.empty_ms.append((time.perf_counter() - began) * 1000)
        process.kill()


def _until(seen: Callable[[], bool], what: str, display: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not seen():
        if time.monotonic() > deadline:
            picture = Path(tempfile.gettempdir()) / "bench-dashboard-failed.png"
            ImageGrab.grab(xdisplay=display).save(picture)
            raise SystemExit(f"the window does not show {what}: see {picture}")
        time.sleep(WATCH_S)


def _has_figure(watcher: Watcher, box: Box) -> bool:
    window = watcher.window()
    # What stands there while figures are awaited hardly differs from its ground.
    greens = watcher.pixels(window, box)[1::4] if window else b""
    return bool(greens) and max(greens) - min(greens) > 120


def _has_colour(watcher: Watcher, box: Box) -> bool:
    window = watcher.window()
    return window is not None and ACCENT in watcher.pixels(window, box)


def _has_drawing(watcher: Watcher, box: Box) -> bool:
    window = watcher.window()
    x, y, width, height = box
    middle = (x + width // 3, y, width // 3, height)
    return window is not None and ACCENT in watcher.pixels(window, middle)


def look_inside(environ: Mapping[str, str], figures: Figures) -> dict[str, Any]:
    """One window measured from inside; returns where its parts are."""
    command = [sys.executable, str(ROOT / "scripts" / "dashboard_timings.py"), "--range", RANGE]
    boxes: dict[str, Any] = {}
    with subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found = json.loads(line)
            boxes.update(found.get("boxes", {}))
            for name, times in found.get("first", {}).items():
                figures.first_frame_ms[name].append(times["frame"])
                figures.first_drawn_ms[name].append(times["drawn"])
            for name, time_ms in found.get("later", {}).items():
                figures.later_ms[name].append(time_ms)
            for name, frames in found.get("frames", {}).items():
                figures.frames[name].append(frames)
            figures.redraw_ms += found.get("redraws", [])
    if process.returncode:
        raise SystemExit(f"the measured window ended with {process.returncode}")
    return boxes


def watch_memory(environ: Mapping[str, str], paths: Paths, figures: Figures) -> None:
    """Resident memory once all views have been opened; what is left when the window is closed."""
    with dashboard(environ) as process:
        for name in ORDER:
            wait_for(lambda name=name: send(paths.dashboard, Message.RAISE, view=name), "the window's answer")  # type: ignore[misc]
            time.sleep(SETTLE_S)  # read, drawn, and whatever comes later
        status = Path(f"/proc/{process.pid}/status").read_text()
        sizes = {key: int(value) for key, value in re.findall(r"(VmRSS|RssAnon):\s+(\d+)", status)}
        figures.resident_mb.append(sizes["VmRSS"] * 1024 / 1e6)
        figures.own_mb.append(sizes["RssAnon"] * 1024 / 1e6)
        began = time.perf_counter()
        send(paths.dashboard, Message.QUIT)
        process.wait(10)
        figures.close_s.append(time.perf_counter() - began)
        left = subprocess.run(
            ["ps", "-o", "args=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
        ).stdout
        if process.returncode or left:
            raise SystemExit(f"closed with {process.returncode}, left behind: {left}")


def table(figures: Figures) -> list[str]:
    """What was measured as lines of Markdown."""
    rows = [
        ("for comparison: an empty window of Tk, with pydantic imported", _ms(figures.empty_ms), ""),
        ("first frame, with the main figures", _ms(figures.numbers_ms), "300 ms"),
        ("the whole window, with all figures of the summary", _ms(figures.complete_ms), ""),
        ("all charts drawn", _ms(figures.charts_ms), "1,200 ms"),
        ("redraw of the summary after new data", _ms(figures.redraw_ms), "60 ms"),
        ("resident with all views opened", _mb(figures.resident_mb), "130 MB"),
        ("of it the process's own", _mb(figures.own_mb), ""),
        ("closing, to the end of the process", _ms([1000 * each for each in figures.close_s]), ""),
    ]
    lines = ["| measured | median | spread | bound |", "|---|---:|---:|---:|"]
    lines += [f"| {what} | {middle} | {spread} | {bound} |" for what, (middle, spread), bound in rows]
    lines += [
        "",
        "| view | first visit: frame | with all figures and charts | later visits | resizing |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in figures.later_ms:
        first = (figures.first_frame_ms, figures.first_drawn_ms)
        cells = [_ms(found[name])[0] if name in found else "(the start)" for found in first]
        frames = f"{statistics.median(figures.frames[name]):.0f} frames/s"
        lines.append(f"| {name} | {' | '.join(cells)} | {_ms(figures.later_ms[name])[0]} | {frames} |")
    return lines


def _ms(times: Iterable[float]) -> tuple[str, str]:
    found = list(times)
    return f"{statistics.median(found):,.0f} ms", f"{min(found):,.0f}–{max(found):,.0f}"


def _mb(sizes: Iterable[float]) -> tuple[str, str]:
    found = list(sizes)
    return f"{statistics.median(found):.1f} MB", f"{min(found):.1f}–{max(found):.1f}"


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="processes of each kind (default: 5)")
    parser.add_argument("--series", type=int, default=2600)
    parser.add_argument("--write", action="store_true", help="write the tables into docs/performance.md")
    options = parser.parse_args()
    figures = Figures()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ccmon-bench-")))
        for name in ("desktop", "server"):
            (folder / name).mkdir()
        shown = stack.enter_context(Desktop(folder / "desktop", bus=False, size=(1400, 1000)))
        shown.start_window_manager()
        environ = {
            **{name: value for name, value in shown.env.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),  # compiled, as what is installed is
            "CCMON_TRAY_HOME": str(folder / "home"),
            "CCMON_TRAY_PROMETHEUS__URL": stack.enter_context(server(options.series, folder / "server")),
            "CCMON_TRAY_TRAY__RANGE": RANGE,
        }
        paths = find_paths({"CCMON_TRAY_HOME": environ["CCMON_TRAY_HOME"]})
        stack.enter_context(tray(environ, paths))
        boxes = look_inside(environ, Figures())  # files come into memory
        for _ in range(options.runs):
            watch_empty(environ, figures)
            watch_start(environ, boxes, figures)
            look_inside(environ, figures)
            watch_memory(environ, paths, figures)
    lines = table(figures)
    load_1m = os.getloadavg()[0]
    lines.append("")
    lines.append(
        f"Medians of {options.runs} processes; window, display, tray and Prometheus on one machine with "
        f"{os.cpu_count()} cores, Python {platform.python_version()}; load at the end {load_1m:.1f}."
    )
    print("\n".join(lines))
    if options.write:
        write_tables(ROOT / "docs" / "performance.md", lines, MARKERS)


if __name__ == "__main__":
    main()
