import pytest

from ccmon_tray.dashboard.views.base import Exported
from ccmon_tray.dashboard.views.tokens import (
    BY_MODEL,
    OTHERS,
    TokensView,
    listed,
    savings_remark,
    savings_stat,
    summed_up,
)
from ccmon_tray.dashboard.window import DashboardWindow
from ccmon_tray.sources.readings.tokens import TYPE_TITLES, CacheSavings, TokenSeries
from ccmon_tray.sources.reports import build_report
from ccmon_tray.usage import formatting
from ccmon_tray.usage.metrics import Metric
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import resolve
from tests.support.dashboard import await_drawn, pump
from tests.support.fake_source import FakeSource, request
from tests.support.snapshots import fresh
from tests.support.views import NOW, OpenView, cut_words


def tokens_view(window: DashboardWindow) -> TokensView:
    view = window.page.view
    assert isinstance(view, TokensView)
    return view


def chart_names(view: TokensView) -> tuple[str, ...]:
    """The series in the chart."""
    return view.charts[0].table().header[2:]


def chart_total(view: TokensView) -> float:
    rows = view.charts[0].table().rows
    return sum(value for row in rows for value in row[2:] if isinstance(value, float))


@pytest.mark.parametrize("chosen", ["1d", "this month"])
def test_the_figures_on_screen_are_the_reports(open_view: OpenView, chosen: str) -> None:
    window = open_view("tokens", chosen)
    view, services = tokens_view(window), window.services
    report = build_report(services.source, resolve(chosen, NOW, services.calendar), services.calendar)
    tokens = report.totals.tokens
    assert tokens is not None

    assert view.main_cards[0].figure == formatting.tokens(tokens.total)
    assert view.main_cards[1].figure == formatting.percent(report.totals.cache_hit_ratio)
    assert [card.figure for card in view.type_cards] == [
        formatting.tokens(getattr(tokens, kind.value)) for kind in TYPE_TITLES
    ]
    assert chart_total(view) == tokens.total
    shown = {row.cells[0]: row.cells[1:] for row in view.models.rows}
    for model in report.by_model:
        assert model.tokens is not None
        assert shown[model.name][0] == formatting.tokens(model.tokens.total)
        assert shown[model.name][-1] == formatting.money(model.cost_usd)


def test_the_chart_is_by_type_or_by_model_and_that_is_remembered(open_view: OpenView) -> None:
    window = open_view("tokens", "30d")
    view = tokens_view(window)
    assert chart_names(view) == tuple(TYPE_TITLES.values())
    total = chart_total(view)

    view.switch.focus_force()
    pump(window.root, lambda: view.switch.focused, "the focus")
    view.switch.event_generate("<Right>")
    await_drawn(window)

    assert set(chart_names(view)) == {row.cells[0] for row in view.models.rows}
    assert chart_total(view) == total
    again = tokens_view(open_view("tokens", "30d", memory=window.memory))
    assert again.switch.chosen == BY_MODEL
    assert chart_names(again) == chart_names(view)


def test_a_series_that_is_left_out_stays_so(open_view: OpenView) -> None:
    window = open_view("tokens")
    view = tokens_view(window)
    everything = chart_total(view)
    cache_reads = view.type_cards[2].figure

    view.legend.focus_force()
    pump(window.root, lambda: view.legend.focused, "the focus")
    for key in ("Right", "Right", "space"):
        view.legend.event_generate(f"<{key}>")
    await_drawn(window)

    assert chart_names(view) == ("Input", "Output", "Cache creation")
    assert chart_total(view) < everything / 10
    assert view.type_cards[2].figure == cache_reads
    again = tokens_view(open_view("tokens", memory=window.memory))
    assert chart_names(again) == ("Input", "Output", "Cache creation")


def test_a_model_has_the_same_colour_in_table_and_legend(open_view: OpenView) -> None:
    view = tokens_view(open_view("tokens", "30d", memory={"tokens.by": BY_MODEL}))

    swatches = {row.cells[0]: row.swatch for row in view.models.rows}
    assert len(set(swatches.values())) == len(swatches)
    assert {entry.name: entry.colour for entry in view.legend.entries} == swatches


