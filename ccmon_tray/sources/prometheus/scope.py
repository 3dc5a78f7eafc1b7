"""What is known of the sessions in a window, and so how each is to be added up.

Most series appear inside the window: their last value is their increase. Some were there before: they
*straddle* the window's start, and their base has to be subtracted. Few drop inside the window, or between
their base and it: their sessions are *irregular*, and their raw samples are added up by :mod:`.exact`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from ccmon_tray.sources.base import Span
from ccmon_tray.sources.prometheus.exact import Increments, Track
from ccmon_tray.usage.metrics import Metric


class Need(IntEnum):
    """How much must be known of the sessions in a window; each includes the ones before."""

    IRREGULAR = 0
    """Those that the server cannot add up."""
    BASES = 1
    """Those that were there before it."""
    ACTIVE = 2
    """All that are active in it."""


@dataclass(frozen=True, slots=True)
class IrregularSeries:
    """A series of an irregular session: its labels (canonical names), samples, and what it rose by."""

    metric: Metric
    labels: Mapping[str, str]
    track: Track
    rises: Increments


@dataclass(frozen=True, slots=True)
class Shape:
    """What a session's series in a window look like. As long as this stays, they are the same ones.

    Attributes:
        series: How many there are.
        lowest: The sum of their lowest values, of the counters that tell a restart; 0 where it was not known
            that they may have a base.
    """

    series: float
    lowest: float


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known of the sessions in a window.

    Attributes:
        span: The window.
        active: The sessions with samples in it, "" for series without an id; None where they were not asked
            for, or are too many.
        straddlers: Those of them that may have had samples before, too; None where that is not known.
        series: The series of irregular sessions, already added up.
        irregular: The ids of irregular sessions.
        two_writers: Those of them whose series oscillate.
        sawtooth: Those of them that drop although no process was resumed.
        stored_twice: Sessions whose cost is stored under several names at once.
        fallen: The irregular sessions that drop between their base and the window.
        begun: Sessions known to have begun in the window: no series that joins them later can have a base.
        shapes: Of the active sessions, where their series were counted.
        irregular_only: Nothing but the irregular sessions was asked for.
    """

    span: Span
    active: tuple[str, ...] | None = None
    straddlers: tuple[str, ...] | None = None
    series: tuple[IrregularSeries, ...] = ()
    irregular: tuple[str, ...] = ()
    two_writers: tuple[str, ...] = ()
    sawtooth: tuple[str, ...] = ()
    stored_twice: tuple[str, ...] = ()
    fallen: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    irregular_only: bool = False

    def suffices(self, need: Need) -> bool:
        """Whether as much is known as is needed."""
        if need is Need.ACTIVE:
            return self.active is not None
        return need is Need.IRREGULAR or not self.irregular_only

    def unchanged(self, shapes: Mapping[str, Shape]) -> set[str]:
        """The sessions whose series in the window are still those that had these shapes."""
        return {session for session, shape in self.shapes.items() if shapes.get(session) == shape}
