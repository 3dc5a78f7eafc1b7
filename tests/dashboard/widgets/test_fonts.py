import tkinter as tk

import pytest

from ccmon_tray.dashboard.design import Design

pytestmark = pytest.mark.needs("Xvfb")


def test_a_font_is_in_use_as_long_as_its_design_so_that_tk_opens_it_once(root: tk.Tk, design: Design) -> None:
    fonts = {str(design.fonts.get(size, strong=strong)) for size in (12, 20) for strong in (False, True)}

    users = [each for each in root.winfo_children() if isinstance(each, tk.Label)]
    assert fonts <= {str(each.cget("font")) for each in users}
    assert not any(each.winfo_manager() for each in users)
    # Tk looks both of them up for each picture, and knows them as long as a widget has them.
    assert {"white", "black"} <= {
        str(each.cget(key)) for each in users for key in ("foreground", "background")
    }
