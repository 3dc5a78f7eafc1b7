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
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any, Final

from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.base import Answer, Inventory, Question, SessionSeen, Span
from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue, discover
from ccmon_tray.sources.prometheus.evaluate import Batch, Evaluator, Rise, batch_key
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
        evaluator = Evaluator(self._client, catalogue, self._lookback_s)
        batches = [Batch.of([questions[i] for i in group]) for group in members.values()]
        early_calls = [evaluator.early_calls(batch) for batch in batches]
        finds = [self._scope_call(catalogue, span, listed=listed) for span, listed in spans.items()]
        flat: list[Callable[[], Any]] = [*finds, *(call for calls in early_calls for call in calls)]
        results = iter(self._client.gather(flat))
        scopes: dict[Span, Scope] = {span: next(results) for span in spans}
        early: Iterator[list[Rise]] = results
        late_calls = [evaluator.calls(batch, scopes[batch.span]) for batch in batches]
        late = iter(self._client.gather([call for calls in late_calls for call in calls]))
        answers: dict[int, Answer] = {}
        for group, batch, sooner, later in zip(
            members.values(), batches, early_calls, late_calls, strict=True
        ):
            scope = scopes[batch.span]
            first = [rise for _ in sooner for rise in next(early)]
            summed = first if evaluator.uses_early_calls(scope) else []
            summed += [rise for _ in later for rise in next(late)]
            rises = evaluator.put_right(batch, scope, summed)
            for i in group:
                answers[i] = evaluator.answer(questions[i], batch, rises)
        return tuple(answers[i] for i in range(len(questions)))

    def count_sessions(self, span: Span) -> int:
        """How many distinct session ids had any use in the window."""
        catalogue = self._look_up()
        scope = self._scope(catalogue, span)
        return Sessions(self._client, catalogue, self._lookback_s).count(scope)

    def sessions_seen(self, span: Span, session_ids: Sequence[str] | None = None) -> tuple[SessionSeen, ...]:
        """First and last use of the sessions with use in the window, or of those named.

        Times are those of the samples that first showed it: to the minute for a few named sessions, otherwise
        on a grid that is coarser the longer the window and the more series there are.
        """
        catalogue = self._look_up()
        scope = self._scope(catalogue, span, listed=session_ids is None)
        return Sessions(self._client, catalogue, self._lookback_s).seen(scope, session_ids)

    def warnings(self, span: Span) -> tuple[UsageWarning, ...]:
        """Why answers about this window may be off."""
        catalogue = self._look_up()
        scope = self._scope(catalogue, span)
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

    def _scope(self, catalogue: Catalogue, span: Span, *, listed: bool = False) -> Scope:
        return self._scope_call(catalogue, span, listed=listed)()

    def _scope_call(self, catalogue: Catalogue, span: Span, *, listed: bool) -> Callable[[], Scope]:
        """A call that finds a window's scope, or has it; ``listed``: its active sessions must be known."""

        def call() -> Scope:
            with self._lock:
                kept = self._scopes.get(span)
            if kept is not None and (kept.active is not None or not listed):
                return kept
            scoper = Scoper(self._client, catalogue, self._histories, self._lookback_s)
            scope = scoper.find(span, listed=listed)
            with self._lock:
                self._scopes[span] = scope
                while len(self._scopes) > _SCOPES_KEPT:
                    self._scopes.popitem(last=False)
            return scope

        return call
