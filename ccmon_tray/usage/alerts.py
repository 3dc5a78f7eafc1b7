"""When a person is to be warned: pure decisions, so that each can be proved.

Two steps. :func:`assess` says what holds at a moment: which findings are met, and which are over.
:func:`decide` compares that with what was told before, and says what is to be told now. What was told is a
state that the caller keeps, also over restarts.

A finding is told once for its *epoch*: the period and the amount of a budget. Within the epoch it is told
again only at a higher *level* (80 % after 50 %). A finding without an epoch is told once until it is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import floor
from typing import Final

from pydantic import ConfigDict, Field

from ccmon_tray.usage import budgets, formatting, wording
from ccmon_tray.usage.alert_rules import AlertRules
from ccmon_tray.usage.budgets import BudgetPeriod, BudgetUse
from ccmon_tray.usage.models import Frozen, cast_doubt
from ccmon_tray.usage.snapshot import Figures, Snapshot
from ccmon_tray.usage.states import SourceKind, State
from ccmon_tray.usage.windows import Calendar

RECENT_ALERTS: Final = 5
"""So many of the last alerts are remembered."""

UNUSUAL_LEAST_USD: Final = 2.0
"""An hour that costs less more than the usual one is no news, however cheap that was."""

_OVER_AT: Final = 0.8  # below this share of its limit a rate counts as down again: no alert at each ripple
_HOUR_S: Final = 3600
_PROJECTED_FROM: Final = 0.25  # of the budget: before, a projection is a guess about an empty period

_GOOD: Final = frozenset({State.FRESH, State.NO_DATA})
_OUT: Final = frozenset({State.STALE, State.OFFLINE})


class AlertKind(StrEnum):
    """What an alert is about."""

    BUDGET = "budget"
    PROJECTION = "projection"
    BURN_RATE = "burn-rate"
    UNUSUAL_HOUR = "unusual-hour"
    TELEMETRY_SILENT = "telemetry-silent"
    SOURCE_OFFLINE = "source-offline"


class Alert(Frozen):
    """One alert: ``ccmon-tray/alert/1``, as the event command gets it.

    Attributes:
        kind: What it is about.
        at: Unix seconds.
        title: What happened, in a few words.
        message: The figures, and what to do.
        urgent: Whether it should be seen at once.
        source: Kind of the source that the figures are from.
        period: Whose budget it is about.
        threshold_percent: The share of the budget that was reached.
        budget_usd: The budget.
        used_usd: What is used of it.
        projected_usd: What it is heading for.
        last_hour_usd: What the last hour cost.
        limit_usd: What it is compared with: the limit of an hour, or what is usual.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_id: str = Field(default="ccmon-tray/alert/1", alias="schema")
    kind: AlertKind
    at: float
    title: str
    message: str
    urgent: bool = False
    source: SourceKind
    period: BudgetPeriod | None = None
    threshold_percent: int | None = None
    budget_usd: float | None = None
    used_usd: float | None = None
    projected_usd: float | None = None
    last_hour_usd: float | None = None
    limit_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known at a moment.

    Attributes:
        snapshot: The latest reading.
        now: Unix seconds.
        usual_hour_usd: What such an hour usually costs; None where that is unknown.
        unanswered_since: Unix seconds of the first prompt after which no telemetry came while Claude Code
            runs; None where there is none.
        out_since: Unix seconds since when the source has not answered; None while it does.
    """

    snapshot: Snapshot
    now: float
    usual_hour_usd: float | None = None
    unanswered_since: float | None = None
    out_since: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to warn of.

    Attributes:
        key: What it is, from one moment to the next.
        alert: What to tell.
        epoch: What it is told once for; "" is until it is over.
        level: Within an epoch, only a higher one is news.
        told_with: The key of a finding whose alert says this as well.
        since: Unix seconds from which on its figures are counted; None where it rests on none. What a
            snapshot warns of is its range, so that the source has to be asked about these before it is told.
    """

    key: str
    alert: Alert
    epoch: str = ""
    level: float = 1.0
    told_with: str = ""
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What holds at a moment: what to warn of, and the keys of what is over. The rest is not known.

    Attributes:
        met: What to warn of.
        over: What is over.
        distrusted: Whether the figures of a budget carry a warning.
    """

    met: tuple[Finding, ...] = ()
    over: frozenset[str] = frozenset()
    distrusted: bool = False


class Mark(Frozen):
    """What was told of a finding: for which epoch, at which level."""

    epoch: str
    level: float


class AlertState(Frozen):
    """What was told, to be kept over restarts: ``ccmon-tray/alert-state/1``.

    Attributes:
        marks: What was told, by the key of its finding.
        snoozed_until: Unix seconds until when nothing is told.
        recent: The last alerts, newest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_id: str = Field(default="ccmon-tray/alert-state/1", alias="schema")
    marks: Mapping[str, Mark] = Field(default_factory=dict)
    snoozed_until: float | None = None
    recent: tuple[Alert, ...] = ()

    def snoozed(self, now: float) -> bool:
        """Whether nothing is to be told now (Unix seconds)."""
        return self.snoozed_until is not None and now < self.snoozed_until


