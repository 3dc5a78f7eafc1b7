"""Looking at the whole pipeline, one link after another."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ccmon_tray.errors import SourceError
from ccmon_tray.paths import Paths
from ccmon_tray.sources.doctor import collector, connection, contents, machine, telemetry, transcripts
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.sources.doctor.links import Link, look_at
from ccmon_tray.usage.checks import Check, CheckReport, CheckStatus

LINKS: Final[tuple[Link, ...]] = (
    *connection.LINKS,
    *contents.LINKS,
    *telemetry.LINKS,
    *collector.LINKS,
    *transcripts.LINKS,
    *machine.LINKS,
)


class Doctor:
    """One look at every link, over connections of its own. For one use; ``cancel`` may come from any thread.

    Args:
        paths: The application's folders.
        kind: The source's kind, in place of the setting.
        prometheus_url: In place of the setting; it has no password.
        environ: The environment.
        clock: Unix seconds now.
    """

    def __init__(
        self,
        paths: Paths,
        *,
        kind: str | None = None,
        prometheus_url: str | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._context = Context(paths, environ, clock, kind, prometheus_url)
        self._cancelled = threading.Event()

    @property
    def unreachable(self) -> bool:
        """Whether the source could not be asked."""
        return any(isinstance(self._context.errors.get(id_), SourceError) for id_ in ("reachable", "api"))

    def run(self) -> Iterator[Check]:
        """Look at each link; each check is yielded as soon as it is there.

        Ends early where it is cancelled, also in the middle of a request.
        """
        try:
            yield from look_at(LINKS, self._context, self._cancelled.is_set)
        finally:
            self._context.close()

    def cancel(self) -> None:
        """End :meth:`run` soon; requests under way fail at once."""
        self._cancelled.set()
        self._context.close()

    def report(self, checks: Sequence[Check], checked_at: float) -> CheckReport:
        """All checks as one document; ``checked_at`` is in Unix seconds."""
        return CheckReport(
            source=self._context.info,
            checked_at=checked_at,
            ok=all(check.status is not CheckStatus.FAILED for check in checks),
            checks=tuple(checks),
        )
