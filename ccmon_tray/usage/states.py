"""In which state figures are, and where they come from. Apart from the models, whose import takes long."""

from enum import StrEnum


class State(StrEnum):
    """How far what is shown can be trusted to be current."""

    FRESH = "fresh"  # read just now
    STALE = "stale"  # the last good values are shown, with their age
    OFFLINE = "offline"  # the source cannot be reached and there is nothing to show
    NO_TELEMETRY = "no-telemetry"  # reachable, but it holds no series of Claude Code
    NO_DATA = "no-data"  # series exist, nothing in this range


class SourceKind(StrEnum):
    """Where usage comes from."""

    PROMETHEUS = "prometheus"
    COLLECTOR = "collector"
    TRANSCRIPTS = "transcripts"
    DEMO = "demo"


SOURCE_TITLES: dict[SourceKind, str] = {
    SourceKind.PROMETHEUS: "Prometheus",
    SourceKind.COLLECTOR: "Built-in collector",
    SourceKind.TRANSCRIPTS: "Transcripts",
    SourceKind.DEMO: "Demo",
}
