"""How much more or less one period is than another."""


def relative_change(now: float | None, before: float | None) -> float | None:
    """Change of a value against the one before it: 0.12 is 12 % more.

    Returns:
        The ratio, or None where a value is unknown, or there is nothing before to compare with.
    """
    if now is None or not before:
        return None
    return now / before - 1.0
