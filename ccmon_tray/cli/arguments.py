"""The arguments of every command, with argparse."""

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

from ccmon_tray import __version__
from ccmon_tray.cli.output import PROGRAM
from ccmon_tray.cli.stack_arguments import add_arguments as add_stack_arguments
from ccmon_tray.usage.windows import RANGE_NAMES
from ccmon_tray.view_names import ViewName

SOURCES: Final = ("auto", "prometheus", "collector", "transcripts", "demo")
SHELLS: Final = ("bash", "zsh", "fish")
VIEWS: Final = tuple(name.value for name in ViewName)
PROTOCOLS: Final = ("http/protobuf", "http/json", "grpc")
GROUPINGS: Final = ("model", "type", "session", "project", "day", "user")

_RANGES = ", ".join(name.replace(" ", "-") for name in RANGE_NAMES)

_EPILOG = """\
exit codes: 0 done, 1 a check failed or there is no data, 2 wrong usage,
3 the source cannot be reached.

Without a command it runs the tray. Every setting can be given as
CCMON_TRAY_SECTION__KEY, such as CCMON_TRAY_PROMETHEUS__URL, and
CCMON_TRAY_HOME=DIR keeps all files under one folder."""

_CONNECT = """\
Put the telemetry switches into the env block of Claude Code's settings.json,
after showing the difference. A copy of the file is kept beside it; comments,
order and all else stay as they are, and disconnect undoes it."""

_REPORT = """\
Exact use of a range. Costs are API-equivalent estimates, not a bill.

T is RFC 3339 (2026-11-23T14:00:00+01:00), a local date or time, or Unix
seconds. A range is (from, to]: a date means its local midnight."""

_REPORT_EPILOG = """\
--csv writes one table: the groups if --by is given, else cost and tokens per
step of the range. In CSV and JSON a value that the source cannot know is
empty (null); times are Unix seconds.

examples:
  ccmon-tray report --range this-week --by day
  ccmon-tray report --from 2026-11-01 --to 2026-11-15 --json
  ccmon-tray report --range 30d --by model --csv > models.csv"""

_COMPLETION = """\
What a shell needs to complete commands and options. To keep it, for example:

  bash  ccmon-tray completion bash > \\
            ~/.local/share/bash-completion/completions/ccmon-tray
  zsh   ccmon-tray completion zsh > _ccmon-tray, in a folder of $fpath
  fish  ccmon-tray completion fish > \\
            ~/.config/fish/completions/ccmon-tray.fish"""


class Arguments(Protocol):
    """What was asked for. Each command reads the fields that its own arguments set."""

    command: Callable[["Arguments"], int]
    headless: bool
    dashboard: bool
    source: str | None
    prometheus_url: str | None
    json: bool
    check_budget: bool
    csv: bool
    range: str | None
    view: str | None
    start: str | None
    end: str | None
    at: str | None
    by: str | None
    dry_run: bool
    endpoint: str | None
    protocol: str | None
    deed: str
    copy: bool
    shell: str


def parse(argv: Sequence[str]) -> Arguments:
    """Read the command line; wrong usage ends the process with exit code 2.

    Args:
        argv: Arguments without the program's name. Without a command they are those of ``run``.
    """
    if not argv or (argv[0].startswith("-") and argv[0] not in {"-h", "--help", "-V", "--version"}):
        argv = ["run", *argv]
    return cast("Arguments", make_parser().parse_args(argv))


