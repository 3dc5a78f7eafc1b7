"""``--source`` and ``--prometheus-url``: what goes together, and what does not belong on a command line."""

from urllib.parse import urlsplit

from ccmon_tray.cli.arguments import Arguments
from ccmon_tray.errors import UsageError


def check_source(arguments: Arguments) -> None:
    """Look whether the source's arguments go together.

    Raises:
        UsageError: They do not, or they hold a password, which everybody on the machine could read.
    """
    if arguments.prometheus_url is None:
        return
    if arguments.source in {"collector", "transcripts", "demo"}:
        raise UsageError(
            f"--prometheus-url does not go with --source {arguments.source}",
            next_step="Leave one of them out",
        )
    if _has_password(arguments.prometheus_url):
        raise UsageError(
            "A password does not belong on the command line",
            cause="everybody on this machine can read it there",
            next_step="Leave it out of --prometheus-url, and set prometheus.username and one of "
            "prometheus.password_file, password_command, password_keyring",
        )


def _has_password(url: str) -> bool:
    try:
        return urlsplit(url).password is not None
    except ValueError:  # no URL at all, which its setting says in words
        return False
