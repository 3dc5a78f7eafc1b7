"""How a figure compares with the period before, in words."""

from typing import Final

from ccmon_tray.usage import formatting

_BEFORE: Final = {
    "15m": "on the 15 minutes before",
    "1h": "on the hour before",
    "4h": "on the 4 hours before",
    "1d": "on the 24 hours before",
    "7d": "on the 7 days before",
    "30d": "on the 30 days before",
    "90d": "on the 90 days before",
    "today": "on yesterday by now",
    "yesterday": "on the day before",
    "this week": "on last week by now",
    "last week": "on the week before",
    "this month": "on last month by now",
    "last month": "on the month before",
}


def period_before(range_name: str) -> str:
    """What a range is compared with: ``on the 7 days before``."""
    return _BEFORE.get(range_name, "on the same time before")


def change_of(
    now: float | None, before: float | None, words: str, *, more_is: str = ""
) -> tuple[str, str, str]:
    """A change as figure, note and tone.

    Args:
        now: The figure of the period.
        before: That of the period before; None where it is unknown.
        words: What it is compared with.
        more_is: ``bad`` or ``good``, or "" where more is neither.

    Returns:
        ``▲ 12 %``, the note after it, and its tone (``good``, ``bad`` or "").
    """
    if now is None or before is None:
        return "", "", ""
    if before <= 0:
        return "", _nothing(words) if now > 0 else "", ""
    ratio = now / before - 1.0
    less_is = {"bad": "good", "good": "bad"}.get(more_is, "")
    tone = "" if round(abs(ratio) * 100) == 0 else more_is if ratio > 0 else less_is
    return formatting.change(ratio), words, tone


def _nothing(words: str) -> str:
    """``nothing in the 7 days before``, ``nothing last week by now``."""
    when = words.removeprefix("on ")
    return f"nothing {'in ' if any(map(str.isdigit, when)) else ''}{when}"
