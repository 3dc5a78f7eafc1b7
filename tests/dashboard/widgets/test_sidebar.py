import tkinter as tk

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.sidebar import Entry, Sidebar, Status
from ccmon_tray.usage import wording
from ccmon_tray.usage.states import State
from tests.support.dashboard import pump

pytestmark = pytest.mark.needs("Xvfb")

GROUPS = (
    ("Usage", (Entry("summary", "Summary", "1"), Entry("tokens", "Tokens", "2"))),
    ("Pipeline", (Entry("smoke-test", "Smoke test", "3"),)),
)


def sidebar(root: tk.Tk, design: Design) -> tuple[Sidebar, list[str]]:
    chosen: list[str] = []
    made = Sidebar(root, design, GROUPS, chosen.append)
    made.pack(side="left", fill="y")
    made.select("summary")
    root.update()
    return made, chosen


def words(made: Sidebar) -> list[str]:
    made.update()
    return [slot.text for slot in made.painter.slots]


def test_a_click_and_the_arrows_choose(root: tk.Tk, design: Design) -> None:
    made, chosen = sidebar(root, design)
    for name, (top, bottom) in made._places.items():
        made.event_generate("<Button-1>", x=60, y=(top + bottom) // 2)
        assert chosen[-1] == name
    chosen.clear()
    made.event_generate("<Button-1>", x=60, y=made._places["summary"][0] - 10)  # a group's title
    assert chosen == []

    made.focus_force()
    pump(root, lambda: made.focused, "the focus")
    made.event_generate("<Down>")
    made.select("tokens")
    made.event_generate("<Down>")
    assert chosen == ["tokens", "smoke-test"]


def test_it_says_today_the_source_its_state_and_its_age(root: tk.Tk, design: Design) -> None:
    made, _ = sidebar(root, design)
    made.show(Status(State.STALE, "Prometheus · stale", "updated 10 min ago", "Today $12.34"))

    assert {"Prometheus · stale", "updated 10 min ago", "Today $12.34"} <= set(words(made))
    assert all(slot.width <= slot.room for slot in made.painter.slots)


@pytest.mark.parametrize("age", ["", "updated now", "updated 10 min ago", "updated 3 months ago"])
def test_no_source_and_state_are_cut(root: tk.Tk, design: Design, age: str) -> None:
    made, _ = sidebar(root, design)
    for source in ("Prometheus", "Built-in collector", "Transcripts", "Demo"):
        for state in ("fresh", "stale", "no use today", wording.OFFLINE, wording.NO_TELEMETRY):
            made.show(Status(State.STALE, f"{source} · {state}", age))

            said = " · ".join(words(made))
            assert source in said
            assert state in said
            assert "…" not in said


@pytest.mark.parametrize("age", ["", "updated 10 min ago"])
def test_a_long_source_and_its_state_are_two_lines(root: tk.Tk, design: Design, age: str) -> None:
    made, _ = sidebar(root, design)
    made.show(Status(State.NO_TELEMETRY, "Claude Code’s transcripts · no telemetry yet", age))

    said = words(made)
    lines = ["Claude Code’s transcripts", "no telemetry yet", *filter(None, [age])]
    assert said[-len(lines) :] == lines
    assert all(slot.width <= slot.room for slot in made.painter.slots)


def test_each_state_has_a_sign_and_a_colour_of_its_own(root: tk.Tk, design: Design) -> None:
    made, _ = sidebar(root, design)
    signs = set()
    for state in State:
        made.show(Status(state, "Prometheus"))
        made.update()
        marks = [key for key in made.design.pictures if key[0] == "mark" and key[1] is state]
        assert len(marks) == 1
        signs.add(str(made.tk.call(str(made.design.pictures[marks[0]]), "data")))
    assert len(signs) == len(State)


def test_in_a_low_window_the_views_stay_and_the_footer_goes(root: tk.Tk, design: Design) -> None:
    made, _ = sidebar(root, design)
    made.show(Status(State.FRESH, "Prometheus · fresh", "updated now"))
    assert "Prometheus · fresh" in words(made)

    root.geometry("900x240")
    pump(root, lambda: made.extent[1] == 240, "the height")

    assert "Prometheus · fresh" not in words(made)
    assert {"Summary", "Tokens", "Smoke test"} <= set(words(made))
