"""``ccmon-tray doctor``: the smoke test, a line a link."""

import time
from typing import Final

from ccmon_tray.cli import tables
from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.cli.output import flush, plain_json, tell, write, write_json
from ccmon_tray.cli.source_arguments import check_source
from ccmon_tray.paths import find_paths
from ccmon_tray.sources.doctor import Doctor
from ccmon_tray.usage.checks import LINK_TITLES, MARKS, Check, CheckStatus, summary, took_words

WELL: Final = 0
SOMETHING_FAILED: Final = 1
UNREACHABLE: Final = 3

_TIME_WIDTH: Final = 9
_GAP: Final = 2
_INDENT: Final = " " * 4


def doctor(arguments: Arguments) -> int:
    """Look at every link of the pipeline."""
    check_source(arguments)
    looking = Doctor(find_paths(), kind=arguments.source, prometheus_url=arguments.prometheus_url)
    checked_at = time.time()
    width = max(map(len, LINK_TITLES.values()))
    checks = []
    for check in looking.run():
        checks.append(check)
        if not arguments.json:
            write(_lines(check, width))
            flush()  # the next one may take a while
    report = looking.report(checks, checked_at)
    if arguments.json:
        write_json(plain_json(report))
    else:
        write(f"\n{summary(checks)}\n")
    if looking.unreachable:
        if arguments.json:
            tell(next(check.result for check in checks if check.status is CheckStatus.FAILED))
        return UNREACHABLE
    return WELL if report.ok else SOMETHING_FAILED


def _lines(check: Check, width: int) -> str:
    took = "" if check.took_ms is None else took_words(check.took_ms)
    head = f"{MARKS[check.status]} {check.title:<{width}}{took:>{_TIME_WIDTH}}"
    indent = " " * (len(head) + _GAP)
    text = tables.paragraph(check.result, first=head + " " * _GAP, rest=indent)
    if check.status in {CheckStatus.OK, CheckStatus.SKIPPED}:
        return text
    if check.cause:
        text += tables.paragraph(_sentence(check.cause), first=_INDENT, rest=_INDENT)
    if check.cure:
        text += tables.paragraph(_sentence(check.cure), first=f"{_INDENT}→ ", rest=f"{_INDENT}  ")
    return text


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:].rstrip('.')}."
