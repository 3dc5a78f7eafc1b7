"""A bar for each day."""

from collections.abc import Sequence
from datetime import date

from ccmon_tray.dashboard.charts.axes import NOTHING_USED
from ccmon_tray.dashboard.charts.bar_chart import Bar, BarChart
from ccmon_tray.dashboard.charts.time_axis import day_labels, day_title
from ccmon_tray.dashboard.charts.units import MONEY, Unit


class DayBars(BarChart):
    """A bar for each day."""

    def show(
        self,
        days: Sequence[date],
        values: Sequence[float | None],
        *,
        unit: Unit = MONEY,
        colour: str | None = None,
        empty: str = NOTHING_USED,
    ) -> None:
        """Show these days.

        Args:
            days: Local days, ascending.
            values: One for each; None is unknown.
            unit: What they measure.
            colour: ``#rrggbb``; the accent where not given.
            empty: What is said where all values are 0 or unknown.
        """
        labels = day_labels(days) if days else []
        bars = [
            Bar(label, day_title(day), value) for day, label, value in zip(days, labels, values, strict=True)
        ]
        self.show_bars(bars, unit=unit, colour=colour, empty=empty, heading="day")
