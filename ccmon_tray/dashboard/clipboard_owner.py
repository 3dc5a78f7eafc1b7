"""Holds a text as the desktop's clipboard until another program takes the clipboard over.

On X11 and Wayland a clipboard lives only as long as the program that filled it. This one is started by
:mod:`ccmon_tray.desktop.clipboard` where no tool does it; the text comes on stdin.
"""

import sys
import tkinter as tk


def main() -> int:
    """Own the clipboard until it is lost. Prints ``ready`` once it is held. Returns the exit status."""
    text = sys.stdin.buffer.read().decode("utf-8")
    try:
        root = tk.Tk(className="ccmon-tray")
    except tk.TclError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program's own words
        return 1
    root.withdraw()
    root.selection_handle(
        lambda offset, length: text[int(offset) : int(offset) + int(length)], selection="CLIPBOARD"
    )
    root.selection_own(selection="CLIPBOARD", command=root.destroy)
    root.update()
    print("ready", flush=True)  # noqa: T201 - the parent waits for it
    root.mainloop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
