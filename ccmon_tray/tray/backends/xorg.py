"""The pystray icon of X11's old kind of tray (XEmbed), for panels that know no StatusNotifierItem.

pystray's own icon never asks for button presses, so that no click arrives; ends the process at a title
outside Latin-1; is drawn on black; and is lost when the panel restarts. This one repairs that. All talk with
the X server is on the loop's thread; others hand their changes over through :meth:`Icon.post`.

There is no menu: a click opens the quick stats, a middle click asks for new numbers.
"""

import contextlib
import logging
import os
import queue
import select
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops
from Xlib import X, Xatom, Xutil, error
from Xlib.protocol import event as xevent

from ccmon_tray.errors import TrayHostMissing
from ccmon_tray.tray.backends.pystray_base import TrayIcon
from ccmon_tray.tray.model import Action, Command

try:
    from pystray import _xorg
except (error.DisplayError, OSError) as reason:  # pystray connects while it is imported
    raise TrayHostMissing(
        "No tray icon",
        cause=f"the X display cannot be opened ({reason})",
        next_step="Start ccmon-tray within a desktop",
    ) from reason

_log = logging.getLogger(__name__)

_ARGB_DEPTH = 32
_LEFT, _MIDDLE, _RIGHT = 1, 2, 3
_SMALLEST = 24  # pixels a panel gives us at least; without a wish, some give one pixel

if TYPE_CHECKING:
    # What is used of pystray's class, as of 0.19.5, and of python-xlib's objects.
    class _XorgIcon(TrayIcon):
        _display: Any
        _window: Any
        _gc: Any
        _systray_manager: Any
        _message_handlers: dict[int, Callable[[Any], None]]
        _xembed_info: int
        _net_system_tray_sx: int
        _net_system_tray_opcode: int
        _XEMBED_VERSION: int
        _XEMBED_MAPPED: int
        _SYSTEM_TRAY_REQUEST_DOCK: int

        def _create_atoms(self) -> None: ...
        def _send_message(self, window: Any, client_type: int, l0: int = 0, l1: int = 0) -> None: ...
else:

    class _XorgIcon(TrayIcon, _xorg.Icon):
        pass


