import tkinter as tk
from typing import Any

import pytest

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.widgets.table import Column, Table, TableRow
from tests.support.dashboard import pump

pytestmark = pytest.mark.needs("Xvfb")

COLUMNS = (
    Column("Project", 120, weight=1, strong=True),
    Column("Cost", 72, figure=True, descending=True),
    Column("Tokens", 72, figure=True, descending=True, optional=1),
)


def row(name: str, cost: float | None, tokens: int | None = 1) -> TableRow:
    cells = (name, "—" if cost is None else f"${cost:.2f}", str(tokens))
    return TableRow(name, cells, (name, cost, tokens))


ROWS = (row("web", 2.0, 30), row("api", 10.0, 5), row("infra", None), row("Docs", 7.5, 12))


def shown(root: tk.Tk, design: Design, rows: tuple[TableRow, ...] = ROWS, **more: Any) -> Table:
    table = Table(root, design, COLUMNS, **more)
    table.pack(fill="x")
    table.show(rows)
    root.update()
    return table


def names(table: Table) -> list[str]:
    return [each.key for each in table.grid_surface.rows]


def click_head(table: Table, column: int) -> None:
    left, right = table.grid_surface._spans[column]
    table.grid_surface.event_generate("<Button-1>", x=(left + right) // 2, y=10)


def press(table: Table, *keys: str) -> None:
    grid = table.grid_surface
    grid.focus_force()
    pump(grid, lambda: grid.focused, "the focus")
    for key in keys:
        grid.event_generate(f"<{key}>")
    grid.update()


def test_heads_sort_and_turn_and_what_is_unknown_stays_last(root: tk.Tk, design: Design) -> None:
    told: list[tuple[int, bool]] = []
    table = shown(root, design, sorted_by=lambda column, down: told.append((column, down)))
    assert names(table) == ["web", "api", "infra", "Docs"]

    click_head(table, 1)
    assert names(table) == ["api", "Docs", "web", "infra"]
    click_head(table, 1)
    assert names(table) == ["web", "Docs", "api", "infra"]
    click_head(table, 0)
    assert names(table) == ["api", "Docs", "infra", "web"]
    assert told == [(1, True), (1, False), (0, False)]


def test_the_order_stays_when_figures_change(root: tk.Tk, design: Design) -> None:
    table = shown(root, design, sort=(1, True))
    assert names(table) == ["api", "Docs", "web", "infra"]
    table.select("web")

    table.show((*ROWS, row("new", 8.0)))

    assert names(table) == ["api", "new", "Docs", "web", "infra"]
    assert table.grid_surface.selected == "web"


def test_rows_by_the_keyboard(root: tk.Tk, design: Design) -> None:
    chosen: list[str] = []
    copied: list[str] = []
    table = shown(root, design, choose=chosen.append, copy=copied.append)

    press(table, "Down", "Down", "Return")
    assert chosen == ["api"]
    press(table, "End", "space")
    assert chosen == ["api", "Docs"]
    press(table, "Home", "<CopyValue>")
    assert copied == ["web\t$2.00\t30"]
    press(table, "Up")
    assert table.grid_surface.selected == "web"


def test_a_double_click_copies_a_row(root: tk.Tk, design: Design) -> None:
    copied: list[str] = []
    table = shown(root, design, copy=copied.append)
    for _ in range(2):
        table.grid_surface.event_generate("<Button-1>", x=50, y=30 + 33 + 10)
        table.grid_surface.event_generate("<ButtonRelease-1>", x=50, y=30 + 33 + 10)
    root.update()

    assert copied == ["api\t$10.00\t5"]


def test_without_a_marked_row_all_are_copied_by_the_key_alone(root: tk.Tk, design: Design) -> None:
    copied: list[str] = []
    table = shown(root, design, copy=copied.append)
    table.grid_surface.configure(height=400)
    root.update()
    for _ in range(2):  # below the rows
        table.grid_surface.event_generate("<Button-1>", x=50, y=380)
        table.grid_surface.event_generate("<ButtonRelease-1>", x=50, y=380)
    root.update()
    assert copied == []

    press(table, "<CopyValue>")

    assert copied == [table.text()]


def test_a_column_that_does_not_fit_gives_way_and_comes_back(root: tk.Tk, design: Design) -> None:
    table = shown(root, design)
    assert set(table.grid_surface._spans) == {0, 1, 2}

    root.geometry("260x300")
    pump(root, lambda: set(table.grid_surface._spans) == {0, 1}, "a column less")
    root.geometry("900x300")
    pump(root, lambda: set(table.grid_surface._spans) == {0, 1, 2}, "the column again")


def test_thousands_of_rows_cost_no_more_than_those_in_sight(root: tk.Tk, design: Design) -> None:
    many = tuple(row(f"project {number:05}", number * 0.01, number) for number in range(20_000))
    table = shown(root, design, many, rows_shown=10, sort=(1, True))
    grid = table.grid_surface
    assert grid.rows_in_sight == 10
    items = len(grid.find_all())
    assert items < 200

    press(table, *["Next"] * 20)
    for _ in range(20):
        grid.event_generate("<Button-5>", x=50, y=100)
        grid.update_idletasks()
    assert len(grid.find_all()) < 200
    assert grid._first == 200 - 10 + 60

    press(table, "End")
    assert grid.selected == "project 00000"
    assert grid.part_shown()[1] == 1.0


def test_empty_and_awaited_tables_say_so(root: tk.Tk, design: Design) -> None:
    table = shown(root, design, (), empty="No project was used")
    words = [slot.text for slot in table.grid_surface.painter.slots]
    assert "No project was used" in words

    table.await_rows()
    root.update()
    assert "No project was used" not in [slot.text for slot in table.grid_surface.painter.slots]
    table.show(ROWS)
    root.update()
    assert "$10.00" in [slot.text for slot in table.grid_surface.painter.slots]


def test_all_of_it_as_text(root: tk.Tk, design: Design) -> None:
    table = shown(root, design)

    assert table.text().splitlines()[:2] == ["Project\tCost\tTokens", "web\t$2.00\t30"]