def assess(seen: Observation, rules: AlertRules, calendar: Calendar) -> Assessment:
    """What holds at a moment.

    Numbers that are stale, or that carry a warning, say nothing: neither that there is something to warn of,
    nor that it is over.

    Args:
        seen: What is known.
        rules: What is warned of.
        calendar: The user's days.
    """
    finding = _Findings(seen)
    snapshot, figures = seen.snapshot, seen.snapshot.figures
    _assess_source(finding, rules, calendar)
    if figures is None or snapshot.state not in _GOOD:
        return finding.assessment()
    for use in snapshot.budgets:
        if _trusted(snapshot, figures, use.start):
            _assess_budget(finding, use, rules, calendar)
        else:
            finding.distrusted = True
    if _trusted(snapshot, figures, int(seen.now) - _HOUR_S):
        _assess_hour(finding, figures.last_hour_cost_usd, rules, calendar)
    return finding.assessment()


def news(assessment: Assessment, state: AlertState) -> tuple[Finding, ...]:
    """What to warn of that was not told before."""

    def told(finding: Finding) -> bool:
        mark = state.marks.get(finding.key)
        return mark is not None and mark.epoch == finding.epoch and mark.level >= finding.level

    return tuple(finding for finding in assessment.met if not told(finding))


def decide(
    assessment: Assessment, state: AlertState, *, held: bool = False
) -> tuple[tuple[Alert, ...], AlertState]:
    """What is to be told now.

    Args:
        assessment: What holds.
        state: What was told before.
        held: Whether nothing may be told now. What still holds afterwards is told then.

    Returns:
        The alerts, and the state from now on.
    """
    marks = {key: mark for key, mark in state.marks.items() if key not in assessment.over}
    told: dict[str, Alert] = {}
    for finding in () if held else news(assessment, state):
        marks[finding.key] = Mark(epoch=finding.epoch, level=finding.level)
        if finding.told_with not in told:
            told[finding.key] = finding.alert
    if marks == state.marks:
        return (), state
    alerts = tuple(told.values())
    recent = (*reversed(alerts), *state.recent)[:RECENT_ALERTS]
    return alerts, state.model_copy(update={"marks": marks, "recent": recent})


@dataclass(slots=True)
class _Findings:
    """Collects what holds."""

    seen: Observation
    met: list[Finding] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    distrusted: bool = False

    def alert(self, kind: AlertKind, title: str, message: str, **more: object) -> Alert:
        """An alert of now; generated figures say so."""
        source = self.seen.snapshot.source.kind
        title = f"Demo: {title}" if source is SourceKind.DEMO else title
        told = {"kind": kind, "at": self.seen.now, "title": title, "message": message, "source": source}
        return Alert.model_validate({**told, **more})

    def assessment(self) -> Assessment:
        """All of it."""
        return Assessment(tuple(self.met), frozenset(self.over), self.distrusted)


def _trusted(snapshot: Snapshot, figures: Figures, start: int) -> bool:
    """Whether the snapshot says nothing against the figures of a period that began at ``start``.

    What it says of a longer range need not be about the period: the source knows, see :attr:`Finding.since`.
    """
    return not cast_doubt(snapshot.warnings) or figures.range.info.start < start


