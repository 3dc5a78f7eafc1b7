"""What each command does. Imports that only some commands need are inside them."""

import os
import sys
import tempfile
import time
from dataclasses import dataclass

from ccmon_tray.calendars import calendar_from
from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.cli.output import flush, plain_json, tell, write, write_csv, write_json
from ccmon_tray.cli.source_arguments import check_source
from ccmon_tray.errors import CcmonError, UsageError
from ccmon_tray.paths import HOME_VARIABLE, Paths, find_paths
from ccmon_tray.settings import Settings
from ccmon_tray.settings_file import Loaded, load
from ccmon_tray.sources.named import named_or_trays, with_named_source
from ccmon_tray.sources.snapshot_file import is_of, is_young, left_by_tray
from ccmon_tray.usage import budgets, formatting
from ccmon_tray.usage.budgets import with_budgets
from ccmon_tray.usage.models import Report
from ccmon_tray.usage.snapshot import Snapshot
from ccmon_tray.usage.states import State
from ccmon_tray.usage.windows import Calendar, Window, parse_moment, resolve

DONE = 0
NO_DATA = 1
UNREACHABLE = 3


@dataclass(frozen=True, slots=True)
class Context:
    """What every command works with: folders, settings with the command line above them, and the calendar."""

    paths: Paths
    settings: Settings
    calendar: Calendar
    notices: tuple[str, ...]


def _context(arguments: Arguments, *, follow_tray: bool = False) -> Context:
    """What a command works with.

    Args:
        arguments: The command line.
        follow_tray: Where it names no source, use the one that a running tray was started with.
    """
    check_source(arguments)
    paths = find_paths()
    loaded = load(paths)
    named = arguments.source, arguments.prometheus_url
    if follow_tray:
        settings = named_or_trays(loaded.settings, *named, paths, time.time())
    else:
        settings = with_named_source(loaded.settings, *named)
    for notice in loaded.notices:
        tell(notice)
    return Context(paths, settings, calendar_from(settings.time, notify=tell), loaded.notices)


def run(arguments: Arguments) -> int:
    """Run the tray."""
    from ccmon_tray.tray.start import run_tray  # noqa: PLC0415

    context = _context(arguments)
    return run_tray(
        context.paths,
        Loaded(context.settings, context.notices),
        headless=arguments.headless,
        with_window=arguments.dashboard,
        kind=arguments.source,
        prometheus_url=arguments.prometheus_url,
    )


def demo(arguments: Arguments) -> int:
    """Print generated numbers, and run tray and window on them, in a home that is gone afterwards."""
    from ccmon_tray.cli.texts import snapshot_text  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="ccmon-tray-demo-", ignore_cleanup_errors=True) as home:
        os.environ[HOME_VARIABLE] = home  # for the windows that the tray starts, too
        os.environ["CCMON_TRAY_SOURCE__KIND"] = "demo"
        paths = find_paths()
        loaded = load(paths)
        context = Context(paths, loaded.settings, calendar_from(loaded.settings.time, notify=tell), ())
        now = time.time()
        write(snapshot_text(_one_poll(context, now), now, context.calendar))
        flush()
        if arguments.headless:
            return DONE
        from ccmon_tray.tray.launch import Launcher  # noqa: PLC0415
        from ccmon_tray.tray.start import run_tray  # noqa: PLC0415

        launcher = Launcher(paths)
        try:
            if _has_display():
                launcher.open_dashboard()
        except CcmonError as error:
            tell(str(error))
        try:
            return run_tray(paths, loaded)
        finally:
            launcher.close_dashboard()


def _has_display() -> bool:
    return sys.platform in {"win32", "darwin"} or bool(os.environ.get("DISPLAY"))


def report(arguments: Arguments) -> int:
    """Print the exact use of a range."""
    from ccmon_tray.cli.texts import report_text  # noqa: PLC0415
    from ccmon_tray.sources.choose import open_files, open_source  # noqa: PLC0415
    from ccmon_tray.sources.reports import build_report  # noqa: PLC0415

    context = _context(arguments, follow_tray=True)
    calendar = context.calendar
    now = time.time() if arguments.at is None else float(parse_moment(arguments.at, calendar))
    window = _window(arguments, now, calendar)
    clock = time.time if arguments.at is None else lambda: now
    source = open_source(context.settings, calendar, follow_tray=True, clock=clock)
    try:
        history = open_files(source, context.settings, calendar, clock=clock).history()
        found = build_report(source, window, calendar, by=arguments.by, history=history)
    finally:
        source.close()
    if arguments.json:
        write_json(plain_json(found))
    elif arguments.csv:
        _write_report_csv(found, calendar)
    elif found.state is not State.NO_TELEMETRY:
        write(report_text(found, calendar))
    if found.state is State.NO_TELEMETRY:
        from ccmon_tray.sources.snapshots import no_telemetry  # noqa: PLC0415

        tell(str(no_telemetry(found.source)))
    return DONE if found.state is State.FRESH else NO_DATA


