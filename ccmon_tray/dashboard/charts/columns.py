"""A bar for each hour of the day."""

from collections.abc import Sequence

from ccmon_tray.dashboard.charts.axes import NOTHING_USED
from ccmon_tray.dashboard.charts.bar_chart import Bar, BarChart
from ccmon_tray.dashboard.charts.units import COUNT, Unit


class HourColumns(BarChart):
    """A bar for each hour of the day."""

    def show(
        self,
        values: Sequence[float | None],
        *,
        unit: Unit = COUNT,
        colour: str | None = None,
        empty: str = NOTHING_USED,
    ) -> None:
        """Show these hours.

        Args:
            values: From midnight on, 24; None is unknown.
            unit: What they measure.
            colour: ``#rrggbb``; the accent where not given.
            empty: What is said where all values are 0 or unknown.
        """
        bars = [Bar(f"{hour:02}:00", hour_title(hour), value) for hour, value in enumerate(values)]
        self.show_bars(bars, unit=unit, colour=colour, empty=empty, every=3, heading="hour")


def hour_title(hour: int) -> str:
    """An hour of the day: ``14:00–15:00``."""
    return f"{hour:02}:00–{hour + 1:02}:00"
