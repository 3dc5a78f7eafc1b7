"""The smoke test in the real window: links one after another, the cure, and leaving in the middle."""

import csv
import json
import threading
from pathlib import Path

import pytest

from ccmon_tray.dashboard.views.smoke_test import SmokeTestView, verdict
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.usage.checks import LINK_TITLES, Check, CheckStatus
from tests.support.dashboard import pump
from tests.support.doctor import without_metrics
from tests.support.faulty_server import Fault, FaultyServer
from tests.support.patience import PATIENCE_S
from tests.support.replies import Request, Response
from tests.support.views import OpenView, cut_words


@pytest.fixture(autouse=True)
def no_claude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "no-claude"))
    monkeypatch.delenv("CLAUDE_CODE_ENABLE_TELEMETRY", raising=False)


def at(url: str) -> dict[str, dict[str, object]]:
    return {"source": {"kind": "prometheus"}, "prometheus": {"url": url, "timeout_s": 30}}


def smoke_test(window: DashboardWindow) -> SmokeTestView:
    view = window.page.view
    assert isinstance(view, SmokeTestView)
    return view


def finished(window: DashboardWindow) -> SmokeTestView:
    view = smoke_test(window)
    pump(window.root, lambda: view.finished, "all links")
    window.root.update()
    return view


def of(view: SmokeTestView, id_: str) -> Check:
    return next(check for check in view.checks if check.id == id_)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_every_link_of_the_demo(open_view: OpenView, theme: str, scale: float) -> None:
    window = open_view("smoke-test", theme=theme, scale=scale, size=(800, 600))
    view = finished(window)
    assert [check.id for check in view.checks] == list(LINK_TITLES)
    assert view.list.checks == view.checks
    assert view.headline.cget("text") == "Everything works"
    assert cut_words(window) == []
    assert view.list.winfo_height() == view.list.winfo_reqheight()
    for words in (view.headline, view.remark, view.again, view.copy_all):
        assert words.winfo_reqwidth() <= words.winfo_width()


def test_links_that_fail_say_what_to_do(open_view: OpenView) -> None:
    with FaultyServer(without_metrics) as server:
        view = finished(open_view("smoke-test", settings=at(server.url)))
    assert of(view, "metrics").status is CheckStatus.FAILED
    assert of(view, "query").status is CheckStatus.SKIPPED
    assert str(view.headline.cget("text")).startswith("1 link is broken")
    drawn = [slot.text for slot in view.list.painter.slots]
    assert "No Claude Code metrics yet" in drawn
    assert any("CLAUDE_CODE_ENABLE_TELEMETRY=1" in text for text in drawn)
    assert "Needs “Claude Code metrics”" in drawn


def test_links_appear_one_after_another(open_view: OpenView) -> None:
    gate = threading.Event()

    def waiting(request: Request) -> Response:
        gate.wait(2 * PATIENCE_S)
        return without_metrics(request)

    with FaultyServer(waiting) as server:
        window = open_view("smoke-test", settings=at(server.url))
        view = smoke_test(window)
        pump(window.root, lambda: view.checks, "the first link")
        window.root.update()
        assert [check.id for check in view.checks] == ["settings"]
        assert view.remark.cget("text") == f"1 of {len(LINK_TITLES)}"
        assert view.again.instate(["disabled"])
        # The window is not frozen meanwhile.
        view.list.focus_force()
        pump(window.root, lambda: view.list.focused, "the focus")
        gate.set()
        finished(window)
    assert view.again.instate(["!disabled"])


def test_leaving_gives_up_and_coming_back_begins_anew(open_view: OpenView) -> None:
    with FaultyServer() as server:
        server.fault = Fault.HANG
        window = open_view("smoke-test", settings=at(server.url))
        view = smoke_test(window)
        pump(window.root, lambda: view.checks, "the first link")
        window.open_view("settings")
        server.fault = Fault.NONE
        server.answer = without_metrics
        window.open_view("smoke-test")
        assert smoke_test(window) is view
        finished(window)
    assert of(view, "api").status is CheckStatus.OK


def test_run_again_by_keyboard(open_view: OpenView) -> None:
    with FaultyServer(without_metrics) as server:
        window = open_view("smoke-test", settings=at(server.url))
        view = finished(window)
        assert of(view, "reachable").status is CheckStatus.OK
        server.fault = Fault.ABSENT
        view.again.focus_force()
        window.root.update()
        view.again.event_generate("<Return>")
        pump(
            window.root,
            lambda: view.finished and of(view, "reachable").status is CheckStatus.FAILED,
            "a new run",
        )


def test_details_by_keyboard_and_a_copy(open_view: OpenView) -> None:
    window = open_view("smoke-test")
    view = finished(window)
    view.list.focus_force()
    pump(window.root, lambda: view.list.focused, "the focus")
    for _ in range(list(LINK_TITLES).index("metrics")):
        view.list.event_generate("<Down>")
    before = view.list.winfo_reqheight()
    view.list.event_generate("<Return>")
    window.root.update()
    assert view.list.opened == {"metrics"}
    assert view.list.winfo_reqheight() > before
    assert "claude_code.cost.usage" in [slot.text for slot in view.list.painter.slots]

    view.list.event_generate("<<CopyValue>>")
    copied = window.root.clipboard_get()
    assert copied.startswith("✓ Claude Code metrics")
    assert "claude_code.cost.usage" in copied
    view.copy_all.invoke()
    everything = window.root.clipboard_get()
    assert all(title in everything for title in LINK_TITLES.values())


def test_export(open_view: OpenView, tmp_path: Path) -> None:
    window = open_view("smoke-test")
    finished(window)
    (as_csv,) = window.export("csv", tmp_path / "checks.csv")
    rows = list(csv.DictReader(as_csv.read_text(encoding="utf-8").splitlines()))
    assert [row["id"] for row in rows] == list(LINK_TITLES)
    (as_json,) = window.export("json", tmp_path / "checks.json")
    assert len(json.loads(as_json.read_text(encoding="utf-8"))["checks"]) == len(LINK_TITLES)


@pytest.mark.parametrize(
    ("statuses", "status", "words"),
    [
        ("ok skipped info", CheckStatus.OK, "Everything works"),
        ("ok warning", CheckStatus.WARNING, "It works, but 1 link should be looked at"),
        ("failed failed warning", CheckStatus.FAILED, "2 links are broken"),
    ],
)
def test_the_verdict(statuses: str, status: CheckStatus, words: str) -> None:
    checks = [Check(id="x", title="x", status=CheckStatus(one), result="") for one in statuses.split()]
    assert verdict(checks) == (status, words)