def _window(arguments: Arguments, now: float, calendar: Calendar) -> Window:
    if arguments.start is None and arguments.end is None:
        return resolve(arguments.range or "today", now, calendar)
    if arguments.range is not None:
        raise UsageError("--range does not go with --from and --to", next_step="Leave one of them out")
    if arguments.start is None:
        raise UsageError("--to needs --from", next_step="Add --from T, the start of the range")
    start = parse_moment(arguments.start, calendar)
    end = int(now) if arguments.end is None else parse_moment(arguments.end, calendar)
    if end <= start:
        first, last = (f"{calendar.local(at):%Y-%m-%d %H:%M:%S}" for at in (start, end))
        raise UsageError(
            "The range is empty",
            cause=f"it would begin at {first} and end at {last}",
            next_step="Give a start that is before the end",
        )
    return Window("custom", start, end)


def _write_report_csv(found: Report, calendar: Calendar) -> None:
    if found.by is None:
        write_csv(
            ("start_time", "start", "end", "cost_usd", "tokens"),
            (
                (calendar.local(step.start).isoformat(), step.start, step.end, step.cost_usd, step.tokens)
                for step in found.over_time
            ),
        )
        return
    kinds = ("total", "input", "output", "cache_read", "cache_creation")
    write_csv(
        (found.by, "name", "cost_usd", *(f"tokens_{kind}" for kind in kinds)),
        (
            (
                group.key,
                group.name,
                group.cost_usd,
                *(getattr(group.tokens, kind) if group.tokens else None for kind in kinds),
            )
            for group in found.groups
        ),
    )


def status(arguments: Arguments) -> int:
    """Print the latest numbers: the running tray's, else those of one poll."""
    from ccmon_tray.cli.texts import snapshot_text  # noqa: PLC0415

    context = _context(arguments, follow_tray=True)
    limits = context.settings.budgets.limits
    if arguments.check_budget and not limits:
        raise UsageError(
            "No budget is set",
            cause="there is nothing for --check-budget to check",
            next_step="Set budgets.daily_usd, budgets.weekly_usd or budgets.monthly_usd",
        )
    now = time.time()
    snapshot = _trays_snapshot(context, now) or _one_poll(context, now)
    snapshot = with_budgets(snapshot, limits, context.calendar)
    for notice in snapshot.notices:
        if notice not in context.notices:
            tell(notice)
    if arguments.json:
        figures = snapshot.figures
        more = {
            "age_seconds": snapshot.age_s(now),
            "burn_rate_usd_per_hour": figures.burn_rate_usd_per_hour if figures else None,
        }
        write_json({**plain_json(snapshot), **more})
    else:
        write(snapshot_text(snapshot, now, context.calendar))
    told = _told(snapshot)
    return _checked_budgets(snapshot) if arguments.check_budget and told != UNREACHABLE else told


def _checked_budgets(snapshot: Snapshot) -> int:
    """Say which budgets are exceeded, on stderr, and return the exit code of ``--check-budget``."""
    for use in snapshot.budgets:
        if use.exceeded or use.used_usd is None:
            words = f"exceeded by {formatting.money(-(use.left_usd or 0.0))}" if use.exceeded else "unknown"
            tell(f"{budgets.title(use)}: {words}")
    kept = [use.used_usd is not None and not use.exceeded for use in snapshot.budgets]
    return DONE if kept and all(kept) else NO_DATA


def _told(snapshot: Snapshot) -> int:
    """Say what is wrong, on stderr, and return the exit code of a snapshot."""
    if snapshot.problem is not None:
        problem = snapshot.problem
        tell(problem.sentence)
    match snapshot.state:
        case State.FRESH:
            return DONE
        case State.STALE | State.OFFLINE:
            return UNREACHABLE
        case _:
            return NO_DATA


def _trays_snapshot(context: Context, now: float) -> Snapshot | None:
    """The running tray's snapshot, if it is of the source that is asked for, and young."""
    snapshot, settings = left_by_tray(context.paths), context.settings
    usable = snapshot is not None and is_of(snapshot, settings) and is_young(snapshot, settings, now)
    return snapshot if usable else None


def _one_poll(context: Context, now: float) -> Snapshot:
    from ccmon_tray.sources.choose import open_files, open_source  # noqa: PLC0415
    from ccmon_tray.sources.snapshots import SnapshotBuilder  # noqa: PLC0415

    source = open_source(context.settings, context.calendar)
    try:
        files = open_files(source, context.settings, context.calendar)
        builder = SnapshotBuilder(source, context.calendar, files)
        snapshot = builder.build(context.settings.tray.range, now, None)
    finally:
        source.close()
    return snapshot.model_copy(update={"notices": context.notices})
