"""Usage from Prometheus, or whatever speaks its query API: Mimir, Thanos, VictoriaMetrics.

How a question is answered, so that it is exact and cheap (``increase()`` is neither):

1. Which sessions a window concerns is asked first, and what follows touches no other series. The few unequal
   steps of a menu do without: each edge is one sum over all series there were.
2. Those among them that reset in it are added up from raw samples (:mod:`.scoper`, :mod:`.exact`).
3. The others only rise: the differences of their last values at the steps' edges are the exact increases, and
   the server needs no matching of series to sum them (:mod:`.evaluate`).
4. Where sessions cannot be listed, the exact increase is one expression for each series (:mod:`.promql`).

Of long windows, hours that recording rules have summed need none of this (:mod:`.recorded`).
"""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Answer, Inventory, Question, SessionSeen, Span
from ccmon_tray.sources.prometheus.bases import Bases
from ccmon_tray.sources.prometheus.batches import Batch, Rise, batch_key
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue, discover
from ccmon_tray.sources.prometheus.evaluate import Evaluator
from ccmon_tray.sources.prometheus.history import Histories
from ccmon_tray.sources.prometheus.promql import parse_matchers
from ccmon_tray.sources.prometheus.recorded import Recorded
from ccmon_tray.sources.prometheus.scope import Need, Scope
from ccmon_tray.sources.prometheus.scoper import Scoper, Sighting
from ccmon_tray.sources.prometheus.sessions import Sessions
from ccmon_tray.sources.prometheus.warnings import warnings_of
from ccmon_tray.usage.metrics import Label, Metric
from ccmon_tray.usage.models import SourceInfo, UsageWarning
from ccmon_tray.usage.states import SourceKind

if TYPE_CHECKING:
    from ccmon_tray.sources.prometheus.health import HealthReader
    from ccmon_tray.sources.server_health import ServerHealth

_INVENTORY_S: Final = 300.0
# The first exports of the first session bring these one after another: until then it is looked more often.
_FIRST: Final = frozenset({Metric.COST, Metric.TOKENS})
_FIRST_S: Final = 20.0
_SCOPES_KEPT: Final = 12


