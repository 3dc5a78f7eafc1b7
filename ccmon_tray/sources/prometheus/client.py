"""A client of the Prometheus query API, as Prometheus, VictoriaMetrics, Mimir and Thanos offer it.

Every request runs on one of a few daemon threads, so that callers can be let go at once when the client
closes or a request hangs where nothing can interrupt it (the resolver). The API:
https://prometheus.io/docs/prometheus/latest/querying/api/.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from ccmon_tray.errors import SourceAnswerInvalid, SourceDenied, SourceError, SourceNotFound, SourceRejected
from ccmon_tray.settings import PrometheusSettings
from ccmon_tray.sources.prometheus import answers, faults, server_info
from ccmon_tray.sources.prometheus.address import parse_address
from ccmon_tray.sources.prometheus.answers import ApiError, Sample, Series
from ccmon_tray.sources.prometheus.connection import Connection
from ccmon_tray.sources.prometheus.credentials import Credentials
from ccmon_tray.sources.prometheus.faults import Reply
from ccmon_tray.sources.prometheus.server_info import BuildInfo
from ccmon_tray.sources.prometheus.workers import Workers

__all__ = ["BuildInfo", "PrometheusClient", "Sample", "Series"]

T = TypeVar("T")

SERVER_TIMEOUT_SHARE = 0.9
"""Of our own timeout: the server gives up first, and says so in words."""
PATIENCE_MARGIN_S = 1.0
WARNINGS_KEPT = 20


class PrometheusClient:
    """Asks one server. Safe to use from several threads; close it when done.

    Args:
        settings: Where the server is and how it is reached.

    Raises:
        SettingsError: A setting cannot be used.
    """

    def __init__(self, settings: PrometheusSettings) -> None:
        self._address = parse_address(settings.url)
        self._credentials = Credentials(
            settings, url_username=self._address.username, url_password=self._address.password
        )
        self._server_timeout = f"{int(settings.timeout_s * SERVER_TIMEOUT_SHARE * 1000)}ms"
        self._workers = Workers(
            settings.concurrency,
            "prometheus",
            patience_s=settings.timeout_s + PATIENCE_MARGIN_S,
            when_stuck=self._give_up,
            when_closed=lambda: faults.closed(self._address),
        )
        self._connection = Connection(
            settings, self._address, self._credentials, self._workers.report_progress
        )
        self._timeout_s = settings.timeout_s
        self._warnings: dict[str, None] = {}
        self._warnings_lock = threading.Lock()

    @property
    def safe_url(self) -> str:
        """The API's base URL without credentials, for people to see."""
        return self._address.url

    def query(self, promql: str, at: float) -> list[Sample]:
        """Evaluate an expression at one time.

        Args:
            promql: The expression.
            at: Unix seconds; sent with millisecond precision.

        Returns:
            A sample for each series; one without labels for a scalar. Values can be NaN or ±Inf.

        Raises:
            SourceError: The server gives no such answer.
        """
        return self._ask("POST", "query", {"query": promql, "time": _instant(at)}, answers.parse_vector)

    def query_range(self, promql: str, start: float, end: float, step_s: float) -> list[Series]:
        """Evaluate an expression at ``start``, ``start + step_s``, … up to and with ``end`` (Unix seconds).

        Returns:
            The series with the points at which they have a value, which can be NaN or ±Inf.

        Raises:
            SourceError: The server gives no such answer.
        """
        form = {
            "query": promql,
            "start": _instant(start),
            "end": _instant(end),
            "step": f"{step_s:.3f}",
        }
        return self._ask("POST", "query_range", form, answers.parse_matrix)

    def query_samples(self, promql: str, at: float) -> list[Series]:
        """Evaluate a range selector such as ``m[1h]`` at ``at`` (Unix seconds): the raw samples.

        Raises:
            SourceError: The server gives no such answer.
        """
        return self._ask("POST", "query", {"query": promql, "time": _instant(at)}, answers.parse_matrix)

    def label_values(self, label: str, matches: Sequence[str], start: float, end: float) -> list[str]:
        """The values of a label in the series that any of ``matches`` selects, between two Unix times.

        Servers look the time up roughly (Prometheus by its blocks): values from outside may be among them.

        Raises:
            SourceError: The server gives no such answer.
        """
        form = {"match[]": list(matches), "start": _instant(start), "end": _instant(end)}
        return self._ask("GET", f"label/{quote(label, safe='')}/values", form, answers.parse_names)

    def metric_names(self, start: float, end: float, matches: Sequence[str] = ()) -> list[str]:
        """The names of the metrics with series between two Unix times.

        Raises:
            SourceError: The server gives no such answer.
        """
        return self.label_values("__name__", matches, start, end)

    def series(
        self, matches: Sequence[str], start: float, end: float, limit: int | None = None
    ) -> list[dict[str, str]]:
        """The label sets of the series that any of ``matches`` selects, between two Unix times.

        Args:
            matches: Series selectors, at least one.
            start: Unix seconds.
            end: Unix seconds.
            limit: The most to return. Servers before Prometheus 2.53 send them all; the rest is cut here.

        Raises:
            SourceError: The server gives no such answer.
        """
        form = {"match[]": list(matches), "start": _instant(start), "end": _instant(end)}
        if limit is not None:
            form["limit"] = str(limit)
        return self._ask("POST", "series", form, answers.parse_label_sets)[:limit]

    def build_info(self) -> BuildInfo:
        """The server's product and version.

        Raises:
            SourceError: The server cannot be reached or cannot answer now.
        """
        return self._run(lambda: server_info.find_build_info(self._fetch, self._address))

    def retention_s(self, product: str) -> float | None:
        """How far back the server keeps data, in seconds; None where it does not tell.

        Args:
            product: What the server is, by :meth:`build_info`.

        Raises:
            SourceError: The server cannot be reached or cannot answer now.
        """
        return self._run(lambda: server_info.find_retention_s(self._fetch, self._address, product))

    def fetch(self, path: str, *, at_origin: bool = False) -> Reply | None:
        """GET a page that is not of the query API: ``/-/ready``, ``/metrics``, ``/api/v1/targets``.

        Args:
            path: The page, below the base URL.
            at_origin: Below the server's own root instead, where some products keep such pages.

        Returns:
            The answer; None where the server does not offer the page.

        Raises:
            SourceError: The server cannot be reached or cannot answer now.
        """
        base = self._address.origin if at_origin else self._address.url
        return self._run(lambda: self._fetch(base + path))

    def take_warnings(self) -> tuple[str, ...]:
        """What the server warned of since the last time this was asked, each once.

        Thanos and Mimir report partial answers so: what was answered meanwhile may lack data.
        """
        with self._warnings_lock:
            taken = tuple(self._warnings)
            self._warnings.clear()
        return taken

    def gather(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Run calls, of this client's methods mostly, side by side; the results in the calls' order.

        At most ``concurrency`` run at a time. The first error is raised at once; calls not yet started then
        never run, and those under way end unheard.

        Raises:
            SourceError: A call raised it, or the client was closed.
        """
        return self._workers.run(calls)

    def close(self) -> None:
        """Make calls under way fail, and end all threads and connections. May be called again."""
        self._connection.end()
        self._workers.close()
        self._connection.close()

    def _run(self, call: Callable[[], T]) -> T:
        return self._workers.run([call])[0]

    def _ask(self, method: str, path: str, form: Mapping[str, Any], parse: Callable[[Any], T]) -> T:
        # nocache: VictoriaMetrics would otherwise align a range query's steps to its cache, and leave out
        # the last 30 s. Others ignore it.
        form = {**form, "timeout": self._server_timeout, "nocache": "1"}

        def call() -> T:
            reply = self._exchange(method, f"{self._address.url}/api/v1/{path}", form)
            try:
                answer = answers.parse_answer(reply.body)
                if isinstance(answer, ApiError):
                    raise faults.from_api(answer, reply, self._address)
                self._note(answer.warnings)
                return parse(answer.data)
            except ValueError as error:
                raise faults.from_parsing(error, reply, self._address) from error

        return self._run(call)

    def _exchange(self, method: str, url: str, form: Mapping[str, Any] | None = None) -> Reply:
        reply = self._connection.exchange(method, url, form)
        if reply.status != 200:
            raise faults.from_status(reply, self._address, has_credentials=self._credentials.are_set)
        return reply

    def _fetch(self, url: str) -> Reply | None:
        try:
            return self._exchange("GET", url)
        except (SourceNotFound, SourceRejected, SourceDenied, SourceAnswerInvalid):
            return None

    def _note(self, warnings: Sequence[str]) -> None:
        with self._warnings_lock:
            for warning in warnings:
                if len(self._warnings) < WARNINGS_KEPT:
                    self._warnings[warning] = None

    def _give_up(self) -> SourceError:
        self._connection.cut()
        return faults.timed_out(self._address, self._timeout_s)


def _instant(at: float) -> str:
    return f"{at:.3f}"
