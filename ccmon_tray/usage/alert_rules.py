"""What is warned of. Apart from the decisions, since the settings need it before anything is read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What is warned of; None, 0 and nothing leave a warning out.

    Attributes:
        thresholds_percent: Shares of each budget, ascending.
        projection: Whether a budget that will be exceeded is.
        burn_rate_usd_per_hour: What an hour may cost.
        unusual_hour_factor: How many times the usual an hour may cost.
        silent_s: How long prompts may stay without telemetry, seconds.
        offline_s: How long the source may be out of reach, seconds.
    """

    thresholds_percent: tuple[int, ...] = ()
    projection: bool = False
    burn_rate_usd_per_hour: float | None = None
    unusual_hour_factor: float = 0.0
    silent_s: float = 0.0
    offline_s: float = 0.0
