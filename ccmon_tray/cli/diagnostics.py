"""``ccmon-tray diagnostics``: all that helps to find out what is wrong, as one text to paste."""

from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.cli.output import tell, write
from ccmon_tray.cli.source_arguments import check_source
from ccmon_tray.desktop import diagnostics as facts
from ccmon_tray.desktop.clipboard import copy_text
from ccmon_tray.paths import find_paths
from ccmon_tray.sources.doctor import Doctor
from ccmon_tray.usage.checks import plain_text, summary


def diagnostics(arguments: Arguments) -> int:
    """Print the diagnostics, or copy them."""
    check_source(arguments)
    paths = find_paths()
    doctor = Doctor(paths, kind=arguments.source, prometheus_url=arguments.prometheus_url)
    checks = list(doctor.run())
    parts = {
        "System": facts.system_text(),
        "Settings that differ from the defaults": facts.settings_text(paths),
        f"Smoke test: {summary(checks)}": "\n".join(map(plain_text, checks)),
        "Logs": facts.log_text(paths),
    }
    text = facts.scrub("\n\n".join(f"{title}\n{'=' * len(title)}\n{body}" for title, body in parts.items()))
    if arguments.copy:
        copy_text(text)
        tell("The diagnostics are in the clipboard. Look through them before you give them to others")
    else:
        write(f"{text}\n")
    return 0
