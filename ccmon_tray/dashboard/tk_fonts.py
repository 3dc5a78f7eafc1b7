"""Which fonts this Python's Tk can draw, as JSON: asked by the doctor, which may not load Tk itself.

Run as ``python -m ccmon_tray.dashboard.tk_fonts``.
"""

import json


def describe() -> dict[str, str]:
    """What there is: the font system, or why that cannot be told."""
    try:
        import tkinter as tk  # noqa: PLC0415 — whether it is there is the question
    except ImportError as error:
        return {"missing": str(error)}
    try:
        root = tk.Tk()
    except tk.TclError as error:
        return {"no_display": str(error)}
    root.withdraw()
    try:
        windowing = str(root.tk.call("tk", "windowingsystem"))
        try:
            system = str(root.tk.call("::tk::pkgconfig", "get", "fontsystem"))
        except tk.TclError:  # asked for on X11 alone
            system = windowing
        return {
            "windowing": windowing,
            "font_system": system,
            "version": str(root.tk.call("info", "patchlevel")),
        }
    finally:
        root.destroy()


if __name__ == "__main__":
    print(json.dumps(describe()))  # noqa: T201 — this is its answer
