"""Which screens there are, and boxes on them."""

import sys
import tkinter as tk
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the desktop, pixels; x and y may be negative left of and above the main screen."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        """Its area, square pixels."""
        return self.width * self.height

    def shared(self, other: "Box") -> int:
        """The area that both cover, square pixels."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0, width) * max(0, height)

    def distance(self, other: "Box") -> int:
        """How far one is from the other, pixels to the right and down together; 0 where they touch."""
        across = max(other.x - self.x - self.width, self.x - other.x - other.width, 0)
        down = max(other.y - self.y - self.height, self.y - other.y - other.height, 0)
        return across + down


def screens(root: tk.Misc) -> tuple[Box, ...]:
    """The screens there are now; none where nothing is known about them.

    Args:
        root: A window on them.
    """
    if sys.platform == "darwin":
        return ()  # the system itself keeps windows on its screens, and Tk knows only the main one
    found = _x11(root.winfo_screen()) if root.tk.call("tk", "windowingsystem") == "x11" else ()
    # Tk knows the box around all of them.
    whole = Box(root.winfo_vrootx(), root.winfo_vrooty(), root.winfo_vrootwidth(), root.winfo_vrootheight())
    return found or (whole,)


def _x11(display: str) -> tuple[Box, ...]:
    """The screens of an X display by its Xinerama extension, which today is RandR's."""
    import ctypes  # noqa: PLC0415  # of use on X11 only

    class Screen(ctypes.Structure):
        _fields_ = (
            ("number", ctypes.c_int),
            *((name, ctypes.c_short) for name in ("x", "y", "width", "height")),
        )

    try:
        x11, xinerama = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXinerama.so.1")
    except OSError:
        return ()
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XCloseDisplay.argtypes = (ctypes.c_void_p,)
    x11.XFree.argtypes = (ctypes.c_void_p,)
    xinerama.XineramaQueryScreens.restype = ctypes.POINTER(Screen)
    xinerama.XineramaQueryScreens.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_int))
    connection = x11.XOpenDisplay(display.encode())
    if not connection:
        return ()
    try:
        count = ctypes.c_int()
        told = xinerama.XineramaQueryScreens(connection, ctypes.byref(count))
        if not told:
            return ()
        found = tuple(Box(screen.x, screen.y, screen.width, screen.height) for screen in told[: count.value])
        x11.XFree(told)
        return found
    finally:
        x11.XCloseDisplay(connection)
