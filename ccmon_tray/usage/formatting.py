"""Money, tokens, durations and times as people read them. The same words on every surface."""

from datetime import datetime

MINUS = "−"
UNKNOWN = "–"

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400


def money(usd: float | None) -> str:
    """US dollars: ``$12.34``, ``$1,234.50``, under a cent ``<$0.01``; unknown is a dash."""
    if usd is None:
        return UNKNOWN
    if 0 < usd < 0.005:
        return "<$0.01"
    # What rounds to nothing has no sign.
    sign = MINUS if usd <= -0.005 else ""
    return f"{sign}${abs(usd):,.2f}"


def short_money(usd: float | None) -> str:
    """US dollars from 0 in at most five characters, for an icon: ``$12``, ``$1.2k``, ``$0.42``."""
    if usd is None:
        return UNKNOWN
    if usd < 9.995:
        return f"${max(0.0, usd):.2f}"
    if usd < 999.5:
        return f"${usd:.0f}"
    return "$" + _scaled(usd, decimals_below=9.95)


def tokens(count: float | None) -> str:
    """Tokens: ``950``, ``5.6k``, ``5.6M``, ``1.2B``; unknown is a dash."""
    if count is None:
        return UNKNOWN
    sign, size = (MINUS if count <= -0.5 else ""), abs(count)
    return sign + (f"{size:.0f}" if size < 999.5 else _scaled(size))


def _scaled(value: float, decimals_below: float = 99.95) -> str:
    """A value from 999.5 with the unit that makes it less than a thousand as it is written."""
    units = "kMBT"
    scaled, unit = value / 1000, 0
    while scaled >= 999.5 and unit < len(units) - 1:
        scaled, unit = scaled / 1000, unit + 1
    return f"{scaled:.1f}{units[unit]}" if scaled < decimals_below else f"{scaled:.0f}{units[unit]}"


def count(value: float | None) -> str:
    """A whole number with thousands separators; unknown is a dash."""
    return UNKNOWN if value is None else f"{round(value):,}".replace("-", MINUS)


def counted(value: float | None, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 commit``, ``3 commits``."""
    noun = one if value is not None and round(value) == 1 else many or one + "s"
    return f"{count(value)} {noun}"


def duration(seconds: float | None) -> str:
    """A length of time in two units at most: ``48s``, ``9m 2s``, ``2h 14m``, ``13h 49m``, ``3d 4h``."""
    if seconds is None:
        return UNKNOWN
    whole = round(seconds)
    if whole < 0:
        return MINUS + duration(-seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "m", 1, "s")
    whole = round(whole / _MINUTE) * _MINUTE
    if whole < 100 * _HOUR:
        return _two(whole, _HOUR, "h", _MINUTE, "m")
    return _two(whole, _DAY, "d", _HOUR, "h")


def milliseconds(took_ms: float | None) -> str:
    """How long something took: ``18 ms``, ``2.4 s``, ``1m 12s``; unknown is a dash."""
    if took_ms is None:
        return UNKNOWN
    if took_ms < 999.5:
        return f"{took_ms:.0f} ms"
    return f"{took_ms / 1000:.1f} s" if took_ms < 59_950 else duration(took_ms / 1000)


def _two(whole: int, big: int, big_unit: str, small: int, small_unit: str) -> str:
    high, low = divmod(whole, big)
    low //= small
    return f"{high}{big_unit} {low}{small_unit}" if low else f"{high}{big_unit}"


def age(seconds: float) -> str:
    """How long ago: ``now``, ``12 s ago``, ``3 min ago``, ``2 h ago``, ``5 d ago``."""
    whole = int(max(0.0, seconds))
    if whole < 2:
        return "now"
    if whole < _MINUTE:
        return f"{whole} s ago"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min ago"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h ago"
    return f"{whole // _DAY} d ago"


def when(then: datetime, now: datetime) -> str:
    """A past moment beside now, both local: ``12 min ago``, ``yesterday``, ``Sat 21``, ``3 Oct 2025``."""
    # The difference of two moments in one zone would be that of their wall clocks, daylight saving or not.
    seconds = now.timestamp() - then.timestamp()
    if seconds < 12 * _HOUR or then.date() == now.date():
        return age(seconds)
    days = (now.date() - then.date()).days
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"{then:%a} {then.day}"
    if then.year == now.year:
        return f"{then.day} {then:%b}"
    return f"{then.day} {then:%b} {then.year}"


def percent(ratio: float | None) -> str:
    """A share: ``93.1 %``; unknown is a dash."""
    return UNKNOWN if ratio is None else f"{ratio * 100:z.1f} %".replace("-", MINUS)


def change(ratio: float | None) -> str:
    """A relative change: ``▲ 12 %``, ``▼ 4 %``, ``± 0 %``; beyond tenfold ``▲ 12×``; unknown is empty."""
    if ratio is None:
        return ""
    if ratio >= 9.995:
        return f"▲ {ratio + 1:,.0f}×"
    whole = round(abs(ratio) * 100)
    if whole == 0:
        return "± 0 %"
    return f"{'▲' if ratio > 0 else '▼'} {whole} %"


def short_id(session_id: str) -> str:
    """The first eight characters of a session id, which people recognise it by."""
    return session_id[:8]
