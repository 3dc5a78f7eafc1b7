"""A small window of its own for parts of the dashboard."""

import tkinter as tk
from collections.abc import Iterator

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.style import Style
from ccmon_tray.dashboard.theme import DARK
from tests.support.desktop import Desktop


@pytest.fixture
def root(desktop: Desktop) -> Iterator[tk.Tk]:
    root = tk.Tk(screenName=desktop.env["DISPLAY"])
    root.geometry("900x600+0+0")
    root.update()
    yield root
    root.destroy()


@pytest.fixture
def design(root: tk.Tk) -> Iterator[Design]:
    """How things look, with the styles of ttk's widgets."""
    made = Design.of(root, DARK, scale=1.0)
    style = Style(root, made)
    yield made
    del style  # its pictures last as long as the test