class Icon(_XorgIcon):
    """A window of our own that the tray's manager takes into its panel.

    The manager may come late, restart or go: the icon docks with each that appears. ``run`` ends when the
    X server goes away, as at logout.
    """

    def __init__(self, name: str, **options: Any) -> None:
        # pystray's constructor makes the window, so what that needs comes first.
        self._size = (_SMALLEST, _SMALLEST)
        self._depth = 0
        self._hosted = False
        self._ended = False
        self._changes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._waker, self._wakened = socket.socketpair()
        self._waker.setblocking(False)
        self._wakened.setblocking(False)
        super().__init__(name, **options)
        self._message_handlers |= {
            X.ReparentNotify: self._on_reparent,
            X.ClientMessage: self._on_client_message,
            X.ConfigureNotify: self._on_configure,
        }
        # Errors of requests to windows that have just gone are the normal life of a tray.
        self._display.set_error_handler(lambda problem, _request: _log.debug("X error: %s", problem))

    @property
    def image_sizes(self) -> tuple[int, ...]:  # type: ignore[override]
        """The side of the slot the panel gave us, pixels."""
        return (min(self._size),)

    @property
    def hosted(self) -> bool:
        """Whether a panel has taken the icon in."""
        return self._hosted

    def post(self, change: Callable[[], None]) -> None:
        """Run a change soon on the loop's thread; after the end, do nothing."""
        self._changes.put(change)
        self._wake()

    # What pystray asks of an icon, called on the loop's thread.

    def _show(self) -> None:
        if self._systray_manager is None:
            self._dock()

    def _hide(self) -> None:
        self._undock()

    def _update_icon(self) -> None:
        self._draw()
        self._icon_valid = True

    def _update_title(self) -> None:
        self._name_window(self._window)

    def _update_menu(self) -> None:
        """Nothing: there is no menu to show it in."""

    def _rewrite_implementation(self, *_methods: Callable[[], None]) -> None:
        """Nothing: our methods are called on the loop's thread, and need no detour through X messages."""

    def _run(self) -> None:
        try:
            self._display.screen().root.change_attributes(event_mask=X.StructureNotifyMask)
            self._mark_ready()
            self._serve()
        except (error.ConnectionClosedError, OSError) as reason:
            _log.info("The X server went away: %s", reason)
        finally:
            self._running = False
            self._hosted = False
            self._close()

    def _stop(self) -> None:
        self._ended = True
        self._wake()

    # The loop.

    def _serve(self) -> None:
        while not self._ended:
            self._display.flush()
            # Reading a reply may have read events too: these wake no select.
            if not self._display.pending_events():
                select.select([self._display.fileno(), self._wakened], [], [])
            with contextlib.suppress(BlockingIOError):
                self._wakened.recv(4096)
            while not self._changes.empty():
                self._run_change(self._changes.get())
            while not self._ended and self._display.pending_events():
                happened = self._display.next_event()
                handler = self._message_handlers.get(happened.type)
                if handler is not None:
                    handler(happened)

    def _run_change(self, change: Callable[[], None]) -> None:
        try:
            change()
        except error.ConnectionClosedError:
            raise
        except Exception:  # noqa: BLE001  a face that cannot be drawn must not end the tray
            _log.exception("The icon could not be changed")

    def _wake(self) -> None:
        # A full pipe wakes as well as one more byte; a closed one has nobody left to wake.
        with contextlib.suppress(OSError):
            self._waker.send(b"\0")

    def _close(self) -> None:
        with contextlib.suppress(error.ConnectionClosedError, OSError):
            self._window.destroy()
            self._display.close()
        self._waker.close()
        self._wakened.close()

    # The manager of the tray: https://specifications.freedesktop.org/systemtray-spec

    def _dock(self) -> None:
        """Ask the tray's manager to take our window in; without one, wait for its announcement."""
        manager = self._manager()
        if manager is not None:
            manager.change_attributes(event_mask=X.StructureNotifyMask)
            # One that went before it was watched owns the selection no more. A grab of the server would
            # freeze the whole screen if we were slow.
            manager = self._manager()
        if manager is None:
            _log.info("No X11 tray is there yet")
            return
        self._window.destroy()
        self._window = self._create_window()
        self._systray_manager = manager
        self._send_message(
            manager, self._net_system_tray_opcode, self._SYSTEM_TRAY_REQUEST_DOCK, self._window.id
        )

    def _manager(self) -> Any:
        """The window that owns the tray's selection, or None."""
        owner = self._display.get_selection_owner(self._net_system_tray_sx)
        return None if owner == X.NONE else owner

    def _undock(self) -> None:
        """Take the window away from the panel; a fresh one, unseen, stands in until the next docking."""
        self._systray_manager = None
        self._hosted = False
        self._window.destroy()
        self._window = self._create_window()

    def _create_window(self) -> Any:
        screen = self._display.screen()
        visual = self._argb_visual()
        mask = X.ButtonPressMask | X.ExposureMask | X.StructureNotifyMask
        if visual is None:
            # The panel's own background shows through; that needs the panel's depth.
            self._depth = screen.root_depth
            look: dict[str, Any] = {"background_pixmap": X.ParentRelative}
        else:
            self._depth = _ARGB_DEPTH
            colormap = screen.root.create_colormap(visual, X.AllocNone)
            look = {"visual": visual, "background_pixel": 0, "border_pixel": 0, "colormap": colormap}
        window = screen.root.create_window(
            0, 0, *self._size, 0, self._depth, X.InputOutput, event_mask=mask, **look
        )
        window.set_wm_class(self.name, f"{self.name}SystemTrayIcon")
        window.set_wm_normal_hints(flags=Xutil.PMinSize, min_width=_SMALLEST, min_height=_SMALLEST)
        window.change_property(
            self._xembed_info, self._xembed_info, 32, [self._XEMBED_VERSION, self._XEMBED_MAPPED]
        )
        window.change_property(self._atom("_NET_WM_PID"), Xatom.CARDINAL, 32, [os.getpid()])
        self._name_window(window)
        self._gc = window.create_gc()
        return window

    def _argb_visual(self) -> int | None:
        """The visual the manager wants icons in, if it blends them; None: the screen's own will do."""
        manager = self._manager()
        if manager is None:
            return None
        try:
            wanted = manager.get_full_property(self._atom("_NET_SYSTEM_TRAY_VISUAL"), Xatom.VISUALID)
        except error.BadWindow:
            return None
        if wanted is None or not wanted.value:
            return None
        deep = (depth for depth in self._display.screen().allowed_depths if depth.depth == _ARGB_DEPTH)
        ids = {visual.visual_id for depth in deep for visual in depth.visuals}
        return int(wanted.value[0]) if wanted.value[0] in ids else None

    def _name_window(self, window: Any) -> None:
        # WM_NAME is Latin-1; who can do better reads the other one.
        window.change_property(Xatom.WM_NAME, Xatom.STRING, 8, self.title.encode("latin-1", "replace"))
        utf8 = self._atom("UTF8_STRING")
        window.change_property(self._atom("_NET_WM_NAME"), utf8, 8, self.title.encode())

    def _atom(self, name: str) -> int:
        return int(self._display.intern_atom(name))

    # What the X server tells.

    def _on_client_message(self, happened: Any) -> None:
        announced = happened.client_type == self._atom("MANAGER")
        if announced and happened.data[1][1] == self._net_system_tray_sx and self.visible:
            self._dock()

    def _on_destroy_notify(self, happened: Any) -> None:
        lost_manager = self._systray_manager is not None and happened.window == self._systray_manager
        # A panel that ends may take our window with it before its own goes.
        if lost_manager or happened.window == self._window:
            self._undock()
            self._dock()

    def _on_reparent(self, happened: Any) -> None:
        if happened.window == self._window:
            self._hosted = happened.parent != self._display.screen().root

    def _on_configure(self, happened: xevent.ConfigureNotify) -> None:
        if happened.window == self._window and (happened.width, happened.height) != self._size:
            self._size = (happened.width, happened.height)
            self._draw()

    def _on_expose(self, happened: Any) -> None:
        if happened.window == self._window and happened.count == 0:
            self._draw()

    def _on_button_press(self, happened: Any) -> None:
        if happened.detail in {_LEFT, _RIGHT}:
            at = f"{happened.root_x},{happened.root_y}"
            self.send(Command(Action.OPEN_QUICK_STATS, at))
        elif happened.detail == _MIDDLE:
            self.send(Command(Action.REFRESH))

    # Drawing.

    def _draw(self) -> None:
        if self.icon is None or not self._hosted:
            return
        width, height = self._size
        side = min(width, height)
        face = Image.new("RGBA", (width, height))
        face.paste(self.draw(side), ((width - side) // 2, (height - side) // 2))
        if self._depth == _ARGB_DEPTH:
            self._window.put_image(
                self._gc, 0, 0, width, height, X.ZPixmap, _ARGB_DEPTH, 0, _premultiplied(face)
            )
        else:
            ground = self._ground(width, height)
            ground.alpha_composite(face)
            self._window.put_pil_image(self._gc, 0, 0, ground.convert("RGB"))

    def _ground(self, width: int, height: int) -> Image.Image:
        """What the panel shows where our window is."""
        self._window.clear_area(0, 0, 0, 0)
        try:
            seen = self._window.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF)
        except (error.BadMatch, error.BadDrawable):  # not on the screen, or gone by now
            return Image.new("RGBA", (width, height), "black")
        order = "BGRX" if self._display.display.info.image_byte_order == X.LSBFirst else "XRGB"
        return Image.frombytes("RGB", (width, height), seen.data, "raw", order).convert("RGBA")


def _premultiplied(image: Image.Image) -> bytes:
    """The pixels as X wants them where it blends: blue, green, red, alpha, the colours times the alpha."""
    red, green, blue, alpha = image.split()
    colours = [ImageChops.multiply(channel, alpha) for channel in (blue, green, red)]
    return Image.merge("RGBA", (*colours, alpha)).tobytes()