def make_parser() -> argparse.ArgumentParser:
    """All arguments of all commands."""
    parser = _new(
        argparse.ArgumentParser,
        prog=PROGRAM,
        description="What Claude Code costs, exactly, at a glance.",
        epilog=_EPILOG,
    )
    parser.add_argument("-V", "--version", action="version", version=f"{PROGRAM} {__version__}")
    adding = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, does: str, module: str = "commands", **words: str) -> argparse.ArgumentParser:
        added = _new(adding.add_parser, name, help=does, **{"description": does, **words})
        added.set_defaults(command=_command(module, name))
        return added

    run = command("run", "Run the tray.")
    run.add_argument("--headless", action="store_true", help="without an icon: keep the numbers for status")
    run.add_argument("--dashboard", action="store_true", help="with the window, as from the desktop’s menu")
    _add_source(run)

    window = command("dashboard", "The window: every view; one that is open comes to the front.", "dashboard")
    window.add_argument("--view", metavar="NAME", type=_view, choices=VIEWS, help=", ".join(VIEWS))
    window.add_argument("--range", metavar="R", help=f"{_RANGES} (default: the last one)")
    _add_source(window)

    status = command("status", "The latest numbers: the running tray's, else one poll.")
    status.add_argument("--json", action="store_true", help="as JSON (ccmon-tray/snapshot/1)")
    status.add_argument(
        "--check-budget", action="store_true", help="exit code 1 if a budget is exceeded, 2 if none is set"
    )
    _add_source(status)

    report = command("report", "Exact use of a range.", description=_REPORT, epilog=_REPORT_EPILOG)
    report.add_argument("--range", metavar="R", help=f"{_RANGES} (default: today)")
    report.add_argument("--from", dest="start", metavar="T", help="start of the range, instead of --range")
    report.add_argument("--to", dest="end", metavar="T", help="its end (default: now)")
    report.add_argument("--at", metavar="T", help="what “now” means for ranges (default: now)")
    report.add_argument("--by", choices=GROUPINGS, help="also group by this")
    form = report.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON (ccmon-tray/report/1)")
    form.add_argument("--csv", action="store_true", help="one table as CSV")
    _add_source(report)

    doctor = command("doctor", "The smoke test: each link of the pipeline, its time, and the cure.", "doctor")
    doctor.add_argument("--json", action="store_true", help="as JSON (ccmon-tray/doctor/1)")
    _add_source(doctor)

    found = command(
        "diagnostics",
        "The smoke test, versions, settings and logs as a text, without secrets.",
        "diagnostics",
    )
    found.add_argument("--copy", action="store_true", help="into the clipboard, instead of printing it")
    _add_source(found)

    login = command("autostart", "Whether the tray starts at login.", "desktop")
    login.add_argument("deed", metavar="enable|disable|status", choices=("enable", "disable", "status"))
    entry = command("menu-entry", "The application in the menu of a Linux desktop.", "desktop")
    entry.add_argument("deed", metavar="add|remove|status", choices=("add", "remove", "status"))

    stack = command("stack", "The Prometheus stack, with podman or docker.", "stack")
    add_stack_arguments(stack)

    _add_connect(command)

    demo = command("demo", "Everything on generated data, marked “Demo”, in a temporary home.")
    demo.add_argument("--headless", action="store_true", help="without an icon: print the numbers once")

    shell = command(
        "completion",
        "What a shell needs to complete commands and options.",
        "completion",
        description=_COMPLETION,
    )
    shell.add_argument("shell", metavar="|".join(SHELLS), choices=SHELLS)
    return parser


def _add_connect(command: Callable[..., argparse.ArgumentParser]) -> None:
    does = "Put telemetry into Claude Code's settings."
    connect = command("connect", does, "connect", description=_CONNECT)
    connect.add_argument("--endpoint", metavar="URL", help="export to this (default: the built-in collector)")
    connect.add_argument("--protocol", choices=PROTOCOLS, help="default: http/protobuf; grpc for port 4317")
    undo = command("disconnect", "Undo what connect has changed, and nothing else.", "connect")
    for each in (connect, undo):
        each.add_argument("--dry-run", action="store_true", help="only show what would change")


def _command(module: str, name: str) -> Callable[[Arguments], int]:
    """The function of a command; its module is imported when it runs, since some take a tenth of a second."""

    def run(arguments: Arguments) -> int:
        function = getattr(importlib.import_module(f"ccmon_tray.cli.{module}"), name.replace("-", "_"))
        return cast("Callable[[Arguments], int]", function)(arguments)

    return run


def _view(text: str) -> str:
    """The name of a view, however its words are joined."""
    return text.strip().lower().replace("_", "-").replace(" ", "-")


def _new(
    make: Callable[..., argparse.ArgumentParser], *args: object, **words: object
) -> argparse.ArgumentParser:
    # Abbreviations would break scripts the day an option is added.
    return make(*args, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **words)


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", choices=SOURCES, help="where usage is read (default: source.kind)")
    parser.add_argument("--prometheus-url", metavar="URL", help="in place of prometheus.url")