class PrometheusSource:
    """A :class:`~ccmon_tray.sources.base.UsageSource` over the query API of Prometheus.

    Args:
        settings: Where and how to reach it.
        clock: Returns Unix seconds; a seam for tests.
    """

    def __init__(self, settings: PrometheusSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._matchers = parse_matchers(settings.matchers)
        self._client = PrometheusClient(settings)
        self._clock = clock
        self._lookback_s = settings.lookback_days * 86_400
        self._histories = Histories(self._client, self._lookback_s)
        self._bases = Bases()
        self._recorded = Recorded(
            self._client,
            self._matchers,
            self._lookback_s,
            is_on=settings.recording_rules == "auto",
            clock=clock,
            ask_counters=self._ask_counters,
            scopes_of=self._scopes_of,
        )
        self._lock = Lock()
        self._catalogue: Catalogue | None = None
        self._looked_up_at = float("-inf")
        self._scopes: OrderedDict[Span, Scope] = OrderedDict()
        self._health: HealthReader | None = None

    @property
    def info(self) -> SourceInfo:
        """Which source this is; its version once it has answered."""
        with self._lock:
            version = self._catalogue.build.version if self._catalogue else None
        return SourceInfo(kind=SourceKind.PROMETHEUS, url=self._client.safe_url, version=version)

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """What the server holds; looked up anew every five minutes, more often until there is a cost."""
        if refresh:
            self._histories.forget()
            self._recorded.forget()
        catalogue = self._look_up(refresh=refresh)
        return Inventory(self.info, catalogue.names, catalogue.retention_s)

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers, worked out side by side."""
        return self._recorded.ask(self._look_up(), questions)

    def _ask_counters(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers from the counters alone."""
        catalogue = self._look_up()
        members: dict[object, list[int]] = defaultdict(list)
        for i, question in enumerate(questions):
            members[batch_key(question, i)].append(i)
        evaluator = Evaluator(self._client, catalogue, self._lookback_s)
        batches = [Batch.of([questions[i] for i in group]) for group in members.values()]
        spans: dict[Span, Need] = {}
        for batch in batches:
            spans[batch.span] = max(evaluator.need(batch), spans.get(batch.span, Need.IRREGULAR))
        scoper = Scoper(self._client, catalogue, self._histories, self._lookback_s)

        early_calls = [evaluator.early_calls(batch) for batch in batches]
        counted = {batch.span: n for n, batch in enumerate(batches) if evaluator.counts_series(batch)}
        kept = {span: scope for span, need in spans.items() if (scope := self._kept_scope(span, need))}
        new = [span for span in spans if span not in kept]
        earlier = {span: self._earlier_scope(span) for span in new if span in counted}
        looks = [
            partial(scoper.look, span, spans[span], counted=span in counted, before=earlier.get(span))
            for span in new
        ]
        looked, *found = self._gather([looks, *early_calls])
        lasts: list[list[Rise]] = [list(chain(*rises)) for rises in found]
        sightings = {span: Sighting(scope) for span, scope in kept.items()}
        for span, look in zip(new, looked, strict=True):
            counts = _counts(lasts[counted[span]]) if span in counted else None
            sightings[span] = scoper.sight(look, counts, earlier.get(span))

        # What the last values leave to ask is the bases of sessions that were there before.
        known: list[dict[str, tuple[Rise, ...]] | None] = []
        base_calls: list[list[Callable[[], list[Rise]]]] = []
        for batch, calls, last in zip(batches, early_calls, lasts, strict=True):
            scope = sightings[batch.span].scope
            suffices = len(batch.boundaries) == 2 and bool(calls) and scope.straddlers is not None
            known.append(self._bases.recall(batch, scope, last) if suffices else None)
            unknown = set(scope.straddlers or ()) - (known[-1] or {}).keys()
            base_calls.append(evaluator.base_calls(batch, unknown) if suffices else [])
        unsettled = [span for span, sighting in sightings.items() if not sighting.is_settled]
        settles = [partial(scoper.settle, sightings[span]) for span in unsettled]
        settled, *bases = self._gather([settles, *base_calls])
        scopes = {span: sighting.scope for span, sighting in sightings.items()}
        scopes.update(zip(unsettled, settled, strict=True))
        self._keep(scopes)

        late_calls = [
            evaluator.calls(batch, scopes[batch.span])
            if recalled is None and not evaluator.is_early(batch)
            else []
            for batch, recalled in zip(batches, known, strict=True)
        ]
        late = self._gather(late_calls)
        answers: dict[int, Answer] = {}
        for n, (group, batch) in enumerate(zip(members.values(), batches, strict=True)):
            scope, recalled = scopes[batch.span], known[n]
            summed = lasts[n] if evaluator.is_early(batch) else list(chain(*late[n]))
            if recalled is not None:
                subtracted = [*chain(*bases[n]), *chain(*recalled.values())]
                self._bases.keep(batch, scope, lasts[n], subtracted)
                summed = [*lasts[n], *subtracted]
            rises = evaluator.put_right(batch, scope, summed)
            for i in group:
                answers[i] = evaluator.answer(questions[i], rises[questions[i].metric])
        return tuple(answers[i] for i in range(len(questions)))

    def count_sessions(self, span: Span) -> int:
        """How many distinct session ids had any use in the window."""
        catalogue = self._look_up()
        scope = self._scope(span, Need.BASES)
        return Sessions(self._client, catalogue, self._lookback_s).count(scope)

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last use of the sessions with use in the window, or of those named.

        Times are those of the samples that first showed it. Where samples are too many to read, times are to
        the minute for a few named sessions, otherwise on a grid that is coarser the longer the window and the
        more series there are.
        """
        catalogue = self._look_up()
        scope = self._scope(span, Need.BASES)
        return Sessions(self._client, catalogue, self._lookback_s).seen(scope, session_ids)

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why answers about this window may be off."""
        catalogue = self._look_up()
        scope = self._kept_scope(span, Need.IRREGULAR) or self._scope(span, Need.BASES)
        told = warnings_of(scope, catalogue, self._clock(), self._client.take_warnings())
        return *told, *self._recorded.warnings(span)

    def health(self, span: Span) -> "ServerHealth":
        """How the server itself is now, and how it was over a span."""
        with self._lock:
            if self._health is None:
                from ccmon_tray.sources.prometheus.health import HealthReader  # noqa: PLC0415 — rare

                self._health = HealthReader(self._client, self._clock)
            reader = self._health
        return reader.read(span)

    def close(self) -> None:
        """Give connections back; calls under way fail soon."""
        self._client.close()

    def _look_up(self, *, refresh: bool = False) -> Catalogue:
        now = self._clock()
        with self._lock:
            known = self._catalogue
            if known is not None and known.names and not refresh:
                young_s = _INVENTORY_S if known.names.keys() >= _FIRST else _FIRST_S
                if 0 <= now - self._looked_up_at < young_s:
                    return known
        found = discover(self._client, self._matchers, now)
        with self._lock:
            self._catalogue, self._looked_up_at = found, now
            if known == found and not refresh:
                return found
            self._scopes.clear()
        self._bases.forget()
        return found

    def _scopes_of(self, spans: Mapping[Span, Need]) -> dict[Span, Scope]:
        """The scopes of windows, each with as much as is needed."""
        catalogue = self._look_up()
        scoper = Scoper(self._client, catalogue, self._histories, self._lookback_s)
        scopes = {span: scope for span, need in spans.items() if (scope := self._kept_scope(span, need))}
        new = [span for span in spans if span not in scopes]
        looks = [partial(scoper.look, span, spans[span]) for span in new]
        # What a call asks runs one after another within it, but side by side where there is but one.
        looked = [look() for look in looks] if len(new) == 1 else self._client.gather(looks)
        settles = [partial(scoper.settle, scoper.sight(look)) for look in looked]
        found = [settle() for settle in settles] if len(new) == 1 else self._client.gather(settles)
        scopes.update(zip(new, found, strict=True))
        self._keep(scopes)
        return scopes

    def _scope(self, span: Span, need: Need) -> Scope:
        return self._scopes_of({span: need})[span]

    def _kept_scope(self, span: Span, need: Need) -> Scope | None:
        """What is known of a window's sessions, if it is as much as is needed."""
        with self._lock:
            scope = self._scopes.get(span)
        return scope if scope is not None and scope.suffices(need) else None

    def _earlier_scope(self, span: Span) -> Scope | None:
        """What was found of a window that has grown since."""
        with self._lock:
            earlier = [of for of in self._scopes if of.start == span.start and of.end < span.end]
            return self._scopes[max(earlier, key=lambda of: of.end)] if earlier else None

    def _keep(self, scopes: Mapping[Span, Scope]) -> None:
        with self._lock:
            for span, scope in scopes.items():
                self._scopes[span] = scope
                self._scopes.move_to_end(span)
            while len(self._scopes) > _SCOPES_KEPT:
                self._scopes.popitem(last=False)

    def _gather(self, groups: Sequence[Sequence[Callable[[], Any]]]) -> list[list[Any]]:
        """Run all calls side by side. Their results, in the same groups."""
        results = iter(self._client.gather([call for group in groups for call in group]))
        return [[next(results) for _ in group] for group in groups]


def _counts(lasts: Sequence[Rise]) -> dict[str, float]:
    """How many series each session has."""
    counts: dict[str, float] = defaultdict(float)
    for rise in lasts:
        counts[rise.labels.get(Label.SESSION, "")] += rise.series
    return counts
