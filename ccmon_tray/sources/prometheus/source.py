"""Usage from Prometheus, or whatever speaks its query API: Mimir, Thanos, VictoriaMetrics.

How a question is answered, so that it is exact and cheap (``increase()`` is neither):

1. Which sessions were active in the window is asked first: what follows touches no other series.
2. Those among them that reset in it are added up from raw samples (:mod:`.scope`, :mod:`.exact`).
3. The others only rise: the differences of their last values at the steps' edges are the exact increases, and
   the server needs no matching of series to sum them (:mod:`.evaluate`).
4. Where sessions cannot be listed, the exact increase is one expression for each series (:mod:`.promql`).
"""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Final

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Answer, Inventory, Question, SessionSeen, Span
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue, discover
from ccmon_tray.sources.prometheus.evaluate import Batch, Evaluator, batch_key
from ccmon_tray.sources.prometheus.history import Histories
from ccmon_tray.sources.prometheus.promql import parse_matchers
from ccmon_tray.sources.prometheus.scope import Scope, Scoper
from ccmon_tray.sources.prometheus.sessions import Sessions
from ccmon_tray.sources.prometheus.warnings import warnings_of
from ccmon_tray.usage.models import SourceInfo, SourceKind, UsageWarning

_INVENTORY_S: Final = 300.0
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
        self._lock = Lock()
        self._catalogue: Catalogue | None = None
        self._looked_up_at = float("-inf")
        self._scopes: OrderedDict[Span, Scope] = OrderedDict()

    @property
    def info(self) -> SourceInfo:
        """Which source this is; its version once it has answered."""
        with self._lock:
            version = self._catalogue.build.version if self._catalogue else None
        return SourceInfo(kind=SourceKind.PROMETHEUS, url=self._client.safe_url, version=version)

    def inventory(self, *, refresh: bool = False) -> Inventory:
        """What the server holds; looked up anew every five minutes."""
        if refresh:
            self._histories.forget()
        catalogue = self._look_up(refresh=refresh)
        return Inventory(self.info, catalogue.names, catalogue.retention_s)

    def ask(self, questions: Sequence[Question]) -> tuple[Answer, ...]:
        """The answers, worked out side by side."""
        catalogue = self._look_up()
        members: dict[object, list[int]] = defaultdict(list)
        for i, question in enumerate(questions):
            members[batch_key(question, i)].append(i)
        spans = {question.span: False for question in questions}
        spans.update((question.span, True) for question in questions if question.boundaries)
        scopes = self._scopes_of(catalogue, spans)
        evaluator = Evaluator(self._client, catalogue, self._lookback_s)
        batches = [Batch.of([questions[i] for i in group]) for group in members.values()]
        calls = [evaluator.calls(batch, scopes[batch.span]) for batch in batches]
        results = iter(self._client.gather([call for group in calls for call in group]))
        answers: dict[int, Answer] = {}
        for group, batch, own in zip(members.values(), batches, calls, strict=True):
            summed = [rise for _ in own for rise in next(results)]
            rises = evaluator.put_right(batch, scopes[batch.span], summed)
            for i in group:
                answers[i] = evaluator.answer(questions[i], batch, rises)
        return tuple(answers[i] for i in range(len(questions)))

    def count_sessions(self, span: Span) -> int:
        """How many distinct session ids had any use in the window."""
        catalogue = self._look_up()
        scope = self._scopes_of(catalogue, {span: False})[span]
        return Sessions(self._client, catalogue, self._lookback_s).count(scope)

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last use of the sessions with use in the window, or of those named.

        Times are those of the samples that first showed it, to the minute where the window is a week or less.
        """
        catalogue = self._look_up()
        scope = self._scopes_of(catalogue, {span: session_ids is None})[span]
        return Sessions(self._client, catalogue, self._lookback_s).seen(scope, session_ids)

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why answers about this window may be off."""
        catalogue = self._look_up()
        scope = self._scopes_of(catalogue, {span: False})[span]
        return warnings_of(scope, catalogue, self._clock(), self._client.take_warnings())

    def close(self) -> None:
        """Give connections back; calls under way fail soon."""
        self._client.close()

    def _look_up(self, *, refresh: bool = False) -> Catalogue:
        now = time.monotonic()
        with self._lock:
            known = self._catalogue
            if known is not None and known.names and not refresh and now - self._looked_up_at < _INVENTORY_S:
                return known
        found = discover(self._client, self._matchers, self._clock())
        with self._lock:
            self._catalogue, self._looked_up_at = found, now
            self._scopes.clear()
        return found

    def _scopes_of(self, catalogue: Catalogue, spans: Mapping[Span, bool]) -> dict[Span, Scope]:
        """The scopes of windows; ``spans`` says for each whether its active sessions must be known."""
        with self._lock:
            kept = {span: self._scopes[span] for span in spans if span in self._scopes}
        known = {span: scope for span, scope in kept.items() if scope.active is not None or not spans[span]}
        missing = {span: listed for span, listed in spans.items() if span not in known}
        found = Scoper(self._client, catalogue, self._histories, self._lookback_s).find(missing)
        known.update(zip(missing, found, strict=True))
        with self._lock:
            for span in missing:
                self._scopes[span] = known[span]
            while len(self._scopes) > _SCOPES_KEPT:
                self._scopes.popitem(last=False)
        return known