def test_many_models_are_summed_up(open_view: OpenView) -> None:
    models = [
        "claude-opus-4-8",
        "claude-opus-4-5",
        "claude-sonnet-4-5",
        "claude-haiku-4-5",
        "claude-haiku-3-5",
    ]
    models += ["claude-fable-5", "gpt-oss"]
    source = FakeSource(
        event
        for i, model in enumerate(models)
        for event in request(NOW - 600, "s", 10.0 - i, {"input": 100.0 + i, "cacheRead": 7.0}, model=model)
    )

    view = tokens_view(open_view("tokens", "1h", source=source, memory={"tokens.by": BY_MODEL}))

    assert len(view.models.rows) == 7
    assert chart_names(view) == ("Opus 4.8", "Opus 4.5", "Sonnet 4.5", "Haiku 4.5", "Haiku 3.5", OTHERS)
    assert chart_total(view) == sum(100 + i + 7 for i in range(7))
    assert "gpt-oss" in view.remark.cget("text")


def test_what_is_unknown_is_a_dash_and_what_is_nothing_a_state(open_view: OpenView) -> None:
    source = FakeSource(request(NOW - 60, "s", 1.0, {"input": 5}), metrics=(Metric.COST,))
    window = open_view("tokens", "1h", source=source)
    view = tokens_view(window)
    assert {card.figure for card in (*view.main_cards, *view.type_cards)} == {formatting.UNKNOWN}
    assert view.models.rows[0].cells[1] == formatting.UNKNOWN

    idle = open_view("tokens", "15m", source=FakeSource(request(NOW - 5000, "s", 1.0, {"input": 5})))
    assert idle.page.covered
    assert idle.page.view.state(idle.page.reading) is State.NO_DATA


def test_the_snapshots_figures_come_first(open_view: OpenView) -> None:
    window = open_view("tokens", "today", source=FakeSource())
    view = tokens_view(window)
    view.await_figures()

    view.show_snapshot(fresh())

    assert view.main_cards[0].figure == "5.6M"
    # The tray does not know what the cache saved.
    assert view.main_cards[2].figure == ""
    assert [row.cells[0] for row in view.models.rows][:1] == ["Opus 4.8"]


def summed(table: Exported) -> float:
    """All figures of steps."""
    return sum(value for row in table.rows for value in row[2:] if isinstance(value, float))


def test_export_is_exact(open_view: OpenView) -> None:
    window = open_view("tokens", "7d")
    tables = {table.name: table for table in window.tables()}

    by_type = tables["over_time_by_type"]
    assert by_type.header == ("start", "end", "Input", "Output", "Cache read", "Cache creation")
    reading = window.page.reading
    assert summed(by_type) == reading.tokens.total
    assert summed(tables["over_time_by_model"]) == reading.tokens.total
    assert ("cache_saved_usd", reading.savings.saved_usd) in tables["totals"].rows
    assert [row[3] for row in tables["models"].rows] == [m.tokens.total for m in reading.models]


@pytest.mark.parametrize("size", [(800, 600), (1180, 800), (1600, 1000)])
def test_no_words_are_cut(open_view: OpenView, size: tuple[int, int]) -> None:
    assert cut_words(open_view("tokens", "this month", size=size)) == []


def series(*totals: float) -> list[TokenSeries]:
    return [TokenSeries(f"m{i}", total, (total / 2, total / 2)) for i, total in enumerate(totals)]


def test_summed_up() -> None:
    assert summed_up(series(5, 4), 2) == tuple(series(5, 4))
    assert summed_up(series(5, 4, 2, 6), 2) == (*series(5, 4), TokenSeries(OTHERS, 8, (4, 4)))


@pytest.mark.parametrize(
    ("savings", "figure", "note"),
    [
        (CacheSavings(11.0, 1.5), "$9.50", "of $11.00 as input"),
        (CacheSavings(0.0, 0.0), "$0.00", "nothing was read from the cache"),
        (CacheSavings(None, None, ("gpt-oss",), 70), formatting.UNKNOWN, "no list price of these models"),
        (None, formatting.UNKNOWN, ""),
    ],
)
def test_savings_in_words(savings: CacheSavings | None, figure: str, note: str) -> None:
    stat = savings_stat(savings)

    assert (stat.figure, stat.note) == (figure, note)


def test_what_savings_leave_out_is_named() -> None:
    assert savings_remark(CacheSavings(11.0, 1.5), "Anthropic") == (
        "Cache reads cost $1.50 at Anthropic’s list prices, and would have cost $11.00 as input."
    )
    none = savings_remark(CacheSavings(0.0, 0.0), "Anthropic")
    assert none == "Nothing was read from the cache in this range."
    both = savings_remark(CacheSavings(11.0, 1.5, ("a", "b"), 1200), "Anthropic")
    assert both.endswith("Left out: 1.2k cache reads of a and b, for lack of a list price.")
    alone = savings_remark(CacheSavings(None, None, ("gpt-oss",), 70), "Anthropic")
    assert alone == "There is no list price of gpt-oss: what the cache saved is unknown."


def test_listed() -> None:
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
