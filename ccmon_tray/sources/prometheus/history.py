"""The raw samples of sessions whose counters reset, from their first to the newest, kept between polls.

What a counter did after a restart can only be told from what it did before, however long ago. So an irregular
session is read whole once; after that only its newest samples are fetched.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from threading import Lock
from typing import Final

from ccmon_tray.sources.prometheus.client import PrometheusClient
from ccmon_tray.sources.prometheus.discovery import Catalogue
from ccmon_tray.sources.prometheus.exact import Track
from ccmon_tray.sources.prometheus.promql import Selector, one_of
from ccmon_tray.usage.metrics import Label, Metric, canonical_label, canonical_metric

# Raw samples fetched in one answer: about 2 MB of JSON.
_SAMPLES_AN_ANSWER: Final = 50_000
_SAMPLES_BESIDE_ONE_OF_COST: Final = 12
# Points kept over all sessions between polls: about 5 MB.
_POINTS_KEPT: Final = 150_000
# Samples may be written late; those of the last minutes are read again.
_SETTLED_AFTER_S: Final = 900
# VictoriaMetrics takes queries of 16 KiB at most, and an id is 37 bytes.
_IDS_A_QUERY: Final = 250

SeriesKey = tuple[str, tuple[tuple[str, str], ...]]
"""A stored metric name and its labels, canonically spelled and sorted."""


@dataclass(slots=True)
class SessionHistory:
    """All series of one session.

    Attributes:
        since: Unix seconds from which its samples were read.
        until: Unix seconds up to which they were read.
        tracks: Its series.
    """

    since: int
    until: int
    tracks: dict[SeriesKey, Track] = field(default_factory=dict)

    def cut(self, settled: int, until: int) -> "SessionHistory":
        """A copy without what came after ``settled``, to be read again from there up to ``until``."""
        return SessionHistory(
            self.since, until, {key: track.until(settled) for key, track in self.tracks.items()}
        )

    @property
    def points(self) -> int:
        """Points kept."""
        return sum(len(track.times) for track in self.tracks.values())


class Histories:
    """Reads and remembers the histories of sessions on one server. Safe to use from several threads.

    Args:
        client: The connection.
        lookback_s: How far before a window a session's first sample is looked for, seconds.
    """

    def __init__(self, client: PrometheusClient, lookback_s: int) -> None:
        self._client = client
        self._lookback_s = lookback_s
        self._lock = Lock()
        self._kept: OrderedDict[str, SessionHistory] = OrderedDict()

    def forget(self) -> None:
        """Read everything anew next time."""
        with self._lock:
            self._kept.clear()

    def read(
        self, catalogue: Catalogue, session_ids: Sequence[str], start: int, end: int
    ) -> dict[str, SessionHistory]:
        """The histories of some sessions up to ``end`` (Unix seconds) at least.

        Args:
            catalogue: What the server holds.
            session_ids: Whose.
            start: Begin of the window they are for; histories begin a look-back before it.
            end: End of the window.

        Raises:
            SourceError: The server cannot answer.
        """
        since = start - self._lookback_s
        with self._lock:
            found = {session: self._kept[session] for session in session_ids if session in self._kept}
        fresh: list[str] = []
        known: dict[int, list[str]] = {}
        for session in session_ids:
            history = found.get(session)
            if history is None or history.since > since:
                fresh.append(session)
            elif history.until < end:
                known.setdefault(history.until, []).append(session)
        found.update((session, SessionHistory(since, end)) for session in fresh)
        self._fetch(catalogue, fresh, since, end, found)
        for until, sessions in known.items():
            settled = until - _SETTLED_AFTER_S
            # Copies: others may be working with the old ones.
            found.update((session, found[session].cut(settled, end)) for session in sessions)
            self._fetch(catalogue, sessions, settled, end, found)
        self._keep(found)
        return found

    def _fetch(
        self,
        catalogue: Catalogue,
        sessions: Sequence[str],
        start: int,
        end: int,
        into: Mapping[str, SessionHistory],
    ) -> None:
        for i in range(0, len(sessions), _IDS_A_QUERY):
            matcher = one_of(Label.SESSION, sessions[i : i + _IDS_A_QUERY])
            for selector in catalogue.selectors(*Metric):
                self._fetch_series(selector.where(matcher), start, end, into)

    def _fetch_series(
        self, selector: Selector, start: int, end: int, into: Mapping[str, SessionHistory]
    ) -> None:
        slices = max(1, -(-self._count(selector, start, end) // _SAMPLES_AN_ANSWER))
        edges = [start + (end - start) * i // slices for i in range(slices + 1)]
        for begin, until in pairwise(edges):
            if begin == until:
                continue
            for series in self._client.query_samples(selector.over(until - begin), until):
                labels = {canonical_label(name): value for name, value in series.labels.items()}
                key = (labels.pop("__name__"), tuple(sorted(labels.items())))
                track = into[labels.get(Label.SESSION, "")].tracks.setdefault(key, Track())
                # Before Prometheus 3 a range includes its first moment: it belongs to the slice before.
                track.extend((t, value) for t, value in series.points if t > begin)

    def _count(self, selector: Selector, start: int, end: int) -> int:
        """How many samples there are, about: those of one name, times what a session has beside it."""
        by_size = sorted(selector.names, key=lambda name: canonical_metric(name) is not Metric.COST)
        one = replace(selector, names=(by_size[0],))
        counted = self._client.query(f"sum(count_over_time({one.over(end - start)}))", end)
        return int(sum(sample.value for sample in counted)) * _SAMPLES_BESIDE_ONE_OF_COST

    def _keep(self, used: Mapping[str, SessionHistory]) -> None:
        with self._lock:
            for session, history in used.items():
                self._kept[session] = history
                self._kept.move_to_end(session)
            points = sum(history.points for history in self._kept.values())
            while points > _POINTS_KEPT and len(self._kept) > 1:
                _, history = self._kept.popitem(last=False)
                points -= history.points
