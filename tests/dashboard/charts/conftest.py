"""A window for charts, in any look."""

import tkinter as tk
from collections.abc import Callable, Iterator

import pytest

from ccmon_tray.dashboard.charts import prepare
from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.theme import palette_for
from tests.support.desktop import Desktop

MakeDesign = Callable[..., tuple[tk.Tk, Design]]


@pytest.fixture
def make_design(desktop: Desktop) -> Iterator[MakeDesign]:
    """Make a window of a size (units) with its design."""
    roots: list[tk.Tk] = []

    def make(
        theme: str = "dark", scale: float = 1.0, size: tuple[int, int] = (700, 240)
    ) -> tuple[tk.Tk, Design]:
        root = tk.Tk(screenName=desktop.env["DISPLAY"], className="ccmon-tray")
        roots.append(root)
        design = Design.of(root, palette_for(theme), scale=scale)
        root.geometry(f"{design.px(size[0])}x{design.px(size[1])}+0+0")
        root.update()
        return root, design

    yield make
    for root in roots:
        root.destroy()


@pytest.fixture(scope="session", autouse=True)
def prepared() -> None:
    """Charts are prepared before any is made."""
    prepare()
