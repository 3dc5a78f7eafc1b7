"""Who may send exports: programs of this machine, or whoever shows the token; never a web page."""

import hmac
from typing import Final
from urllib.parse import urlsplit

from ccmon_tray.errors import SettingsError
from ccmon_tray.settings import CollectorSettings
from ccmon_tray.sources.collector.faults import SenderForbidden, SenderUnknown

_LOCAL_NAMES: Final = frozenset({"localhost", "::1"})
_SHORTEST_TOKEN: Final = 16


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, can be reached from its own machine alone."""
    host = host.rstrip(".").lower()
    return host in _LOCAL_NAMES or (host.startswith("127.") and host.replace(".", "").isdigit())


class Gate:
    """Looks at the headers of each export.

    Args:
        settings: Where it listens, and the token.

    Raises:
        SettingsError: It is to listen beyond this machine without a token, or the token cannot be used.
    """

    def __init__(self, settings: CollectorSettings) -> None:
        self._local = is_loopback(settings.host)
        self._token = _token(settings)
        if not self._local and not self._token:
            raise SettingsError(
                f"The built-in collector does not listen at {settings.host}",
                cause="beyond this computer it takes exports only with a token, and none is set",
                next_step="Set collector.token_file, or collector.host to 127.0.0.1",
            )

    def check(self, *, host: str = "", origin: str = "", authorization: str = "") -> None:
        """Let an export in, or not.

        Args:
            host: Its ``Host`` header.
            origin: Its ``Origin`` header.
            authorization: Its ``Authorization`` header.

        Raises:
            SenderForbidden: A web page sends it.
            SenderUnknown: It shows no token, or another one.
        """
        if origin:
            raise _forbidden("web pages may not write here")
        # A page whose own name leads to this machine (DNS rebinding) sends no Origin with its first requests.
        if self._local and host and not is_loopback(_name(host)):
            raise _forbidden("it was sent to another host")
        if self._token:
            scheme, _, shown = authorization.partition(" ")
            good = hmac.compare_digest(shown.strip().encode(), self._token.encode())
            if scheme.lower() != "bearer" or not good:
                raise SenderUnknown(
                    "The export is not taken",
                    cause="its bearer token is missing or wrong",
                    next_step="Set OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer … for Claude Code",
                )


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or host
    except ValueError:
        return host


def _forbidden(cause: str) -> SenderForbidden:
    return SenderForbidden("The export is not taken", cause=cause)


def _token(settings: CollectorSettings) -> str:
    if settings.token is not None and settings.token_file is not None:
        raise SettingsError(
            "The token of the built-in collector is given twice",
            cause="collector.token and collector.token_file are both set",
            next_step="Keep one of them",
        )
    token = settings.token.get_secret_value() if settings.token is not None else ""
    if settings.token_file is not None:
        try:
            token = settings.token_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(
                "The token of the built-in collector cannot be read",
                cause=f"{settings.token_file}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}",
                next_step="Check the file, or change collector.token_file",
            ) from error
    given = settings.token is not None or settings.token_file is not None
    if given and (len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
        raise SettingsError(
            "The token of the built-in collector cannot be used",
            cause=f"it must have at least {_SHORTEST_TOKEN} characters of ASCII, on one line",
            next_step="Make one with: openssl rand -hex 32",
        )
    return token
