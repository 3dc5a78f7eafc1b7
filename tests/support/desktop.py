"""A real desktop on a virtual display: Xvfb, a private D-Bus session and xfce4-panel with its tray."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from PIL import Image, ImageChops, ImageGrab

from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    import pytest

PROGRAMS = ("Xvfb", "dbus-daemon", "xfce4-panel", "xdotool")
"""What :class:`Desktop` drives, for ``pytest.mark.needs``. Debian: xvfb, dbus, xfce4-panel, xdotool."""

T = TypeVar("T")

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are outside."""

_POLL_S = 0.05
_PRESS_AGAIN_S = 3.0


def press_until(press: Callable[[], object], look: Callable[[], T], what: str) -> T:
    """Press something, and again every few seconds as a person does, until it has had its effect.

    On a busy machine a key or a click can come before its window takes any.

    Args:
        press: Presses it.
        look: Returns what is waited for, or something false.
        what: What is waited for, for the failure's words.

    Returns:
        What was seen.
    """
    pressed_at = float("-inf")

    def pressed() -> T:
        nonlocal pressed_at
        if seen := look():
            return seen
        if time.monotonic() - pressed_at > _PRESS_AGAIN_S:
            pressed_at = time.monotonic()
            press()
        return look()

    return wait_for(pressed, what)


def wait_for(look: Callable[[], T], what: str, timeout_s: float = PATIENCE_S) -> T:
    """Look again and again until there is something.

    Args:
        look: Gives something true once it is there.
        what: What is waited for, for the failure's words.
        timeout_s: How long at most.

    Returns:
        What was seen.
    """
    deadline = time.monotonic() + timeout_s
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {timeout_s:g} s: {what}")
        time.sleep(_POLL_S)
    return seen


