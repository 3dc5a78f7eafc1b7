"""Every error that a person can meet, as one tree.

```
CcmonError                      title, cause, next_step, code, exit_status
├── UsageError                  wrong command line or argument                     exit 2
├── SettingsError               a setting that cannot be used                      exit 2
├── AlreadyRunning              another tray of this user holds the lock           exit 1
├── TrayHostMissing             no display, no session bus or nothing shows trays  exit 1
├── TelemetryMissing            the source holds no metrics of Claude Code         exit 1
├── RequestsMissing             the source holds no single requests                exit 1
├── ClaudeFilesUnreadable       a file of Claude Code is there, but no good        exit 1
└── SourceError                 the source of usage cannot answer                  exit 3
    ├── SecretUnavailable       a secret's command, file or keyring entry fails
    ├── SourceUnreachable       no connection: DNS, refused, reset, timed out
    ├── SourceTlsError          the certificate or the TLS handshake is refused
    ├── SourceDenied            401, 403, or a redirect to a login page
    ├── SourceNotFound          404: the URL is not the API's base (wrong prefix)
    ├── SourceRejected          400, 422: the server refuses the query itself
    ├── SourceUnavailable       429, 5xx: the server is there but cannot answer
    └── SourceAnswerInvalid     not the API's JSON: truncated, HTML, too large
```

Each says what happened (``title``), why (``cause``) and what to do (``next_step``). None of them carries a
secret: whoever raises one strips credentials first.
"""

from typing import ClassVar


class CcmonError(Exception):
    """An error with words for the person who meets it.

    Args:
        title: What happened, in a few words, without a full stop.
        cause: Why, as far as it is known; may be empty.
        next_step: What the person can do about it.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, title: str, *, cause: str = "", next_step: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.cause = cause
        self.next_step = next_step

    def __str__(self) -> str:
        parts = [self.title.rstrip(".")]
        if self.cause:
            parts[0] += f": {self.cause.rstrip('.')}"
        if self.next_step:
            parts.append(self.next_step.rstrip("."))
        return ". ".join(parts) + "."


class UsageError(CcmonError):
    """The command line or an argument cannot be used."""

    code = "usage"
    exit_status = 2


class SettingsError(CcmonError):
    """A setting has a value that cannot be used."""

    code = "settings"
    exit_status = 2


class AlreadyRunning(CcmonError):
    """Another tray of this user is running."""

    code = "already-running"


class TrayHostMissing(CcmonError):
    """Nothing on this desktop can show a tray icon."""

    code = "no-tray-host"


class TelemetryMissing(CcmonError):
    """The source answers, but holds no metrics of Claude Code."""

    code = "no-telemetry"


class RequestsMissing(CcmonError):
    """The source holds counters, but no events of single requests."""

    code = "no-requests"


class ClaudeFilesUnreadable(CcmonError):
    """A file of Claude Code is there, but cannot be read."""

    code = "claude-files"


class SourceError(CcmonError):
    """The source of usage cannot answer."""

    code = "source"
    exit_status = 3


class SecretUnavailable(SourceError):
    """A secret's environment variable, file, command or keyring entry gave nothing."""

    code = "secret-unavailable"


class SourceUnreachable(SourceError):
    """No connection: the name does not resolve, it is refused, reset, or nothing comes in time."""

    code = "unreachable"


class SourceTlsError(SourceError):
    """The certificate or the TLS handshake is refused."""

    code = "tls"


class SourceDenied(SourceError):
    """The server asks for credentials, or refuses those it got."""

    code = "denied"


class SourceNotFound(SourceError):
    """The server is there, but the query API is not under this URL."""

    code = "not-found"


class SourceRejected(SourceError):
    """The server understood the query and refuses it."""

    code = "rejected"


class SourceUnavailable(SourceError):
    """The server is there, but cannot answer now.

    Args:
        title: What happened.
        cause: Why.
        next_step: What to do.
        retry_after_s: When the server wants to be asked again, seconds from now; None where it does not say.
    """

    code = "unavailable"

    def __init__(
        self, title: str, *, cause: str = "", next_step: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(title, cause=cause, next_step=next_step)
        self.retry_after_s = retry_after_s


class SourceAnswerInvalid(SourceError):
    """What came back is not an answer of the query API."""

    code = "invalid-answer"
