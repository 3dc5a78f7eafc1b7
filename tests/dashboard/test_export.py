"""Exports are what is shown: tables as CSV and JSON, charts as PNG and SVG."""

import csv
import json
from pathlib import Path
from tkinter import filedialog, messagebox
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from ccmon_tray.dashboard.export import write_tables
from ccmon_tray.dashboard.theme import DARK, LIGHT
from ccmon_tray.dashboard.views.base import Exported
from ccmon_tray.dashboard.views.registry import ORDER
from ccmon_tray.dashboard.views.sessions import SessionsView
from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.errors import CcmonError
from ccmon_tray.usage import formatting
from ccmon_tray.view_names import ViewName
from tests.support.dashboard import pump
from tests.support.fake_source import FakeSource, request
from tests.support.views import NOW, OpenView

pytestmark = pytest.mark.needs("Xvfb")

TABLE = Exported("days", ("day", "cost_usd"), (("2026-11-22", 1.25), ("2026-11-23", None)))
OTHER = Exported("by_model", ("model",), (("Fable, “5”",),))


def read_csv(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def as_csv(value: object) -> str:
    return "" if value is None else str(value)


def offered(window: DashboardWindow) -> list[str]:
    """The words of the menu under “Export”."""
    menu = window.header._open_exports()
    words = list(menu.words)
    menu.close()
    return words


@pytest.mark.parametrize("name", ORDER)
def test_every_view_exports_what_its_header_offers(
    open_view: OpenView, tmp_path: Path, name: ViewName
) -> None:
    window = open_view(name)
    tables, charts = window.tables(), window.page.view.charts
    kinds = window.exports()
    assert ("csv" in kinds) == ("json" in kinds) == bool(tables)
    assert ("png" in kinds) == ("svg" in kinds) == bool(charts)

    for kind in kinds:
        written = window.export(kind, tmp_path / f"out.{kind}")
        assert len(written) == {"csv": len(tables), "json": 1}.get(kind, len(charts))
        assert all(path.stat().st_size > 0 for path in written)
        assert written[0].name in window.toast.words
    if tables:
        told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
        assert told["view"] == name
        assert told["source"]["kind"] == "demo"
        assert ("range" in told) == window.page.view.ranged
        for table in tables:
            assert [list(row.values()) for row in told[table.name]] == [list(row) for row in table.rows]
        assert read_csv(tmp_path / "out.csv") == [
            list(tables[0].header),
            *([as_csv(cell) for cell in row] for row in tables[0].rows),
        ]


def test_the_summary_as_data_is_what_stands_on_the_screen(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("summary", "30d")
    view = window.page.view
    assert isinstance(view, SummaryView)

    (path,) = window.export("json", tmp_path / "summary")
    told = json.loads(path.read_text(encoding="utf-8"))

    assert path.name == "summary.json"
    assert told["range"] == {
        "name": "30d",
        "start": window.page.window.start if window.page.window else 0,
        "end": NOW,
        "timezone": "Europe/Berlin",
    }
    totals = {row["figure"]: row["value"] for row in told["totals"]}
    assert formatting.money(totals["cost_usd"]) == view.main_cards[0].figure
    assert formatting.tokens(totals["tokens"]) == view.main_cards[2].figure
    steps = told["over_time"]
    assert sum(step["cost_usd"] or 0 for step in steps) == pytest.approx(totals["cost_usd"])
    assert [model["name"] for model in told["by_model"]] == [row.cells[0] for row in view.models.rows]


@pytest.mark.parametrize(("theme", "palette"), [("dark", DARK), ("light", LIGHT)])
def test_a_picture_of_a_chart_is_sharp_and_in_the_windows_colours(
    open_view: OpenView, tmp_path: Path, theme: str, palette: object
) -> None:
    window = open_view("summary", theme=theme)
    chart = window.page.view.charts[0]

    paths = window.export("png", tmp_path / "charts.png")

    assert [path.name for path in paths] == ["charts-cost-over-the-period.png", "charts-cost-by-model.png"]
    with Image.open(paths[0]) as picture:
        assert picture.width >= 2 * chart.widget.winfo_width()
        assert picture.height > 2 * chart.widget.winfo_height()  # its name stands above it
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 24) or ()}
    assert isinstance(palette, type(DARK))
    assert {tuple(bytes.fromhex(each[1:])) for each in (palette.card, palette.accent)} <= colours


