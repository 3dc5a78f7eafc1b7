"""The summary's budgets: those that are set, as the snapshot tells them."""

from zoneinfo import ZoneInfo

import pytest

from ccmon_tray.dashboard.views.summary import SummaryView
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.usage.budgets import BudgetPeriod, with_budgets
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.windows import Calendar
from tests.support.snapshots import MIDNIGHT, fresh
from tests.support.views import OpenView

BERLIN = Calendar(ZoneInfo("Europe/Berlin"), "Europe/Berlin")
LIMITS = {BudgetPeriod.DAY: 20.0, BudgetPeriod.WEEK: 100.0, BudgetPeriod.MONTH: 300.0}


def summary_of(window: DashboardWindow) -> SummaryView:
    view = window.page.view
    assert isinstance(view, SummaryView)
    return view


def tell(window: DashboardWindow, snapshot: Snapshot) -> None:
    """Hand a snapshot on, as the feed does."""
    window.feed.current = snapshot
    window._hand_snapshot()
    window.root.update()


def shown(view: SummaryView) -> list[tuple[str, str, str]]:
    if not view.budgets.winfo_ismapped():
        return []
    lines = [card.line for card in view.budgets.cards]
    return [(line.used, line.left, line.tone) for line in lines if line is not None]


def test_budgets_that_are_set_are_shown_and_no_others(open_view: OpenView) -> None:
    window = open_view("summary")
    view = summary_of(window)
    assert shown(view) == []

    tell(window, with_budgets(fresh(), LIMITS, BERLIN))
    assert shown(view) == [
        ("61 % of $20.00", "$7.66 left", ""),
        ("84 % of $100.00", "$15.90 left", "warning"),
        ("104 % of $300.00", "$12.40 over", "bad"),
    ]
    tell(window, with_budgets(fresh(), {BudgetPeriod.WEEK: 200.0}, BERLIN))
    assert shown(view) == [("42 % of $200.00", "$115.90 left", "")]
    tell(window, fresh())
    assert shown(view) == []


def test_a_day_that_is_over_says_nothing_of_today(open_view: OpenView) -> None:
    window = open_view("summary", now=MIDNIGHT + 86_400.0, wait=False)
    tell(window, with_budgets(fresh(), LIMITS, BERLIN))
    assert [used for used, _, _ in shown(summary_of(window))] == ["84 % of $100.00", "104 % of $300.00"]


def test_their_room_is_kept_until_they_are_known(open_view: OpenView) -> None:
    window = open_view("summary", settings={"budgets": {"daily_usd": 20.0}}, wait=False)
    view = summary_of(window)
    window.root.update()
    before = view.more_cards[0].winfo_rooty()
    assert view.budgets.winfo_ismapped()
    tell(window, with_budgets(fresh(), {BudgetPeriod.DAY: 20.0}, BERLIN))
    assert view.more_cards[0].winfo_rooty() == before


@pytest.mark.parametrize("size", [(800, 600), (1180, 800), (1600, 1200)])
def test_words_never_meet(open_view: OpenView, size: tuple[int, int]) -> None:
    window = open_view("summary", size=size, scale=1.0)
    limits = {BudgetPeriod.DAY: 12.33, BudgetPeriod.WEEK: 84.2, BudgetPeriod.MONTH: 312.5}
    tell(window, with_budgets(fresh(), limits, BERLIN))
    for card in summary_of(window).budgets.cards:
        texts = [item for item in card.find_all() if card.tk.call(card, "type", item) == "text"]
        boxes = [card.bbox(item) for item in texts]
        assert len(boxes) >= 3
        for index, one in enumerate(boxes):
            for other in boxes[index + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, (card.line, one, other)


def test_a_card_copies_what_it_says(open_view: OpenView) -> None:
    window = open_view("summary")
    tell(window, with_budgets(fresh(), LIMITS, BERLIN))
    window.root.update()
    summary_of(window).budgets.cards[2].event_generate("<<CopyValue>>")
    assert window.root.clipboard_get() == "Month’s budget\t104 % of $300.00\t$12.40 over"