def _assess_budget(finding: _Findings, use: BudgetUse, rules: AlertRules, calendar: Calendar) -> None:
    if use.used_usd is None or use.used_ratio is None:
        return
    # A budget that was changed is another one.
    epoch = f"{calendar.day_of(use.start)} {use.budget_usd:g}"
    name = f"the {use.period}’s budget"
    figures = {"period": use.period, "budget_usd": use.budget_usd, "used_usd": use.used_usd}
    amounts = f"{formatting.money(use.used_usd)} of {formatting.money(use.budget_usd)}"
    pace = ""
    if use.heading_over and use.projected_usd is not None:
        figures["projected_usd"] = use.projected_usd
        pace = f" At this pace it will be {_rough(use.projected_usd)} by the {use.period}’s end."
    used_percent = floor(round(use.used_ratio * 100, 10))
    reached = [percent for percent in rules.thresholds_percent if percent <= used_percent]
    key = f"budget.{use.period}"
    if reached:
        if used_percent < 100:
            title = f"{used_percent} % of {name} is used"
        else:
            title = f"{name.capitalize()} is {'exceeded' if use.exceeded else 'used up'}"
        alert = finding.alert(
            AlertKind.BUDGET,
            title,
            f"{amounts}: {budgets.left_words(use)}.{pace}",
            urgent=used_percent >= 100,
            threshold_percent=reached[-1],
            **figures,
        )
        finding.met.append(Finding(key, alert, epoch, reached[-1], since=use.start))
    if rules.projection and pace and use.used_ratio >= _PROJECTED_FROM:
        alert = finding.alert(
            AlertKind.PROJECTION,
            f"{name.capitalize()} will not last",
            f"{amounts} are used.{pace}",
            **figures,
        )
        found = Finding(f"projection.{use.period}", alert, epoch, told_with=key, since=use.start)
        finding.met.append(found)


def _assess_hour(
    finding: _Findings, last_hour_usd: float | None, rules: AlertRules, calendar: Calendar
) -> None:
    if last_hour_usd is None:
        return
    cost, seen = formatting.money(last_hour_usd), finding.seen
    since = int(seen.now) - _HOUR_S
    # It is not asked about what is over, since that would be at each reading.
    settled = not cast_doubt(finding.seen.snapshot.warnings)
    if (limit := rules.burn_rate_usd_per_hour) is not None:
        if last_hour_usd > limit:
            alert = finding.alert(
                AlertKind.BURN_RATE,
                f"{cost} in the last hour",
                f"That is more than your limit of {formatting.money(limit)} an hour.",
                urgent=True,
                last_hour_usd=last_hour_usd,
                limit_usd=limit,
            )
            finding.met.append(Finding("burn-rate", alert, since=since))
        elif settled and last_hour_usd < _OVER_AT * limit:
            finding.over.add("burn-rate")
    usual = seen.usual_hour_usd
    if usual is None or not rules.unusual_hour_factor:
        return
    limit = max(usual * rules.unusual_hour_factor, usual + UNUSUAL_LEAST_USD)
    if last_hour_usd > limit:
        alert = finding.alert(
            AlertKind.UNUSUAL_HOUR,
            f"An unusual hour: {cost}",
            f"On a {calendar.local(seen.now):%A} at this time {formatting.money(usual)} is usual "
            "(median of the last four weeks).",
            last_hour_usd=last_hour_usd,
            limit_usd=usual,
        )
        finding.met.append(Finding("unusual-hour", alert, since=since))
    elif settled and last_hour_usd < _OVER_AT * limit:
        finding.over.add("unusual-hour")


def _assess_source(finding: _Findings, rules: AlertRules, calendar: Calendar) -> None:
    seen, snapshot = finding.seen, finding.seen.snapshot
    source = wording.source_title(snapshot)
    now = calendar.local(seen.now)
    if snapshot.state not in _OUT:
        finding.over.add("source-offline")
    elif rules.offline_s and seen.out_since is not None and seen.now - seen.out_since >= rules.offline_s:
        since = wording.clock(calendar.local(seen.out_since), now)
        cause = f" {snapshot.problem.sentence}" if snapshot.problem else ""
        alert = finding.alert(
            AlertKind.SOURCE_OFFLINE, f"{source} does not answer", f"No reading since {since}.{cause}"
        )
        finding.met.append(Finding("source-offline", alert))
    if snapshot.state not in _GOOD:
        return
    if seen.unanswered_since is None:
        finding.over.add("telemetry-silent")
    elif rules.silent_s and seen.now - seen.unanswered_since >= rules.silent_s:
        since = wording.clock(calendar.local(seen.unanswered_since), now)
        alert = finding.alert(
            AlertKind.TELEMETRY_SILENT,
            "No telemetry from Claude Code",
            f"It has been in use since {since}, but nothing of that has come in. "
            "“Smoke test” in the menu finds out why.",
        )
        finding.met.append(Finding("telemetry-silent", alert))


def _rough(usd: float) -> str:
    """A forecast to the cent would claim more than it knows."""
    return f"${usd:,.0f}" if usd >= 99.5 else formatting.money(usd)
