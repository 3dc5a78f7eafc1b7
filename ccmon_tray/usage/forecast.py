"""What a period will have cost by its end, if things go on as they did lately."""

from typing import Final

PACE_S: Final = 7 * 86_400
"""The stretch whose pace is projected: one week has each weekday once, so weekends weigh as they should."""


def projected_cost_usd(
    so_far_usd: float | None, pace_usd: float | None, pace_s: float, left_s: float
) -> float | None:
    """Cost of a whole period by its end.

    ``so_far + left × pace / pace_s``: what is spent stays spent, and the time that is left goes on at the
    pace of the last seven days. The pace is not taken from the period itself, because on a month's first days
    that would make a whole month out of one busy or idle morning.

    Args:
        so_far_usd: Cost of the period until now, US dollars.
        pace_usd: Cost of the stretch that gives the pace, US dollars.
        pace_s: Length of that stretch, seconds; about :data:`PACE_S`.
        left_s: Seconds until the period ends.

    Returns:
        US dollars, or None where either cost is unknown.
    """
    if so_far_usd is None or pace_usd is None:
        return None
    return so_far_usd + max(0.0, left_s) * pace_usd / pace_s
