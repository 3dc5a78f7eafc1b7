"""Holds a text as the desktop's clipboard until another program takes the clipboard over.

On X11 a clipboard lives only as long as the program that filled it. This one works as xclip does: the text
comes on stdin, and when the command returns, a child of it holds the clipboard.
"""

import os
import sys
import tkinter as tk
from collections.abc import Callable


def main() -> int:
    """Leave a process behind that holds the text from stdin. Returns 0 once it does, else 1."""
    text = sys.stdin.buffer.read().decode("utf-8")
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        return 0 if os.read(reader, 1) else 1
    os.close(reader)
    os.setsid()
    hold(text, lambda: os.write(writer, b"\0"))
    return 0


def hold(text: str, tell_ready: Callable[[], object]) -> None:
    """Own the clipboard until it is lost.

    Args:
        text: What is pasted.
        tell_ready: Called once it can be.
    """
    root = tk.Tk(className="ccmon-tray")
    root.withdraw()
    root.selection_handle(
        lambda offset, length: text[int(offset) : int(offset) + int(length)], selection="CLIPBOARD"
    )
    root.selection_own(selection="CLIPBOARD", command=root.destroy)
    root.update()
    tell_ready()
    root.mainloop()


if __name__ == "__main__":
    sys.exit(main())
