"""The smoke test: each link of the pipeline, looked at one after another, with its cure."""

import time
import tkinter as tk
from collections.abc import Iterator, Sequence
from tkinter import ttk
from typing import TYPE_CHECKING, Final

from ccmon_tray.dashboard.design import Design
from ccmon_tray.dashboard.views.base import Asked, Exported, Host, View
from ccmon_tray.dashboard.widgets.card import Card, label
from ccmon_tray.dashboard.widgets.check_list import CheckList, draw_badge
from ccmon_tray.dashboard.widgets.surface import Surface
from ccmon_tray.usage import formatting
from ccmon_tray.usage.checks import (
    LINK_TITLES,
    Check,
    CheckStatus,
    counts,
    plain_text,
    summary,
    took_words,
)

if TYPE_CHECKING:
    from ccmon_tray.sources.doctor import Doctor

_BADGE: Final = 36  # units


class SmokeTestView(View["Doctor"]):
    """Runs the doctor, a link at a time, off the Tk thread; each check is shown as soon as it is there."""

    name = "smoke-test"
    title = "Smoke test"
    ranged = False
    live = False

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._doctor: Doctor | None = None
        self._checks: list[Check] = []
        self._began = 0.0
        self._took_ms = 0.0

    @property
    def finished(self) -> bool:
        """Whether every link was looked at."""
        return len(self._checks) == len(LINK_TITLES)

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was found so far."""
        return tuple(self._checks)

    def build(self, body: tk.Frame) -> None:
        """Make the widgets."""
        design = self.design
        head = Card(body, design)
        head.pack(fill="x")
        self._badge = _Badge(head.body, design)
        self._badge.pack(side="left", padx=(0, design.px(14)))
        self.again = ttk.Button(head.body, text="Run again", command=self._run_again, style="Card.TButton")
        self.again.pack(side="right")
        self.copy_all = ttk.Button(
            head.body, text="Copy report", command=self._copy_report, style="Card.TButton"
        )
        self.copy_all.pack(side="right", padx=(0, design.px(8)))
        for button in (self.again, self.copy_all):
            button.bind("<Return>", lambda event: event.widget.invoke())
        words = tk.Frame(head.body, background=design.palette.card)
        words.pack(side="left", fill="x", expand=True)
        self.headline = label(words, design, size=15, strong=True)
        self.headline.pack(fill="x")
        self.remark = label(words, design, size=12, colour=design.palette.secondary, wrap=True)
        self.remark.pack(fill="x", pady=(design.px(2), 0))
        card = Card(body, design)
        card.pack(fill="x", pady=(design.px(12), 0))
        self.list = CheckList(card.body, design, tuple(LINK_TITLES.items()), copy=self.host.copy)
        self.list.pack(fill="x")
        self.list.bind("<Map>", lambda _event: self._go_on(), add=True)
        self.list.bind("<Destroy>", lambda _event: self._stop(), add=True)
        self._show_progress()

    def read(self, asked: Asked) -> "Doctor":
        """A doctor that has looked at nothing yet."""
        from ccmon_tray.sources.doctor import Doctor  # noqa: PLC0415  # off the Tk thread: it takes a while

        settings = asked.services.settings
        return Doctor(
            asked.services.paths,
            kind=settings.source.kind,
            prometheus_url=settings.prometheus.url,
            clock=asked.services.clock,
        )

    def subtitle(self, reading: "Doctor") -> str:  # noqa: ARG002  # it is the same for all
        """What is under the title."""
        return "Each link from Claude Code to these figures"

    def show(self, reading: "Doctor") -> None:
        """Begin to look."""
        self._stop()
        self._doctor = reading
        self._checks = []
        self._began, self._took_ms = self.host.services.clock(), 0.0
        self._show_progress()
        self._look(reading, reading.run())

    def left(self) -> None:
        """Nobody waits for what is under way any more."""
        self._stop()

    def export(self, reading: "Doctor") -> Sequence[Exported]:  # noqa: ARG002  # the checks are what is shown
        """The checks."""
        header = ("id", "title", "status", "took_ms", "result", "cause", "cure", "details")
        rows = tuple(
            (
                check.id,
                check.title,
                check.status.value,
                check.took_ms,
                check.result,
                check.cause,
                check.cure,
                "\n".join(check.details),
            )
            for check in self._checks
        )
        return (Exported("checks", header, rows),)

    def _look(self, doctor: "Doctor", checks: Iterator[Check]) -> None:
        """Look at the next link."""

        def came(check: Check | None) -> None:
            if doctor is not self._doctor:
                return
            if check is not None:
                self._checks.append(check)
                self._took_ms = (time.perf_counter() - began) * 1000 + self._took_ms
            self._show_progress()
            if check is None:
                self._doctor = None
            else:
                self._look(doctor, checks)

        def failed(error: Exception) -> None:
            if doctor is self._doctor:
                self._stop()
                self._show_broken(error)

        began = time.perf_counter()
        self.host.work(lambda: next(checks, None), came, failed)

    def _stop(self) -> None:
        doctor, self._doctor = self._doctor, None
        if doctor is not None:
            doctor.cancel()

    def _go_on(self) -> None:
        """Begin anew where the view was left before all links were looked at."""
        if self._checks and self._doctor is None and not self.finished:
            self._checks = []
            self.host.reload()

    def _run_again(self) -> None:
        self.host.reload()

    def _copy_report(self) -> None:
        self.host.copy("\n".join(plain_text(check) for check in self._checks))

    def _show_progress(self) -> None:
        done, links = len(self._checks), list(LINK_TITLES)
        running = links[done] if self._doctor is not None and done < len(links) else ""
        self.list.show(self._checks, running)
        if not self.finished:
            status = None
            headline = "Looking at each link…"
            remark = f"{done} of {len(links)}"
        else:
            status, headline = verdict(self._checks)
            services = self.host.services
            clock = f"{services.calendar.local(self._began):%H:%M:%S}"
            remark = f"{summary(self._checks)} · checked at {clock} in {took_words(self._took_ms)}"
        self._badge.show(status)
        self.headline.configure(text=headline)
        self.remark.configure(text=remark)
        self.again.state(["!disabled" if self.finished else "disabled"])
        self.copy_all.state(["!disabled" if self._checks else "disabled"])

    def _show_broken(self, error: Exception) -> None:
        self._badge.show(CheckStatus.FAILED)
        self.headline.configure(text="The smoke test itself has failed")
        self.remark.configure(text=f"{type(error).__name__}: {error}")
        self.again.state(["!disabled"])


class _Badge(Surface):
    """The sign of all checks, large."""

    def __init__(self, parent: tk.Misc, design: Design) -> None:
        self._status: CheckStatus | None = None
        side = design.px(_BADGE)
        super().__init__(parent, design, ground=design.palette.card, width=side, height=side)

    def show(self, status: CheckStatus | None) -> None:
        """Show a status; None while it is not known."""
        if status != self._status:
            self._status = status
            self.redraw()

    def draw(self, width: int, height: int) -> None:
        """Draw it in the middle."""
        size = self.design.px(_BADGE)
        at = ((width - size) // 2, (height - size) // 2)
        draw_badge(self.painter, self.design, at, self._status, size=size, ground=self.ground)


def verdict(checks: Sequence[Check]) -> tuple[CheckStatus, str]:
    """All checks in a sign and a few words."""
    found = counts(checks)
    failed, warned = found.get(CheckStatus.FAILED, 0), found.get(CheckStatus.WARNING, 0)
    if failed:
        return CheckStatus.FAILED, f"{formatting.counted(failed, 'link is', 'links are')} broken"
    if warned:
        return CheckStatus.WARNING, f"It works, but {formatting.counted(warned, 'link')} should be looked at"
    return CheckStatus.OK, "Everything works"


VIEW = SmokeTestView
