"""What an export may meet. Each says with which HTTP status a listener answers it.

```
ExportRefused           the export itself is no good: sending it again will not help
├── ExportInvalid       400: not the protobuf or JSON of an OTLP export
├── SenderUnknown       401: the token is missing or wrong
├── SenderForbidden     403: it comes from a web page
├── PathUnknown         404: not where exports are taken
├── MethodRefused       405: not a POST
├── SenderTooSlow       408: it did not come in time
├── ExportTooLarge      413: above the limit, perhaps only after decompression
├── ContentTypeRefused  415: neither protobuf nor JSON
└── EncodingRefused     415: compressed in a way that is not known here
StoreUnavailable        503: it cannot be kept now, and may be sent again
```
"""

from typing import ClassVar, Final

from ccmon_tray.errors import CcmonError

RETRY_AFTER_S: Final = 5


class ExportRefused(CcmonError):
    """The export itself is no good."""

    code = "export-refused"
    status: ClassVar[int] = 400


class ExportInvalid(ExportRefused):
    """The body is not the protobuf or JSON of an export."""

    code = "export-invalid"


class ContentTypeRefused(ExportRefused):
    """The body is neither protobuf nor JSON."""

    code = "content-type"
    status = 415


class EncodingRefused(ExportRefused):
    """The body is compressed in a way that is not known here."""

    code = "content-encoding"
    status = 415


class SenderUnknown(ExportRefused):
    """The sender does not show the token that is asked for."""

    code = "sender-unknown"
    status = 401


class SenderForbidden(ExportRefused):
    """A web page asks, or somebody who takes this for another host: neither may write here."""

    code = "sender-forbidden"
    status = 403


class PathUnknown(ExportRefused):
    """Exports are taken elsewhere."""

    code = "path-unknown"
    status = 404


class MethodRefused(ExportRefused):
    """Exports are posted."""

    code = "method"
    status = 405


class SenderTooSlow(ExportRefused):
    """The export did not come in time."""

    code = "sender-too-slow"
    status = 408


class ExportTooLarge(ExportRefused):
    """The export is above the limit."""

    code = "export-too-large"
    status = 413


class StoreUnavailable(CcmonError):
    """The export cannot be kept now: nothing of it was.

    Args:
        title: What happened.
        cause: Why.
        next_step: What to do.
        retry_after_s: In so many seconds it may be sent again.
    """

    code = "store-unavailable"
    status: ClassVar[int] = 503

    def __init__(
        self, title: str, *, cause: str = "", next_step: str = "", retry_after_s: int = RETRY_AFTER_S
    ) -> None:
        super().__init__(title, cause=cause, next_step=next_step)
        self.retry_after_s = retry_after_s
