"""Snapshots in every state, as the tray would leave them: for what reads them."""

from ccmon_tray.usage.models import (
    ActiveTime,
    ModelUsage,
    RangeInfo,
    SessionUsage,
    SourceInfo,
    Tokens,
    Totals,
    UsageWarning,
)
from ccmon_tray.usage.snapshot import Figures, Period, Problem, RangeUsage, Snapshot
from ccmon_tray.usage.states import SourceKind, State

NOW = 1_795_439_520  # Mon 23 Nov 2026, 14:12 in Berlin
MIDNIGHT = 1_795_388_400

PROMETHEUS = SourceInfo(kind=SourceKind.PROMETHEUS, url="http://localhost:9090", version="2.42.0")

UNREACHABLE = Problem(
    code="unreachable",
    title="Prometheus cannot be reached",
    cause="nothing listens on http://localhost:9090",
    next_step="Start Prometheus, or set prometheus.url in the settings",
    since=NOW - 840,
)

SAW_TOOTH = UsageWarning(
    code="counter-resets",
    message="3 sessions have counters that jump back, so some of their use is missing",
    cure="Set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative and restart claude",
    sessions=("86ee8bb6-0000-4000-8000-000000000000",),
)


def figures() -> Figures:
    """A working day's numbers."""
    return Figures(
        today=Period(start=MIDNIGHT, end=NOW, cost_usd=12.34, tokens=5_600_000, previous_cost_usd=13.41),
        this_week=Period(start=MIDNIGHT, end=NOW, cost_usd=84.10, previous_cost_usd=75.09),
        this_month=Period(start=MIDNIGHT - 22 * 86_400, end=NOW, cost_usd=312.40, projected_cost_usd=398.2),
        last_hour_cost_usd=2.10,
        range=RangeUsage(
            info=RangeInfo(name="today", start=MIDNIGHT, end=NOW, step_seconds=900, timezone="Europe/Berlin"),
            totals=Totals(
                cost_usd=12.34,
                tokens=Tokens(total=5_600_000),
                active_time_seconds=ActiveTime(total=8040, user=900, cli=7140),
                sessions=5,
                lines_added=512,
                lines_removed=98,
                commits=3,
                pull_requests=1,
            ),
            by_model=(
                _model("claude-opus-4-8", "Opus 4.8", 10.20, 3_100_000),
                _model("claude-sonnet-5-5", "Sonnet 5.5", 1.61, 1_900_000),
                _model("claude-haiku-4-5", "Haiku 4.5", 0.42, 590_000),
                _model("claude-haiku-5-5", "Haiku 5.5", 0.11, 11_000),
            ),
            top_sessions=(
                _session("86ee8bb6", 4.10, NOW - 720, "shop"),
                _session("d64988ce", 3.87, NOW - 4000, "infra"),
                _session("0b1f22aa", 2.11, NOW - 11_900),
                _session("77c0de10", 1.14, NOW - 14_400, "a-project-with-a-very-long-name-indeed"),
            ),
        ),
    )


def _model(model: str, name: str, cost_usd: float, tokens: float) -> ModelUsage:
    return ModelUsage(model=model, name=name, cost_usd=cost_usd, tokens=Tokens(total=tokens))


def _session(start: str, cost_usd: float, last_seen: int, project: str | None = None) -> SessionUsage:
    return SessionUsage(
        session_id=f"{start}-0000-4000-8000-000000000000",
        project=project,
        first_seen=MIDNIGHT,
        last_seen=last_seen,
        cost_usd=cost_usd,
    )


def fresh() -> Snapshot:
    """A reading of 12 s ago."""
    return Snapshot(
        source=PROMETHEUS, state=State.FRESH, polled_at=NOW - 12, taken_at=NOW - 12, figures=figures()
    )


def every_state() -> dict[str, Snapshot]:
    """A snapshot for everything that can be the case, by name."""
    whole = fresh()
    quiet = figures()
    nothing = quiet.model_copy(
        update={
            "today": quiet.today.model_copy(update={"cost_usd": 0.0, "tokens": 0.0}),
            "last_hour_cost_usd": 0.0,
            "range": RangeUsage(info=quiet.range.info, totals=Totals(cost_usd=0.0)),
        }
    )
    unknown = Figures(
        today=Period(start=MIDNIGHT, end=NOW, cost_usd=None),
        this_week=Period(start=MIDNIGHT, end=NOW, cost_usd=None),
        this_month=Period(start=MIDNIGHT, end=NOW, cost_usd=None),
        last_hour_cost_usd=None,
        range=RangeUsage(info=quiet.range.info, totals=Totals()),
    )
    stale = {"state": State.STALE, "taken_at": NOW - 840.0, "problem": UNREACHABLE}
    empty = {"taken_at": None, "figures": None}
    return {
        "fresh": whole,
        "warned": whole.model_copy(
            update={
                "warnings": (SAW_TOOTH, SAW_TOOTH, SAW_TOOTH),
                "notices": ("The settings file was damaged and is kept as settings.toml.2026-11-23",),
            }
        ),
        "demo": whole.model_copy(update={"source": SourceInfo(kind=SourceKind.DEMO)}),
        "stale": whole.model_copy(update=stale),
        "no-data": whole.model_copy(update={"state": State.NO_DATA, "figures": nothing}),
        "unknown": whole.model_copy(update={"figures": unknown}),
        "offline": whole.model_copy(update={**empty, "state": State.OFFLINE, "problem": UNREACHABLE}),
        "no-telemetry": whole.model_copy(update={**empty, "state": State.NO_TELEMETRY}),
    }