def test_a_chart_as_svg_is_drawn_with_the_same_figures(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("summary")

    paths = window.export("svg", tmp_path / "charts.svg")

    assert all(ET.parse(path).getroot().tag.endswith("svg") for path in paths)  # noqa: S314  # our own
    # Words are shapes, so that they look the same where there is no such font; what they say is noted.
    cost = formatting.money(window.page.reading.totals.cost_usd)
    assert f"<!-- {cost} -->" in paths[1].read_text(encoding="utf-8").replace("\\$", "$")


def test_nothing_is_written_and_nothing_said_if_a_person_chooses_no_file(
    open_view: OpenView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []

    def choose_none(**words: object) -> str:
        asked.append(words)
        return ""

    monkeypatch.setattr(filedialog, "asksaveasfilename", choose_none)
    window = open_view("tokens")

    assert window.export("csv") == ()

    assert window.toast.words == ""
    assert asked[0]["initialfile"] == "claude-code-tokens-2026-11-23.csv"
    assert asked[0]["defaultextension"] == ".csv"


@pytest.mark.parametrize("kind", ["csv", "png"])
def test_files_beside_the_chosen_one_are_replaced_only_if_a_person_agrees(
    open_view: OpenView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    window = open_view("summary")
    chosen = tmp_path / f"costs.{kind}"
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_words: str(chosen))
    asked: list[str] = []
    answers = [False, True]

    def ask(**words: object) -> bool:
        asked.append(f"{words['message']} {words['detail']}")
        return answers.pop(0)

    monkeypatch.setattr(messagebox, "askokcancel", ask)
    first = window.export(kind)
    assert len(first) > 1
    assert asked == []

    mine = first[-1]
    for path in first[:-1]:
        path.unlink()
    chosen.write_text("agreed to in the dialog", encoding="utf-8")
    mine.write_text("mine", encoding="utf-8")
    assert window.export(kind) == ()
    assert asked[0].startswith(f"Replace {mine.name}?")
    assert asked[0].endswith(f"\n{mine.name}")
    assert mine.read_text(encoding="utf-8") == "mine"
    assert chosen.read_text(encoding="utf-8") == "agreed to in the dialog"

    assert window.export(kind) == first
    assert b"mine" not in mine.read_bytes()[:4]


def test_what_a_person_writes_for_a_name_stays_whole(open_view: OpenView, tmp_path: Path) -> None:
    other = tmp_path / "costs 2026.csv"
    other.write_text("mine", encoding="utf-8")
    window = open_view("stats-cache")

    written = window.export("csv", tmp_path / "costs 2026.11")

    assert written[0].name == "costs 2026.11.csv"
    assert other.read_text(encoding="utf-8") == "mine"


def test_a_session_that_is_open_brings_its_chart_and_its_figures(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("sessions")
    view = window.page.view
    assert isinstance(view, SessionsView)
    assert offered(window) == ["Data as CSV…", "Data as JSON…"]

    view.open_session(view.sessions.rows[0].key)
    pump(window.root, lambda: view.detail.reading is not None, "the session")
    assert offered(window)[2:] == ["Charts as PNG…", "Charts as SVG…"]
    assert [path.name for path in window.export("png", tmp_path / "session.png")] == ["session.png"]

    view.close_session()
    assert offered(window) == ["Data as CSV…", "Data as JSON…"]
    assert window.export("png", tmp_path / "late.png") == ()  # closed while a file was chosen
    assert "nothing to export" in window.toast.words


@pytest.mark.parametrize("kind", ["csv", "json", "png", "svg"])
def test_a_folder_that_cannot_be_written_to_is_said(open_view: OpenView, tmp_path: Path, kind: str) -> None:
    source = FakeSource(request(NOW - 60, "s1", 1.0, {"input": 5.0}))
    window = open_view("summary", source=source)
    (tmp_path / "no-folder").touch()

    assert window.export(kind, tmp_path / "no-folder" / "out") == ()

    assert "cannot be written" in window.toast.words


def test_tables_beside_the_first_have_their_names(tmp_path: Path) -> None:
    written = write_tables(tmp_path / "cost.csv", (TABLE, OTHER), {})

    assert [path.name for path in written] == ["cost.csv", "cost-by-model.csv"]
    assert read_csv(written[0]) == [["day", "cost_usd"], ["2026-11-22", "1.25"], ["2026-11-23", ""]]
    assert read_csv(written[1]) == [["model"], ["Fable, “5”"]]


def test_an_unknown_value_is_null_in_json(tmp_path: Path) -> None:
    (path,) = write_tables(tmp_path / "cost.json", (TABLE,), {"view": "summary"})

    assert json.loads(path.read_text(encoding="utf-8")) == {
        "view": "summary",
        "days": [{"day": "2026-11-22", "cost_usd": 1.25}, {"day": "2026-11-23", "cost_usd": None}],
    }


def test_the_cause_is_said_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "no-folder").touch()
    with pytest.raises(CcmonError, match="cannot be written") as caught:
        write_tables(tmp_path / "no-folder" / "cost.csv", (TABLE,), {})
    assert caught.value.next_step
