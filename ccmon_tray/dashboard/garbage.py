"""Cyclic garbage, collected on Tk's thread alone.

Python collects on whichever thread makes objects. In the garbage there may be variables and pictures of Tk,
which at their end ask Tk's thread for something and wait. When that one has left its main loop, and waits for
the same thread in turn, the process never ends; or it is aborted, since Tcl may be deleted by its own thread
only. So the usual collector is off in the window's process, from its start on.
"""

import gc
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import tkinter as tk  # which the caller may find missing

_PAUSE_MS: Final = 3_000
_FULL_EVERY: Final = 20  # collections
_YOUNG: Final = 1
_ALL: Final = 2


def collect_here_alone() -> None:
    """Call first thing in the process: nothing is collected until :meth:`Collector.begin`."""
    gc.disable()


class Collector:
    """Collects while Tk's main loop runs.

    Args:
        root: Whose main loop it is.
    """

    def __init__(self, root: "tk.Misc") -> None:
        self._root = root
        self._times = 0

    def begin(self) -> None:
        """Begin, once all that stays is there.

        It is not looked through any more, matplotlib above all: that would hold up the window for a twentieth
        of a second each time.
        """
        gc.freeze()
        self._root.after(_PAUSE_MS, self._collect)

    def _collect(self) -> None:
        self._times += 1
        gc.collect(_ALL if self._times % _FULL_EVERY == 0 else _YOUNG)
        self._root.after(_PAUSE_MS, self._collect)