class Desktop:
    """A display and, unless told otherwise, a session bus; the panel is started by a test when it wants one.

    Args:
        home: An empty folder for the desktop's own settings.
        dark: Whether panel and menus are dark.
        size: Width and height in pixels.
        display: Whether there is a display.
        bus: Whether there is a session bus.
        plugins: The panel's plugins from left to right; a separator in front pushes the others to the right.
        panel_height: In pixels.
    """

    def __init__(
        self,
        home: Path,
        *,
        dark: bool = False,
        size: tuple[int, int] = (640, 480),
        display: bool = True,
        bus: bool = True,
        plugins: Sequence[str] = ("systray",),
        panel_height: int = 28,
    ) -> None:
        self.size = size
        self._with_display = display
        self._with_bus = bus
        self._processes: list[subprocess.Popen[bytes]] = []
        self._panel: subprocess.Popen[bytes] | None = None
        self._bus: subprocess.Popen[bytes] | None = None
        runtime = home / "runtime"
        runtime.mkdir(mode=0o700)
        gtk = home / "config" / "gtk-3.0" / "settings.ini"
        gtk.parent.mkdir(parents=True)
        gtk.write_text("[Settings]\ngtk-font-name=Inter 10\n")
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DBUS_", "XDG_", "GTK_", "WAYLAND_", "DISPLAY"))
        } | {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_DATA_HOME": str(home / "data"),
            "GTK_THEME": "Adwaita:dark" if dark else "Adwaita",
            "NO_AT_BRIDGE": "1",
            "GTK_A11Y": "none",
        }
        settings = home / "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        settings.parent.mkdir(parents=True)
        settings.write_text(_panel_settings(plugins, panel_height, dark=dark))

    def __enter__(self) -> Self:
        try:
            if self._with_display:
                screen = f"{self.size[0]}x{self.size[1]}x24"
                self.env["DISPLAY"] = ":" + self._start_telling(
                    "-displayfd", ["Xvfb", "-screen", "0", screen, "-nolisten", "tcp", "-noreset"]
                )
            if self._with_bus:
                self.env["DBUS_SESSION_BUS_ADDRESS"] = self._start_telling(
                    "--print-address=", ["dbus-daemon", "--session", "--nofork", "--nosyslog"]
                )
                self._bus = self._processes[-1]
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End everything this desktop started."""
        self.stop_panel()
        while self._processes:
            _end(self._processes.pop())

    def enter(self, environ: "pytest.MonkeyPatch") -> None:
        """Make this process's environment that of a program on this desktop."""
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
            if name in self.env:
                environ.setenv(name, self.env[name])
            else:
                environ.delenv(name, raising=False)

    def start_panel(self) -> None:
        """Start the panel; its tray comes a little later."""
        self._panel = self._start(["xfce4-panel", "--disable-wm-check", "--sm-client-disable"])

    def start_window_manager(self) -> None:
        """Start openbox, and wait until it manages windows."""
        self._start(["openbox", "--sm-disable"])
        wait_for(lambda: "window id" in self._xprop("-root", "_NET_SUPPORTING_WM_CHECK"), "a window manager")

    def stop_panel(self) -> None:
        """End the panel, as when it crashes or is restarted."""
        if self._panel:
            self._processes.remove(self._panel)
            _end(self._panel)
            self._panel = None

    def stop_bus(self) -> None:
        """End the session bus, as at logout. The panel goes with it."""
        self.stop_panel()
        assert self._bus
        self._processes.remove(self._bus)
        _end(self._bus)
        self._bus = None

    @contextlib.contextmanager
    def bus_stopped(self) -> Iterator[None]:
        """Keep the session bus from reading and writing for a while."""
        assert self._bus
        self._bus.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._bus.send_signal(signal.SIGCONT)

    def screenshot(self) -> Image.Image:
        """Photograph the display."""
        return ImageGrab.grab(xdisplay=self.env["DISPLAY"])

    def find(self, colour: tuple[int, int, int], least_pixels: int = 20) -> Box | None:
        """Find where pixels of exactly this colour are."""
        mask = None
        for band, value in zip(self.screenshot().convert("RGB").split(), colour, strict=True):
            hits = band.point([255 if level == value else 0 for level in range(256)])
            mask = hits if mask is None else ImageChops.multiply(mask, hits)
        assert mask is not None
        return mask.getbbox() if mask.histogram()[255] >= least_pixels else None

    def move(self, x: int, y: int) -> None:
        """Move the pointer there, over a place next to it, so that what is there notices."""
        self._xdotool("mousemove", str(x + 1), str(y + 1), "mousemove", str(x), str(y))

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click there; button 1 is left, 2 middle, 3 right."""
        self.move(x, y)
        self._xdotool("click", str(button))

    def press(self, *keys: str) -> None:
        """Press keys, named as X names them."""
        self._xdotool("key", *keys)

    def windows(self) -> dict[int, Box]:
        """Give all visible windows of the display, among them open menus and tooltips."""
        found = self._xdotool("search", "--onlyvisible", "--name", "")
        boxes = {}
        for window in found.split():
            with contextlib.suppress(subprocess.CalledProcessError):  # closed in the meantime
                shape = dict(
                    line.split("=") for line in self._xdotool("getwindowgeometry", "--shell", window).split()
                )
                left, top = int(shape["X"]), int(shape["Y"])
                boxes[int(window)] = (left, top, left + int(shape["WIDTH"]), top + int(shape["HEIGHT"]))
        return boxes

    def _xdotool(self, *words: str) -> str:
        return subprocess.run(
            ["xdotool", *words], env=self.env, check=True, capture_output=True, text=True, timeout=PATIENCE_S
        ).stdout

    def _xprop(self, *words: str) -> str:
        return subprocess.run(
            ["xprop", *words], env=self.env, check=True, capture_output=True, text=True, timeout=PATIENCE_S
        ).stdout

    def _start(self, words: Sequence[str], keep: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        # A test run that is killed takes its desktop with it.
        tied = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        process = subprocess.Popen(
            [*tied, *words],
            env=self.env,
            pass_fds=keep,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def _start_telling(self, option: str, words: Sequence[str]) -> str:
        """Start a program that writes one line (its free display, its address) to a file descriptor."""
        with _pipe() as (reader, writer):
            told = [f"{option}{writer}"] if option.endswith("=") else [option, str(writer)]
            self._start([*words, *told], keep=[writer])
            os.close(writer)
            if not select.select([reader], [], [], PATIENCE_S)[0]:
                raise AssertionError(f"{words[0]} did not start")
            with os.fdopen(os.dup(reader)) as lines:
                line = lines.readline().strip()
        assert line, f"{words[0]} did not start"
        return line


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(reader)


def _end(process: subprocess.Popen[bytes]) -> None:
    # The whole group: the panel runs its plugins as processes of their own.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _panel_settings(plugins: Sequence[str], height: int, *, dark: bool) -> str:
    ids = "".join(f'<value type="int" value="{i}"/>' for i, _ in enumerate(plugins, 1))
    invisible = '<property name="style" type="uint" value="0"/>'
    expand = '<property name="expand" type="bool" value="true"/>'
    each = "".join(
        f'<property name="plugin-{i}" type="string" value="{plugin}">'
        f"{invisible if plugin == 'separator' else ''}{expand if (i, plugin) == (1, 'separator') else ''}"
        "</property>"
        for i, plugin in enumerate(plugins, 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{"true" if dark else "false"}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="{height}"/>
      <property name="icon-size" type="uint" value="0"/>
      <property name="plugin-ids" type="array">{ids}</property>
    </property>
  </property>
  <property name="plugins" type="empty">{each}</property>
</channel>
"""
