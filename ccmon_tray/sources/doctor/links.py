"""The links of the pipeline, and looking at one after another.

A link names those that it needs. Where one of them failed, it is skipped itself and says why.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ccmon_tray.errors import CcmonError
from ccmon_tray.sources.doctor.context import Context
from ccmon_tray.usage.checks import LINK_TITLES, Check, CheckStatus

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What looking at a link found; the fields are those of a :class:`~ccmon_tray.usage.checks.Check`.

    ``took_ms`` takes the place of the time that the whole look took.
    """

    status: CheckStatus
    result: str
    cause: str = ""
    cure: str = ""
    details: tuple[str, ...] = ()
    took_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the pipeline.

    Attributes:
        id: Its stable name, one of ``usage.checks.LINK_TITLES``.
        look: Finds out how it is; a ``CcmonError`` means that it failed.
        needs: The ids of links without which it cannot be looked at.
    """

    id: str
    look: Callable[[Context], Finding]
    needs: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its name for people."""
        return LINK_TITLES[self.id]


def ok(result: str, *details: str) -> Finding:
    """A link that is well."""
    return Finding(CheckStatus.OK, result, details=details)


def skipped(reason: str) -> Finding:
    """A link that could not be looked at."""
    return Finding(CheckStatus.SKIPPED, reason)


def from_error(error: CcmonError) -> Finding:
    """A link that failed, in the error's words."""
    return Finding(CheckStatus.FAILED, error.title, error.cause, error.next_step)


def _from_bug(error: Exception) -> Finding:
    return Finding(
        CheckStatus.FAILED,
        "The check itself failed",
        cause=f"{type(error).__name__}: {error}",
        cure="Please report this; the log has the details",
    )


def look_at(links: Sequence[Link], context: Context, is_cancelled: Callable[[], bool]) -> Iterator[Check]:
    """Look at the links, one after another.

    Args:
        links: In the order of their needs.
        context: What they share.
        is_cancelled: Asked before each; True ends the iteration.

    Yields:
        The check of each link as soon as it is there.
    """
    broken: dict[str, str] = {}  # the title of what is at fault, by the id of each link that it stops
    for link in links:
        if is_cancelled():
            return
        fault = next((broken[need] for need in link.needs if need in broken), None)
        if fault is None:
            began = time.perf_counter()
            try:
                finding = link.look(context)
            except CcmonError as error:
                finding = from_error(error)
                context.errors[link.id] = error
            except Exception as error:  # noqa: BLE001  # one that breaks must not hide the others
                _log.exception("Looking at the link %s failed", link.id)
                finding = _from_bug(error)
            took_ms = (time.perf_counter() - began) * 1000
        else:
            finding, took_ms = skipped(f"Needs “{fault}”"), 0.0
            broken[link.id] = fault
        if is_cancelled():  # closing makes what is under way fail, which says nothing of the link
            return
        if finding.status is CheckStatus.FAILED:
            broken[link.id] = link.title
        is_skipped = finding.status is CheckStatus.SKIPPED
        yield Check(
            id=link.id,
            title=link.title,
            status=finding.status,
            took_ms=None if is_skipped else round(finding.took_ms or took_ms, 1),
            result=finding.result,
            cause=finding.cause,
            cure=finding.cure,
            details=finding.details,
        )
